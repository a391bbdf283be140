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
enum { WIDTH = 80, LINE = 256 };

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

/* Ends `line` before its column `limit`; what continues a UTF-8 character takes none. */
static void cut(char *line, size_t limit)
{
    size_t column = 0;
    for (char *c = line; *c; c++) {
        bool starts = ((unsigned char)*c & 0xc0) != 0x80;
        if (starts && ++column > limit) {
            *c = 0;
            return;
        }
    }
}

static void add(char *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *line, const char *format, ...)
{
    size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, LINE - used, format, arguments);
    va_end(arguments);
}

static void add_time(char *line, double seconds)
{
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s >= 3600)
        add(line, "%luh%02lum", s / 3600, s / 60 % 60);
    else if (s >= 60)
        add(line, "%lum%02lus", s / 60, s % 60);
    else
        add(line, "%lus", s);
}

/* "training knn  42%  123 pictures/s  12s left" */
static void describe(char *line, const weft_event *event)
{
    double share = event->total > 0 ? event->done / event->total : NAN;
    bool pictures = strcmp(event->unit, "pictures") == 0;
    double rate = event->rate;
    if (isnan(rate) && pictures && event->seconds > 0)
        rate = event->done / event->seconds;

    add(line, "%s", event->task);
    if (share >= 0 && share <= 1)
        add(line, "  %d%%", (int)(share * 100));
    else if (event->done > 0)
        add(line, "  %.0f %s", event->done, event->unit);
    if (event->total > 0 && *event->unit && !pictures)
        add(line, "  %.0f of %.0f %s", floor(event->done), event->total, event->unit);
    if (!isnan(event->loss))
        add(line, "  loss %.4f", event->loss);
    if (!isnan(event->accuracy))
        add(line, "  accuracy %.4f", event->accuracy);
    if (rate > 0)
        add(line, "  %.0f pictures/s", rate);
    if (share > 0 && share < 1 && event->seconds > 0) {
        add(line, "  ");
        add_time(line, event->seconds / share * (1 - share));
        add(line, " left");
    }
}

static void describe_epoch(char *line, const weft_event *event)
{
    add(line, "epoch %.0f", event->done);
    if (event->total > 0)
        add(line, "/%.0f", event->total);
    if (!isnan(event->loss))
        add(line, "  loss %.4f", event->loss);
    if (!isnan(event->accuracy))
        add(line, "  accuracy %.4f", event->accuracy);
    if (!isnan(event->val_loss))
        add(line, "  val_loss %.4f", event->val_loss);
    if (!isnan(event->val_accuracy))
        add(line, "  val_accuracy %.4f", event->val_accuracy);
    if (event->rate > 0)
        add(line, "  %.0f/s", event->rate);
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
    char line[LINE] = "";
    if (epoch)
        describe_epoch(line, event);
    else
        describe(line, event);
    cut(line, columns() - 1);
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
