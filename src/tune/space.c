#include "tune/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "weft/network.h"
#include "weft/rng.h"

enum { MOST_DIMENSIONS = 32, MOST_VALUES = 1000, VALUE_TEXT = 4096 };
static const double LARGEST_SIZE = 1048576;
/* Values and the order of a shuffled grid are drawn from these streams. */
static const uint64_t VALUES_STREAM = 0x74756e6500000000, ORDER_STREAM = 0x74756e6fffffffff;

static weft_status add_value(weft__dimension *d, const char *value)
{
    for (size_t i = 0; i < d->value_count; i++)
        if (strcmp(d->values[i], value) == 0)
            return weft_fail(WEFT_EINVAL, "%s=%s: given twice", d->name, value);
    WEFT_TRY(weft__grow(&d->values, &d->value_capacity, d->value_count + 1,
        sizeof *d->values, "values to try"));
    WEFT_TRY(weft__strdup(&d->values[d->value_count], value));
    d->value_count++;
    return WEFT_OK;
}

/* ---- What a name means ---- */

static weft_status network_of(const weft_classifier *base, char *text, size_t size)
{
    text[0] = 0;
    if (!weft_param_find(weft_classifier_describe(base)->params, "sizes"))
        return WEFT_OK;
    return weft_classifier_get(base, "network", text, size);
}

/* Whether the classifier's network names this size; *sizes, owned by the caller, receives
 * all that it names. */
static weft_status is_size(
    bool *out, char **sizes, const weft_classifier *base, const char *name)
{
    char network[VALUE_TEXT];
    *out = false;
    *sizes = NULL;
    WEFT_TRY(network_of(base, network, sizeof network));
    if (!*network)
        return WEFT_OK;
    WEFT_TRY(weft_network_sizes(sizes, network));
    size_t n = strlen(name);
    for (const char *at = *sizes; at; at = strpbrk(at, " \t,")) {
        at += strspn(at, " \t,");
        *out = *out || (strncmp(at, name, n) == 0 && at[n] == '=');
    }
    return WEFT_OK;
}

static weft_status find_meaning(weft__dimension *d, const weft_classifier *base)
{
    const weft_param *table = weft_classifier_describe(base)->params;
    const weft_param *param = weft_param_find(table, d->name);
    if (param) {
        d->param = *param;
        bool network = strcmp(d->name, "network") == 0 && weft_param_find(table, "sizes");
        d->kind = network ? WEFT__NETWORK : WEFT__OPTION;
        return WEFT_OK;
    }
    bool size;
    char *sizes;
    WEFT_TRY(is_size(&size, &sizes, base, d->name));
    weft_status status = WEFT_OK;
    if (size) {
        d->kind = WEFT__SIZE;
        d->param = (weft_param){
            .name = d->name, .type = WEFT_PARAM_COUNT, .min = 1, .max = LARGEST_SIZE};
    } else {
        char scratch[8];
        status = weft_classifier_get(base, d->name, scratch, sizeof scratch);
        if (sizes && *sizes)
            status = weft_fail(status, "%s; its sizes are %s", weft_error(), sizes);
    }
    free(sizes);
    return status;
}

/* ---- Values ---- */

/* The value as the classifier itself writes it: 1e-3 is 0.001. */
static weft_status canonical(const weft__dimension *d, weft_classifier *base,
    const char *value, char *text, size_t size)
{
    weft_classifier *network;
    uint64_t count;
    if (strlen(value) >= size)
        return weft_fail(WEFT_EINVAL, "%s: a value is too long", d->name);
    strcpy(text, value);
    if (d->kind == WEFT__SIZE)
        return weft__parse_count(value, &count) && count >= 1 &&
                       (double)count <= LARGEST_SIZE
                   ? WEFT_OK
                   : weft_fail(WEFT_EINVAL,
                         "%s=%s: expected a whole number from 1 to 1048576", d->name,
                         value);
    if (d->kind == WEFT__NETWORK) {
        WEFT_TRY(weft_classifier_create(&network, value));
        weft_classifier_free(network);
        return WEFT_OK;
    }
    WEFT_TRY(weft_classifier_set(base, d->name, value));
    return weft_classifier_get(base, d->name, text, size);
}

