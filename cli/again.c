#include "again.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_VALUE = 65536 };

/* A word as a shell takes it for one. */
static void print_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_./:=,+@%";
    if (*word && word[strspn(word, plain)] == 0) {
        fprintf(out, " %s", word);
        return;
    }
    fputs(" '", out);
    for (; *word; word++)
        *word == '\'' ? (void)fputs("'\\''", out) : (void)putc(*word, out);
    putc('\'', out);
}

/* Writes the option where it was given. `value` is room for its text. */
static void print_option(
    FILE *out, const struct call *call, const weft_param *param, char *value)
{
    const weft_param *own = call->command->options;
    if (!call_given(call, param->name) || strcmp(param->name, "out") == 0)
        return;
    weft_status status =
        weft_param_find(own, param->name)
            ? weft_param_get(own, call->options, param->name, value, LONGEST_VALUE)
            : weft_classifier_get(call->classifier, param->name, value, LONGEST_VALUE);
    if (status != WEFT_OK)
        return;
    bool no = param->type == WEFT_PARAM_FLAG && strcmp(value, "false") == 0;
    fprintf(out, " --%s%s", no ? "no-" : "", param->name);
    if (param->type != WEFT_PARAM_FLAG)
        print_word(out, value);
}

weft_status again(char **command, const struct call *call)
{
    size_t size;
    char *value = malloc(LONGEST_VALUE);
    FILE *out = value ? open_memstream(command, &size) : NULL;
    if (!out) {
        free(value);
        return weft_fail(WEFT_ENOMEM, "no memory for the command line");
    }
    fprintf(out, "weft %s", call->command->name);
    for (size_t i = 0; i < call->count; i++)
        print_word(out, call->arguments[i]);
    for (const weft_param *p = call->command->options; p->name; p++)
        print_option(out, call, p, value);
    if (call->classifier) {
        const weft_param *p = weft_classifier_describe(call->classifier)->params;
        for (; p->name; p++)
            if (!weft_param_find(call->command->options, p->name))
                print_option(out, call, p, value);
    }
    free(value);
    if (fclose(out))
        return weft_fail(WEFT_ENOMEM, "no memory for the command line");
    return WEFT_OK;
}
