#include "support.h"

#include <pthread.h>
#include <signal.h>

#include "core/team.h"

enum { ROUNDS = 2000, TOTAL = 1003 };

struct sums {
    long cells[4];
    long total[ROUNDS];
};

static weft_status add_in_rounds(const weft__member *self, void *arg)
{
    struct sums *sums = arg;
    for (int round = 0; round < ROUNDS; round++) {
        sums->cells[self->rank] = round + self->rank;
        weft__team_barrier(self);
        if (self->rank == 0)
            for (int i = 0; i < self->count; i++)
                sums->total[round] += sums->cells[i];
        weft__team_barrier(self);
    }
    return WEFT_OK;
}

static void barriers_order_memory(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        weft_context *context;
        assert_ok(weft_context_create(&context, threads));
        struct sums sums = {{0}, {0}};
        assert_ok(weft__team_run(context, add_in_rounds, &sums));
        for (int round = 0; round < ROUNDS; round++)
            assert_int_equal(
                sums.total[round], round * threads + threads * (threads - 1) / 2);
        weft_context_free(context);
    }
}

static weft_status fail_on_two(const weft__member *self, void *arg)
{
    (void)arg;
    weft_status mine = WEFT_OK;
    if (self->rank >= 2)
        mine = weft_fail(WEFT_EFORMAT, "rank %d", self->rank);
    WEFT_TRY(weft__team_agree(self, mine));
    return weft_fail(WEFT_EINVAL, "not reached");
}

static void workers_failures_arrive(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 4));
    assert_fails(weft__team_run(context, fail_on_two, NULL), WEFT_EFORMAT, "rank 2");
    weft_context_free(context);
}

static weft_status share(const weft__member *self, void *arg)
{
    size_t *ends = arg, begin;
    weft__team_share(self, TOTAL, 16, &begin, &ends[self->rank]);
    if (begin % 16 != 0)
        return weft_fail(WEFT_EINVAL, "share begins at %zu", begin);
    return WEFT_OK;
}

static void shares_cover(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 3));
    size_t ends[3];
    assert_ok(weft__team_run(context, share, ends));
    assert_true(ends[0] < ends[1] && ends[1] < ends[2]);
    assert_int_equal(ends[2], TOTAL);
    weft_context_free(context);
}

static weft_status count_chunk(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    int *seen = arg;
    for (size_t i = begin; i < end; i++)
        seen[i]++;
    return WEFT_OK;
}

static weft_status fail_at_500(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    (void)arg;
    if (begin <= 500 && 500 < end)
        return weft_fail(WEFT_EIO, "item 500");
    return WEFT_OK;
}

static void parallel_covers_once_and_fails_cleanly(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 3));
    int seen[TOTAL] = {0};
    assert_ok(weft__parallel(context, TOTAL, 10, count_chunk, seen, NULL, NULL));
    for (int i = 0; i < TOTAL; i++)
        assert_int_equal(seen[i], 1);
    assert_fails(weft__parallel(context, TOTAL, 10, fail_at_500, NULL, NULL, NULL),
        WEFT_EIO, "item 500");
    weft_context_cancel(context);
    assert_fails(weft__parallel(context, TOTAL, 10, count_chunk, seen, "counting", "items"),
        WEFT_ECANCELLED, "counting");
    weft_context_free(context);
}

static weft_status see_signals(const weft__member *self, void *arg)
{
    sigset_t blocked;
    bool *sees = arg;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    sees[self->rank] = !sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGUSR1);
    return WEFT_OK;
}

/* A handler's frame on a worker's stack could overrun oneDNN's data. */
static void only_the_caller_answers_signals(void **state)
{
    (void)state;
    weft_context *context;
    bool sees[3];
    assert_ok(weft_context_create(&context, 3));
    assert_ok(weft__team_run(context, see_signals, sees));
    assert_true(sees[0]);
    assert_false(sees[1] || sees[2]);
    weft_context_free(context);
}

static void thread_counts_are_checked(void **state)
{
    (void)state;
    weft_context *context;
    assert_fails(weft_context_create(&context, -1), WEFT_EINVAL, "-1 threads");
    assert_fails(weft_context_create(&context, 257), WEFT_EINVAL, "257 threads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(barriers_order_memory),
        cmocka_unit_test(workers_failures_arrive),
        cmocka_unit_test(shares_cover),
        cmocka_unit_test(parallel_covers_once_and_fails_cleanly),
        cmocka_unit_test(only_the_caller_answers_signals),
        cmocka_unit_test(thread_counts_are_checked),
    };
    return cmocka_run_group_tests_name("team", tests, NULL, NULL);
}