static weft_status read_list(weft__dimension *d, weft_classifier *base, const char *values)
{
    char *copy, text[VALUE_TEXT];
    WEFT_TRY(weft__strdup(&copy, values));
    weft_status status = WEFT_OK;
    for (char *value = copy; status == WEFT_OK && value;) {
        char *comma = strchr(value, ',');
        if (comma)
            *comma = 0;
        status = *value
                     ? canonical(d, base, value, text, sizeof text)
                     : weft_fail(WEFT_EINVAL, "%s=%s: a value is missing", d->name, values);
        if (status == WEFT_OK)
            status = add_value(d, text);
        value = comma ? comma + 1 : NULL;
    }
    free(copy);
    return status;
}

/* A real with four digits that tell: 0.003162. */
static void format_short(double value, char *text, size_t size)
{
    char digits[48];
    int exponent = value == 0 ? 0 : (int)floor(log10(fabs(value))) - 3;
    snprintf(digits, sizeof digits, "%.0fe%d", value / pow(10, exponent), exponent);
    double rounded;
    weft__format_real(weft__parse_real(digits, &rounded) ? rounded : value, text, size);
}

/* The value at `share`, 0 to 1, of the range. */
static void value_at(const weft__dimension *d, double share, char *text, size_t size)
{
    double value = d->log ? d->low * pow(d->high / d->low, share)
                          : d->low + share * (d->high - d->low);
    if (d->param.type == WEFT_PARAM_COUNT)
        snprintf(text, size, "%.0f", value);
    else if (share <= 0 || share >= 1)
        weft__format_real(share <= 0 ? d->low : d->high, text, size);
    else
        format_short(value, text, size);
}

/* `count` values, evenly spaced; those that fall together once rounded are one. */
static weft_status spread(weft__dimension *d, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[64];
        value_at(d, count > 1 ? (double)i / (double)(count - 1) : 0, text, sizeof text);
        if (d->value_count == 0 || strcmp(text, d->values[d->value_count - 1]) != 0)
            WEFT_TRY(add_value(d, text));
    }
    return WEFT_OK;
}

static weft_status check_range(
    const weft__dimension *d, weft_classifier *base, const char *text)
{
    char low[64], high[64], scratch[VALUE_TEXT];
    if (!(d->low < d->high))
        return weft_fail(
            WEFT_EINVAL, "%s=%s: expected LOW..HIGH with LOW below HIGH", d->name, text);
    if (d->log && d->low <= 0)
        return weft_fail(
            WEFT_EINVAL, "%s=%s: a logarithmic scale begins above 0", d->name, text);
    weft__format_real(d->low, low, sizeof low);
    weft__format_real(d->high, high, sizeof high);
    WEFT_TRY(canonical(d, base, low, scratch, sizeof scratch));
    return canonical(d, base, high, scratch, sizeof scratch);
}

/* LOW..HIGH[:log][:COUNT] */
static weft_status read_range(weft__dimension *d, weft_classifier *base, const char *text)
{
    char copy[128];
    uint64_t count = 0;
    if (strlen(text) >= sizeof copy)
        return weft_fail(WEFT_EINVAL, "%s=%s: too long", d->name, text);
    strcpy(copy, text);
    char *rest, *range = strtok_r(copy, ":", &rest), *dots = strstr(range, "..");
    bool good = dots != NULL;
    if (good) {
        *dots = 0;
        good = weft__parse_real(range, &d->low) && weft__parse_real(dots + 2, &d->high);
    }
    for (char *word; good && (word = strtok_r(NULL, ":", &rest));) {
        if (strcmp(word, "log") == 0 && !d->log && !count)
            d->log = true;
        else
            good = !count && weft__parse_count(word, &count) && count > 1;
    }
    if (!good)
        return weft_fail(WEFT_EINVAL,
            "%s=%s: expected LOW..HIGH, LOW..HIGH:log, or either with :COUNT", d->name,
            text);
    if (count > MOST_VALUES)
        return weft_fail(
            WEFT_EINVAL, "%s=%s: at most %d values", d->name, text, MOST_VALUES);
    WEFT_TRY(check_range(d, base, text));
    double whole = d->high - d->low + 1;
    if (!count && !d->log && d->param.type == WEFT_PARAM_COUNT && whole <= MOST_VALUES)
        count = (uint64_t)whole;
    return spread(d, count);
}

static weft_status read_dimension(
    weft__dimension *d, const char *text, weft_classifier *base)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return weft_fail(WEFT_EINVAL, "'%s': expected OPTION=VALUES, as in k=3..11", text);
    WEFT_TRY(weft__strdup(&d->name, text));
    d->name[equals - text] = 0;
    WEFT_TRY(find_meaning(d, base));
    bool number = d->param.type == WEFT_PARAM_COUNT || d->param.type == WEFT_PARAM_REAL;
    return number && strstr(equals, "..") ? read_range(d, base, equals + 1)
                                          : read_list(d, base, equals + 1);
}

