#include "core/team.h"

#include <limits.h>
#include <linux/futex.h>
#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/events.h"
#include "core/mem.h"
#include "core/context.h"

/* A member waiting at a barrier or for work spins this often before it sleeps: long enough
 * for the gaps inside a training step, short enough to leave an idle machine idle. Where
 * other programs want the processors, the fellow that is waited for may not be running:
 * to sleep lets it, and wakes with the scheduler's favour; to spin on would keep it off. */
enum { SPINS = 4000 };

/* Set while this thread runs a team's function, so that a nested run stays alone. */
static _Thread_local bool inside_team;

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

struct weft__team {
    int count;
    pthread_t *threads; /* count - 1 */
    struct weft__worker *workers;

    /* Work: the generation is raised to start it, `running` falls to 0 when it is done. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint generation;
    atomic_uint running;
    bool stopping;
    weft__team_fn fn;
    void *arg;
    weft_context *context;

    /* A sense-reversing barrier. */
    atomic_int arrived;
    atomic_uint phase;

    atomic_int sleeping; /* members asleep until `phase` or `running` changes */

    /* The lowest failing rank's answer, for run and agree. */
    weft_status *statuses;  /* count */
    char (*messages)[1024]; /* count */
};

struct weft__worker {
    struct weft__team *team;
    int rank;
};

/* Returns when *word is no longer `value`. */
static void await_change(struct weft__team *team, atomic_uint *word, unsigned value)
{
    for (int i = 0; i < SPINS && atomic_load(word) == value; i++)
        relax();
    if (atomic_load(word) != value)
        return;
    /* Who changes the word looks at `sleeping` afterwards: it either sees this member, or
     * this member sees the change, which the kernel looks for once more. */
    atomic_fetch_add(&team->sleeping, 1);
    while (atomic_load(word) == value)
        (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    atomic_fetch_sub(&team->sleeping, 1);
}

static void tell_change(struct weft__team *team, atomic_uint *word)
{
    if (atomic_load(&team->sleeping) > 0)
        (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void record(struct weft__team *team, int rank, weft_status status)
{
    team->statuses[rank] = status;
    if (status != WEFT_OK)
        snprintf(team->messages[rank], sizeof team->messages[rank], "%s", weft_error());
}

static weft_status first_failure(const struct weft__team *team)
{
    for (int i = 0; i < team->count; i++)
        if (team->statuses[i] != WEFT_OK)
            return weft_fail(team->statuses[i], "%s", team->messages[i]);
    return WEFT_OK;
}

static void perform(struct weft__team *team, int rank)
{
    weft__member self = {team->context, rank, team->count};
    inside_team = true;
    record(team, rank, team->fn(&self, team->arg));
    inside_team = false;
}

static void *worker_main(void *arg)
{
    struct weft__worker *worker = arg;
    struct weft__team *team = worker->team;
    omp_set_num_threads(1); /* oneDNN and OpenBLAS stay on this thread */
    unsigned seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load(&team->generation) == seen; i++)
            relax();
        pthread_mutex_lock(&team->lock);
        while (atomic_load(&team->generation) == seen && !team->stopping)
            pthread_cond_wait(&team->wake, &team->lock);
        bool stopping = team->stopping;
        seen = atomic_load(&team->generation);
        pthread_mutex_unlock(&team->lock);
        if (stopping)
            return NULL;
        perform(team, worker->rank);
        atomic_fetch_sub(&team->running, 1);
        tell_change(team, &team->running);
    }
}

void weft__team_free(struct weft__team *team)
{
    if (!team)
        return;
    pthread_mutex_lock(&team->lock);
    team->stopping = true;
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
    for (int i = 0; i < team->count - 1; i++)
        pthread_join(team->threads[i], NULL);
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
    free(team->threads);
    free(team->workers);
    free(team->statuses);
    free(team->messages);
    free(team);
}

/* With every signal blocked: the program's own threads are to answer them, and oneDNN's
 * matrix products move the stack pointer into a buffer of theirs, which a handler's frame
 * would overrun. */
static int start_worker(pthread_t *thread, struct weft__worker *worker)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static weft_status start_workers(struct weft__team *team, int count)
{
    size_t others = (size_t)count - 1;
    WEFT_TRY(weft__calloc(&team->threads, others, sizeof *team->threads, "threads"));
    WEFT_TRY(weft__calloc(&team->workers, others, sizeof *team->workers, "threads"));
    WEFT_TRY(
        weft__calloc(&team->statuses, (size_t)count, sizeof *team->statuses, "threads"));
    WEFT_TRY(
        weft__calloc(&team->messages, (size_t)count, sizeof *team->messages, "threads"));
    for (size_t i = 0; i < others; i++) {
        team->workers[i] = (struct weft__worker){team, (int)i + 1};
        int error = start_worker(&team->threads[i], &team->workers[i]);
        if (error)
            return weft_fail(WEFT_EIO, "cannot start thread %zu of %d: %s", i + 1, count,
                strerror(error));
        team->count++;
    }
    return WEFT_OK;
}

weft_status weft__team_create(struct weft__team **out, int count)
{
    struct weft__team *team;
    WEFT_TRY(weft__calloc(&team, 1, sizeof *team, "threads"));
    team->count = 1;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    weft_status status = start_workers(team, count);
    if (status != WEFT_OK) {
        weft__team_free(team);
        return status;
    }
    *out = team;
    return WEFT_OK;
}

int weft__team_count(const struct weft__team *team)
{
    return team->count;
}

weft_status weft__team_alone(weft_context *context, weft__team_fn fn, void *arg)
{
    weft__member self = {context, 0, 1};
    int omp_threads = omp_get_max_threads();
    omp_set_num_threads(1);
    weft_status status = fn(&self, arg);
    omp_set_num_threads(omp_threads);
    return status;
}

weft_status weft__team_run(weft_context *context, weft__team_fn fn, void *arg)
{
    if (inside_team)
        return weft__team_alone(context, fn, arg);
    struct weft__team *team = context->team;
    int omp_threads = omp_get_max_threads();
    omp_set_num_threads(1);
    team->fn = fn;
    team->arg = arg;
    team->context = context;
    atomic_store(&team->running, (unsigned)team->count - 1);
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->generation, 1);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
    perform(team, 0);
    for (unsigned running; (running = atomic_load(&team->running)) > 0;)
        await_change(team, &team->running, running);
    omp_set_num_threads(omp_threads);
    return first_failure(team);
}

