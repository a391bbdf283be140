/* The text of a study, recipes/NAME.recipe:
 *
 *     # a comment, to the end of the line
 *     title     Threads of understanding
 *     source    Sivakumar, Kumar, Varada
 *     data      fashion-mnist
 *     protocol  pooled 60:20:20
 *     seeds     1..3
 *     experiment model-3 threads-3:epochs=10
 *     paper     f1 0.9030 figure 11
 *     paper     accuracy ~0.90 section V
 *     note      The epochs are ours.
 *     claim     highest accuracy model-3 of model-* section V
 *
 * `protocol` and `seeds` hold for the experiments below them, `paper` and `note` belong to
 * the experiment above them. A protocol is
 *
 *     published           learn from the training split, score on the test split
 *     published 80:20     the same, with a fifth of the training split for validation
 *     train 80:20         divide the training split alone: train, test
 *     train 60:20:20      train, validation, test
 *     train 5 folds
 *     pooled 80:20 ...    the same of all splits together
 *
 * A figure's value is as the study prints it: 0.925, 0.9070+-0.0033, ~0.91 (about), >0.93.
 * What stands behind it says where. The figures are listed in study_figures.c; a class's is
 * f1:CLASS, and the name may hold blanks but no word that is a number. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "eval/study.h"

enum { LONGEST_TEXT = 1 << 20, MOST_SEEDS = 1000 };

struct reader {
    weft_study *study;
    const char *path;
    int line;
    weft_protocol protocol;
    uint64_t first_seed, last_seed;
    size_t experiment_capacity, claim_capacity, reported_capacity;
};

static weft_status complain(const struct reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static weft_status complain(const struct reader *r, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return weft_fail(WEFT_EFORMAT, "%s, line %d: %s", r->path, r->line, message);
}

/* Puts the place in front of the message of what failed. */
static weft_status blame(const struct reader *r, weft_status status)
{
    char message[512];
    if (status == WEFT_OK || status == WEFT_ENOMEM)
        return status;
    snprintf(message, sizeof message, "%s", weft_error());
    return complain(r, "%s", message);
}

/* The next word of *rest, ended by a NUL; NULL behind the last. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    if (!*word)
        return NULL;
    char *end = word + strcspn(word, " \t");
    *rest = *end ? end + 1 : end;
    *end = 0;
    return word;
}

static weft_status set_text(struct reader *r, char **field, char *rest)
{
    if (*field)
        return complain(r, "given twice");
    return weft__strdup(field, rest);
}

/* "3" or "1..3". */
static weft_status read_seeds(struct reader *r, char *text)
{
    char *dots = strstr(text, "..");
    uint64_t first, last;
    if (dots)
        *dots = 0;
    bool good = weft__parse_count(text, &first) && first <= UINT32_MAX;
    last = first;
    if (good && dots)
        good = weft__parse_count(dots + 2, &last) && last >= first &&
               last - first < MOST_SEEDS && last <= UINT32_MAX;
    if (dots)
        *dots = '.';
    if (!good)
        return complain(r, "seeds '%s': expected a seed, or first..last with at most %d",
            text, MOST_SEEDS);
    r->first_seed = first;
    r->last_seed = last;
    return WEFT_OK;
}

static const weft_experiment *find(const weft_study *study, const char *name)
{
    for (size_t i = 0; i < study->experiment_count; i++)
        if (strcmp(study->experiments[i].name, name) == 0)
            return &study->experiments[i];
    return NULL;
}

/* The name becomes a file's. */
static bool is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    return *name != '.' && *name != '-' && strlen(name) <= 64 &&
           name[strspn(name, allowed)] == 0;
}

static weft_status read_experiment(struct reader *r, char *rest)
{
    weft_study *study = r->study;
    char *name = next_word(&rest), *classifier = next_word(&rest), *more = next_word(&rest);
    if (!name || !classifier || more)
        return complain(r, "experiment: expected NAME CLASSIFIER[:OPTION=VALUE,...]");
    if (!is_name(name))
        return complain(r,
            "experiment '%s': expected a name of a-z, 0-9, '-' and '.', at most 64 of them",
            name);
    if (find(study, name))
        return complain(r, "a second experiment '%s'", name);
    if (!r->protocol.text[0])
        return complain(r, "experiment '%s' before any protocol", name);
    WEFT_TRY(blame(r, weft_compare_check((const char *const[]){classifier}, 1)));
    WEFT_TRY(weft__grow(&study->experiments, &r->experiment_capacity,
        study->experiment_count + 1, sizeof *study->experiments, "experiments"));
    weft_experiment *e = &study->experiments[study->experiment_count++];
    *e = (weft_experiment){.protocol = r->protocol,
        .first_seed = r->first_seed,
        .last_seed = r->last_seed,
        .line = r->line};
    r->reported_capacity = 0;
    WEFT_TRY(weft__strdup(&e->name, name));
    return weft__strdup(&e->classifier, classifier);
}