static weft_status read_all(
    weft__space *space, const char *const *texts, size_t count, weft_classifier *base)
{
    for (; space->count < count; space->count++) {
        weft__dimension *d = &space->dimensions[space->count];
        WEFT_TRY(read_dimension(d, texts[space->count], base));
        for (size_t i = 0; i < space->count; i++)
            if (strcmp(space->dimensions[i].name, d->name) == 0)
                return weft_fail(WEFT_EINVAL, "%s: given twice", d->name);
    }
    return WEFT_OK;
}

weft_status weft__space_read(
    weft__space *out, const char *const *texts, size_t count, const char *name)
{
    weft__space space = {0};
    weft_classifier *base;
    if (count == 0 || count > MOST_DIMENSIONS)
        return weft_fail(WEFT_EINVAL, "%zu options to search over: expected 1 to %d", count,
            MOST_DIMENSIONS);
    WEFT_TRY(weft_classifier_create(&base, name));
    weft_status status =
        weft__calloc(&space.dimensions, count, sizeof *space.dimensions, "a search space");
    if (status == WEFT_OK)
        status = read_all(&space, texts, count, base);
    weft_classifier_free(base);
    if (status == WEFT_OK) {
        *out = space;
        return WEFT_OK;
    }
    space.count += space.dimensions && space.count < count; /* the one half read */
    weft__space_clear(&space);
    return status;
}

void weft__space_clear(weft__space *space)
{
    for (size_t i = 0; i < space->count; i++) {
        weft__dimension *d = &space->dimensions[i];
        weft__values_free(d->values, d->value_count);
        free(d->name);
    }
    free(space->dimensions);
    *space = (weft__space){0};
}

/* ---- Trials ---- */

void weft__values_free(char **values, size_t count)
{
    for (size_t i = 0; values && i < count; i++)
        free(values[i]);
    free(values);
}

/* How many combinations there are; 0: more than anybody counts. */
static size_t combinations(const weft__space *space)
{
    size_t product = 1;
    for (size_t i = 0; i < space->count; i++)
        if (!weft__mul(&product, product, space->dimensions[i].value_count))
            return 0;
    return product;
}

static weft_status take_combination(char **values, const weft__space *space, size_t number)
{
    for (size_t i = space->count; i-- > 0;) {
        const weft__dimension *d = &space->dimensions[i];
        WEFT_TRY(weft__strdup(&values[i], d->values[number % d->value_count]));
        number /= d->value_count;
    }
    return WEFT_OK;
}

static weft_status draw_values(char **values, const weft__space *space, weft_rng *rng)
{
    for (size_t i = 0; i < space->count; i++) {
        const weft__dimension *d = &space->dimensions[i];
        char text[64];
        if (d->value_count) {
            const char *value = d->values[weft_rng_below(rng, (uint32_t)d->value_count)];
            WEFT_TRY(weft__strdup(&values[i], value));
            continue;
        }
        double share = ((double)weft_rng_u32(rng) + 0.5) / 4294967296.0;
        double steps = d->high - d->low; /* each whole number alike */
        if (d->param.type == WEFT_PARAM_COUNT && !d->log)
            share = floor(share * (steps + 1)) / steps;
        value_at(d, share, text, sizeof text);
        WEFT_TRY(weft__strdup(&values[i], text));
    }
    return WEFT_OK;
}

/* Random combinations of a grid without repetition. */
static weft_status draw_combinations(
    char **values, const weft__space *space, size_t total, size_t wanted, uint64_t seed)
{
    uint32_t *order;
    WEFT_TRY(weft__alloc(&order, total, sizeof *order, "combinations"));
    for (size_t i = 0; i < total; i++)
        order[i] = (uint32_t)i;
    weft_rng rng = weft_rng_create(seed, ORDER_STREAM);
    weft_rng_shuffle(&rng, order, total);
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < wanted; i++)
        status = take_combination(values + i * space->count, space, order[i]);
    free(order);
    return status;
}

static weft_status fill(char **values, const weft__space *space, size_t trials,
    size_t total, bool grid, uint64_t seed)
{
    if (!grid && total)
        return draw_combinations(values, space, total, trials, seed);
    for (size_t i = 0; i < trials; i++) {
        char **row = values + i * space->count;
        weft_rng rng = weft_rng_create(seed, VALUES_STREAM + i);
        WEFT_TRY(grid ? take_combination(row, space, i) : draw_values(row, space, &rng));
    }
    return WEFT_OK;
}