void weft__team_barrier(const weft__member *self)
{
    if (self->count == 1)
        return;
    struct weft__team *team = self->context->team;
    unsigned phase = atomic_load(&team->phase);
    if (atomic_fetch_add(&team->arrived, 1) == self->count - 1) {
        atomic_store(&team->arrived, 0);
        atomic_fetch_add(&team->phase, 1);
        tell_change(team, &team->phase);
        return;
    }
    await_change(team, &team->phase, phase);
}

weft_status weft__team_agree(const weft__member *self, weft_status mine)
{
    if (self->count == 1)
        return mine;
    struct weft__team *team = self->context->team;
    record(team, self->rank, mine);
    weft__team_barrier(self);
    weft_status all = first_failure(team);
    weft__team_barrier(self); /* nobody records anew before all have read */
    return all;
}

void weft__team_share(
    const weft__member *self, size_t total, size_t grain, size_t *begin, size_t *end)
{
    size_t grains = (total + grain - 1) / grain;
    size_t count = (size_t)self->count, rank = (size_t)self->rank;
    size_t each = grains / count, more = grains % count;
    size_t first = rank * each + (rank < more ? rank : more);
    size_t last = first + each + (rank < more ? 1 : 0);
    *begin = first * grain < total ? first * grain : total;
    *end = last * grain < total ? last * grain : total;
}

struct parallel {
    atomic_size_t next, done;
    atomic_bool failed;
    size_t total, grain;
    weft__chunk_fn fn;
    void *arg;
    weft__task *task; /* NULL: silent */
};

static weft_status take_chunks(const weft__member *self, void *arg)
{
    struct parallel *p = arg;
    for (;;) {
        size_t begin = atomic_fetch_add(&p->next, p->grain);
        if (begin >= p->total || atomic_load(&p->failed))
            return WEFT_OK;
        size_t end = p->total - begin < p->grain ? p->total : begin + p->grain;
        weft_status status = p->fn(begin, end, self->rank, p->arg);
        if (status == WEFT_OK && p->task && weft_context_cancelled(self->context))
            status = weft_fail(WEFT_ECANCELLED, "cancelled while %s", p->task->name);
        if (status != WEFT_OK) {
            atomic_store(&p->failed, true);
            return status;
        }
        size_t done = atomic_fetch_add(&p->done, end - begin) + (end - begin);
        if (self->rank == 0 && p->task)
            weft__task_progress(p->task, (double)done);
    }
}

weft_status weft__parallel(weft_context *context, size_t total, size_t grain,
    weft__chunk_fn fn, void *arg, const char *task, const char *unit)
{
    struct parallel p = {.total = total, .grain = grain ? grain : 1, .fn = fn, .arg = arg};
    weft__task told;
    if (task) {
        told = weft__task_begin(context, task, unit, (double)total);
        p.task = &told;
    }
    weft_status status = weft__team_run(context, take_chunks, &p);
    if (task)
        weft__task_end(&told);
    return status;
}
