#include "data_options.h"

weft_load_options data_options_get(const struct data_options *options)
{
    static const uint32_t channels[] = {0, 1, 3};
    weft_load_options load = weft_load_defaults();
    load.height = load.width = (uint32_t)options->size;
    load.channels = channels[options->channels];
    load.fit = (weft_fit)options->fit;
    load.background = (uint8_t)options->background;
    load.limit = options->limit;
    load.download = options->download;
    load.no_cache = options->no_cache;
    return load;
}

weft_status data_options_load(weft_data *out, const char *where,
    const struct data_options *options, struct call *call)
{
    if (!where)
        return call_misused(call, "no data: give --data WHERE");
    weft_load_options load = data_options_get(options);
    if (call->classifier)
        WEFT_TRY(weft_classifier_prefer(call->classifier, &load));
    if (call_given(call, "fit"))
        load.fit = (weft_fit)options->fit;
    return weft_data_load(out, where, &load, call->context);
}
