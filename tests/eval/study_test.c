/* Studies: their text, what they divide, run and write down, and what is said of figures.
 */
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "eval/study.h"
#include "families.h"
#include "weft/weft.h"

static weft_context *context;
static char folder[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/weft-study-XXXXXX");
    return mkdtemp(folder) && weft_context_create(&context, 2) == WEFT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    weft_context_free(context);
    DIR *listing = opendir(folder);
    for (struct dirent *entry; (entry = readdir(listing));)
        unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
    return rmdir(folder);
}

static const char *const names[] = {"north", "east", "south", "far west"};

static weft_study *read_study(const char *text)
{
    weft_study *study;
    assert_ok(weft__study_read(&study, text, "a.recipe"));
    return study;
}

static void reads(void **state)
{
    (void)state;
    weft_study *s = read_study("# a comment\n"
                               "title  A study\n"
                               "data synth # where\r\n"
                               "\n"
                               "protocol pooled 60:20:20\n"
                               "seeds 2..4\n"
                               "experiment a centroid:passes=3\n"
                               "paper accuracy 0.9070+-0.0033 table I\n"
                               "paper f1:far west ~0.9  figure 2, left\n"
                               "note  Ours has more.\n"
                               "protocol train 5 folds\n"
                               "experiment b-2 prior\n"
                               "paper accuracy >0.93\n"
                               "claim highest accuracy a of * section 2\n");
    assert_string_equal(s->title, "A study");
    assert_string_equal(s->source, "");
    assert_string_equal(s->data, "synth");
    assert_int_equal(s->experiment_count, 2);
    const weft_experiment *a = &s->experiments[0], *b = &s->experiments[1];
    assert_string_equal(a->classifier, "centroid:passes=3");
    assert_int_equal(a->protocol.division, WEFT_DIVIDE_POOLED);
    assert_int_equal(a->protocol.parts, 3);
    assert_int_equal(a->protocol.percent[0], 60);
    assert_true(a->first_seed == 2 && a->last_seed == 4 && b->first_seed == 2);
    assert_string_equal(a->note, "Ours has more.");
    assert_int_equal(a->reported_count, 2);
    assert_true(a->reported[0].value == 0.9070 && a->reported[0].sd == 0.0033);
    assert_true(fabs(a->reported[0].unit - 1e-4) < 1e-12);
    assert_string_equal(a->reported[1].figure, "f1:far west");
    assert_string_equal(a->reported[1].where, "figure 2, left");
    assert_int_equal(a->reported[1].wording, WEFT_ABOUT);
    assert_int_equal(b->protocol.folds, 5);
    assert_int_equal(b->reported[0].wording, WEFT_ABOVE);
    assert_true(isnan(b->reported[0].sd));
    assert_string_equal(s->claims[0].where, "section 2");
    weft_study_free(s);
}

#define P "protocol published\n"
#define E P "experiment a prior\n"

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "a.recipe: no experiment"},
        {"titel A\n", "line 1: no keyword 'titel': did you mean 'title'?"},
        {"title a\ntitle b\n", "line 2: given twice"},
        {"experiment a prior\n", "line 1: experiment 'a' before any protocol"},
        {P "experiment a\n", "line 2: experiment: expected NAME CLASSIFIER"},
        {P "experiment A prior\n", "line 2: experiment 'A'"},
        {P "experiment ../a prior\n", "line 2: experiment '../a'"},
        {E "experiment a prior\n", "line 3: a second experiment 'a'"},
        {P "experiment a priro\n", "line 2: no classifier 'priro'"},
        {P "experiment a centroid:passes=0\n", "line 2: passes"},
        {"protocol published 60:20:20\n", "line 1: protocol 'published 60:20:20'"},
        {"protocol pooled\n", "line 1: protocol 'pooled'"},
        {"protocol pooled 80:30\n", "80:30"},
        {"protocol pooled 100:0\n", "100:0"},
        {"protocol train 1 folds\n", "1 folds"},
        {"protocol train 5 fold\n", "5 fold"},
        {"protocol published 5 folds\n", "published 5 folds"},
        {"protocol\n", "line 1: 'protocol' alone"},
        {"seeds 3..1\n", "line 1: seeds '3..1'"},
        {"seeds 1..5000\n", "line 1: seeds '1..5000'"},
        {"seeds -1\n", "line 1: seeds '-1'"},
        {"paper accuracy 0.9\n", "line 1: 'paper' before any experiment"},
        {"note a\n", "line 1: 'note' before any experiment"},
        {E "paper accuracy\n", "line 3: paper: expected a figure"},
        {E "paper 0.9\n", "line 3: paper: expected a figure"},
        {E "paper accuracy 0.9x\n", "line 3: paper: expected a figure"},
        {E "paper acuracy 0.9\n", "line 3: no figure 'acuracy': did you mean 'accuracy'?"},
        {E "claim best accuracy a of *\n", "line 3: claim: expected"},
        {E "claim highest accuracy b of *\n", "line 3: claim: no experiment 'b'"},
        {E "claim highest accuracy a\n", "line 3: claim: expected"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        weft_study *study;
        assert_fails(weft__study_read(&study, bad[i].text, "a.recipe"), WEFT_EFORMAT,
            bad[i].message);
    }
    weft_study *study;
    assert_fails(weft_study_load(&study, "paper-9"), WEFT_ENOTFOUND, "did you mean");
    assert_fails(weft_study_load(&study, "none.recipe"), WEFT_ENOTFOUND, "none.recipe");
}

