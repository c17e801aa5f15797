// What `Crypto` needs of OpenSSL 3.0 and Swift cannot import by itself: one inline function per macro or variadic call.
#ifndef ACS_GATEWAY_COPENSSL_H
#define ACS_GATEWAY_COPENSSL_H

// SHA256_Init and its fellows: deprecated in 3.0, used on purpose (docs/decisions/0004-sha256-by-value.md).
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#endif
