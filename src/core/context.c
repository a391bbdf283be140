#include "core/context.h"

#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/events.h"
#include "core/mem.h"
#include "core/team.h"

static const double TELL_EVERY = 0.1; /* seconds */

static int usable_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set))
        return 1;
    int cores = CPU_COUNT(&set);
    return cores > WEFT__MAX_THREADS ? WEFT__MAX_THREADS : cores;
}

weft_status weft_context_create(weft_context **out, int threads)
{
    if (threads < 0 || threads > WEFT__MAX_THREADS)
        return weft_fail(WEFT_EINVAL, "%d threads: expected 1 to %d, or 0 for every core",
            threads, WEFT__MAX_THREADS);
    weft_context *context;
    WEFT_TRY(weft__calloc(&context, 1, sizeof *context, "a context"));
    weft_status status =
        weft__team_create(&context->team, threads ? threads : usable_cores());
    if (status != WEFT_OK) {
        free(context);
        return status;
    }
    *out = context;
    return WEFT_OK;
}

void weft_context_free(weft_context *context)
{
    if (!context)
        return;
    weft__team_free(context->team);
    free(context);
}

void weft_context_on_event(weft_context *context, weft_event_fn fn, void *user)
{
    context->on_event = fn;
    context->user = user;
}

int weft_context_threads(const weft_context *context)
{
    return weft__team_count(context->team);
}

void weft_context_cancel(weft_context *context)
{
    atomic_store(&context->cancelled, true);
}

bool weft_context_cancelled(const weft_context *context)
{
    return atomic_load_explicit(&context->cancelled, memory_order_relaxed);
}

double weft__now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

weft_event weft__event(weft_event_kind kind, const char *task)
{
    return (weft_event){.kind = kind,
        .task = task,
        .unit = "",
        .done = NAN,
        .total = NAN,
        .seconds = NAN,
        .rate = NAN,
        .left = NAN,
        .loss = NAN,
        .accuracy = NAN,
        .val_loss = NAN,
        .val_accuracy = NAN,
        .text = ""};
}

void weft__send(weft_context *context, const weft_event *event)
{
    if (context->on_event)
        context->on_event(context->user, event);
}

static void tell(weft__task *task, weft_event_kind kind, double done)
{
    double now = weft__now();
    weft_event event = weft__event(kind, task->name);
    event.unit = task->unit;
    event.done = done;
    event.total = task->total;
    event.seconds = now - task->began;
    task->told = now;
    weft__send(task->context, &event);
}

weft__task weft__task_begin(
    weft_context *context, const char *name, const char *unit, double total)
{
    weft__task task = {context, name, unit, total, weft__now(), 0};
    tell(&task, WEFT_EVENT_BEGIN, 0);
    return task;
}

void weft__task_progress(weft__task *task, double done)
{
    if (weft__now() - task->told >= TELL_EVERY)
        tell(task, WEFT_EVENT_PROGRESS, done);
}

void weft__task_end(weft__task *task)
{
    tell(task, WEFT_EVENT_END, task->total);
}

void weft__note(weft_context *context, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    weft_event event = weft__event(WEFT_EVENT_NOTE, "");
    event.text = text;
    weft__send(context, &event);
}
