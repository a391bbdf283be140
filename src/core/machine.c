#include <stdio.h>
#include <string.h>

#include "weft/weft.h"

/* The value of a line "model name\t: value\n", or NULL. */
static char *value_of(char *line, const char *key)
{
    size_t n = strlen(key);
    char *colon = strchr(line, ':');
    if (strncmp(line, key, n) != 0 || !colon)
        return NULL;
    line[strcspn(line, "\n")] = 0;
    return colon[1] == ' ' ? colon + 2 : colon + 1;
}

const char *weft_processor(char *text, size_t size)
{
    char line[256];
    snprintf(text, size, "unknown");
    FILE *stream = fopen("/proc/cpuinfo", "re");
    while (stream && fgets(line, sizeof line, stream)) {
        const char *value = value_of(line, "model name");
        if (value) {
            snprintf(text, size, "%s", value);
            break;
        }
    }
    if (stream)
        fclose(stream);
    return text;
}
