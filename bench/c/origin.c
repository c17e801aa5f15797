/* The origin behind the proxies: HTTP/1.1 keep-alive, a plain and a TLS port in one process.  It answers 200 with a
 * small JSON body to whatever comes; a target under /verify/ is held against the rules first, and answered 400 with
 * the broken rule if one is. */
#define _GNU_SOURCE
#include "http.h"
#include "stream.h"
#include "verify.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { SCRATCH = 1 << 16, EVENTS = 256, ANSWER_ROOM = 512 };

struct listener {
    int fd;
    uint16_t port;
    SSL_CTX *tls;
};

struct conn {
    struct stream stream;
    struct bytes in, out;
    const struct listener *listener;
    struct conn *next;
    size_t skip; /* bytes of a body still to come that nobody looks at */
};

static int epoll;
static struct conn *closed;
static char scratch[SCRATCH];

static const char answer_body[] =
    "{\"value\":[{\"to\":\"+14255550123\",\"messageId\":\"Outgoing_0f8fad5bd9cb\",\"httpStatusCode\":202,"
    "\"successful\":true}]}";
static char answer[ANSWER_ROOM];
static size_t answer_length;

static void write_answer(void) {
    answer_length = (size_t)snprintf(
        answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n"
        "x-ms-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e\r\n\r\n%s",
        sizeof answer_body - 1, answer_body);
}

static void close_conn(struct conn *conn) {
    stream_close(&conn->stream);
    bytes_free(&conn->in);
    bytes_free(&conn->out);
    conn->next = closed;
    closed = conn;
}

static bool respond(struct conn *conn, const char *broken_rule) {
    char refusal[ANSWER_ROOM];
    if (!broken_rule) return stream_send(&conn->stream, &conn->out, answer, answer_length);
    int length = snprintf(
        refusal, sizeof refusal,
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(broken_rule), broken_rule);
    return stream_send(&conn->stream, &conn->out, refusal, (size_t)length);
}

/* Answers what is whole in front of `data`.  Gives the bytes taken, or -1 if the peer is gone. */
static ssize_t take(struct conn *conn, const char *data, size_t length) {
    size_t taken = conn->skip < length ? conn->skip : length;
    conn->skip -= taken;
    if (taken && !conn->skip && !respond(conn, NULL)) return -1;
    while (taken < length) {
        const char *start = data + taken;
        size_t left = length - taken, head = http_head_length(start, left);
        if (!head) break;
        size_t message = head + http_content_length(start, head);
        bool is_verified = verify_is_wanted(start, head);
        if (message > left && is_verified) break;
        if (message > left) {
            conn->skip = message - left;
            return (ssize_t)length;
        }
        uint16_t port = conn->listener->port;
        const char *broken = is_verified ? verify_request(start, head, start + head, message - head, port) : NULL;
        if (!respond(conn, broken)) return -1;
        taken += message;
    }
    return (ssize_t)taken;
}

static void read_requests(struct conn *conn) {
    do {
        bool held = conn->in.length > 0;
        if (held) bytes_reserve(&conn->in, SCRATCH);
        char *into = held ? conn->in.at + conn->in.length : scratch;
        ssize_t count = stream_read(&conn->stream, into, held ? conn->in.capacity - conn->in.length : SCRATCH);
        if (count == STREAM_LATER) return;
        if (held && count > 0) conn->in.length += (size_t)count;
        const char *data = held ? conn->in.at : scratch;
        size_t length = held ? conn->in.length : (size_t)count;
        ssize_t taken = count == STREAM_CLOSED ? -1 : take(conn, data, length);
        if (taken < 0) {
            close_conn(conn);
            return;
        }
        if (held && taken == 0) continue;
        struct bytes rest = {0};
        if ((size_t)taken < length) bytes_append(&rest, data + taken, length - (size_t)taken);
        bytes_free(&conn->in);
        conn->in = rest;
    } while (stream_has_more(&conn->stream));
}

static void handle(struct conn *conn, uint32_t events) {
    bool is_readable = stream_is_readable(&conn->stream, events);
    if (conn->out.at && !stream_send(&conn->stream, &conn->out, NULL, 0)) {
        close_conn(conn);
        return;
    }
    if (is_readable) read_requests(conn);
}

static void accept_all(const struct listener *listener) {
    for (int fd; (fd = accept_from(listener->fd)) >= 0;) {
        struct conn *conn = calloc(1, sizeof *conn);
        if (!conn) die("calloc");
        conn->listener = listener;
        stream_open(&conn->stream, fd, listener->tls, true);
        watch(epoll, fd, conn);
    }
}

static void run(struct listener *listeners, int listener_count) {
    struct epoll_event events[EVENTS];
    for (int i = 0; i < listener_count; i++) watch(epoll, listeners[i].fd, &listeners[i]);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct listener *listener = events[i].data.ptr;
            if (listener >= listeners && listener < listeners + listener_count) accept_all(listener);
            else handle(events[i].data.ptr, events[i].events);
        }
        while (closed) {
            struct conn *next = closed->next;
            free(closed);
            closed = next;
        }
    }
}

int main(int count, char **arguments) {
    static const struct option options[] = {
        {"plain", 1, 0, 'l'}, {"tls", 1, 0, 't'}, {"certificate", 1, 0, 'c'},
        {"key", 1, 0, 'p'}, {"access-key", 1, 0, 'k'}, {"bearer", 1, 0, 'b'}, {0}};
    uint16_t plain = 0, secure = 0;
    const char *certificate = "", *key = "", *access_key = "", *bearer = "";
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case 'l': plain = (uint16_t)number_argument(optarg); break;
        case 't': secure = (uint16_t)number_argument(optarg); break;
        case 'c': certificate = optarg; break;
        case 'p': key = optarg; break;
        case 'k': access_key = optarg; break;
        case 'b': bearer = optarg; break;
        default: return 2;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    verify_init(access_key, bearer);
    write_answer();
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create1");
    struct listener listeners[] = {
        {listen_on(plain), plain, NULL}, {listen_on(secure), secure, tls_server(certificate, key)}};
    run(listeners, 2);
}
