// Memory for OpenSSL that is kept by each thread instead of being asked for anew
// (docs/decisions/0017-openssl-blocks.md).
//
// OpenSSL 3.0 asks for four small blocks with each record that it writes, and for two buffers of a record with each
// exchange, since idle connections give them back.  All are freed by the thread that asked.  So a thread keeps a few of
// each usual size; the rest goes to malloc and free, as it would without this.
#include "shim.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ACS_SANITIZED 1
#endif
#endif

#ifndef ACS_SANITIZED

// What a block can hold.  The last is a record's buffer with all that surrounds it.
enum { KINDS = 6 };
static const size_t kinds[KINDS] = {64, 128, 256, 512, 1024, 18432};
static const unsigned limits[KINDS] = {64, 64, 32, 32, 16, 8};

// Stands before each block; as large as what malloc aligns to.
typedef union block {
    struct {
        size_t capacity;
        union block *next;
    } head;
    max_align_t alignment;
} block;

static __thread struct {
    block *first[KINDS];
    unsigned count[KINDS];
} kept;

// The kind of block for `size` bytes; KINDS for none, among them what lies between: it would waste most of a block.
static unsigned kind_of(size_t size) {
    if (size > kinds[KINDS - 2] && size <= kinds[KINDS - 1] / 2) return KINDS;
    for (unsigned kind = 0; kind < KINDS; kind++)
        if (size <= kinds[kind]) return kind;
    return KINDS;
}

static void *take(size_t size, const char *file, int line) {
    (void)file, (void)line;
    if (size == 0 || size > SIZE_MAX - sizeof(block)) return NULL;
    unsigned kind = kind_of(size);
    size_t capacity = kind < KINDS ? kinds[kind] : size;
    block *found = kind < KINDS ? kept.first[kind] : NULL;
    if (found) {
        kept.first[kind] = found->head.next;
        kept.count[kind]--;
    } else {
        found = malloc(sizeof(block) + capacity);
        if (!found) return NULL;
    }
    found->head.capacity = capacity;
    return found + 1;
}

static void give_back(void *bytes, const char *file, int line) {
    (void)file, (void)line;
    if (!bytes) return;
    block *block = (union block *)bytes - 1;
    unsigned kind = kind_of(block->head.capacity);
    if (kind < KINDS && kinds[kind] == block->head.capacity && kept.count[kind] < limits[kind]) {
        block->head.next = kept.first[kind];
        kept.first[kind] = block;
        kept.count[kind]++;
    } else {
        free(block);
    }
}

static void *resize(void *bytes, size_t size, const char *file, int line) {
    if (!bytes) return take(size, file, line);
    if (size == 0) {
        give_back(bytes, file, line);
        return NULL;
    }
    size_t capacity = ((block *)bytes - 1)->head.capacity;
    if (size <= capacity) return bytes;
    void *larger = take(size, file, line);
    if (!larger) return NULL;
    memcpy(larger, bytes, capacity);
    give_back(bytes, file, line);
    return larger;
}

int cOpenSSL_keep_blocks(void) { return CRYPTO_set_mem_functions(take, resize, give_back); }

#else

// A sanitizer must see each block come and go.
int cOpenSSL_keep_blocks(void) { return 1; }

#endif
