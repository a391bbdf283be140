/* What every command is: one file cli/cmd_NAME.c with its table, one line in commands.c.
 *
 *     static weft_status run(struct call *call)
 *     {
 *         const struct options *o = call->options;
 *         ...
 *         return WEFT_OK;
 *     }
 *     const struct command command_verify = {
 *         .name = "verify", .summary = "...", .arguments = "MODEL", .min_arguments = 1,
 *         .max_arguments = 1, .options = table, .options_size = sizeof(struct options),
 *         .run = run};
 *
 * The table gives parsing, checks, --help, the man page and the shell completions. Results
 * go to stdout, everything else to stderr. main prints weft_error() when run fails and
 * gives the exit code; commands use only <weft/...> headers. */
#ifndef WEFT_CLI_COMMAND_H
#define WEFT_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "weft/weft.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_WRONG_USAGE = 2,
    EXIT_GATE = 3,
    EXIT_INTERRUPTED = 130
};

enum { ANY_NUMBER = 1 << 30 }; /* of arguments */

struct command;
struct progress;

/* One use of a command, as the command line gave it. */
struct call {
    const struct command *command;
    void
        *options; /* command->options_size bytes: the table's defaults and what was given */
    char **arguments; /* those that are no options, borrowed */
    size_t count;
    bool json, quiet;
    weft_context *context;
    struct progress *progress; /* that the context's events go to */
    weft_classifier *classifier; /* command->classifier: made from the first argument or
                                  * by classifier_option; NULL where neither was given */
    int exit_code;               /* set by call_gate and call_misused */
    const char **given;          /* for call_given: given_count names, owned */
    size_t given_count;
};

struct command {
    const char *name;      /* "train"; a subcommand is "data info" */
    const char *summary;   /* one line, without a full stop */
    const char *arguments; /* "MODEL PICTURE..."; "" when there are none */
    size_t min_arguments, max_arguments;
    const char *details; /* what the summary leaves out, in sentences; NULL: nothing */
    const char *example; /* lines, each a whole command line */
    const weft_param *options; /* ends with a NULL name; NULL: none */
    size_t options_size;
    bool json;       /* has --json */
    bool classifier; /* the first argument names a classifier, whose options are also taken
                      */
    const char *classifier_option; /* an option that names one instead; NULL: none */
    bool hidden;                   /* not listed */
    weft_status (*run)(struct call *call);
};

/* Every command, ended by NULL. */
extern const struct command *const commands[];

/* Whether the option was given on the command line, not left at its default. */
bool call_given(const struct call *call, const char *option);

/* A failure that is the user's command line: main exits with 2 and points to --help. */
WEFT_MUST weft_status call_misused(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Seconds of a clock that never steps. */
double seconds_now(void);

/* From now on signals cancel this context; for a process made by fork, whose call's context
 * is another's. */
void interrupts_cancel(weft_context *context);

/* The command did its work and the answer is no: main exits with 3. */
void call_gate(struct call *call);

#endif
