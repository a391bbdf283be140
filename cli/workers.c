#include "workers.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

enum { POLL_NANOSECONDS = 50 * 1000 * 1000 };
static const double LOOK_EVERY = 0.5; /* seconds */

struct workers {
    struct call *call;
    const struct search *search;
    pid_t *pids; /* count; 0: ended */
    size_t count, left, killed;
    int messages[2]; /* a pipe: the first failure's one line */
    bool told;       /* the interrupt was passed on */
    weft_status status;
};

static weft_status work(const struct workers *w, int threads)
{
    weft_context *context;
    weft_tuning *tuning;
    WEFT_TRY(weft_context_create(&context, threads));
    interrupts_cancel(context);
    weft_tune_options options = *w->search->options;
    options.helper = true;
    weft_status status = weft_tuning_open(
        &tuning, &options, w->search->train, w->search->validation, context);
    if (status == WEFT_OK) {
        status = weft_tuning_work(tuning, context);
        weft_tuning_free(tuning);
    }
    interrupts_cancel(NULL);
    weft_context_free(context);
    return status;
}

/* The status is the exit code; a failure's message goes through the pipe. */
static void in_worker(const struct workers *w, pid_t parent, int threads)
{
    signal(SIGINT, SIG_IGN); /* the parent passes on what it is told */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit((int)WEFT_ECANCELLED);
    weft_status status = work(w, threads);
    if (status != WEFT_OK && status != WEFT_ECANCELLED)
        (void)!write(w->messages[1], weft_error(), strlen(weft_error()));
    _exit((int)status);
}

static weft_status start(struct workers *w, int threads)
{
    pid_t parent = getpid();
    fflush(NULL);
    for (; w->left < w->count; w->left++) {
        pid_t pid = fork();
        if (pid == 0)
            in_worker(w, parent, threads);
        if (pid < 0)
            return weft_fail(WEFT_EIO, "cannot make another process: %s", strerror(errno));
        w->pids[w->left] = pid;
    }
    return WEFT_OK;
}

static void pass_on(struct workers *w)
{
    w->told = true;
    for (size_t i = 0; i < w->count; i++)
        if (w->pids[i] > 0)
            kill(w->pids[i], SIGTERM);
}

/* Takes note of those that have ended. */
static void reap(struct workers *w)
{
    for (size_t i = 0; i < w->count; i++) {
        int how;
        if (w->pids[i] <= 0 || waitpid(w->pids[i], &how, WNOHANG) != w->pids[i])
            continue;
        w->pids[i] = 0;
        w->left--;
        if (!WIFEXITED(how))
            w->killed++;
        else if (WEXITSTATUS(how) != WEFT_OK && w->status == WEFT_OK)
            w->status = (weft_status)WEXITSTATUS(how);
    }
}

static void tell(struct workers *w, const char *task, double began, double at_first,
    const weft_tuning_state *state)
{
    /* What was there before took no time now. */
    weft_event event = {.kind = WEFT_EVENT_PROGRESS,
        .task = task,
        .unit = "trials",
        .done = (double)state->ended - at_first,
        .total = (double)state->trials - at_first,
        .seconds = seconds_now() - began,
        .rate = NAN,
        .loss = NAN,
        .accuracy = NAN,
        .val_loss = NAN,
        .val_accuracy = NAN,
        .text = ""};
    progress_event(w->call->progress, &event);
}

static weft_status watch(struct workers *w, weft_tuning *tuning)
{
    weft_tuning_state state;
    char task[96];
    double began = seconds_now(), looked = 0;
    snprintf(task, sizeof task, "tuning %s", w->search->options->classifier);
    WEFT_TRY(weft_tuning_progress(&state, tuning));
    double at_first = (double)state.ended;
    while (w->left) {
        reap(w);
        if (!w->told && weft_context_cancelled(w->call->context))
            pass_on(w);
        if (seconds_now() - looked >= LOOK_EVERY) {
            looked = seconds_now();
            WEFT_TRY(weft_tuning_progress(&state, tuning));
            tell(w, task, began, at_first, &state);
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
    }
    progress_clear(w->call->progress);
    return WEFT_OK;
}

/* What the workers' ends mean together. */
static weft_status verdict(const struct workers *w, weft_tuning *tuning)
{
    char message[1024];
    weft_tuning_state state;
    if (weft_context_cancelled(w->call->context))
        return weft_fail(WEFT_ECANCELLED, "interrupted");
    if (w->status != WEFT_OK) {
        ssize_t n = read(w->messages[0], message, sizeof message - 1);
        message[n > 0 ? n : 0] = 0;
        return weft_fail(w->status, "%s", n > 0 ? message : "a worker was interrupted");
    }
    WEFT_TRY(weft_tuning_progress(&state, tuning));
    if (w->killed == w->count && !state.complete)
        return weft_fail(
            WEFT_EIO, "every worker was killed: the same command goes on where they were");
    return WEFT_OK;
}

static weft_status run(struct workers *w, weft_tuning **tuning, int threads)
{
    WEFT_TRY(start(w, threads));
    WEFT_TRY(weft_tuning_open(tuning, w->search->options, w->search->train,
        w->search->validation, w->call->context));
    WEFT_TRY(watch(w, *tuning));
    return verdict(w, *tuning);
}

weft_status workers_run(weft_tuning **tuning, struct call *call,
    const struct search *search, size_t count, int threads)
{
    struct workers w = {.call = call, .search = search, .count = count};
    w.pids = calloc(count, sizeof *w.pids);
    if (!w.pids)
        return weft_fail(WEFT_ENOMEM, "no memory for workers");
    if (pipe2(w.messages, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(w.pids);
        return weft_fail(WEFT_EIO, "cannot make a pipe: %s", strerror(errno));
    }
    weft_status status = run(&w, tuning, threads);
    if (w.left) { /* something failed here: the workers need not go on */
        pass_on(&w);
        while (w.left) {
            reap(&w);
            nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
        }
    }
    close(w.messages[0]);
    close(w.messages[1]);
    free(w.pids);
    return status;
}
