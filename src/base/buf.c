/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Growing bytes, and memory that never fails to come.
 */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define BUF_CAP_MIN 64
#define READ_CHUNK 16384

void buf_release(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_grow(struct buf *b, size_t n)
{
    if (n >= SIZE_MAX / 2 - b->len)
        die("a buffer of %zu bytes can't grow by %zu", b->len, n);
    size_t need = b->len + n + 1;
    size_t cap = b->cap < BUF_CAP_MIN ? BUF_CAP_MIN : b->cap;
    while (cap < need)
        cap *= 2;
    b->data = mem_realloc(b->data, cap);
    b->cap = cap;
    b->data[b->len] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    buf_reserve(b, len);
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add_part(struct buf *b, struct slice part)
{
    size_t len = part.data ? part.len : SIZE_MAX;
    buf_add(b, &len, sizeof(len));
    buf_add_slice(b, part);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vprintf(b, fmt, args);
    va_end(args);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    buf_reserve(b, BUF_CAP_MIN);
    size_t room = b->cap - b->len;
    int len = vsnprintf(b->data + b->len, room, fmt, args);
    if (len < 0)
        die("cannot format \"%s\": %s", fmt, strerrordesc_np(errno));
    if ((size_t)len >= room) {
        buf_reserve(b, (size_t)len);
        vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
    }
    b->len += (size_t)len;
    va_end(again);
}

void buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->len);
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n);
    buf_truncate(b, b->len - n);
}

char *buf_take(struct buf *b)
{
    buf_reserve(b, 0);
    char *data = b->data;
    *b = (struct buf){0};
    return data;
}

void *mem_alloc(size_t size)
{
    void *p = malloc(size > 0 ? size : 1);
    if (!p)
        die("out of memory for %zu bytes", size);
    return p;
}

void *mem_calloc(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (!p)
        die("out of memory for %zu times %zu bytes", n, size);
    return p;
}

void *mem_realloc(void *ptr, size_t size)
{
    /* realloc(ptr, 0) may free and return NULL, which isn't memory that ran out. */
    void *p = realloc(ptr, size > 0 ? size : 1);
    if (!p)
        die("out of memory for %zu bytes", size);
    return p;
}

void *mem_grow(void *items, size_t n, size_t size)
{
    return (n & (n - 1)) == 0 ? mem_realloc(items, (n ? n * 2 : 1) * size) : items;
}

char *mem_strdup(const char *s)
{
    return slice_dup(slice_str(s));
}

/* Reads until the end of the file, or until one byte more than `max` shows that it is too large. */
static int read_all(struct buf *b, int fd, const char *path, size_t max, struct err *err)
{
    for (size_t total = 0;;) {
        size_t left = max - total;
        size_t want = left < READ_CHUNK ? left + 1 : READ_CHUNK;
        buf_reserve(b, want);
        ssize_t n = read(fd, b->data + b->len, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, ERR_IO, errno, "cannot read %s", path);
        if (n == 0)
            return 0;
        if ((size_t)n > left)
            return err_set(err, ERR_FULL, "%s is larger than the %zu bytes allowed", path, max);
        total += (size_t)n;
        b->len += (size_t)n;
    }
}

int buf_read_file(struct buf *b, const char *path, size_t max, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
        return err_set_errno(err, code, errno, "cannot open %s", path);
    }
    size_t before = b->len;
    int rc = read_all(b, fd, path, max, err);
    close(fd);
    buf_reserve(b, 0);
    buf_truncate(b, rc < 0 ? before : b->len);
    return rc;
}
