/* The access-key signature, as fast as OpenSSL 3.0 can be brought to make it. */
#ifndef BENCH_SIGN_H
#define BENCH_SIGN_H

#include "http.h"

/* Reads a base64 access key from `key_file`, fetches the digest and keys the two halves of the HMAC. */
void sign_init(const char *key_file);

/* Writes the lines x-ms-date, x-ms-content-sha256 and Authorization to `out`; gives the byte after them. */
char *sign_write(char *out, struct text method, struct text target, struct text host, const char *body, size_t length);

#endif
