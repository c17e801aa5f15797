/* Non-blocking loopback connections, plain or TLS, for edge-triggered epoll. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STREAM_CLOSED = 0, STREAM_LATER = -1 };

/* One end of a connection.  Its address must not change while it is open: the TLS side points back at it. */
struct stream {
    int fd;
    SSL *ssl;     /* NULL: plain */
    bool drained; /* the last read took all there was: only an edge can bring more */
    bool ended;   /* the peer sends no more; its end is still to be read, and no further edge will tell */
};

/* Bytes that wait: of a message still incomplete, or not yet sent.  No memory while it is empty. */
struct bytes {
    char *at;
    size_t length, capacity, sent;
};

/* Prints `what` (with errno, if set) and ends the program. */
_Noreturn void die(const char *what);

/* A number from the command line; ends the program when `text` is not one. */
double number_argument(const char *text);

/* A listening socket on 127.0.0.1 and `port`. */
int listen_on(uint16_t port);

/* The next waiting connection, or -1. */
int accept_from(int listener);

/* A connection on its way to 127.0.0.1 and `port`, or -1. */
int connect_to(uint16_t port);

/* Registers `fd`, once and for good, for edges of everything. */
void watch(int epoll, int fd, void *owner);

/* Contexts for TLS with read-ahead (one recv for head and body) and, for clients, the session kept for resumption. */
SSL_CTX *tls_server(const char *certificate_file, const char *key_file);
SSL_CTX *tls_client(const char *ca_file);

/* `tls` NULL: plain.  The handshake happens by itself in the first write or read. */
void stream_open(struct stream *stream, int fd, SSL_CTX *tls, bool is_server);
void stream_close(struct stream *stream);

/* Bytes moved, or STREAM_CLOSED (end or failure), or STREAM_LATER. */
ssize_t stream_read(struct stream *stream, char *into, size_t capacity);
ssize_t stream_write(struct stream *stream, const char *from, size_t length);

/* What epoll told about this stream: whether there is something to read. */
bool stream_is_readable(struct stream *stream, uint32_t events);

/* Whether another read may bring something without a further edge. */
bool stream_has_more(const struct stream *stream);

/* Sends what waits in `queue`, then `from`; what cannot be sent now waits in `queue`.  False: the peer is gone. */
bool stream_send(struct stream *stream, struct bytes *queue, const char *from, size_t length);

void bytes_append(struct bytes *bytes, const char *from, size_t length);
void bytes_reserve(struct bytes *bytes, size_t more);
void bytes_free(struct bytes *bytes);

#endif
