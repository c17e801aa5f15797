#define _GNU_SOURCE
#include "sign.h"

#include "stream.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 64, DIGEST = 32, DATE = 29, BASE64_DIGEST = 44, MAX_KEY = 1024 };

static EVP_MD *sha256;
static EVP_MD_CTX *inner, *outer, *work;

static void hash(unsigned char *digest, const void *data, size_t length) {
    EVP_DigestInit_ex(work, sha256, NULL);
    EVP_DigestUpdate(work, data, length);
    EVP_DigestFinal_ex(work, digest, NULL);
}

static EVP_MD_CTX *keyed(const unsigned char *key, unsigned char pad) {
    unsigned char block[BLOCK];
    for (int i = 0; i < BLOCK; i++) block[i] = key[i] ^ pad;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, sha256, NULL);
    EVP_DigestUpdate(context, block, BLOCK);
    return context;
}

void sign_init(const char *key_file) {
    char text[MAX_KEY];
    unsigned char key[MAX_KEY] = {0};
    FILE *file = fopen(key_file, "r");
    if (!file || !fgets(text, sizeof text, file)) die(key_file);
    fclose(file);
    size_t length = strcspn(text, "\n");
    int decoded = EVP_DecodeBlock(key, (unsigned char *)text, (int)length);
    if (decoded < 0) die("the key is not base64");
    for (size_t i = length; i > 0 && text[i - 1] == '='; i--) decoded--;

    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    work = EVP_MD_CTX_new();
    if (decoded > BLOCK) {
        hash(key, key, (size_t)decoded);
        memset(key + DIGEST, 0, BLOCK - DIGEST);
    }
    inner = keyed(key, 0x36);
    outer = keyed(key, 0x5c);
}

static void hmac(unsigned char *mac, const char *text, size_t length) {
    EVP_MD_CTX_copy_ex(work, inner);
    EVP_DigestUpdate(work, text, length);
    EVP_DigestFinal_ex(work, mac, NULL);
    EVP_MD_CTX_copy_ex(work, outer);
    EVP_DigestUpdate(work, mac, DIGEST);
    EVP_DigestFinal_ex(work, mac, NULL);
}

/* The date in the form of RFC 9110 section 5.6.7, made anew once a second. */
static const char *date_now(void) {
    static char text[DATE + 1];
    static time_t second;
    time_t now = time(NULL);
    if (now != second) {
        struct tm parts;
        second = now;
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    }
    return text;
}

static char *put(char *out, const char *from, size_t length) {
    return (char *)memcpy(out, from, length) + length;
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

char *sign_write(char *out, struct text method, struct text target, struct text host, const char *body, size_t length) {
    static char text[65536];
    unsigned char bytes[DIGEST];
    char digest[BASE64_DIGEST + 1];
    const char *date = date_now();
    hash(bytes, body, length);
    EVP_EncodeBlock((unsigned char *)digest, bytes, DIGEST);

    if (method.length + target.length + host.length > sizeof text - 128) die("the request line is too long");
    char *end = put(text, method.at, method.length);
    end = PUT(end, "\n");
    end = put(end, target.at, target.length);
    end = PUT(end, "\n");
    end = put(end, date, DATE);
    end = PUT(end, ";");
    end = put(end, host.at, host.length);
    end = PUT(end, ";");
    end = put(end, digest, BASE64_DIGEST);
    hmac(bytes, text, (size_t)(end - text));

    out = PUT(out, "x-ms-date: ");
    out = put(out, date, DATE);
    out = PUT(out, "\r\nx-ms-content-sha256: ");
    out = put(out, digest, BASE64_DIGEST);
    out = PUT(out, "\r\nAuthorization: HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=");
    out += EVP_EncodeBlock((unsigned char *)out, bytes, DIGEST);
    return PUT(out, "\r\n");
}
