// What `HTTPClient` needs of libcurl and Swift cannot import by itself: one inline function per variadic call and type.
#ifndef ACS_GATEWAY_CCURL_H
#define ACS_GATEWAY_CCURL_H

#include <curl/curl.h>

// Options of a transfer.

static inline CURLcode cCURL_set_number(CURL *handle, CURLoption option, long number) {
    return curl_easy_setopt(handle, option, number);
}

static inline CURLcode cCURL_set_size(CURL *handle, CURLoption option, curl_off_t size) {
    return curl_easy_setopt(handle, option, size);
}

static inline CURLcode cCURL_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}

static inline CURLcode cCURL_set_pointer(CURL *handle, CURLoption option, void *pointer) {
    return curl_easy_setopt(handle, option, pointer);
}

static inline CURLcode cCURL_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

// A copy of the bytes is made.
static inline CURLcode cCURL_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

// Reading, writing and header lines all have this shape.
static inline CURLcode cCURL_set_stream_callback(
    CURL *handle, CURLoption option, size_t (*callback)(char *, size_t, size_t, void *)) {
    return curl_easy_setopt(handle, option, callback);
}

static inline CURLcode cCURL_set_ssl_context_callback(
    CURL *handle, CURLcode (*callback)(CURL *, void *, void *)) {
    return curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, callback);
}

static inline CURLcode cCURL_set_before_request_callback(
    CURL *handle, int (*callback)(void *, char *, char *, int, int)) {
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
}

// What a transfer tells.

static inline CURLcode cCURL_get_number(CURL *handle, CURLINFO item, long *number) {
    return curl_easy_getinfo(handle, item, number);
}

static inline CURLcode cCURL_get_size(CURL *handle, CURLINFO item, curl_off_t *size) {
    return curl_easy_getinfo(handle, item, size);
}

// Options of all transfers together.

static inline CURLMcode cCURLM_set_number(CURLM *multi, CURLMoption option, long number) {
    return curl_multi_setopt(multi, option, number);
}

// Sums of shifts with a cast, which Swift does not import.
static inline long cCURLAUTH_BASIC(void) { return (long)CURLAUTH_BASIC; }
static inline CURLcode cCURL_global_init(void) { return curl_global_init(CURL_GLOBAL_ALL); }

#endif
