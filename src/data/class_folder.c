#include "data/class_folder.h"

#include <string.h>

#include "core/mem.h"

static const char *const codes[] = {"%2F", "%25", "%2E"};
static const char plain[] = "/%.";

weft_status weft__class_to_folder(char **out, const char *name)
{
    char *folder;
    WEFT_TRY(weft__alloc(&folder, strlen(name) + 1, 3, "a folder's name"));
    char *end = folder;
    for (const char *c = name; *c; c++) {
        const char *found = strchr(plain, *c);
        if (!found || (*c == '.' && c != name)) {
            *end++ = *c;
            continue;
        }
        memcpy(end, codes[found - plain], 3);
        end += 3;
    }
    *end = 0;
    *out = folder;
    return WEFT_OK;
}

weft_status weft__class_from_folder(char **out, const char *folder)
{
    char *name;
    WEFT_TRY(weft__strdup(&name, folder));
    char *end = name;
    for (const char *c = name; *c; end++) {
        size_t k = 0;
        while (k < 3 && strncmp(c, codes[k], 3) != 0)
            k++;
        *end = k < 3 ? plain[k] : *c;
        c += k < 3 ? 3 : 1;
    }
    *end = 0;
    *out = name;
    return WEFT_OK;
}
