#include "nn/named.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "nn/sizes.h"
#include "weft/network.h"

static const size_t LARGEST_TEXT = 1 << 20;

static const weft__builtin *find_builtin(const char *name)
{
    for (const weft__builtin *b = weft__builtin_networks; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return b;
    return NULL;
}

static const char *builtin_name(const void *unused, size_t i)
{
    (void)unused;
    return weft__builtin_networks[i].name;
}

/* The network's text, owned by the caller, from a built-in's name or a path. */
static weft_status find_text(const char *name, char **text)
{
    const weft__builtin *builtin = find_builtin(name);
    if (builtin)
        return weft__strdup(text, builtin->text);
    if (!strchr(name, '/') && !strchr(name, '.')) {
        const char *near = weft__nearest(name, builtin_name, NULL);
        return near ? weft_fail(
                          WEFT_ENOTFOUND, "no network '%s': did you mean '%s'?", name, near)
                    : weft_fail(WEFT_ENOTFOUND, "no network '%s'", name);
    }
    uint8_t *bytes;
    size_t size;
    WEFT_TRY(weft__file_read(name, LARGEST_TEXT, &bytes, &size));
    if (memchr(bytes, 0, size)) {
        free(bytes);
        return weft_fail(WEFT_EFORMAT, "%s: not a text: it holds a NUL byte", name);
    }
    *text = (char *)bytes;
    return WEFT_OK;
}

weft_status weft__network_named(weft__network *network, const char *name, const char *sizes)
{
    char *text = NULL, *changed = NULL;
    WEFT_TRY(find_text(name, &text));
    weft_status status = weft__sizes_change(&changed, text, sizes, name);
    if (status == WEFT_OK)
        status = weft__network_parse(network, changed, name);
    free(changed);
    free(text);
    return status;
}

weft_status weft_network_sizes(char **out, const char *name)
{
    char *text = NULL;
    WEFT_TRY(find_text(name, &text));
    weft_status status = weft__sizes_find(out, text);
    free(text);
    return status;
}

/* Takes the items "option=value" of a heading's line. */
static weft_status take_line(const weft_param *table, void *options, const char *line,
    const char *heading, const char *where)
{
    char *copy, *rest, *item;
    WEFT_TRY(weft__strdup(&copy, line));
    weft_status status = WEFT_OK;
    for (item = strtok_r(copy, " \t", &rest); status == WEFT_OK && item;
         item = strtok_r(NULL, " \t", &rest)) {
        char *equals = strchr(item, '=');
        if (!equals) {
            status = weft_fail(
                WEFT_EFORMAT, "%s: %s: '%s': expected option=value", where, heading, item);
            break;
        }
        *equals = 0;
        if (weft_param_set(table, options, item, equals + 1) != WEFT_OK)
            status = weft_fail(WEFT_EFORMAT, "%s: %s: %s", where, heading, weft_error());
    }
    free(copy);
    return status;
}

weft_status weft__take_train_line(
    weft__train_options *options, const char *line, const char *where)
{
    return take_line(weft__train_params, options, line, "train", where);
}

struct pictures {
    uint64_t size;
    int fit; /* weft_fit */
};

static const weft_param picture_params[] = {
    {"size", WEFT_PARAM_COUNT, offsetof(struct pictures, size), "64", 1, WEFT_MAX_SIDE,
        NULL, "side of photos"},
    {"fit", WEFT_PARAM_CHOICE, offsetof(struct pictures, fit), "pad", 0, 0,
        "pad|stretch|crop", "how a picture of another aspect is resized"},
    {0},
};

weft_status weft__take_pictures_line(
    weft_load_options *options, const char *line, const char *where)
{
    struct pictures p = {.size = options->photo_side, .fit = (int)options->fit};
    WEFT_TRY(take_line(picture_params, &p, line, "pictures", where));
    options->photo_side = (uint32_t)p.size;
    options->fit = (weft_fit)p.fit;
    return WEFT_OK;
}

static const char *node_name(const void *network, size_t i)
{
    const weft__network *n = network;
    return i < n->node_count ? n->nodes[i].name : NULL;
}

weft_status weft__no_layer(
    const weft__network *network, const char *option, const char *name)
{
    const char *near = weft__nearest(name, node_name, network);
    return weft_fail(WEFT_ENOTFOUND, "%s: no layer '%s'%s%s%s", option, name,
        near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}
