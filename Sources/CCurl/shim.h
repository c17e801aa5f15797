// What `HTTPClient` needs of libcurl: types and constants of its header, and a function for each call.
//
// The library is not linked but loaded at the first use (curl.c), by whoever calls `cCURL_load` before all others: with
// all that it depends on it takes nearly 4 MiB, and a gateway that asks for no token has no use for it.
#ifndef ACS_GATEWAY_CCURL_H
#define ACS_GATEWAY_CCURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

// Loads libcurl; NULL, or what is wrong, in words that stay valid until the next call.  Not for two threads at once.
const char *cCURL_load(void);

// Every function that is called, by its own name.
#define CCURL_FUNCTIONS(each) \
    each(curl_global_init) each(curl_version_info) each(curl_easy_init) each(curl_easy_cleanup) \
    each(curl_easy_reset) each(curl_easy_setopt) each(curl_easy_getinfo) each(curl_easy_strerror) \
    each(curl_multi_init) each(curl_multi_cleanup) each(curl_multi_setopt) each(curl_multi_add_handle) \
    each(curl_multi_remove_handle) each(curl_multi_perform) each(curl_multi_poll) each(curl_multi_wakeup) \
    each(curl_multi_info_read) each(curl_slist_append) each(curl_slist_free_all)

#define CCURL_POINTER(name) __typeof__(&name) name;
extern struct cCURL_library { CCURL_FUNCTIONS(CCURL_POINTER) } cCURL_library;
#undef CCURL_POINTER

// Options of a transfer.

static inline CURLcode cCURL_set_number(CURL *handle, CURLoption option, long number) {
    return cCURL_library.curl_easy_setopt(handle, option, number);
}

static inline CURLcode cCURL_set_size(CURL *handle, CURLoption option, curl_off_t size) {
    return cCURL_library.curl_easy_setopt(handle, option, size);
}

static inline CURLcode cCURL_set_text(CURL *handle, CURLoption option, const char *text) {
    return cCURL_library.curl_easy_setopt(handle, option, text);
}

static inline CURLcode cCURL_set_pointer(CURL *handle, CURLoption option, void *pointer) {
    return cCURL_library.curl_easy_setopt(handle, option, pointer);
}

static inline CURLcode cCURL_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return cCURL_library.curl_easy_setopt(handle, option, list);
}

// A copy of the bytes is made.
static inline CURLcode cCURL_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return cCURL_library.curl_easy_setopt(handle, option, &blob);
}

// Reading, writing and header lines all have this shape.
static inline CURLcode cCURL_set_stream_callback(
    CURL *handle, CURLoption option, size_t (*callback)(char *, size_t, size_t, void *)) {
    return cCURL_library.curl_easy_setopt(handle, option, callback);
}

static inline CURLcode cCURL_set_ssl_context_callback(
    CURL *handle, CURLcode (*callback)(CURL *, void *, void *)) {
    return cCURL_library.curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, callback);
}

static inline CURLcode cCURL_set_before_request_callback(
    CURL *handle, int (*callback)(void *, char *, char *, int, int)) {
    return cCURL_library.curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
}

// What a transfer tells.

static inline CURLcode cCURL_get_number(CURL *handle, CURLINFO item, long *number) {
    return cCURL_library.curl_easy_getinfo(handle, item, number);
}

static inline CURLcode cCURL_get_size(CURL *handle, CURLINFO item, curl_off_t *size) {
    return cCURL_library.curl_easy_getinfo(handle, item, size);
}

// Options of all transfers together.

static inline CURLMcode cCURLM_set_number(CURLM *multi, CURLMoption option, long number) {
    return cCURL_library.curl_multi_setopt(multi, option, number);
}

// Sums of shifts with a cast, which Swift does not import.
static inline long cCURLAUTH_BASIC(void) { return (long)CURLAUTH_BASIC; }

// The rest, as it is.

static inline CURLcode cCURL_global_init(void) { return cCURL_library.curl_global_init(CURL_GLOBAL_ALL); }
static inline curl_version_info_data *cCURL_version_info(CURLversion age) {
    return cCURL_library.curl_version_info(age);
}

static inline CURL *cCURL_easy_init(void) { return cCURL_library.curl_easy_init(); }
static inline void cCURL_easy_cleanup(CURL *handle) { cCURL_library.curl_easy_cleanup(handle); }
static inline void cCURL_easy_reset(CURL *handle) { cCURL_library.curl_easy_reset(handle); }
static inline const char *cCURL_easy_strerror(CURLcode code) { return cCURL_library.curl_easy_strerror(code); }

static inline CURLM *cCURL_multi_init(void) { return cCURL_library.curl_multi_init(); }
static inline CURLMcode cCURL_multi_cleanup(CURLM *multi) { return cCURL_library.curl_multi_cleanup(multi); }
static inline CURLMcode cCURL_multi_wakeup(CURLM *multi) { return cCURL_library.curl_multi_wakeup(multi); }

static inline CURLMcode cCURL_multi_add_handle(CURLM *multi, CURL *handle) {
    return cCURL_library.curl_multi_add_handle(multi, handle);
}

static inline CURLMcode cCURL_multi_remove_handle(CURLM *multi, CURL *handle) {
    return cCURL_library.curl_multi_remove_handle(multi, handle);
}

static inline CURLMcode cCURL_multi_perform(CURLM *multi, int *running) {
    return cCURL_library.curl_multi_perform(multi, running);
}

// Waits for transfers alone.
static inline CURLMcode cCURL_multi_poll(CURLM *multi, int milliseconds) {
    return cCURL_library.curl_multi_poll(multi, NULL, 0, milliseconds, NULL);
}

static inline CURLMsg *cCURL_multi_info_read(CURLM *multi, int *left) {
    return cCURL_library.curl_multi_info_read(multi, left);
}

static inline struct curl_slist *cCURL_slist_append(struct curl_slist *list, const char *text) {
    return cCURL_library.curl_slist_append(list, text);
}

static inline void cCURL_slist_free_all(struct curl_slist *list) { cCURL_library.curl_slist_free_all(list); }

#endif

