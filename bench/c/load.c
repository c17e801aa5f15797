/* The load generator: sends one request again and again over C keep-alive connections (or a new one each time), for a
 * time or a number of answers, and prints one line of JSON about the answers. */
#define _GNU_SOURCE
#include "http.h"
#include "stream.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { SCRATCH = 1 << 16, EVENTS = 256, STALL_SECONDS = 10 };
/* Latencies are counted in steps of 1/64 of their power of two: under 2 % off, up to 2^40 ns. */
enum { STEPS = 64, POWERS = 41 };

struct conn {
    struct stream stream;
    struct bytes in, out;
    uint64_t started_ns;
    bool is_answered; /* only with --close: what is left is the peer's end */
};

static int epoll;
static uint16_t port;
static SSL_CTX *tls;
static bool closes;
static char *request;
static size_t request_length, open_connections;
static uint64_t asked, answered, refused, broken, most, ends_ns;
static uint32_t latencies[POWERS * STEPS];
static char scratch[SCRATCH], first_refusal[256];

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void note_latency(uint64_t ns) {
    int power = ns < STEPS ? 6 : 63 - __builtin_clzll(ns);
    if (power >= POWERS) power = POWERS - 1;
    latencies[power * STEPS + (int)((ns >> (power - 6)) & (STEPS - 1))]++;
}

/* The latency in µs that `share` of all answers did not exceed. */
static double percentile(double share) {
    uint64_t seen = 0;
    for (int i = 0; i < POWERS * STEPS; i++) {
        seen += latencies[i];
        if (seen && (double)seen >= share * (double)answered)
            return (double)(((uint64_t)(STEPS + i % STEPS)) << (i / STEPS - 6)) / 1000;
    }
    return 0;
}

static bool is_over(uint64_t now) {
    return (most && asked >= most) || (ends_ns && now >= ends_ns);
}

static void start(struct conn *conn) {
    int fd = connect_to(port);
    if (fd < 0) die("connect");
    stream_open(&conn->stream, fd, tls, false);
    watch(epoll, fd, conn);
    open_connections++;
}

static void stop(struct conn *conn) {
    if (conn->stream.fd < 0) return;
    bytes_free(&conn->in);
    bytes_free(&conn->out);
    stream_close(&conn->stream);
    open_connections--;
}

/* Sends the next request, or ends this connection when there is none.  `now`: when the last one was answered. */
static void ask(struct conn *conn, uint64_t now) {
    if (is_over(now)) {
        stop(conn);
        return;
    }
    asked++;
    conn->started_ns = now;
    if (conn->stream.fd < 0) start(conn);
    if (!stream_send(&conn->stream, &conn->out, request, request_length)) die("the proxy hung up");
}

/* A whole answer stands at `data`. */
static void note_answer(const char *data, size_t length, size_t head) {
    answered++;
    if (length > 12 && memcmp(data + 9, "200", 3) == 0) return;
    refused++;
    if (first_refusal[0]) return;
    int line = (int)strcspn(data, "\r"), body = (int)(length - head);
    snprintf(first_refusal, sizeof first_refusal, "%.*s: %.*s", line, data, body > 160 ? 160 : body, data + head);
}

/* The peer closed: expected after an answer with --close, else a broken exchange, and the end of this connection. */
static void lost(struct conn *conn) {
    stop(conn);
    if (conn->is_answered) {
        conn->is_answered = false;
        ask(conn, now_ns());
        return;
    }
    broken++;
    if (!first_refusal[0]) strcpy(first_refusal, "the connection was closed before an answer");
}