static weft__division divided(
    const char *protocol, const weft_data *data, const weft_dataset *pooled, unsigned fold)
{
    weft_protocol p;
    weft__division d;
    assert_ok(weft__protocol_read(&p, protocol));
    assert_ok(weft__divide(&d, &p, data, pooled, 7, fold));
    return d;
}

static void count(unsigned *seen, const weft_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        seen[weft_view_at(view, i)]++;
}

static void divides(void **state)
{
    (void)state;
    weft_data data = make_data(100, 0, 40, 4, 8, 1, names);
    weft__division d = divided("published", &data, NULL, 0);
    assert_int_equal(d.train.count, 100);
    assert_int_equal(d.validation.count, 0);
    assert_int_equal(weft_test_openings(data.test), 0);
    assert_int_equal(weft__division_test(&d).count, 40);
    assert_int_equal(weft_test_openings(data.test), 1);
    weft__division_clear(&d);

    d = divided("published 80:20", &data, NULL, 0);
    assert_int_equal(d.train.count, 80);
    assert_int_equal(d.validation.count, 20);
    weft__division_clear(&d);

    unsigned seen[140] = {0};
    for (unsigned fold = 0; fold < 5; fold++) {
        unsigned parts[140] = {0};
        d = divided("train 5 folds", &data, NULL, fold);
        weft_view test = weft__division_test(&d);
        assert_int_equal(d.train.count, 80);
        count(seen, &test);
        count(parts, &test);
        count(parts, &d.train);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(parts[i], 1);
        weft__division_clear(&d);
    }
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_int_equal(weft_test_openings(data.test), 1);

    weft_dataset *pooled;
    assert_ok(weft_data_pool(&pooled, &data));
    assert_int_equal(weft_test_openings(data.test), 2);
    weft_view train = weft_view_all(data.train), all = weft_view_all(pooled);
    weft_view test = weft_test_open(data.test);
    assert_memory_equal(weft_view_pixels(&all, 99), weft_view_pixels(&train, 99), 64);
    assert_memory_equal(weft_view_pixels(&all, 100), weft_view_pixels(&test, 0), 64);
    assert_int_equal(weft_view_label(&all, 139), weft_view_label(&test, 39));
    memset(seen, 0, sizeof seen);
    d = divided("pooled 60:20:20", &data, pooled, 0);
    test = weft__division_test(&d);
    assert_int_equal(d.train.count, 84);
    assert_int_equal(d.validation.count, 28);
    count(seen, &d.train);
    count(seen, &d.validation);
    count(seen, &test);
    for (size_t i = 0; i < 140; i++)
        assert_int_equal(seen[i], 1);
    weft__division_clear(&d);
    weft_dataset_free(pooled);
    weft_data_clear(&data);
}

static const char TEXT[] = "title Tiny\n"
                           "protocol published\n"
                           "seeds 1..3\n"
                           "experiment noisy centroid:noise=0.3\n"
                           "paper accuracy 0.1 table 1\n"
                           "paper f1:far west 0.0 table 2\n"
                           "protocol train 4 folds\n"
                           "seeds 5\n"
                           "experiment folds prior\n"
                           "claim highest accuracy noisy of * table 1\n";

static weft_study_results *run_study(
    const weft_study *study, const weft_data *data, const char *only)
{
    weft_study_options options = weft_study_defaults();
    weft_study_results *results = NULL;
    options.folder = folder;
    options.only = only;
    assert_ok(weft_study_run(&results, study, data, &options, context));
    return results;
}

