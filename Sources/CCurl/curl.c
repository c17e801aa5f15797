#include "shim.h"

#include <dlfcn.h>
#include <stddef.h>

struct cCURL_library cCURL_library;

const char *cCURL_load(void) {
    // The name that the library's packages keep as long as its interface stays compatible.  Never closed.
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return dlerror();
#define CCURL_TAKE(name) \
    cCURL_library.name = (__typeof__(&name))dlsym(library, #name); \
    if (cCURL_library.name == NULL) return dlerror();
    CCURL_FUNCTIONS(CCURL_TAKE)
#undef CCURL_TAKE
    return NULL;
}
