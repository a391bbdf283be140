/* Named sizes of networks. */
#include "support.h"

#include "nn/named.h"
#include "nn/sizes.h"
#include "weft/network.h"
#include "weft/weft.h"

static void items_are_expanded(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"32", "32"}, {"{a}", "6"}, {"{a*2}", "12"},
        {"{2*a/3}", "4"}, {"kernel={b}", "kernel=35"}, {"{a}{b}", "635"}, {"{b/5/7}", "1"}};
    weft__sizes sizes;
    char out[64];
    assert_ok(weft__sizes_read(&sizes, " a=6\tb=35,c=1"));
    assert_int_equal(sizes.count, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(weft__sizes_expand(&sizes, cases[i][0], out, sizeof out));
        assert_string_equal(out, cases[i][1]);
    }
}

static void bad_items_are_told(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"{aa}", "no size 'aa': did you mean 'a'?"},
        {"{a", "without '}'"}, {"{}", "expected a size or a number"},
        {"{a/4}", "6 / 4 is no whole number"}, {"{a+1}", "expected * or / instead of '+'"},
        {"{a*}", "expected a size or a number"}, {"{a*b*1048576}", "more than 1048576"},
        {"{a*0}", "'0': expected 1 to 1048576"}};
    weft__sizes sizes;
    char out[64];
    assert_ok(weft__sizes_read(&sizes, "a=6 b=35"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(weft__sizes_expand(&sizes, cases[i][0], out, sizeof out), WEFT_EFORMAT,
            cases[i][1]);
    char longer[80];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_fails(
        weft__sizes_expand(&sizes, longer, out, sizeof out), WEFT_EFORMAT, "too long");

    static const char *const lists[][2] = {{"a", "'a': expected name=number"},
        {"a=0", "a=0: expected a whole number"}, {"a=1 a=2", "'a' is given twice"},
        {"a=1.5", "a=1.5"}, {"=1", "'=1'"}, {"3=1", "'3=1'"},
        {"a=9999999999999999999999", "expected a whole number"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        assert_fails(weft__sizes_read(&sizes, lists[i][0]), WEFT_EFORMAT, lists[i][1]);
}

static void texts_are_changed(void **state)
{
    (void)state;
    static const char text[] = "title x\n sizes a=1 b=2 # c=3\nconv {a}\n";
    char *out;
    assert_ok(weft__sizes_change(&out, text, "b=7", "t"));
    assert_string_equal(out, "title x\n sizes a=1 b=7 # c=3\nconv {a}\n");
    free(out);
    assert_ok(weft__sizes_change(&out, text, NULL, "t"));
    assert_string_equal(out, text);
    free(out);
    assert_ok(weft__sizes_find(&out, text));
    assert_string_equal(out, "a=1 b=2");
    free(out);
    assert_ok(weft__sizes_find(&out, "sizes\nconv 3"));
    assert_string_equal(out, "");
    free(out);
    assert_fails(weft__sizes_change(&out, text, "d=7", "t"), WEFT_EINVAL, "no size 'd'");
    assert_fails(
        weft__sizes_change(&out, "conv 3", "a=7", "t"), WEFT_EINVAL, "names no sizes");
    assert_fails(weft__sizes_change(&out, text, "b", "t"), WEFT_EINVAL, "name=number");
}

static size_t weights(const char *name, const char *sizes)
{
    weft_context *context;
    weft_network_summary summary;
    weft_network_use use = weft_network_use_defaults();
    use.sizes = sizes;
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_network_summarise(&summary, name, &use, context));
    size_t n = summary.weights;
    weft_network_summary_clear(&summary);
    weft_context_free(context);
    return n;
}

static void a_family_of_networks_in_one_text(void **state)
{
    (void)state;
    assert_int_equal(weights("tamu-cnn", NULL), 2117130);
    assert_int_equal(weights("tamu-cnn", "filters=16"), weights("tamu-cnn-16-32", NULL));
    assert_int_equal(weights("tamu-cnn", "filters=64"), weights("tamu-cnn-64-128", NULL));
    char *sizes;
    assert_ok(weft_network_sizes(&sizes, "tamu-cnn"));
    assert_string_equal(sizes, "filters=128");
    free(sizes);
    assert_ok(weft_network_sizes(&sizes, "ann"));
    assert_string_equal(sizes, "");
    free(sizes);

    weft__network network;
    assert_fails(weft__network_parse(&network, "sizes a=1\nsizes b=2\nconv {a}", "t"),
        WEFT_EFORMAT, "t, line 2: sizes: given twice");
    assert_fails(weft__network_parse(&network, "conv {a}", "t"), WEFT_EFORMAT,
        "t, line 1: conv: no size 'a'");
    assert_fails(weft__network_parse(&network, "sizes a=x", "t"), WEFT_EFORMAT,
        "t, line 1: sizes: a=x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_expanded),
        cmocka_unit_test(bad_items_are_told),
        cmocka_unit_test(texts_are_changed),
        cmocka_unit_test(a_family_of_networks_in_one_text),
    };
    return cmocka_run_group_tests_name("named sizes", tests, NULL, NULL);
}