static weft_status check_grid(const weft__space *space, size_t total)
{
    for (size_t i = 0; i < space->count; i++) {
        const weft__dimension *d = &space->dimensions[i];
        if (d->value_count == 0)
            return weft_fail(WEFT_EINVAL,
                "%s: a grid needs to know how many values: LOW..HIGH:COUNT or "
                "LOW..HIGH:log:COUNT; or search at random with a number of trials",
                d->name);
    }
    if (total == 0 || total > WEFT__MOST_TRIALS)
        return weft_fail(WEFT_EINVAL,
            "the grid has more than %d combinations: search at random with a number of "
            "trials",
            WEFT__MOST_TRIALS);
    return WEFT_OK;
}

weft_status weft__space_trials(
    char ***out, size_t *trials, const weft__space *space, size_t wanted, uint64_t seed)
{
    size_t total = combinations(space);
    bool grid = wanted == 0 || (total && wanted >= total);
    if (grid)
        WEFT_TRY(check_grid(space, total));
    if (wanted > WEFT__MOST_TRIALS)
        return weft_fail(WEFT_EINVAL, "%zu trials: at most %d", wanted, WEFT__MOST_TRIALS);
    size_t count = grid ? total : wanted;
    /* A shuffled list of more would be larger than it is worth: repetitions are rare. */
    if (total > 10000000)
        total = 0;
    char **values;
    WEFT_TRY(weft__calloc(&values, count * space->count, sizeof *values, "trials"));
    weft_status status = fill(values, space, count, total, grid, seed);
    if (status == WEFT_OK) {
        *out = values;
        *trials = count;
    } else {
        weft__values_free(values, count * space->count);
    }
    return status;
}

/* ---- A trial's classifier ---- */

static weft_status set_fixed(weft_classifier *classifier, const char *text)
{
    char name[64];
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : 0;
    if (!equals || n == 0 || n >= sizeof name)
        return weft_fail(WEFT_EINVAL, "'%s': expected OPTION=VALUE", text);
    memcpy(name, text, n);
    name[n] = 0;
    return weft_classifier_set(classifier, name, equals + 1);
}

static weft_status set_sizes(
    weft_classifier *classifier, const weft__space *space, const char *const *values)
{
    char before[VALUE_TEXT];
    weft__text text = {0};
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < space->count; i++)
        if (space->dimensions[i].kind == WEFT__SIZE)
            status = weft__text_printf(&text, "%s%s=%s", text.length ? "," : "",
                space->dimensions[i].name, values[i]);
    if (status == WEFT_OK && text.length)
        status = weft_classifier_get(classifier, "sizes", before, sizeof before);
    if (status == WEFT_OK && text.length && *before)
        status =
            weft_fail(WEFT_EINVAL, "sizes=%s: give them all in the search space", before);
    if (status == WEFT_OK && text.length)
        status = weft_classifier_set(classifier, "sizes", text.data);
    weft__text_clear(&text);
    return status;
}

static weft_status set_seed(weft_classifier *classifier, uint64_t seed)
{
    char text[24];
    if (!weft_param_find(weft_classifier_describe(classifier)->params, "seed"))
        return WEFT_OK;
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return weft_classifier_set(classifier, "seed", text);
}

static weft_status set_all(weft_classifier *classifier, const char *const *fixed,
    size_t fixed_count, const weft__space *space, const char *const *values, uint64_t seed)
{
    WEFT_TRY(set_seed(classifier, seed));
    for (size_t i = 0; i < fixed_count; i++)
        WEFT_TRY(set_fixed(classifier, fixed[i]));
    for (size_t i = 0; i < space->count; i++)
        if (space->dimensions[i].kind == WEFT__OPTION)
            WEFT_TRY(weft_classifier_set(classifier, space->dimensions[i].name, values[i]));
    return set_sizes(classifier, space, values);
}

weft_status weft__space_classifier(weft_classifier **out, const char *name,
    const char *const *fixed, size_t fixed_count, const weft__space *space,
    const char *const *values, uint64_t seed)
{
    weft_classifier *classifier;
    for (size_t i = 0; i < space->count; i++)
        if (space->dimensions[i].kind == WEFT__NETWORK)
            name = values[i];
    WEFT_TRY(weft_classifier_create(&classifier, name));
    weft_status status = set_all(classifier, fixed, fixed_count, space, values, seed);
    if (status == WEFT_OK)
        *out = classifier;
    else
        weft_classifier_free(classifier);
    return status;
}