static void runs_and_writes_down(void **state)
{
    (void)state;
    weft_data data = make_data(80, 0, 60, 4, 8, 1, names);
    weft_study *s = read_study(TEXT);
    weft_study_results *r = run_study(s, &data, NULL);
    assert_int_equal(weft_study_runs(r), 7);
    assert_int_equal(weft_study_finished(r), 7);
    assert_int_equal(weft_test_openings(data.test), 3);

    /* The same as fitting and scoring by hand. */
    double sum = 0, squares = 0;
    for (int seed = 1; seed <= 3; seed++) {
        weft__contender c;
        weft_evaluation *e;
        weft_view train = weft_view_all(data.train), test = weft_test_open(data.test);
        assert_ok(weft__contender_create(&c, "centroid:noise=0.3", (uint64_t)seed, 1));
        assert_ok(weft_classifier_fit(c.classifier, &train, NULL, context));
        assert_ok(weft_evaluate(&e, c.classifier, &test, NULL, context));
        double accuracy = weft_evaluation_scores(e)->accuracy;
        assert_true(weft__figure(r->runs[seed - 1].record, "accuracy") == accuracy);
        assert_true(weft__figure(r->runs[seed - 1].record, "f1:far west") ==
                    weft_evaluation_class(e, 3)->f1);
        sum += accuracy;
        squares += accuracy * accuracy;
        weft_evaluation_free(e);
        weft__contender_clear(&c);
    }
    weft__spread spread = weft__figure_spread(r, &s->experiments[0], "accuracy");
    assert_int_equal(spread.n, 3);
    assert_true(fabs(spread.mean - sum / 3) < 1e-12);
    assert_true(spread.sd > 0);
    assert_true(fabs(spread.sd - sqrt((squares - sum * sum / 3) / 2)) < 1e-9);
    assert_true(isnan(weft__figure(r->runs[3].record, "train-accuracy")));

    char *text, *csv, *json;
    assert_ok(weft_study_text(&text, r));
    assert_non_null(strstr(text, "noisy  centroid:noise=0.3  (published)"));
    assert_non_null(strstr(text, "differs: "));
    assert_non_null(strstr(text, "ours: yes: noisy "));
    assert_ok(weft_study_csv(&csv, r));
    assert_non_null(strstr(csv, "\nfolds,prior,train 4 folds,accuracy,,,,0.25,0,4,\n"));
    assert_ok(weft_study_json(&json, r));
    json_t *parsed = json_loads(json, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(parsed, "finished")), 7);
    json_decref(parsed);
    free(text);
    free(csv);
    free(json);
    assert_ok(weft_study_save(r, folder));
    weft_study_results_free(r);

    /* What is written down is not run again. */
    size_t openings = weft_test_openings(data.test);
    r = run_study(s, &data, NULL);
    assert_int_equal(weft_study_finished(r), 7);
    assert_int_equal(weft_test_openings(data.test), openings);
    weft_study_results_free(r);

    /* A record of before an option was there counts where the option is at its default. */
    for (int changed = 0; changed < 2; changed++) {
        char path[128];
        snprintf(path, sizeof path, "%s/noisy.seed-1.json", folder);
        json_t *record = json_load_file(path, 0, NULL);
        json_object_del(json_object_get(record, "options"), changed ? "noise" : "passes");
        assert_int_equal(json_dump_file(record, path, 0), 0);
        json_decref(record);
        r = run_study(s, &data, "noisy");
        assert_int_equal(weft_test_openings(data.test), openings + (size_t)changed);
        weft_study_results_free(r);
    }
    openings++;
    weft_study_free(s);

    /* Other options are another run. */
    s = read_study("protocol published\nseeds 1..3\nexperiment noisy centroid:noise=0.2\n");
    r = run_study(s, &data, "nois?");
    assert_int_equal(weft_test_openings(data.test), openings + 3);
    weft_study_results_free(r);
    weft_study_free(s);
    weft_data_clear(&data);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    weft_data data = make_data(40, 0, 0, 4, 8, 1, names);
    weft_study_options options = weft_study_defaults();
    weft_study_results *r = NULL;
    options.folder = folder;
    weft_study *s = read_study(TEXT);
    assert_fails(weft_study_run(&r, s, &data, &options, context), WEFT_ENOTFOUND,
        "a.recipe, line 4: 'published' needs a test split");
    weft_study_free(s);
    s = read_study("protocol train 2 folds\nexperiment a prior\npaper f1:west 0.5\n");
    assert_fails(weft_study_run(&r, s, &data, &options, context), WEFT_ENOTFOUND,
        "a.recipe, line 3: 'f1:west': the data has no class 'west'");
    weft_study_free(s);
    s = read_study("protocol train 2 folds\nexperiment a prior\n");
    options.only = "b,c*";
    assert_fails(weft_study_run(&r, s, &data, &options, context), WEFT_ENOTFOUND, "'b,c*'");
    options.only = NULL;

    char path[128];
    snprintf(path, sizeof path, "%s/a.seed-1.fold-1.json", folder);
    FILE *file = fopen(path, "w");
    fputs("{\"key\": ", file);
    fclose(file);
    assert_fails(weft_study_run(&r, s, &data, &options, context), WEFT_EFORMAT, path);
    weft_study_free(s);
    weft_data_clear(&data);
}

