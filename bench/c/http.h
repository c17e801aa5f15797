/* Just enough HTTP/1.1 to find the end of a message.  No checks: peers are the benchmark's own programs. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that someone else owns. */
struct text {
    const char *at;
    size_t length;
};

/* Bytes of the head in front of `data`, its blank line included; 0 while it is incomplete. */
size_t http_head_length(const char *data, size_t length);

/* What follows the first line of a head: the field lines, ready for `http_next_field`. */
struct text http_fields(const char *head, size_t head_length);

/* Takes the next field line off `rest`; false at the blank line. */
bool http_next_field(struct text *rest, struct text *name, struct text *value);

/* The value of Content-Length, 0 without one. */
size_t http_content_length(const char *head, size_t head_length);

/* Whether `text` is `lower`, which is in lower case, whatever the case of `text`. */
bool text_is(struct text text, const char *lower);

#endif
