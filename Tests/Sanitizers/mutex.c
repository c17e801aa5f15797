// Tells ThreadSanitizer of Swift's `Mutex` where it cannot see it (script/test --sanitize thread).
//
// Taken and given back without a contender, the mutex is an atomic in our own code, which is instrumented.  With one,
// the kernel hands it over (FUTEX_LOCK_PI, FUTEX_UNLOCK_PI) within libswiftSynchronization, which is not: each access
// behind such a hand-over would be reported.  These take the place of the two functions that ask the kernel, call
// them, and say what happened before what.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

// `_MutexHandle._lockSlow(_: UInt32)`.
SWIFT void lock_slow(uint32_t thread, SELF void *self) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF void *self) {
    SWIFT void (*original)(uint32_t, SELF void *) = (SWIFT void (*)(uint32_t, SELF void *))dlsym(RTLD_NEXT, LOCK);
    original(thread, self);
    __tsan_acquire(self);
}

// `_MutexHandle._unlockSlow()`.
SWIFT void unlock_slow(SELF void *self) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF void *self) {
    SWIFT void (*original)(SELF void *) = (SWIFT void (*)(SELF void *))dlsym(RTLD_NEXT, UNLOCK);
    __tsan_release(self);
    original(self);
}
