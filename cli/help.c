#include "help.h"

#include <string.h>

#include "parse.h"

enum { WIDTH = 80, COLUMN = 24, INDENT = 2 };

/* Writes `text` from column `at`, broken at spaces, with further lines indented by
 * `indent`. */
static void wrap(FILE *out, const char *text, size_t at, size_t indent)
{
    size_t column = at;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (column > indent && column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, n, out);
        column += n;
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* A name with choices may be longer than a line: it goes on behind a "|". */
static int write_name(FILE *out, const char *name)
{
    int indent = INDENT;
    while (strlen(name) + (size_t)indent > WIDTH) {
        size_t n = WIDTH - (size_t)indent;
        while (n > 1 && name[n - 1] != '|')
            n--;
        if (n == 1)
            break;
        fprintf(out, "%*s%.*s\n", indent, "", (int)n, name);
        name += n;
        indent = COLUMN;
    }
    return fprintf(out, "%*s%s", indent, "", name);
}

/* "  name      text", the text in its own column. */
void help_entry(FILE *out, const char *name, const char *text)
{
    int written = write_name(out, name);
    if (written > COLUMN - 2) {
        fputc('\n', out);
        written = 0;
    }
    fprintf(out, "%*s", COLUMN - written, "");
    wrap(out, text, COLUMN, COLUMN);
}

const char *option_value(const weft_param *param)
{
    switch (param->type) {
    case WEFT_PARAM_FLAG:
        return "";
    case WEFT_PARAM_COUNT:
        return "N";
    case WEFT_PARAM_REAL:
        return "X";
    case WEFT_PARAM_CHOICE:
        return param->choices;
    case WEFT_PARAM_TEXT:
        return "TEXT";
    }
    return "";
}

const char *option_limits(const weft_param *param, char *text, size_t size)
{
    static const double UNBOUNDED = 4294967295.0; /* not worth a person's reading */
    const char *standard = param->standard ? param->standard : "";
    bool number = param->type == WEFT_PARAM_COUNT || param->type == WEFT_PARAM_REAL;
    text[0] = 0;
    if (number && param->max < UNBOUNDED)
        snprintf(
            text, size, "default %s; %.10g to %.10g", standard, param->min, param->max);
    else if (number && param->min > 0)
        snprintf(text, size, "default %s; %.10g or more", standard, param->min);
    else if (param->type == WEFT_PARAM_FLAG ? strcmp(standard, "true") == 0 : *standard)
        snprintf(text, size, "default %s", standard);
    return text;
}

static void option(FILE *out, const weft_param *param)
{
    char name[256], limits[128], text[512];
    const char *value = option_value(param);
    bool on = param->type == WEFT_PARAM_FLAG && param->standard &&
              strcmp(param->standard, "true") == 0;
    snprintf(name, sizeof name, "--%s%s%s%s", on ? "[no-]" : "", param->name,
        *value ? " " : "", value);
    option_limits(param, limits, sizeof limits);
    snprintf(text, sizeof text, *limits ? "%s (%s)" : "%s", param->help, limits);
    help_entry(out, name, text);
}

void help_options(FILE *out, const weft_param *table)
{
    for (; table->name; table++)
        option(out, table);
}

static void global_options(FILE *out, bool json)
{
    for (const weft_param *p = global_table; p->name; p++)
        if (json || strcmp(p->name, "json") != 0)
            option(out, p);
}

static void command_list(FILE *out, const char *prefix)
{
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->hidden && strncmp(commands[i]->name, prefix, strlen(prefix)) == 0)
            help_entry(out, commands[i]->name, commands[i]->summary);
}

void help_program(FILE *out)
{
    fputs("weft turns labelled pictures into a compared, explained, usable classifier.\n"
          "\n"
          "Usage: weft COMMAND [ARGUMENT...] [OPTION...]\n"
          "\n"
          "Commands\n",
        out);
    command_list(out, "");
    fputs("\nOptions of every command\n", out);
    global_options(out, true);
    fputs("\n'weft COMMAND --help' tells more of a command.\n", out);
}

void help_group(FILE *out, const char *group)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s ", group);
    fprintf(out, "Usage: weft %s COMMAND [ARGUMENT...] [OPTION...]\n\nCommands\n", group);
    command_list(out, prefix);
}

void help_command(
    FILE *out, const struct command *command, const weft_classifier_info *classifier)
{
    fprintf(out, "weft %s: %s\n\nUsage: weft %s%s%s [OPTION...]\n", command->name,
        command->summary, command->name, *command->arguments ? " " : "",
        command->arguments);
    if (command->details) {
        fputc('\n', out);
        wrap(out, command->details, 0, 0);
    }
    if (command->options && command->options->name) {
        fputs("\nOptions\n", out);
        help_options(out, command->options);
    }
    if (classifier) {
        fprintf(out, "\nOptions of %s (%s)\n", classifier->name, classifier->title);
        help_options(out, classifier->params);
    } else if (command->classifier) {
        fputc('\n', out);
        wrap(out,
            "The classifier's own options are taken too: see 'weft models', or give "
            "its name with --help.",
            0, 0);
    }
    fputs("\nOptions of every command\n", out);
    global_options(out, command->json);
    if (command->example) {
        fputs("\nExample\n", out);
        for (const char *line = command->example; *line;) {
            size_t n = strcspn(line, "\n");
            fprintf(out, "  %.*s\n", (int)n, line);
            line += n + (line[n] == '\n');
        }
    }
}
