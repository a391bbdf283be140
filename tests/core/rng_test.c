#include "support.h"

#include <math.h>

#include "weft/rng.h"

/* Known answers of Philox 4x32-10 from the authors' Random123 (kat_vectors). */
static void known_answers(void **state)
{
    (void)state;
    weft_rng zero = weft_rng_create(0, 0);
    const uint32_t expected[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft_rng_u32(&zero), expected[i]);

    /* counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0 */
    weft_rng pi = weft_rng_create(0x299f31d0a4093822, 0x0370734413198a2e);
    pi.position = 0x85a308d3243f6a88ull << 2;
    /* The position counts words in 64 bits, so its block keeps 62 of the 64. */
    uint32_t first = weft_rng_u32(&pi);
    weft_rng again = weft_rng_create(0x299f31d0a4093822, 0x0370734413198a2e);
    again.position = 0x85a308d3243f6a88ull << 2;
    assert_int_equal(first, weft_rng_u32(&again));
}

static void position_alone_decides(void **state)
{
    (void)state;
    weft_rng walk = weft_rng_create(7, 3);
    uint32_t words[23];
    for (int i = 0; i < 23; i++)
        words[i] = weft_rng_u32(&walk);
    weft_rng jump = weft_rng_create(7, 3);
    jump.position = 20;
    for (int i = 20; i < 23; i++)
        assert_int_equal(weft_rng_u32(&jump), words[i]);
    weft_rng other = weft_rng_create(7, 4);
    assert_int_not_equal(weft_rng_u32(&other), words[0]);
}

static void filling_draws_the_same_words(void **state)
{
    (void)state;
    uint32_t filled[301];
    for (uint64_t start = 0; start < 9; start++)
        for (size_t count = 0; count <= 301; count += 43) {
            weft_rng one = weft_rng_create(9, 1ull << 33), all;
            for (uint64_t i = 0; i < start; i++)
                (void)weft_rng_u32(&one);
            all = one;
            weft_rng_fill(&all, filled, count);
            for (size_t i = 0; i < count; i++)
                assert_int_equal(filled[i], weft_rng_u32(&one));
            assert_int_equal(weft_rng_u32(&all), weft_rng_u32(&one));
        }
}

static void moments(void **state)
{
    (void)state;
    enum { N = 200000 };
    weft_rng rng = weft_rng_create(1, 0);
    double sum = 0, squares = 0, uniform = 0;
    size_t below[7] = {0};
    for (int i = 0; i < N; i++) {
        double z = (double)weft_rng_normal(&rng);
        sum += z;
        squares += z * z;
        uniform += (double)weft_rng_uniform(&rng);
        below[weft_rng_below(&rng, 7)]++;
    }
    /* Five standard errors. */
    assert_true(fabs(sum / N) < 5 / sqrt(N));
    assert_true(fabs(squares / N - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(uniform / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
    for (int i = 0; i < 7; i++)
        assert_true(fabs((double)below[i] - N / 7.0) < 5 * sqrt(N / 7.0));
}

static void shuffle_permutes(void **state)
{
    (void)state;
    uint32_t words[100];
    for (uint32_t i = 0; i < 100; i++)
        words[i] = i;
    weft_rng rng = weft_rng_create(5, 0);
    weft_rng_shuffle(&rng, words, 100);
    int seen[100] = {0}, moved = 0;
    for (uint32_t i = 0; i < 100; i++) {
        seen[words[i]]++;
        moved += words[i] != i;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(position_alone_decides),
        cmocka_unit_test(filling_draws_the_same_words),
        cmocka_unit_test(moments),
        cmocka_unit_test(shuffle_permutes),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
