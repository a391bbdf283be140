#include "report/page.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "report/assets.h"

/* Within <script>, "<" could begin its end or a comment; JSON has another way to say it. */
static void write_json(FILE *out, const char *json)
{
    for (;;) {
        size_t plain = strcspn(json, "<");
        fwrite(json, 1, plain, out);
        if (!json[plain])
            return;
        fputs("\\u003c", out);
        json += plain + 1;
    }
}

static const weft__asset *find_asset(const char *name, size_t length)
{
    for (const weft__asset *asset = weft__assets; asset->name; asset++)
        if (strlen(asset->name) == length && memcmp(asset->name, name, length) == 0)
            return asset;
    return NULL;
}

static bool is_markup(const weft__asset *asset)
{
    size_t length = strlen(asset->name);
    return length > 5 && strcmp(asset->name + length - 5, ".html") == 0;
}

static weft_status write_template(FILE *out, const char *at, const char *json)
{
    for (;;) {
        const char *mark = strstr(at, "@@"), *end = mark ? strstr(mark + 2, "@@") : NULL;
        if (!end) {
            fputs(at, out);
            return WEFT_OK;
        }
        fwrite(at, 1, (size_t)(mark - at), out);
        const char *name = mark + 2;
        int length = (int)(end - name);
        const weft__asset *asset = find_asset(name, (size_t)length);
        if (asset && is_markup(asset))
            WEFT_TRY(write_template(out, asset->bytes, json));
        else if (asset)
            fwrite(asset->bytes, 1, asset->size, out);
        else if (length == 4 && memcmp(name, "data", 4) == 0)
            write_json(out, json);
        else
            return weft_fail(WEFT_ENOTFOUND, "web/%.*s is not in this build", length, name);
        at = end + 2;
    }
}

weft_status weft__page_write(const char *path, const char *name, const json_t *data)
{
    char file[64];
    snprintf(file, sizeof file, "%s.html", name);
    const weft__asset *page = find_asset(file, strlen(file));
    if (!page)
        return weft_fail(WEFT_ENOTFOUND, "web/%s is not in this build", file);
    char *json = json_dumps(data, JSON_COMPACT);
    if (!json)
        return weft_fail(WEFT_ENOMEM, "%s: no memory for the page's data", path);
    weft__file_writer writer = {0};
    weft_status status = weft__file_begin(&writer, path);
    if (status == WEFT_OK)
        status = write_template(writer.stream, page->bytes, json);
    if (status == WEFT_OK)
        status = weft__file_commit(&writer);
    weft__file_abandon(&writer);
    free(json);
    return status;
}