static void failures_and_cancellation(void **state)
{
    (void)state;
    weft_data data = make_data(40, 0, 20, 4, 8, 1, names);
    weft_study *s = read_study("protocol published\nexperiment one broken\n"
                               "experiment two prior\n");
    weft_study_options options = weft_study_defaults();
    weft_study_results *r = NULL;
    options.folder = folder;
    assert_fails(weft_study_run(&r, s, &data, &options, context), WEFT_EINVAL,
        "one, seed 1: the loss is nan in epoch 1");
    assert_int_equal(weft_study_finished(r), 1);
    char *text;
    assert_ok(weft_study_text(&text, r));
    assert_non_null(strstr(text, "one, seed 1 failed: the loss is nan"));
    assert_non_null(strstr(text, "1 of 2 runs have ended."));
    free(text);
    weft_study_results_free(r);
    weft_study_free(s);

    s = read_study("protocol published\nexperiment first prior\n"
                   "experiment second interrupted\nexperiment third prior\n");
    r = NULL;
    assert_fails(weft_study_run(&r, s, &data, &options, context), WEFT_ECANCELLED,
        "1 of 3 runs have ended");
    assert_non_null(r->runs[0].record);
    assert_null(r->runs[2].record);
    weft_study_results_free(r);
    weft_study_free(s);
    weft_data_clear(&data);
}

static const char *verdict(const char *value, double mean, double sd, size_t n, bool chance)
{
    static char words[64];
    char text[128];
    snprintf(text, sizeof text, E "paper accuracy %s\n", value);
    weft_study *s = read_study(text);
    weft__spread ours = {n, mean, sd};
    weft__verdict(words, sizeof words, &s->experiments[0].reported[0], &ours, chance);
    weft_study_free(s);
    return words;
}

static void says_what_differs(void **state)
{
    (void)state;
    assert_string_equal(verdict("0.906", NAN, NAN, 0, true), "not run");
    assert_string_equal(verdict("0.906", 0.9104, 0.002, 3, true), "agrees");
    assert_string_equal(verdict("0.906", 0.9106, 0.002, 3, true), "differs: 0.0046 higher");
    assert_string_equal(verdict("0.906", 0.9014, 0.002, 3, true), "differs: 0.0046 lower");
    /* The study's spread counts too: 2 sqrt(3^2 + 4^2) = 10. */
    assert_string_equal(verdict("0.9000+-0.0030", 0.9100, 0.004, 5, true), "agrees");
    assert_string_equal(
        verdict("0.9000+-0.0030", 0.9102, 0.004, 5, true), "differs: 0.0102 higher");
    assert_string_equal(verdict("~0.91", 0.9199, 0, 3, true), "agrees");
    assert_string_equal(verdict("~0.91", 0.9201, 0, 3, true), "differs: 0.0101 higher");
    assert_string_equal(verdict("0.906", 0.9100, NAN, 1, true), "one run: 0.0040 higher");
    assert_string_equal(verdict("0.906", 0.9100, NAN, 1, false), "differs: 0.0040 higher");
    assert_string_equal(verdict("0.906", 0.9064, NAN, 1, true), "agrees");
    assert_string_equal(verdict(">0.93", 0.9301, 0.001, 3, true), "above, as said");
    assert_string_equal(verdict(">0.93", 0.9201, 0.001, 3, true), "differs: 0.0099 lower");
}

#define folder_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(divides),
        folder_test(runs_and_writes_down),
        folder_test(refuses_what_does_not_fit),
        folder_test(failures_and_cancellation),
        cmocka_unit_test(says_what_differs),
    };
    return cmocka_run_group_tests_name("study", tests, NULL, NULL);
}
