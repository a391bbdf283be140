/* From the command line to a call. */
#ifndef WEFT_CLI_PARSE_H
#define WEFT_CLI_PARSE_H

#include "command.h"

/* What every command takes, before or after its name. */
struct globals {
    bool help, quiet, version, json;
    uint64_t threads;
};

extern const weft_param global_table[];

/* What parsing found; zero-initialised is empty. Owns what its call
 * points to, but for the context. */
struct parsed {
    struct globals globals;
    struct call call;  /* call.command is NULL when no command was named */
    const char *group; /* "data" when only the first word of subcommands was named */
};

/* On failure the message says what is wrong with the command line. */
WEFT_MUST weft_status parse(struct parsed *out, int argc, char **argv);
void parsed_clear(struct parsed *parsed);

/* The command of this name, or NULL. */
const struct command *command_find(const char *name);
/* Whether commands "GROUP ..." exist. */
bool command_group(const char *group);

#endif
