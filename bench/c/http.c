#define _GNU_SOURCE
#include "http.h"

#include <string.h>
#include <strings.h>

size_t http_head_length(const char *data, size_t length) {
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    return end ? (size_t)(end - data) + 4 : 0;
}

struct text http_fields(const char *head, size_t head_length) {
    const char *first = (const char *)memchr(head, '\n', head_length) + 1;
    return (struct text){first, head_length - (size_t)(first - head)};
}

bool http_next_field(struct text *rest, struct text *name, struct text *value) {
    const char *end = memchr(rest->at, '\n', rest->length);
    const char *colon = end ? memchr(rest->at, ':', (size_t)(end - rest->at)) : NULL;
    if (!colon) return false;
    *name = (struct text){rest->at, (size_t)(colon - rest->at)};
    const char *start = colon + 1;
    while (*start == ' ') start++;
    *value = (struct text){start, (size_t)(end - 1 - start)};
    rest->length -= (size_t)(end + 1 - rest->at);
    rest->at = end + 1;
    return true;
}

size_t http_content_length(const char *head, size_t head_length) {
    struct text rest = http_fields(head, head_length), name, value;
    while (http_next_field(&rest, &name, &value)) {
        if (name.length != 14 || !text_is(name, "content-length")) continue;
        size_t length = 0;
        for (size_t i = 0; i < value.length; i++) length = length * 10 + (size_t)(value.at[i] - '0');
        return length;
    }
    return 0;
}

bool text_is(struct text text, const char *lower) {
    return strlen(lower) == text.length && strncasecmp(text.at, lower, text.length) == 0;
}