static void read_answer(struct conn *conn) {
    do {
        bool held = conn->in.length > 0;
        if (held) bytes_reserve(&conn->in, SCRATCH);
        char *into = held ? conn->in.at + conn->in.length : scratch;
        ssize_t count = stream_read(&conn->stream, into, held ? conn->in.capacity - conn->in.length : SCRATCH);
        if (count == STREAM_LATER) return;
        if (count == STREAM_CLOSED) {
            lost(conn);
            return;
        }
        if (held) conn->in.length += (size_t)count;
        const char *data = held ? conn->in.at : scratch;
        size_t length = held ? conn->in.length : (size_t)count, head = http_head_length(data, length);
        size_t message = head ? head + http_content_length(data, head) : 0;
        if (!head || length < message) {
            if (!held) bytes_append(&conn->in, data, length);
            continue;
        }
        uint64_t now = now_ns();
        note_answer(data, message, head);
        note_latency(now - conn->started_ns);
        bytes_free(&conn->in);
        if (closes) conn->is_answered = true;
        else ask(conn, now);
    } while (conn->stream.fd >= 0 && stream_has_more(&conn->stream));
}

static void handle(struct conn *conn, uint32_t events) {
    if (conn->stream.fd < 0) return;
    bool is_readable = stream_is_readable(&conn->stream, events);
    if (conn->out.at && !stream_send(&conn->stream, &conn->out, NULL, 0)) lost(conn);
    else if (is_readable) read_answer(conn);
}

/* Runs until every connection has done its part; false when nothing has come for STALL_SECONDS. */
static bool run(struct conn *conns, size_t connections) {
    struct epoll_event events[EVENTS];
    for (size_t i = 0; i < connections; i++) {
        conns[i].stream.fd = -1;
        ask(&conns[i], now_ns());
    }
    while (open_connections > 0) {
        int count = epoll_wait(epoll, events, EVENTS, STALL_SECONDS * 1000);
        if (count <= 0) return false;
        for (int i = 0; i < count; i++) handle(events[i].data.ptr, events[i].events);
    }
    return true;
}

static void read_request(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    struct bytes bytes = {0};
    for (size_t count; (count = fread(scratch, 1, SCRATCH, file)) > 0;) bytes_append(&bytes, scratch, count);
    fclose(file);
    request = bytes.at;
    request_length = bytes.length;
}

int main(int count, char **arguments) {
    static const struct option options[] = {
        {"port", 1, 0, 'p'}, {"connections", 1, 0, 'n'}, {"requests", 1, 0, 'r'}, {"seconds", 1, 0, 's'},
        {"request", 1, 0, 'f'}, {"ca", 1, 0, 'a'}, {"close", 0, 0, 'c'}, {0}};
    size_t connections = 32;
    double seconds = 0;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case 'p': port = (uint16_t)number_argument(optarg); break;
        case 'n': connections = (size_t)number_argument(optarg); break;
        case 'r': most = (uint64_t)number_argument(optarg); break;
        case 's': seconds = number_argument(optarg); break;
        case 'f': read_request(optarg); break;
        case 'a': tls = tls_client(optarg); break;
        case 'c': closes = true; break;
        default: return 2;
        }
    }
    errno = 0;
    if (!port || !connections || !request || (!most && seconds <= 0))
        die("usage: load --port P --request FILE (--requests N | --seconds S) [--connections C] [--ca FILE] [--close]");
    signal(SIGPIPE, SIG_IGN);
    struct conn *conns = calloc(connections, sizeof *conns);
    if (!conns || (epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create1");
    uint64_t began = now_ns();
    if (seconds > 0) ends_ns = began + (uint64_t)(seconds * 1e9);
    bool ended = run(conns, connections);
    double took = (double)(now_ns() - began) / 1e9;
    printf("{\"answers\": %lu, \"refused\": %lu, \"broken\": %lu, \"stalled\": %zu, \"seconds\": %.4f, ",
           answered, refused, broken, ended ? 0 : open_connections, took);
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f}\n", percentile(0.5), percentile(0.99),
           percentile(0.999));
    if (first_refusal[0]) fprintf(stderr, "first refusal: %s\n", first_refusal);
    return ended && !refused && !broken && answered >= most ? 0 : 1;
}
