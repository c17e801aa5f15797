/* What Swift's Glibc module lacks: epoll, eventfd, and the macros and variadic calls that we use. */
#ifndef ACS_CLINUX_SHIM_H
#define ACS_CLINUX_SHIM_H
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* _GNU_SOURCE would change types that Swift's Glibc module has already read, so what hides behind it is spelt here. */
extern int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int acs_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* CPUs this process may use. */
static inline int acs_usable_cpus(void) {
    unsigned long set[64] = {0};
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof set, set);
    int count = 0;
    for (long word = 0; word < bytes / (long)sizeof set[0]; word++) count += __builtin_popcountl(set[word]);
    return count > 0 ? count : 1;
}

/* Names the calling thread, for ps and gdb. */
static inline void acs_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/* open is variadic. */
static inline int acs_open(const char *path, int flags, unsigned mode) { return open(path, flags, (mode_t)mode); }

/* A file without a name in a directory; O_TMPFILE is a macro that Swift does not import. */
static inline int acs_open_unnamed(const char *directory) {
    return open(directory, __O_TMPFILE | O_DIRECTORY | O_RDWR | O_CLOEXEC, (mode_t)0600);
}

/* S_IS* are macros. */
static inline int acs_is_socket(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* Which file a path names now, a link not followed; 0 when it is a socket. */
static inline int acs_socket_file(const char *path, unsigned long *device, unsigned long *inode) {
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return -1;
    *device = status.st_dev;
    *inode = status.st_ino;
    return 0;
}

/* Who connected to a Unix socket; struct ucred hides behind _GNU_SOURCE, too. */
static inline int acs_peer_credentials(int descriptor, int *process, unsigned *user, unsigned *group) {
    struct { int process; unsigned user, group; } peer;
    socklen_t length = sizeof peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || length != sizeof peer) return -1;
    *process = peer.process;
    *user = peer.user;
    *group = peer.group;
    return 0;
}

/* The calls of a request's way, without being points of cancellation: glibc puts two atomic operations around those in
   a process with several threads, and nobody cancels a thread here. */
static inline long acs_receive(int descriptor, void *bytes, size_t count) {
    return syscall(SYS_recvfrom, descriptor, bytes, count, 0, (void *)0, (void *)0);
}

static inline long acs_send(int descriptor, const void *bytes, size_t count) {
    return syscall(SYS_sendto, descriptor, bytes, count, MSG_NOSIGNAL, (void *)0, 0);
}

static inline int acs_epoll_wait(int epoll, struct epoll_event *events, int limit, int milliseconds) {
    return (int)syscall(SYS_epoll_pwait, epoll, events, limit, milliseconds, (void *)0, (size_t)8);
}

static inline int acs_errno(void) { return errno; }
#endif
