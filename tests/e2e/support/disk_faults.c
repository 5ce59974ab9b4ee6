/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A disk that fails when it is told to, below a daemon that knows nothing of it: preloaded, it
 * stands between the program and the system's calls on files whose name has "journal.db" in it.
 * support/disk.py writes what each kind of call is to do into the file that DISK_FAULTS names, one
 * letter a kind; it is shared memory here, so that orders count at once.
 *
 * It also moves the clock that never goes back, so that a test needn't wait for what takes long.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum kind { KIND_OPEN, KIND_READ, KIND_WRITE, KIND_SYNC, KIND_TRUNCATE, KINDS };

/* The file: a letter for each kind, then seconds that the clock is ahead, then what happened. */
struct orders {
    volatile char letters[KINDS];
    volatile char unused[3];
    volatile uint32_t ahead_s;
    volatile uint32_t failures; /* calls that failed so far */
};

#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, name)

static struct orders *orders;

__attribute__((constructor)) static void map_orders(void)
{
    const char *path = getenv("DISK_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        orders = at;
}

static bool is_journal(const char *path)
{
    return strstr(path, "journal.db") != NULL;
}

static bool is_journals(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n <= 0)
        return false;
    path[n] = 0;
    return is_journal(path);
}

static int errno_of(char letter)
{
    switch (letter) {
    case 'i':
        return EIO;
    case 'f':
        return ENOSPC;
    case 'r':
        return EROFS;
    default:
        return 0;
    }
}

/* Whether the call fails, with errno; one that hangs does until it is told otherwise. */
static bool fails(enum kind kind)
{
    const struct timespec nap = {.tv_nsec = 2000000};
    while (orders->letters[kind] == 'h')
        nanosleep(&nap, NULL);
    int code = errno_of(orders->letters[kind]);
    if (code == 0)
        return false;
    __atomic_fetch_add(&orders->failures, 1, __ATOMIC_RELAXED);
    errno = code;
    return true;
}

static bool is_due(enum kind kind, int fd)
{
    return orders && orders->letters[kind] != 0 && orders->letters[kind] != '.' && is_journals(fd);
}

static bool may_open(const char *path, int flags)
{
    if (!orders || !is_journal(path) || strstr(path, "-shm") || (flags & O_ACCMODE) == O_RDONLY)
        return true;
    return !fails(KIND_OPEN);
}

static mode_t mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    REAL(int, "open", const char *, int, ...);
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return may_open(path, flags) ? real(path, flags, mode) : -1;
}

int open64(const char *path, int flags, ...)
{
    REAL(int, "open64", const char *, int, ...);
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    return may_open(path, flags) ? real(path, flags, mode) : -1;
}

ssize_t pread64(int fd, void *to, size_t len, off64_t at)
{
    REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
    return is_due(KIND_READ, fd) && fails(KIND_READ) ? -1 : real(fd, to, len, at);
}

/* A short write does half of what it is asked for, until nothing is left to halve. */
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (!is_due(KIND_WRITE, fd))
        return real(fd, bytes, len, at);
    if (orders->letters[KIND_WRITE] == 's') {
        if (len > 1)
            return real(fd, bytes, len / 2, at);
        __atomic_fetch_add(&orders->failures, 1, __ATOMIC_RELAXED);
        errno = ENOSPC;
        return -1;
    }
    return fails(KIND_WRITE) ? -1 : real(fd, bytes, len, at);
}

int fsync(int fd)
{
    REAL(int, "fsync", int);
    return is_due(KIND_SYNC, fd) && fails(KIND_SYNC) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);
    return is_due(KIND_SYNC, fd) && fails(KIND_SYNC) ? -1 : real(fd);
}

int ftruncate64(int fd, off64_t len)
{
    REAL(int, "ftruncate64", int, off64_t);
    return is_due(KIND_TRUNCATE, fd) && fails(KIND_TRUNCATE) ? -1 : real(fd, len);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int rc = real(clock, out);
    if (orders && rc == 0 && clock == CLOCK_MONOTONIC)
        out->tv_sec += orders->ahead_s;
    return rc;
}
