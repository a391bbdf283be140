#include "core/machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

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

weft__machine weft__this_machine(void)
{
    weft__machine machine = {.cores = 1};
    struct utsname system;
    if (uname(&system) == 0)
        snprintf(machine.system, sizeof machine.system, "%.64s %.100s %.64s",
            system.sysname, system.release, system.machine);
    weft_processor(machine.processor, sizeof machine.processor);
#if defined(__clang__)
    snprintf(machine.compiler, sizeof machine.compiler, "%.60s", __VERSION__);
#else
    snprintf(machine.compiler, sizeof machine.compiler, "GCC %.50s", __VERSION__);
#endif
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        machine.cores = CPU_COUNT(&set);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0)
        machine.memory = (size_t)pages * (size_t)page;
    return machine;
}

void weft__utc_now(char text[32])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
