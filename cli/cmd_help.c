/* weft help: help pages, and what packaging makes out of the tables of commands. */
#include <string.h>

#include "help.h"
#include "parse.h"

struct options {
    bool man;
    char *completions;
};

static const weft_param table[] = {
    {"man", WEFT_PARAM_FLAG, offsetof(struct options, man), "false", 0, 0, NULL,
        "print the manual page's source"},
    {"completions", WEFT_PARAM_TEXT, offsetof(struct options, completions), NULL, 0, 0,
        NULL, "print completions for a shell: bash, zsh or fish"},
    {0},
};

static weft_status help_on(struct call *call)
{
    char name[64];
    const char *first = call->arguments[0];
    const char *second = call->count > 1 ? call->arguments[1] : NULL;
    const struct command *command = command_find(first);
    if (second && !command) {
        snprintf(name, sizeof name, "%s %s", first, second);
        command = command_find(name);
    }
    if (command)
        help_command(stdout, command, NULL);
    else if (!second && command_group(first))
        help_group(stdout, first);
    else
        return call_misused(call, "no command '%s': see weft --help", first);
    return WEFT_OK;
}

static weft_status run(struct call *call)
{
    const struct options *o = call->options;
    if (o->man)
        write_manual(stdout);
    else if (o->completions && !write_completions(stdout, o->completions))
        return call_misused(
            call, "no completions for '%s': expected bash, zsh or fish", o->completions);
    else if (!o->completions && call->count == 0)
        help_program(stdout);
    else if (!o->completions)
        return help_on(call);
    return WEFT_OK;
}

const struct command command_help = {
    .name = "help",
    .summary = "say how weft or a command is used",
    .arguments = "[COMMAND]",
    .max_arguments = 2,
    .options = table,
    .options_size = sizeof(struct options),
    .example = "weft help train\nweft help --completions bash > weft.bash",
    .run = run,
};
