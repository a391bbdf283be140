/* weft doctor: what this machine and this build are, for bug reports and for a look. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "output.h"

/* Instructions that the kernels are faster with, as the system names them. */
static const char *const features[] = {"sse4_2", "avx", "f16c", "fma", "avx2", "avx512f",
    "avx512bw", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16", "asimd",
    "asimddp", "bf16", "i8mm", "sve"};

/* What the program was built with: "name version" by name, from the build. */
static const char *const libraries[][2] = {WEFT_LIBRARIES};

/* The processor's flags, a space before and behind each, owned; NULL: not told. */
static char *processor_flags(void)
{
    char *line = NULL, *flags = NULL;
    size_t size = 0;
    FILE *stream = fopen("/proc/cpuinfo", "re");
    while (stream && !flags && getline(&line, &size, stream) > 0)
        if (strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0) {
            line[strcspn(line, "\n")] = ' ';
            flags = strdup(line);
        }
    if (stream)
        fclose(stream);
    free(line);
    return flags;
}

static json_t *features_json(void)
{
    json_t *list = json_array();
    char *flags = processor_flags();
    for (size_t i = 0; flags && i < sizeof features / sizeof *features; i++) {
        char word[32];
        snprintf(word, sizeof word, " %s ", features[i]);
        if (strstr(flags, word))
            json_array_append_new(list, json_string(features[i]));
    }
    free(flags);
    return list;
}

static json_t *libraries_json(void)
{
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        json_object_set_new(object, libraries[i][0], json_string(libraries[i][1]));
    return object;
}

static double memory_gigabytes(void)
{
    return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGE_SIZE) / 1e9;
}

static json_t *findings(const struct call *call)
{
    char processor[128];
    char *cache = NULL;
    if (weft_cache_folder(&cache) != WEFT_OK)
        cache = NULL; /* neither folder is named: shown as none */
    json_t *result = json_pack("{s:s, s:s, s:o, s:i, s:i, s:f, s:o, s:s?, s:s?}", "version",
        weft_version(), "processor", weft_processor(processor, sizeof processor),
        "features", features_json(), "cores", (int)sysconf(_SC_NPROCESSORS_ONLN), "threads",
        weft_context_threads(call->context), "memory_gb", memory_gigabytes(), "libraries",
        libraries_json(), "data", getenv("WEFT_DATA"), "cache", cache);
    free(cache);
    return result;
}

static void print_place(const char *title, const json_t *value, const char *otherwise)
{
    const char *path = json_string_value(value);
    const char *state = !path ? "" : access(path, R_OK) == 0 ? "" : " (not there)";
    printf("%-12s%s%s\n", title, path ? path : otherwise, state);
}

static void print_text(const json_t *result)
{
    const json_t *feature, *version;
    const char *name;
    size_t i;
    printf("%-12s%s\n", "weft", json_string_value(json_object_get(result, "version")));
    printf(
        "%-12s%s\n", "processor", json_string_value(json_object_get(result, "processor")));
    printf("%-12s", "features");
    json_array_foreach(json_object_get(result, "features"), i, feature)
        printf("%s%s", i ? " " : "", json_string_value(feature));
    printf("\n%-12s%lld of %lld cores\n", "threads",
        (long long)json_integer_value(json_object_get(result, "threads")),
        (long long)json_integer_value(json_object_get(result, "cores")));
    printf(
        "%-12s%.1f GB\n", "memory", json_real_value(json_object_get(result, "memory_gb")));
    json_object_foreach(json_object_get(result, "libraries"), name, version)
        printf("%-12s%s\n", name, json_string_value(version));
    print_place("data", json_object_get(result, "data"), "WEFT_DATA is not set");
    print_place("cache", json_object_get(result, "cache"), "no home folder");
}

static weft_status run(struct call *call)
{
    json_t *result = findings(call);
    if (!result)
        return weft_fail(WEFT_ENOMEM, "no memory for the results");
    if (call->json)
        return output_json(result);
    print_text(result);
    json_decref(result);
    return WEFT_OK;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "show processor, threads, library versions and places",
    .arguments = "",
    .example = "weft doctor",
    .json = true,
    .run = run,
};