/* The experiment that a line belongs to, or NULL. */
static weft_experiment *above(const struct reader *r)
{
    const weft_study *study = r->study;
    return study->experiment_count ? &study->experiments[study->experiment_count - 1]
                                   : NULL;
}

/* 0.001 for "0.925": what half of the last digit is worth. */
static double last_digit(const char *text)
{
    const char *point = strchr(text, '.');
    return point ? pow(10, -(double)strlen(point + 1)) : 1;
}

/* "0.925", "0.9070+-0.0033", "~0.91", ">0.93"; false when it is none of them. */
static bool read_value(weft_reported *out, char *word)
{
    weft_reported v = {.sd = NAN};
    v.wording = *word == '~' ? WEFT_ABOUT : *word == '>' ? WEFT_ABOVE : WEFT_REPORTED;
    char *number = word + (v.wording != WEFT_REPORTED);
    char *sd = strstr(number, "+-");
    if (sd)
        *sd = 0;
    bool good = weft__parse_real(number, &v.value) && !strpbrk(number, "eE") &&
                (!sd || (v.wording == WEFT_REPORTED && weft__parse_real(sd + 2, &v.sd) &&
                            v.sd >= 0));
    v.unit = last_digit(number);
    if (sd)
        *sd = '+';
    if (good)
        *out = v;
    return good;
}

static weft_status read_reported(struct reader *r, char *rest)
{
    static const char expected[] =
        "expected a figure, its value as in 0.925, 0.907+-0.003, ~0.91 or >0.93, and where "
        "it stands";
    weft_experiment *e = above(r);
    if (!e)
        return complain(r, "'paper' before any experiment");
    char figure[128] = "", *word;
    weft_reported v;
    while ((word = next_word(&rest)) && !(*figure && read_value(&v, word))) {
        size_t used = strlen(figure);
        if (used + strlen(word) + 2 > sizeof figure)
            return complain(r, "paper: %s", expected);
        snprintf(figure + used, sizeof figure - used, "%s%s", used ? " " : "", word);
    }
    if (!word)
        return complain(r, "paper: %s", expected);
    WEFT_TRY(blame(r, weft__figure_check(figure)));
    WEFT_TRY(weft__grow(&e->reported, &r->reported_capacity, e->reported_count + 1,
        sizeof *e->reported, "figures"));
    v.line = r->line;
    v.figure = v.where = NULL;
    weft_reported *kept = &e->reported[e->reported_count++];
    *kept = v;
    WEFT_TRY(weft__strdup(&kept->figure, figure));
    return weft__strdup(&kept->where, rest + strspn(rest, " \t"));
}

static weft_status read_claim(struct reader *r, char *rest)
{
    weft_study *study = r->study;
    char *which = next_word(&rest), *figure = next_word(&rest), *name = next_word(&rest);
    char *of = next_word(&rest), *pattern = next_word(&rest);
    bool lowest = which && strcmp(which, "lowest") == 0;
    if (!pattern || !(lowest || strcmp(which, "highest") == 0) || strcmp(of, "of") != 0)
        return complain(r, "claim: expected 'highest FIGURE NAME of PATTERN' or 'lowest "
                           "...', and where it "
                           "stands");
    WEFT_TRY(blame(r, weft__figure_check(figure)));
    if (!find(study, name))
        return complain(r, "claim: no experiment '%s' above", name);
    WEFT_TRY(weft__grow(&study->claims, &r->claim_capacity, study->claim_count + 1,
        sizeof *study->claims, "claims"));
    weft_claim *c = &study->claims[study->claim_count++];
    *c = (weft_claim){.lowest = lowest, .line = r->line};
    WEFT_TRY(weft__strdup(&c->figure, figure));
    WEFT_TRY(weft__strdup(&c->name, name));
    WEFT_TRY(weft__strdup(&c->pattern, pattern));
    return weft__strdup(&c->where, rest + strspn(rest, " \t"));
}

static weft_status read_note(struct reader *r, char *rest)
{
    weft_experiment *e = above(r);
    if (!e)
        return complain(r, "'note' before any experiment");
    return set_text(r, &e->note, rest);
}

static const char *keyword_name(const void *unused, size_t i)
{
    static const char *const names[] = {"title", "source", "data", "protocol", "seeds",
        "experiment", "paper", "note", "claim", NULL};
    (void)unused;
    return names[i];
}

