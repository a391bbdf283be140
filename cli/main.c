#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "help.h"
#include "parse.h"
#include "progress.h"

static weft_context *interrupted_context;

/* The first signal asks the work to stop; the second, or one while there is no work, ends
 * the process. */
static void on_signal(int signal_number)
{
    if (!interrupted_context || weft_context_cancelled(interrupted_context)) {
        weft_abandon_files();
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        return;
    }
    weft_context_cancel(interrupted_context);
}

/* The handler has a stack of its own: this thread computes too, and oneDNN's matrix
 * products point the stack pointer into a buffer of theirs that a signal's frame, some 3 KB
 * with its vector registers, would overrun. */
static void set_signals(void)
{
    static unsigned char memory[1 << 16];
    const stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* Writing then fails with a message instead of ending the process. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

/* A stream that came closed would give its number to the next file opened, and results
 * or messages would be written into that. These refuse to be used the wrong way round. */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static void complain(const char *message)
{
    fprintf(stderr, "weft: %s\n", message);
}

/* A usage error's last line. */
static void point_to_help(const struct command *command)
{
    fprintf(stderr, "Try 'weft %s%s--help'.\n", command ? command->name : "",
        command ? " " : "");
}

weft_status call_misused(struct call *call, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    call->exit_code = EXIT_WRONG_USAGE;
    return weft_fail(WEFT_EINVAL, "%s", text);
}

void interrupts_cancel(weft_context *context)
{
    interrupted_context = context;
}

void call_gate(struct call *call)
{
    call->exit_code = EXIT_GATE;
}

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int run_command(struct parsed *parsed)
{
    struct call *call = &parsed->call;
    struct progress progress;
    call->json = parsed->globals.json;
    call->quiet = parsed->globals.quiet;
    weft_status status = weft_context_create(&call->context, (int)parsed->globals.threads);
    if (status != WEFT_OK) {
        complain(weft_error());
        return EXIT_FAILED;
    }
    progress_init(&progress, call->quiet);
    call->progress = &progress;
    weft_context_on_event(call->context, progress_event, &progress);
    interrupted_context = call->context;

    status = call->command->run(call);

    progress_clear(&progress);
    interrupted_context = NULL;
    weft_context_free(call->context);
    if (status == WEFT_OK)
        return call->exit_code;
    complain(status == WEFT_ECANCELLED ? "interrupted" : weft_error());
    if (status == WEFT_ECANCELLED)
        return EXIT_INTERRUPTED;
    if (call->exit_code == EXIT_WRONG_USAGE)
        point_to_help(call->command);
    return call->exit_code == EXIT_WRONG_USAGE ? EXIT_WRONG_USAGE : EXIT_FAILED;
}

static int run_parsed(struct parsed *parsed)
{
    const struct command *command = parsed->call.command;
    const weft_classifier *classifier = parsed->call.classifier;
    if (parsed->globals.help) {
        if (command)
            help_command(
                stdout, command, classifier ? weft_classifier_describe(classifier) : NULL);
        else if (parsed->group)
            help_group(stdout, parsed->group);
        else
            help_program(stdout);
        return EXIT_DONE;
    }
    if (parsed->globals.version) {
        printf("weft %s\n", weft_version());
        return EXIT_DONE;
    }
    if (!command) {
        if (parsed->group)
            help_group(stderr, parsed->group);
        else
            help_program(stderr);
        return EXIT_WRONG_USAGE;
    }
    return run_command(parsed);
}

/* Whether stdout is a pipe that nobody reads any more. */
static bool reader_left(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

/* Results that did not arrive are a failure. A reader that has had enough needs no
 * message. */
static int close_stdout(int exit_code)
{
    bool left = reader_left(), failed = ferror(stdout);
    errno = 0;
    if (failed)
        putchar('\n'); /* the failure's reason is lost: one byte more fails for the same */
    if (fclose(stdout) == 0 && !failed)
        return exit_code;
    if (!left && errno != EPIPE)
        fprintf(stderr, "weft: cannot write the results: %s\n",
            errno ? strerror(errno) : "standard output failed");
    return exit_code == EXIT_DONE ? EXIT_FAILED : exit_code;
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    set_signals();
    struct parsed parsed;
    int exit_code;
    weft_status status = parse(&parsed, argc, argv);
    if (status == WEFT_OK) {
        exit_code = run_parsed(&parsed);
    } else {
        complain(weft_error());
        bool usage = status == WEFT_EINVAL || status == WEFT_ENOTFOUND;
        if (usage)
            point_to_help(parsed.call.command);
        exit_code = usage ? EXIT_WRONG_USAGE : EXIT_FAILED;
    }
    parsed_clear(&parsed);
    return close_stdout(exit_code);
}
