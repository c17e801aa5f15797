/* Whether a request that reached the origin is authorized as the service would want it. */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include "http.h"

#include <stdint.h>

/* Reads the access key and the bearer token that requests are held against. */
void verify_init(const char *key_file, const char *bearer_file);

/* NULL when the request with this head and body, sent to 127.0.0.1 and `port`, is in order; else what is wrong with it.
 * Its target says what is demanded: `/verify/hmac/…` a signature, `/verify/bearer/…` the token. */
const char *verify_request(const char *head, size_t head_length, const char *body, size_t body_length, uint16_t port);

/* Whether this request is to be verified at all. */
bool verify_is_wanted(const char *head, size_t head_length);

#endif