static weft_status read_keyword(struct reader *r, const char *word, char *rest)
{
    weft_study *s = r->study;
    if (!*rest && strcmp(word, "title") != 0 && strcmp(word, "source") != 0)
        return complain(r, "'%s' alone: expected something behind it", word);
    if (strcmp(word, "title") == 0)
        return set_text(r, &s->title, rest);
    if (strcmp(word, "source") == 0)
        return set_text(r, &s->source, rest);
    if (strcmp(word, "data") == 0)
        return set_text(r, &s->data, rest);
    if (strcmp(word, "protocol") == 0)
        return blame(r, weft__protocol_read(&r->protocol, rest));
    if (strcmp(word, "seeds") == 0)
        return read_seeds(r, rest);
    if (strcmp(word, "experiment") == 0)
        return read_experiment(r, rest);
    if (strcmp(word, "paper") == 0)
        return read_reported(r, rest);
    if (strcmp(word, "note") == 0)
        return read_note(r, rest);
    if (strcmp(word, "claim") == 0)
        return read_claim(r, rest);
    const char *near = weft__nearest(word, keyword_name, NULL);
    if (near)
        return complain(r, "no keyword '%s': did you mean '%s'?", word, near);
    return complain(r, "no keyword '%s'", word);
}

static weft_status read_line(struct reader *r, char *line)
{
    line[strcspn(line, "#\r")] = 0;
    for (size_t n = strlen(line); n && (line[n - 1] == ' ' || line[n - 1] == '\t');)
        line[--n] = 0;
    char *rest = line, *word = next_word(&rest);
    return word ? read_keyword(r, word, rest + strspn(rest, " \t")) : WEFT_OK;
}

static weft_status fill_in(weft_study *study)
{
    char **texts[] = {&study->title, &study->source, &study->data};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!*texts[i])
            WEFT_TRY(weft__strdup(texts[i], ""));
    for (size_t i = 0; i < study->experiment_count; i++)
        if (!study->experiments[i].note)
            WEFT_TRY(weft__strdup(&study->experiments[i].note, ""));
    return WEFT_OK;
}

static weft_status read_text(struct reader *r, char *copy)
{
    for (char *line; (line = strsep(&copy, "\n"));) {
        r->line++;
        WEFT_TRY(read_line(r, line));
    }
    if (r->study->experiment_count == 0)
        return weft_fail(
            WEFT_EFORMAT, "%s: no experiment in the whole text: expected some", r->path);
    return fill_in(r->study);
}

weft_status weft__study_read(weft_study **out, const char *text, const char *path)
{
    if (strlen(text) > LONGEST_TEXT)
        return weft_fail(WEFT_EFORMAT, "%s: longer than a megabyte", path);
    weft_study *study = NULL;
    char *copy = NULL;
    weft_status status = weft__calloc(&study, 1, sizeof *study, "a study");
    if (status == WEFT_OK)
        status = weft__strdup(&study->path, path);
    if (status == WEFT_OK)
        status = weft__strdup(&copy, text);
    struct reader reader = {.study = study, .path = path, .first_seed = 1, .last_seed = 1};
    if (status == WEFT_OK)
        status = read_text(&reader, copy);
    free(copy);
    if (status == WEFT_OK)
        *out = study;
    else
        weft_study_free(study);
    return status;
}

const char *weft_study_name(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!weft__builtin_studies[i].name)
            return NULL;
    return weft__builtin_studies[index].name;
}

static const char *study_name(const void *unused, size_t i)
{
    (void)unused;
    return weft_study_name(i);
}

static weft_status load_file(weft_study **out, const char *path)
{
    uint8_t *bytes;
    size_t size;
    WEFT_TRY(weft__file_read(path, LONGEST_TEXT, &bytes, &size));
    weft_status status =
        memchr(bytes, 0, size)
            ? weft_fail(WEFT_EFORMAT, "%s: not a text: it holds a NUL byte", path)
            : weft__study_read(out, (const char *)bytes, path);
    free(bytes);
    return status;
}

weft_status weft_study_load(weft_study **out, const char *name)
{
    for (const weft__study_text *t = weft__builtin_studies; t->name; t++)
        if (strcmp(t->name, name) == 0)
            return weft__study_read(out, t->text, name);
    if (strpbrk(name, "/."))
        return load_file(out, name);
    const char *near = weft__nearest(name, study_name, NULL);
    return near
               ? weft_fail(WEFT_ENOTFOUND, "no recipe '%s': did you mean '%s'?", name, near)
               : weft_fail(WEFT_ENOTFOUND, "no recipe '%s'", name);
}

void weft_study_free(weft_study *study)
{
    if (!study)
        return;
    for (size_t i = 0; i < study->experiment_count; i++) {
        weft_experiment *e = &study->experiments[i];
        for (size_t j = 0; j < e->reported_count; j++) {
            free(e->reported[j].figure);
            free(e->reported[j].where);
        }
        free(e->reported);
        free(e->name);
        free(e->classifier);
        free(e->note);
    }
    for (size_t i = 0; i < study->claim_count; i++) {
        weft_claim *c = &study->claims[i];
        free(c->figure);
        free(c->name);
        free(c->pattern);
        free(c->where);
    }
    free(study->experiments);
    free(study->claims);
    free(study->path);
    free(study->title);
    free(study->source);
    free(study->data);
    free(study);
}
