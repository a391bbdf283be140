/* weft doctor: what this machine and this build are, for bug reports and for a look. */
#include <stdlib.h>

#include "command.h"

static weft_status run(struct call *call)
{
    printf("weft       %s\n", weft_version());
    printf("threads    %d\n", weft_context_threads(call->context));
    return WEFT_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "show processor, threads, library versions and places",
    .arguments = "",
    .example = "weft doctor",
    .run = run,
};
