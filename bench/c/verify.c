#define _GNU_SOURCE
#include "verify.h"

#include "stream.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BASE64_DIGEST = 44, DATE = 29, MAX_SECRET = 4096, WINDOW_SECONDS = 15 * 60 };

#define SCHEME "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="

static unsigned char key[MAX_SECRET];
static int key_length;
static char bearer[MAX_SECRET];

static void read_line(const char *path, char *line) {
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, MAX_SECRET, file)) die(path);
    fclose(file);
    line[strcspn(line, "\n")] = 0;
}

void verify_init(const char *key_file, const char *bearer_file) {
    char text[MAX_SECRET];
    read_line(bearer_file, bearer);
    read_line(key_file, text);
    size_t length = strlen(text);
    key_length = EVP_DecodeBlock(key, (unsigned char *)text, (int)length);
    if (key_length < 0) die("the key is not base64");
    for (size_t i = length; i > 0 && text[i - 1] == '='; i--) key_length--;
}

static struct text target_of(const char *head, size_t head_length) {
    const char *space = memchr(head, ' ', head_length);
    if (!space) return (struct text){head, 0};
    const char *end = memchr(space + 1, ' ', head_length - (size_t)(space + 1 - head));
    return (struct text){space + 1, end ? (size_t)(end - space - 1) : 0};
}

static bool begins(struct text text, const char *with) {
    return text.length >= strlen(with) && memcmp(text.at, with, strlen(with)) == 0;
}

static bool is_exactly(struct text text, const char *other) {
    return text.length == strlen(other) && memcmp(text.at, other, text.length) == 0;
}

bool verify_is_wanted(const char *head, size_t head_length) {
    return begins(target_of(head, head_length), "/verify/");
}

/* The value of the field that must be there exactly once; a NULL `at` if it is not. */
static struct text only(const char *head, size_t head_length, const char *wanted) {
    struct text rest = http_fields(head, head_length), name, value, found = {NULL, 0};
    int times = 0;
    while (http_next_field(&rest, &name, &value)) {
        if (!text_is(name, wanted)) continue;
        found = value;
        times++;
    }
    if (times != 1) found.at = NULL;
    return found;
}

static bool is_fresh(struct text date) {
    char text[DATE + 1] = {0}, again[DATE + 1] = {0};
    struct tm parts = {0};
    if (date.length != DATE) return false;
    memcpy(text, date.at, DATE);
    if (!strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts)) return false;
    time_t second = timegm(&parts);
    strftime(again, sizeof again, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&second, &parts));
    return strcmp(text, again) == 0 && labs((long)(second - time(NULL))) <= WINDOW_SECONDS;
}

static void base64_digest(char *out, const unsigned char *digest) {
    EVP_EncodeBlock((unsigned char *)out, digest, SHA256_DIGEST_LENGTH);
}

static const char *verify_signature(
    const char *head, size_t head_length, struct text authorization, struct text host, const char *body, size_t length
) {
    static char signed_text[65536];
    unsigned char bytes[SHA256_DIGEST_LENGTH];
    char digest[BASE64_DIGEST + 1], expected[sizeof SCHEME + BASE64_DIGEST];
    struct text date = only(head, head_length, "x-ms-date");
    struct text declared = only(head, head_length, "x-ms-content-sha256");
    if (!date.at) return "want exactly one x-ms-date";
    if (!is_fresh(date)) return "x-ms-date is not an IMF-fixdate of the last 15 minutes";
    if (!declared.at) return "want exactly one x-ms-content-sha256";
    base64_digest(digest, SHA256((const unsigned char *)body, length, bytes));
    if (!is_exactly(declared, digest)) return "x-ms-content-sha256 is not the body's digest";

    struct text target = target_of(head, head_length);
    int text_length = snprintf(
        signed_text, sizeof signed_text, "%.*s\n%.*s\n%.*s;%.*s;%s", (int)(target.at - 1 - head), head,
        (int)target.length, target.at, (int)date.length, date.at, (int)host.length, host.at, digest);
    HMAC(EVP_sha256(), key, key_length, (unsigned char *)signed_text, (size_t)text_length, bytes, NULL);
    memcpy(expected, SCHEME, sizeof SCHEME - 1);
    base64_digest(expected + sizeof SCHEME - 1, bytes);
    return is_exactly(authorization, expected) ? NULL : "the signature is wrong";
}

const char *verify_request(const char *head, size_t head_length, const char *body, size_t body_length, uint16_t port) {
    char authority[32];
    snprintf(authority, sizeof authority, "127.0.0.1:%u", port);
    struct text host = only(head, head_length, "host");
    struct text authorization = only(head, head_length, "authorization");
    if (!host.at) return "want exactly one Host";
    if (!is_exactly(host, authority)) return "Host is not the origin's authority";
    if (!authorization.at) return "want exactly one Authorization";

    struct text target = target_of(head, head_length);
    if (begins(target, "/verify/hmac/"))
        return verify_signature(head, head_length, authorization, host, body, body_length);
    if (!begins(target, "/verify/bearer/")) return "the target does not say what to verify";
    if (!begins(authorization, "Bearer ")) return "want a bearer token";
    struct text token = {authorization.at + 7, authorization.length - 7};
    return is_exactly(token, bearer) ? NULL : "the bearer token is wrong";
}
