/* The options that say what data to read and how, shared by every command that reads any.
 *
 *     struct options { struct data_options data; ... };
 *     static const weft_param table[] = {
 *         DATA_WHERE(struct options, data),
 *         DATA_OPTIONS(struct options, data),
 *         ...
 *         {0}};
 *     ...
 *     weft_data data = {0};
 *     WEFT_TRY(data_options_load(&data, o->data.where, &o->data, call));
 */
#ifndef WEFT_CLI_DATA_OPTIONS_H
#define WEFT_CLI_DATA_OPTIONS_H

#include "command.h"

struct data_options {
    char *where;
    uint64_t size, background, limit;
    int channels, fit;
    bool download, no_cache;
};

#define DATA_FIELD(type, member, field) \
    (offsetof(type, member) + offsetof(struct data_options, field))

/* --data, for a command that does not take the place as an argument. */
#define DATA_WHERE(type, member) \
    { \
        "data", WEFT_PARAM_TEXT, DATA_FIELD(type, member, where), NULL, 0, 0, NULL, \
            "what to read: a folder, a CSV file, fashion-mnist, synth" \
    }

#define DATA_OPTIONS(type, member) \
    {"size", WEFT_PARAM_COUNT, DATA_FIELD(type, member, size), "0", 0, WEFT_MAX_SIDE, \
        NULL, "resize to N x N; 0: as stored, photos to what the network wishes, or 64"}, \
        {"channels", WEFT_PARAM_CHOICE, DATA_FIELD(type, member, channels), "auto", 0, 0, \
            "auto|1|3", "1: grey, 3: colour; auto: as stored, photos in colour"}, \
        {"fit", WEFT_PARAM_CHOICE, DATA_FIELD(type, member, fit), "pad", 0, 0, \
            WEFT_FIT_CHOICES, \
            "how a picture of another aspect is resized, where the network wishes " \
            "nothing; product: what is on a photo is found and made grey on black, as " \
            "Fashion-MNIST's pictures are"}, \
        {"background", WEFT_PARAM_COUNT, DATA_FIELD(type, member, background), "255", 0, \
            255, NULL, "grey level of the padding"}, \
        {"limit", WEFT_PARAM_COUNT, DATA_FIELD(type, member, limit), "0", 0, 4294967295.0, \
            NULL, "at most N pictures a split, evenly over classes; 0: all"}, \
        {"download", WEFT_PARAM_FLAG, DATA_FIELD(type, member, download), "false", 0, 0, \
            NULL, "fetch a named dataset from its publisher where it is missing"}, \
    { \
        "no-cache", WEFT_PARAM_FLAG, DATA_FIELD(type, member, no_cache), "false", 0, 0, \
            NULL, "decode folders anew and leave no cache file" \
    }

weft_load_options data_options_get(const struct data_options *options);

/* Reads `where` as the call's classifier wishes what was not given, or says that --data is
 * missing when it is NULL. */
WEFT_MUST weft_status data_options_load(weft_data *out, const char *where,
    const struct data_options *options, struct call *call);

#endif
