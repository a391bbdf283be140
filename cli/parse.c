#include "parse.h"

#include <stdlib.h>
#include <string.h>

const weft_param global_table[] = {
    {"quiet", WEFT_PARAM_FLAG, offsetof(struct globals, quiet), "false", 0, 0, NULL,
        "no progress and no notes; errors are still told"},
    {"threads", WEFT_PARAM_COUNT, offsetof(struct globals, threads), "0", 0, 256, NULL,
        "how many threads to use; 0: one on every core"},
    {"json", WEFT_PARAM_FLAG, offsetof(struct globals, json), "false", 0, 0, NULL,
        "print the result as JSON"},
    {"help", WEFT_PARAM_FLAG, offsetof(struct globals, help), "false", 0, 0, NULL,
        "say how this is used"},
    {"version", WEFT_PARAM_FLAG, offsetof(struct globals, version), "false", 0, 0, NULL,
        "print the version"},
    {0},
};

static const weft_param no_options[] = {{0}};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

bool command_group(const char *group)
{
    size_t n = strlen(group);
    for (size_t i = 0; commands[i]; i++)
        if (strncmp(commands[i]->name, group, n) == 0 && commands[i]->name[n] == ' ')
            return true;
    return false;
}

/* The tables in which an option of the present call may stand, in the order they are
 * looked through. */
struct tables {
    const weft_param *of[3];
};

static struct tables tables_of(const struct parsed *parsed)
{
    const struct call *call = &parsed->call;
    return (struct tables){{global_table,
        call->command && call->command->options ? call->command->options : no_options,
        call->classifier ? weft_classifier_describe(call->classifier)->params
                         : no_options}};
}

static const char *option_at(const void *state, size_t i)
{
    const struct tables *tables = state;
    for (size_t t = 0; t < 3; t++)
        for (const weft_param *p = tables->of[t]; p->name; p++)
            if (i-- == 0)
                return p->name;
    return NULL;
}

static const char *command_at(const void *state, size_t i)
{
    (void)state;
    return commands[i] ? commands[i]->name : NULL;
}

static weft_status unknown_option(const struct parsed *parsed, const char *name)
{
    const struct command *command = parsed->call.command;
    if (command && command->classifier && !parsed->call.classifier)
        return weft_fail(WEFT_EINVAL,
            "no option '--%s'; a classifier's own options come after its name", name);
    struct tables tables = tables_of(parsed);
    const char *near = weft_nearest(name, option_at, &tables);
    if (near)
        return weft_fail(WEFT_EINVAL, "no option '--%s': did you mean '--%s'?", name, near);
    return weft_fail(WEFT_EINVAL, "no option '--%s'", name);
}

static const weft_param *find_option(const struct tables *tables, const char *name)
{
    for (size_t t = 0; t < 3; t++) {
        const weft_param *param = weft_param_find(tables->of[t], name);
        if (param)
            return param;
    }
    return NULL;
}

/* Sets the option wherever it is listed: a name that a command and its classifier share,
 * such as seed, means both. */
static weft_status set_everywhere(
    struct parsed *parsed, const struct tables *tables, const char *name, const char *value)
{
    struct call *call = &parsed->call;
    weft_status status = WEFT_OK;
    if (weft_param_find(tables->of[0], name))
        status = weft_param_set(tables->of[0], &parsed->globals, name, value);
    if (status == WEFT_OK && weft_param_find(tables->of[1], name))
        status = weft_param_set(tables->of[1], call->options, name, value);
    if (status == WEFT_OK && weft_param_find(tables->of[2], name))
        status = weft_classifier_set(call->classifier, name, value);
    if (status == WEFT_EINVAL)
        status = weft_fail(WEFT_EINVAL, "--%s", weft_error());
    return status;
}

static weft_status remember_given(struct parsed *parsed, const char *name)
{
    struct call *call = &parsed->call;
    const char **given =
        realloc(call->given, (call->given_count + 1) * sizeof *call->given);
    if (!given)
        return weft_fail(WEFT_ENOMEM, "no memory for the command line");
    call->given = given;
    call->given[call->given_count++] = name;
    return WEFT_OK;
}

/* The classifier of a call, by whichever of two ways comes first. */
static weft_status name_classifier(struct parsed *parsed, const char *name)
{
    if (parsed->call.classifier)
        return weft_fail(WEFT_EINVAL, "'%s': the classifier is already '%s'", name,
            weft_classifier_describe(parsed->call.classifier)->name);
    return weft_classifier_create(&parsed->call.classifier, name);
}

