/* "The limit": the least that does the gateway's job.  Edge-triggered epoll, keep-alive on both sides, a bare parse,
 * one recv and one send a side; signs with an access key, or sets a bearer token, or forwards what came.  No routing,
 * no checks, no log, no timeouts, no pipelining, no chunked bodies: a yardstick, never to stand before anything. */
#define _GNU_SOURCE
#include "http.h"
#include "sign.h"
#include "stream.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum { SCRATCH = 1 << 16, EVENTS = 256, CREDENTIAL_ROOM = 8192 };

/* A connection of either side.  `peer` is the other side while a request is under way, else NULL. */
struct conn {
    struct stream stream;
    struct conn *peer, *next;
    struct bytes in, out;
    size_t message; /* client: bytes of the request in all; upstream: bytes of the body still to come */
    bool is_upstream, in_body, close_after;
};

static int epoll;
static uint16_t upstream_port;
static SSL_CTX *listener_tls, *upstream_tls;
static bool signs;
static char bearer[4096], authority[32];
static struct conn *idle, *closed;
/* Whatever is whole in one read and goes out in one write never leaves these two. */
static char scratch[SCRATCH], outbound[SCRATCH + CREDENTIAL_ROOM];

static struct conn *open_conn(int fd, bool is_upstream) {
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) die("calloc");
    conn->is_upstream = is_upstream;
    stream_open(&conn->stream, fd, is_upstream ? upstream_tls : listener_tls, !is_upstream);
    watch(epoll, fd, conn);
    return conn;
}

/* Closes both sides; the memory is freed after the batch of events, which may still name them. */
static void close_conn(struct conn *conn) {
    if (conn->stream.fd < 0) return;
    struct conn *peer = conn->peer;
    for (struct conn **link = &idle; conn->is_upstream && *link; link = &(*link)->next) {
        if (*link != conn) continue;
        *link = conn->next;
        break;
    }
    stream_close(&conn->stream);
    bytes_free(&conn->in);
    bytes_free(&conn->out);
    conn->peer = NULL;
    conn->next = closed;
    closed = conn;
    if (!peer) return;
    peer->peer = NULL;
    close_conn(peer);
}

static struct conn *borrow_upstream(void) {
    struct conn *conn = idle;
    if (conn) {
        idle = conn->next;
        conn->next = NULL;
        return conn;
    }
    int fd = connect_to(upstream_port);
    return fd < 0 ? NULL : open_conn(fd, true);
}

/* MARK: the request's way */

static bool is_replaced(struct text name) {
    switch (name.at[0] | 0x20) {
    case 'h': return text_is(name, "host");
    case 'c': return text_is(name, "connection");
    case 'a': return (signs || bearer[0]) && text_is(name, "authorization");
    case 'x': return signs && (text_is(name, "x-ms-date") || text_is(name, "x-ms-content-sha256"));
    default: return false;
    }
}

/* Writes the outbound head to `out`; gives the byte after it. */
static char *write_head(char *out, struct conn *client, const char *data, size_t head, size_t body) {
    struct text rest = http_fields(data, head), name, value;
    struct text host = {authority, strlen(authority)};
    out = mempcpy(out, data, (size_t)(rest.at - data));
    out = mempcpy(mempcpy(mempcpy(out, "Host: ", 6), host.at, host.length), "\r\n", 2);
    while (http_next_field(&rest, &name, &value)) {
        if (!is_replaced(name)) out = mempcpy(out, name.at, (size_t)(rest.at - name.at));
        else if (text_is(name, "connection")) client->close_after = text_is(value, "close");
    }
    if (signs) {
        struct text method = {data, (size_t)((char *)memchr(data, ' ', head) - data)};
        struct text target = {method.at + method.length + 1, 0};
        target.length = (size_t)((char *)memchr(target.at, ' ', head - method.length) - target.at);
        out = sign_write(out, method, target, host, data + head, body);
    } else if (bearer[0]) {
        out = mempcpy(mempcpy(mempcpy(out, "Authorization: Bearer ", 22), bearer, strlen(bearer)), "\r\n", 2);
    }
    return mempcpy(out, "\r\n", 2);
}

/* One whole request stands at `data`. */
static void forward(struct conn *client, const char *data, size_t head, size_t length) {
    struct conn *upstream = borrow_upstream();
    if (!upstream) {
        close_conn(client);
        return;
    }
    client->peer = upstream;
    upstream->peer = client;
    char *large = length > SCRATCH ? malloc(length + CREDENTIAL_ROOM) : NULL;
    char *start = large ? large : outbound;
    char *end = write_head(start, client, data, head, length - head);
    end = mempcpy(end, data + head, length - head);
    if (!stream_send(&upstream->stream, &upstream->out, start, (size_t)(end - start))) close_conn(client);
    free(large);
}

