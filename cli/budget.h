/* Planning a training for the time that somebody has. */
#ifndef WEFT_CLI_BUDGET_H
#define WEFT_CLI_BUDGET_H

#include <jansson.h>

#include "command.h"

/* A plan, and the time that it was made for. */
struct budget {
    double seconds;   /* of the whole command; 0: no budget */
    double predicted; /* of the whole command */
    char recipe[64];  /* the classifier's name, or the recipe chosen */
    uint64_t epochs;
    char precision[8];
};

/* Reads "60", "60s", "1.5m", "15min" or "1h". */
WEFT_MUST weft_status budget_read(
    struct budget *budget, const char *text, struct call *call);

/* Times a few steps, then chooses, where the call has no classifier, the largest recipe
 * whose epochs fit at least by half, and in any case epochs and precision; sets them as
 * options of call->classifier, and tells what it expects. After every epoch and at the end
 * `watched` pictures are predicted, at the end `tested` more; `spent` seconds are gone. */
WEFT_MUST weft_status budget_plan(struct budget *budget, struct call *call,
    const weft_view *train, size_t watched, size_t tested, double spent);

/* What it came to, in `seconds`, for the user and as JSON. */
void budget_print(const struct budget *budget, double seconds);
json_t *budget_json(const struct budget *budget, double seconds);

#endif
