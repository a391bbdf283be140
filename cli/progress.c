#include "progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"

static const double SILENT = 2;      /* seconds of a task before it is told of */
static const double PLAIN_EVERY = 5; /* seconds between lines where nothing is live */
enum { WIDTH = 80, LINE = 512 };

void progress_init(struct progress *progress, bool quiet)
{
    const char *terminal = getenv("TERM");
    *progress = (struct progress){.quiet = quiet,
        .live = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0};
}

static size_t columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
        size.ws_col < WIDTH)
        return size.ws_col;
    return WIDTH;
}

/* What continues a UTF-8 character takes no column. */
static size_t columns_of(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* Ends `line` before its column `limit`. */
static void cut(char *line, size_t limit)
{
    size_t column = 0;
    for (char *c = line; *c; c++)
        if (((unsigned char)*c & 0xc0) != 0x80 && ++column > limit) {
            *c = 0;
            return;
        }
}

/* A line is made of parts; where it is too long, the least important go first. */
enum { PARTS = 8, PART = 160 };
struct part {
    char text[PART];
    int worth; /* 0: never dropped */
};
struct parts {
    struct part part[PARTS];
    int count;
};

static void add(struct parts *parts, int worth, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add(struct parts *parts, int worth, const char *format, ...)
{
    struct part *part = &parts->part[parts->count++];
    part->worth = worth;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(part->text, PART, format, arguments);
    va_end(arguments);
}

static void add_figure(struct parts *parts, int worth, const char *name, double value)
{
    if (!isnan(value))
        add(parts, worth, "%s %.4f", name, value);
}

/* "12s left", "4m20s left in all". */
static void add_time_left(struct parts *parts, double seconds, const char *of)
{
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s >= 3600)
        add(parts, 0, "%luh%02lum left%s", s / 3600, s / 60 % 60, of);
    else if (s >= 60)
        add(parts, 0, "%lum%02lus left%s", s / 60, s % 60, of);
    else
        add(parts, 0, "%lus left%s", s, of);
}

static size_t width(const struct parts *parts)
{
    size_t columns = 0;
    for (int i = 0; i < parts->count; i++)
        columns += columns_of(parts->part[i].text) + (i ? 2 : 0);
    return columns;
}

/* Takes out the part of the least worth; false when none may go. */
static bool drop_one(struct parts *parts)
{
    int least = -1;
    for (int i = 0; i < parts->count; i++)
        if (parts->part[i].worth &&
            (least < 0 || parts->part[i].worth < parts->part[least].worth))
            least = i;
    if (least < 0)
        return false;
    for (int i = least; i + 1 < parts->count; i++)
        parts->part[i] = parts->part[i + 1];
    parts->count--;
    return true;
}

static void join(char *line, struct parts *parts, size_t limit)
{
    while (width(parts) > limit && drop_one(parts))
        ;
    size_t used = 0;
    for (int i = 0; i < parts->count && used < LINE; i++)
        used += (size_t)snprintf(
            line + used, LINE - used, "%s%s", i ? "  " : "", parts->part[i].text);
    cut(line, limit);
}

/* "reading photos  42%  123 pictures/s  12s left" */
static void describe(struct parts *parts, const weft_event *event)
{
    double share = event->total > 0 ? event->done / event->total : NAN;
    bool pictures = strcmp(event->unit, "pictures") == 0;
    double rate = event->rate;
    if (isnan(rate) && pictures && event->seconds > 0)
        rate = event->done / event->seconds;

    add(parts, 0, "%s", event->task);
    if (share >= 0 && share <= 1)
        add(parts, 2, "%d%%", (int)(share * 100));
    if (event->total > 0 && *event->unit && !pictures)
        add(parts, 3, "%.0f of %.0f %s", floor(event->done), event->total, event->unit);
    else if (!(event->total > 0) && event->done > 0)
        add(parts, 3, "%.0f %s", event->done, event->unit);
    add_figure(parts, 4, "loss", event->loss);
    add_figure(parts, 5, "accuracy", event->accuracy);
    if (rate > 0)
        add(parts, 1, "%.0f pictures/s", rate);
    if (share > 0 && share < 1 && event->seconds > 0)
        add_time_left(parts, event->seconds / share * (1 - share), "");
    if (isfinite(event->left))
        add_time_left(parts, event->left, " in all");
}

static void describe_epoch(struct parts *parts, const weft_event *event)
{
    if (event->total > 0)
        add(parts, 0, "epoch %.0f/%.0f", event->done, event->total);
    else
        add(parts, 0, "epoch %.0f", event->done);
    add_figure(parts, 3, "loss", event->loss);
    add_figure(parts, 4, "accuracy", event->accuracy);
    add_figure(parts, 5, "val_loss", event->val_loss);
    add_figure(parts, 6, "val_accuracy", event->val_accuracy);
    if (event->rate > 0)
        add(parts, 1, "%.0f pictures/s", event->rate);
    if (isfinite(event->left))
        add_time_left(parts, event->left, " in all");
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}

static void draw(struct progress *progress, const char *line)
{
    fprintf(stderr, "\r%s\033[K", line);
    progress->drawn = true;
}

static void say(struct progress *progress, const char *line)
{
    progress_clear(progress);
    fprintf(stderr, "%s\n", line);
}

static void tell(struct progress *progress, const weft_event *event)
{
    bool epoch = event->kind == WEFT_EVENT_EPOCH;
    if (!(event->seconds >= SILENT))
        return;
    double now = seconds_now();
    if (!progress->live && now - progress->told < PLAIN_EVERY)
        return;
    struct parts parts = {.count = 0};
    if (epoch)
        describe_epoch(&parts, event);
    else
        describe(&parts, event);
    char line[LINE] = "";
    join(line, &parts, progress->live ? columns() - 1 : LINE - 1);
    if (progress->live && !epoch)
        draw(progress, line);
    else
        say(progress, line);
    progress->told = now;
}

void progress_event(void *user, const weft_event *event)
{
    struct progress *progress = user;
    if (progress->quiet)
        return;
    switch (event->kind) {
    case WEFT_EVENT_BEGIN: /* nothing is told of the first seconds */
        break;
    case WEFT_EVENT_PROGRESS:
    case WEFT_EVENT_EPOCH:
        tell(progress, event);
        break;
    case WEFT_EVENT_END:
        progress_clear(progress);
        break;
    case WEFT_EVENT_NOTE:
        say(progress, event->text);
        break;
    }
}
