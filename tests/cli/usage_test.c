/* The command line itself: what is understood, what is refused, and what help says. */
#include <jansson.h>

#include "cli/weft.h"

static void no_command_shows_what_there_is(void **state)
{
    (void)state;
    assert_outcome(weft("--quiet"), 2, "Commands");
    const struct outcome *o = weft("--help");
    assert_int_equal(o->code, 0);
    assert_non_null(strstr(o->out, "train"));
    assert_string_equal(o->err, "");
}

static void slips_are_named_with_the_nearest(void **state)
{
    (void)state;
    assert_outcome(weft("trian", "knn"), 2, "no command 'trian': did you mean 'train'?");
    assert_outcome(weft("train", "kn", "--data", "synth"), 2, "did you mean 'knn'?");
    assert_outcome(weft("train", "knn", "--dta", "x"), 2, "did you mean '--data'?");
    assert_outcome(weft("train", "knn", "--thread", "1"), 2, "did you mean '--threads'?");
    assert_outcome(weft("xyzzyplugh"), 2, "see weft --help");
}

static void wrong_usage_is_exit_2_and_points_to_help(void **state)
{
    (void)state;
    assert_outcome(weft("train", "knn"), 2, "--data");
    assert_outcome(weft("train", "--data", "synth"), 2, "CLASSIFIER");
    assert_outcome(weft("train", "knn", "--data"), 2, "needs a value");
    assert_outcome(weft("train", "knn", "--data", "--json"), 2, "needs a value");
    assert_outcome(weft("train", "knn", "--data", ""), 2, "needs a value");
    assert_outcome(weft("models", "kn"), 2, "did you mean 'knn'?");
    assert_outcome(weft("train", "knn", "--seed=x", "--data", "synth"), 2, "--seed=x");
    assert_outcome(weft("train", "--k", "3", "knn"), 2, "after its name");
    assert_outcome(weft("verify", "a", "b"), 2, "'b' is one argument too many");
    assert_outcome(weft("doctor", "--threads", "257"), 2, "from 0 to 256");
    assert_outcome(weft("doctor", "-x"), 2, "no option '-x'");
    assert_outcome(weft("doctor", "--"), 0, "");
    assert_outcome(weft("help", "nothing"), 2, "Try 'weft help --help'");
}

static void a_classifiers_options_are_the_commands(void **state)
{
    (void)state;
    assert_outcome(
        weft("train", "knn", "--k", "0", "--data", "synth"), 2, "--k=0: expected");
    const struct outcome *o = weft("train", "knn", "--help");
    assert_int_equal(o->code, 0);
    assert_non_null(strstr(o->out, "--k N"));
}

/* The first word of each line of a list of commands. */
static size_t command_names(char names[][64], size_t room)
{
    size_t count = 0;
    const char *line = strstr(weft("--help")->out, "\nCommands\n");
    for (line += strlen("\nCommands\n"); strncmp(line, "  ", 2) == 0 && count < room;
         line = strchr(line, '\n') + 1) {
        const char *end = strstr(line + 2, "  ");
        if (line[2] != ' ')
            snprintf(names[count++], 64, "%.*s", (int)(end - line - 2), line + 2);
    }
    return count;
}

static void every_page_fits_80_columns_and_has_an_example(void **state)
{
    (void)state;
    static char names[64][64];
    size_t count = command_names(names, 64);
    assert_true(count >= 6);
    for (size_t i = 0; i < count; i++) {
        char *second = strchr(names[i], ' ');
        if (second)
            *second++ = 0;
        const struct outcome *o =
            second ? weft(names[i], second, "--help") : weft(names[i], "--help");
        assert_int_equal(o->code, 0);
        assert_non_null(strstr(o->out, "\nExample\n"));
        size_t column = 0;
        for (const char *c = o->out; *c; c++) {
            column = *c == '\n' ? 0 : column + ((*c & 0xc0) != 0x80);
            if (column > 80)
                fail_msg("weft %s --help: more than 80 columns near '%.40s'", names[i],
                    c > o->out + 40 ? c - 40 : o->out);
        }
    }
}

static void manual_and_completions_know_every_command(void **state)
{
    (void)state;
    static char names[64][64];
    size_t count = command_names(names, 64);
    for (size_t i = 0; i < count; i++) {
        char line[128];
        snprintf(line, sizeof line, ".SS \"weft %s", names[i]);
        assert_non_null(strstr(weft("help", "--man")->out, line));
    }
    const struct outcome *o = weft("help", "--completions", "bash");
    assert_int_equal(o->code, 0);
    assert_non_null(strstr(o->out, "--validation"));
    assert_int_equal(system("bash -n .out"), 0);
    assert_int_equal(weft("help", "--completions", "zsh")->code, 0);
    assert_int_equal(weft("help", "--completions", "fish")->code, 0);
    assert_outcome(weft("help", "--completions", "tcsh"), 2, "bash, zsh or fish");
}

/* Completion as a person would have it, in bash itself. */
static void bash_completes(void **state)
{
    (void)state;
    assert_int_equal(weft("help", "--completions", "bash")->code, 0);
    assert_int_equal(system("bash -c '. ./.out; COMP_WORDS=(weft tr); COMP_CWORD=1; _weft;"
                            "[ \"${COMPREPLY[*]}\" = train ]'"),
        0);
    assert_int_equal(
        system("bash -c '. ./.out; COMP_WORDS=(weft train --valid); COMP_CWORD=2; _weft;"
               "[ \"${COMPREPLY[*]}\" = --validation ]'"),
        0);
}

static void json_parses(void **state)
{
    (void)state;
    static const char *const lines[][2] = {{"models", "--json"}, {"doctor", "--json"}};
    for (size_t i = 0; i < 2; i++) {
        const struct outcome *o = weft(lines[i][0], lines[i][1]);
        json_t *value = json_loads(o->out, JSON_REJECT_DUPLICATES, NULL);
        assert_int_equal(o->code, 0);
        assert_non_null(value);
        json_decref(value);
    }
    assert_outcome(weft("help", "--json"), 2, "no option '--json'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(no_command_shows_what_there_is),
        folder_test(slips_are_named_with_the_nearest),
        folder_test(wrong_usage_is_exit_2_and_points_to_help),
        folder_test(a_classifiers_options_are_the_commands),
        folder_test(every_page_fits_80_columns_and_has_an_example),
        folder_test(manual_and_completions_know_every_command),
        folder_test(bash_completes),
        folder_test(json_parses),
    };
    return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
