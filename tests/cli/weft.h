/* Runs the built program and keeps what it said. Each test works in a folder of its own. */
#ifndef WEFT_TESTS_CLI_WEFT_H
#define WEFT_TESTS_CLI_WEFT_H

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

struct outcome {
    int code; /* exit status, or minus the signal that ended it */
    char out[1 << 18], err[1 << 16];
};

/* How the program is started; zero is plainly. */
struct manner {
    const char *stdout_path; /* instead of being kept */
    bool stdout_closed;
    rlim_t file_bytes; /* largest file it may write; 0: any */
};

static char *const *program_words(char *words[], const char *const arguments[])
{
    size_t n = 0;
    words[n++] = getenv("WEFT_PROGRAM");
    while (*arguments)
        words[n++] = (char *)(uintptr_t)*arguments++;
    words[n] = NULL;
    return words;
}

static void in_child(const struct manner *manner, const char *const arguments[])
{
    char *words[64];
    int out = open(manner->stdout_path ? manner->stdout_path : ".out",
        O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err = open(".err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    if (manner->stdout_closed)
        close(STDOUT_FILENO);
    if (manner->file_bytes) {
        struct rlimit limit = {manner->file_bytes, manner->file_bytes};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    setenv("LC_ALL", "C", 1);
    execv(getenv("WEFT_PROGRAM"), program_words(words, arguments));
    _exit(126);
}

static void read_back(const char *path, char *text, size_t size)
{
    FILE *stream = fopen(path, "r");
    size_t n = stream ? fread(text, 1, size - 1, stream) : 0;
    text[n] = 0;
    if (stream)
        fclose(stream);
}

static pid_t start(const struct manner *manner, const char *const arguments[])
{
    pid_t child = fork();
    if (child == 0)
        in_child(manner, arguments);
    return child;
}

static const struct outcome *finish(pid_t child)
{
    static struct outcome outcome;
    int status;
    waitpid(child, &status, 0);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    read_back(".out", outcome.out, sizeof outcome.out);
    read_back(".err", outcome.err, sizeof outcome.err);
    return &outcome;
}

static inline const struct outcome *weft_as(
    struct manner manner, const char *const arguments[])
{
    return finish(start(&manner, arguments));
}

/* weft("train", "knn") */
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define weft(...) weft_as((struct manner){0}, WORDS(__VA_ARGS__))

/* The exit code, and `text` among the messages. */
#define assert_outcome(run, expected, text) \
    do { \
        const struct outcome *o_ = (run); \
        if (o_->code != (expected) || !strstr(o_->err, (text))) \
            fail_msg("exit %d, expected %d; '%s' among: %s", o_->code, (int)(expected), \
                (text), o_->err); \
    } while (0)

/* A failure as a person should see it: exit 1 and one line that holds `text`. */
#define assert_failure(run, text) \
    do { \
        const struct outcome *f_ = (run); \
        assert_outcome(f_, 1, text); \
        const char *end_ = strchr(f_->err, '\n'); \
        if (strncmp(f_->err, "weft: ", 6) != 0 || !end_ || end_[1]) \
            fail_msg("not one line 'weft: ...': %s", f_->err); \
    } while (0)

static inline bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

static char test_folder[64];

static inline int enter_folder(void **state)
{
    (void)state;
    /* In memory where there is such a place: waiting for a disk tests nothing here. */
    strcpy(test_folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/weft-test-XXXXXX"
                                                      : "/tmp/weft-test-XXXXXX");
    return mkdtemp(test_folder) && chdir(test_folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && nftw(test_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0
               ? 0
               : -1;
}

#define folder_test(function) \
    cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

#endif
