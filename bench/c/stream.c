#define _GNU_SOURCE
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_SESSION *last_session;

void die(const char *what) {
    if (errno) perror(what);
    else fprintf(stderr, "%s\n", what);
    exit(2);
}

double number_argument(const char *text) {
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || number < 0) {
        fprintf(stderr, "`%s` is not a number\n", text);
        exit(2);
    }
    return number;
}

/* MARK: sockets */

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int listen_on(uint16_t port) {
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Accepted sockets inherit it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, SOMAXCONN)) die("listen");
    return fd;
}

int accept_from(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int connect_to(uint16_t port) {
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

void watch(int epoll, int fd, void *owner) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = owner};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

/* MARK: TLS: a BIO over the socket, which tells whether a read came back short */

static int bio_read(BIO *bio, char *into, int capacity) {
    struct stream *stream = BIO_get_data(bio);
    ssize_t count = recv(stream->fd, into, (size_t)capacity, 0);
    stream->drained = count < capacity;
    BIO_clear_retry_flags(bio);
    if (count < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
    return (int)count;
}

static int bio_write(BIO *bio, const char *from, int length) {
    struct stream *stream = BIO_get_data(bio);
    ssize_t count = send(stream->fd, from, (size_t)length, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (count < 0 && errno == EAGAIN) BIO_set_retry_write(bio);
    return (int)count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO *bio_for(struct stream *stream) {
    static BIO_METHOD *method;
    if (!method) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loopback socket");
        BIO_meth_set_read(method, bio_read);
        BIO_meth_set_write(method, bio_write);
        BIO_meth_set_ctrl(method, bio_control);
    }
    BIO *bio = BIO_new(method);
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    return bio;
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
    (void)ssl;
    SSL_SESSION_free(last_session);
    last_session = session;
    return 1;
}

static SSL_CTX *tls_context(const SSL_METHOD *method) {
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context) die("SSL_CTX_new");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    return context;
}

SSL_CTX *tls_server(const char *certificate_file, const char *key_file) {
    SSL_CTX *context = tls_context(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file) != 1) die("cannot read the certificate");
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1) die("cannot read the key");
    return context;
}

SSL_CTX *tls_client(const char *ca_file) {
    SSL_CTX *context = tls_context(TLS_client_method());
    if (SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1) die("cannot read the CA");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    return context;
}

/* MARK: streams */

void stream_open(struct stream *stream, int fd, SSL_CTX *tls, bool is_server) {
    *stream = (struct stream){.fd = fd};
    if (!tls) return;
    stream->ssl = SSL_new(tls);
    BIO *bio = bio_for(stream);
    SSL_set_bio(stream->ssl, bio, bio);
    if (is_server) {
        SSL_set_accept_state(stream->ssl);
    } else {
        SSL_set_connect_state(stream->ssl);
        if (last_session) SSL_set_session(stream->ssl, last_session);
    }
}

void stream_close(struct stream *stream) {
    if (stream->ssl) {
        /* Without the notice, OpenSSL would drop the session as not resumable. */
        SSL_shutdown(stream->ssl);
        ERR_clear_error();
        SSL_free(stream->ssl);
    }
    close(stream->fd);
    *stream = (struct stream){.fd = -1};
}

static ssize_t tls_result(struct stream *stream, int count) {
    if (count > 0) return count;
    int error = SSL_get_error(stream->ssl, count);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return STREAM_LATER;
    ERR_clear_error();
    return STREAM_CLOSED;
}

ssize_t stream_read(struct stream *stream, char *into, size_t capacity) {
    if (stream->ssl) return tls_result(stream, SSL_read(stream->ssl, into, (int)capacity));
    ssize_t count = recv(stream->fd, into, capacity, 0);
    stream->drained = count < (ssize_t)capacity;
    if (count >= 0) return count;
    return errno == EAGAIN ? STREAM_LATER : STREAM_CLOSED;
}

ssize_t stream_write(struct stream *stream, const char *from, size_t length) {
    if (stream->ssl) return tls_result(stream, SSL_write(stream->ssl, from, (int)length));
    ssize_t count = send(stream->fd, from, length, MSG_NOSIGNAL);
    if (count >= 0) return count;
    return errno == EAGAIN || errno == ENOTCONN ? STREAM_LATER : STREAM_CLOSED;
}

bool stream_is_readable(struct stream *stream, uint32_t events) {
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) stream->ended = true;
    return stream->ended || (events & EPOLLIN);
}

bool stream_has_more(const struct stream *stream) {
    return !stream->drained || stream->ended || (stream->ssl && SSL_has_pending(stream->ssl));
}

static bool send_queue(struct stream *stream, struct bytes *queue) {
    while (queue->sent < queue->length) {
        ssize_t count = stream_write(stream, queue->at + queue->sent, queue->length - queue->sent);
        if (count == STREAM_LATER) return true;
        if (count == STREAM_CLOSED) return false;
        queue->sent += (size_t)count;
    }
    if (queue->at) bytes_free(queue);
    return true;
}

bool stream_send(struct stream *stream, struct bytes *queue, const char *from, size_t length) {
    if (!send_queue(stream, queue)) return false;
    while (length > 0 && !queue->at) {
        ssize_t count = stream_write(stream, from, length);
        if (count == STREAM_CLOSED) return false;
        if (count == STREAM_LATER) break;
        from += count;
        length -= (size_t)count;
    }
    if (length > 0) bytes_append(queue, from, length);
    return true;
}

/* MARK: bytes */

void bytes_reserve(struct bytes *bytes, size_t more) {
    if (bytes->capacity - bytes->length >= more) return;
    size_t capacity = bytes->capacity ? bytes->capacity : 16384;
    while (capacity - bytes->length < more) capacity *= 2;
    bytes->at = realloc(bytes->at, capacity);
    if (!bytes->at) die("realloc");
    bytes->capacity = capacity;
}

void bytes_append(struct bytes *bytes, const char *from, size_t length) {
    bytes_reserve(bytes, length);
    memcpy(bytes->at + bytes->length, from, length);
    bytes->length += length;
}

void bytes_free(struct bytes *bytes) {
    free(bytes->at);
    *bytes = (struct bytes){0};
}
