#include "data/download.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/digest.h"
#include "core/events.h"
#include "core/file.h"
#include "core/mem.h"

enum {
    DOWNLOAD_LIMIT = 256 << 20, /* bytes */
    CONNECT_SECONDS = 15,
    STALL_SECONDS = 30, /* without a kilobyte a second in between */
    STALL_RATE = 1000
};

typedef struct download {
    uint8_t *bytes; /* owned */
    size_t size, capacity;
    weft_status status; /* why receiving stopped, with weft_error() */
    weft__task task;
} download;

static size_t receive(char *bytes, size_t one, size_t size, void *user)
{
    (void)one;
    download *d = user;
    if (size > DOWNLOAD_LIMIT - d->size)
        d->status = weft_fail(WEFT_EFORMAT, "more than %d bytes", DOWNLOAD_LIMIT);
    else
        d->status = weft__grow(&d->bytes, &d->capacity, d->size + size, 1, "a download");
    if (d->status != WEFT_OK)
        return 0;
    memcpy(d->bytes + d->size, bytes, size);
    d->size += size;
    return size;
}

static int report(
    void *user, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up_done)
{
    (void)up_total;
    (void)up_done;
    download *d = user;
    d->task.total = (double)total / 1e6;
    weft__task_progress(&d->task, (double)done / 1e6);
    return weft_context_cancelled(d->task.context);
}

static void configure(CURL *curl, const char *url, download *d)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_RATE);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "weft/" WEFT_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, d);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, report);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, d);
}

static void start_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static weft_status fetch(download *d, const char *url)
{
    static pthread_once_t started = PTHREAD_ONCE_INIT;
    pthread_once(&started, start_curl);
    CURL *curl = curl_easy_init();
    if (!curl)
        return weft_fail(WEFT_ENOMEM, "no memory for a download");
    configure(curl, url, d);
    CURLcode code = curl_easy_perform(curl);
    long answer = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    curl_easy_cleanup(curl);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return weft_fail(WEFT_ECANCELLED, "cancelled while %s", d->task.name);
    if (d->status != WEFT_OK)
        return d->status == WEFT_ENOMEM ? d->status
                                        : weft_fail(d->status, "%s: %s", url, weft_error());
    if (code != CURLE_OK && answer >= 400)
        return weft_fail(
            WEFT_EIO, "%s: cannot download: the server answered %ld", url, answer);
    if (code != CURLE_OK)
        return weft_fail(
            WEFT_EIO, "%s: cannot download: %s", url, curl_easy_strerror(code));
    return WEFT_OK;
}

/* SHA-256 of what a gzip file unpacks to. */
static weft_status unpacked_digest(
    const download *d, const char *url, char text[WEFT__DIGEST_TEXT])
{
    uint8_t buffer[1 << 15];
    z_stream stream = {.next_in = d->bytes, .avail_in = (uInt)d->size};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        return weft_fail(WEFT_ENOMEM, "no memory to unpack a download");
    weft__digest digest;
    weft__digest_begin(&digest);
    int code;
    do {
        stream.next_out = buffer;
        stream.avail_out = sizeof buffer;
        code = inflate(&stream, Z_NO_FLUSH);
        weft__digest_add(&digest, buffer, sizeof buffer - stream.avail_out);
    } while (code == Z_OK);
    inflateEnd(&stream);
    if (code != Z_STREAM_END)
        return weft_fail(WEFT_EFORMAT, "%s: is no gzip file", url);
    weft__digest_end(&digest, text);
    return WEFT_OK;
}

static weft_status fetch_checked(
    download *d, const char *path, const char *url, const char *sha256)
{
    char found[WEFT__DIGEST_TEXT];
    WEFT_TRY(fetch(d, url));
    WEFT_TRY(unpacked_digest(d, url, found));
    if (strcmp(found, sha256))
        return weft_fail(WEFT_EFORMAT, "%s: its content has SHA-256 %s: expected %s", url,
            found, sha256);
    return weft__file_write(path, d->bytes, d->size);
}

weft_status weft__download_gz(const char *path, const char *const *urls, const char *sha256,
    const char *task, weft_context *context)
{
    weft_status status = WEFT_OK;
    for (; *urls; urls++) {
        download d = {.task = weft__task_begin(context, task, "MB", 0)};
        status = fetch_checked(&d, path, *urls, sha256);
        weft__task_end(&d.task);
        free(d.bytes);
        if (status == WEFT_OK || status == WEFT_ECANCELLED || status == WEFT_ENOMEM)
            break;
    }
    return status;
}