/* Takes the option at argv[*i], and its value where that is the next word. */
static weft_status take_option(struct parsed *parsed, int argc, char **argv, int *i)
{
    const char *text = argv[*i] + 2;
    size_t length = strcspn(text, "=");
    char name[64];
    if (length == 0 || length >= sizeof name)
        return weft_fail(WEFT_EINVAL, "no option '%s'", argv[*i]);
    memcpy(name, text, length);
    name[length] = 0;
    const char *value = text[length] ? text + length + 1 : NULL;

    struct tables tables = tables_of(parsed);
    const weft_param *param = find_option(&tables, name);
    if (!param && strncmp(name, "no-", 3) == 0 && !value) {
        param = find_option(&tables, name + 3);
        if (param && param->type != WEFT_PARAM_FLAG)
            param = NULL;
        value = "false";
    }
    if (!param)
        return unknown_option(parsed, name);
    if (!value && param->type == WEFT_PARAM_FLAG)
        value = "true";
    if (!value && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
        value = argv[++*i];
    if (!value || !*value)
        return weft_fail(WEFT_EINVAL, "option '--%s' needs a value", name);
    WEFT_TRY(remember_given(parsed, param->name));
    const struct command *command = parsed->call.command;
    if (command && command->classifier_option &&
        strcmp(param->name, command->classifier_option) == 0)
        WEFT_TRY(name_classifier(parsed, value));
    return set_everywhere(parsed, &tables, param->name, value);
}

static weft_status choose_command(
    struct parsed *parsed, const char *word, const char *next, bool *took_next)
{
    char both[64];
    *took_next = false;
    const struct command *command = command_find(word);
    if (command_group(word) && next && next[0] != '-') {
        if ((size_t)snprintf(both, sizeof both, "%s %s", word, next) < sizeof both)
            command = command_find(both);
        *took_next = true;
        word = both;
    } else if (!command && command_group(word)) {
        parsed->group = word;
        return WEFT_OK;
    }
    if (!command) {
        const char *near = weft_nearest(word, command_at, NULL);
        if (near)
            return weft_fail(
                WEFT_EINVAL, "no command '%s': did you mean '%s'?", word, near);
        return weft_fail(WEFT_EINVAL, "no command '%s': see weft --help", word);
    }
    parsed->call.command = command;
    if (!command->options)
        return WEFT_OK;
    parsed->call.options = calloc(1, command->options_size);
    if (!parsed->call.options)
        return weft_fail(WEFT_ENOMEM, "no memory for the command line");
    return weft_param_defaults(command->options, parsed->call.options);
}

static weft_status take_argument(struct parsed *parsed, char *word)
{
    struct call *call = &parsed->call;
    if (call->command->classifier && call->count == 0)
        WEFT_TRY(name_classifier(parsed, word));
    call->arguments[call->count++] = word;
    return WEFT_OK;
}

static weft_status take_words(struct parsed *parsed, int argc, char **argv)
{
    bool options_over = false;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (!options_over && strcmp(word, "--") == 0) {
            options_over = true;
        } else if (!options_over && strcmp(word, "-h") == 0) {
            parsed->globals.help = true;
        } else if (!options_over && strcmp(word, "-q") == 0) {
            parsed->globals.quiet = true;
        } else if (!options_over && strncmp(word, "--", 2) == 0) {
            WEFT_TRY(take_option(parsed, argc, argv, &i));
        } else if (!options_over && word[0] == '-' && word[1]) {
            return weft_fail(WEFT_EINVAL, "no option '%s'", word);
        } else if (!parsed->call.command && !parsed->group) {
            bool took_next;
            WEFT_TRY(choose_command(parsed, word, argv[i + 1], &took_next));
            i += took_next;
        } else if (parsed->group) {
            return weft_fail(
                WEFT_EINVAL, "no command '%s': name it before its options", parsed->group);
        } else {
            WEFT_TRY(take_argument(parsed, word));
        }
    }
    return WEFT_OK;
}

/* What can only be judged once everything was read. */
static weft_status check_call(struct parsed *parsed)
{
    struct call *call = &parsed->call;
    const struct command *command = call->command;
    if (!command || parsed->globals.help)
        return WEFT_OK;
    if (parsed->globals.json && !command->json)
        return weft_fail(WEFT_EINVAL, "'%s' has no option '--json'", command->name);
    if (call->count < command->min_arguments)
        return weft_fail(WEFT_EINVAL, "'%s' needs %s", command->name, command->arguments);
    if (call->count > command->max_arguments)
        return weft_fail(WEFT_EINVAL, "'%s': '%s' is one argument too many", command->name,
            call->arguments[command->max_arguments]);
    return WEFT_OK;
}

weft_status parse(struct parsed *parsed, int argc, char **argv)
{
    *parsed = (struct parsed){0};
    WEFT_TRY(weft_param_defaults(global_table, &parsed->globals));
    parsed->call.arguments = calloc((size_t)argc + 1, sizeof *parsed->call.arguments);
    if (!parsed->call.arguments)
        return weft_fail(WEFT_ENOMEM, "no memory for the command line");
    WEFT_TRY(take_words(parsed, argc, argv));
    return check_call(parsed);
}

void parsed_clear(struct parsed *parsed)
{
    struct call *call = &parsed->call;
    if (call->options)
        weft_param_clear(call->command->options, call->options);
    free(call->options);
    free(call->arguments);
    weft_classifier_free(call->classifier);
    free(call->given);
    *parsed = (struct parsed){0};
}

bool call_given(const struct call *call, const char *option)
{
    for (size_t i = 0; i < call->given_count; i++)
        if (strcmp(call->given[i], option) == 0)
            return true;
    return false;
}