static void read_request(struct conn *client) {
    do {
        bool held = client->in.length > 0;
        if (held) bytes_reserve(&client->in, SCRATCH);
        char *into = held ? client->in.at + client->in.length : scratch;
        ssize_t count = stream_read(&client->stream, into, held ? client->in.capacity - client->in.length : SCRATCH);
        if (count == STREAM_LATER) return;
        if (count == STREAM_CLOSED || client->peer) {
            close_conn(client);
            return;
        }
        if (held) client->in.length += (size_t)count;
        char *data = held ? client->in.at : scratch;
        size_t length = held ? client->in.length : (size_t)count, head = 0;
        if (!client->message && (head = http_head_length(data, length)) > 0)
            client->message = head + http_content_length(data, head);
        if (client->message && length >= client->message) {
            if (!head) head = http_head_length(data, length);
            size_t message = client->message;
            client->message = 0;
            forward(client, data, head, message);
            bytes_free(&client->in);
        } else if (!held) {
            bytes_append(&client->in, data, length);
        }
    } while (client->stream.fd >= 0 && stream_has_more(&client->stream));
}

/* MARK: the answer's way */

/* The answer is through: the upstream connection rests, or both end. */
static void finish(struct conn *upstream) {
    struct conn *client = upstream->peer;
    upstream->in_body = false;
    upstream->peer = client->peer = NULL;
    upstream->next = idle;
    idle = upstream;
    if (client->close_after && !client->out.at) close_conn(client);
}

/* Bytes of an answer stand at `data`; false: both connections are gone. */
static bool relay(struct conn *upstream, const char *data, size_t length) {
    size_t body = length;
    if (!upstream->in_body) {
        size_t head = http_head_length(data, length);
        if (!head) {
            bytes_append(&upstream->in, data, length);
            return true;
        }
        upstream->in_body = true;
        upstream->message = http_content_length(data, head);
        body = length - head;
    }
    bool fits = body <= upstream->message;
    struct conn *client = upstream->peer;
    if (!fits || !stream_send(&client->stream, &client->out, data, length)) {
        close_conn(upstream);
        return false;
    }
    upstream->message -= body;
    if (upstream->message == 0) finish(upstream);
    return true;
}

static void read_answer(struct conn *upstream) {
    do {
        /* An answer's head that came in pieces is put together in `scratch`. */
        size_t held = upstream->in.length;
        if (held == SCRATCH) die("an answer's head is too long");
        if (held) memcpy(scratch, upstream->in.at, held);
        ssize_t count = stream_read(&upstream->stream, scratch + held, SCRATCH - held);
        if (count == STREAM_LATER) return;
        if (count == STREAM_CLOSED || !upstream->peer) {
            close_conn(upstream);
            return;
        }
        bytes_free(&upstream->in);
        if (!relay(upstream, scratch, held + (size_t)count)) return;
    } while (stream_has_more(&upstream->stream));
}

/* MARK: the loop */

static void handle(struct conn *conn, uint32_t events) {
    if (conn->stream.fd < 0) return;
    bool is_readable = stream_is_readable(&conn->stream, events);
    if (conn->out.at) {
        bool sent = stream_send(&conn->stream, &conn->out, NULL, 0);
        bool is_over = !conn->out.at && !conn->is_upstream && !conn->peer && conn->close_after;
        if (!sent || is_over) {
            close_conn(conn);
            return;
        }
    }
    if (!is_readable) return;
    if (conn->is_upstream) read_answer(conn);
    else read_request(conn);
}

static void run(int listener) {
    struct epoll_event events[EVENTS];
    watch(epoll, listener, NULL);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr) {
                handle(events[i].data.ptr, events[i].events);
                continue;
            }
            for (int fd; (fd = accept_from(listener)) >= 0;) open_conn(fd, false);
        }
        while (closed) {
            struct conn *next = closed->next;
            free(closed);
            closed = next;
        }
    }
}

static void read_bearer(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file || !fgets(bearer, sizeof bearer, file)) die(path);
    fclose(file);
    bearer[strcspn(bearer, "\n")] = 0;
}

int main(int count, char **arguments) {
    static const struct option options[] = {
        {"listen", 1, 0, 'l'}, {"upstream", 1, 0, 'u'}, {"access-key", 1, 0, 'k'}, {"bearer", 1, 0, 'b'},
        {"upstream-ca", 1, 0, 'a'}, {"certificate", 1, 0, 'c'}, {"key", 1, 0, 'p'}, {0}};
    uint16_t port = 0;
    const char *certificate = NULL, *key = NULL;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case 'l': port = (uint16_t)number_argument(optarg); break;
        case 'u': upstream_port = (uint16_t)number_argument(optarg); break;
        case 'k': sign_init(optarg), signs = true; break;
        case 'b': read_bearer(optarg); break;
        case 'a': upstream_tls = tls_client(optarg); break;
        case 'c': certificate = optarg; break;
        case 'p': key = optarg; break;
        default: return 2;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    if (certificate && key) listener_tls = tls_server(certificate, key);
    snprintf(authority, sizeof authority, "127.0.0.1:%u", upstream_port);
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create1");
    run(listen_on(port));
}
