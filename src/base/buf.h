/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A growing run of bytes that its holder owns. Memory that runs out ends the process (die): what
 * is sized by input is bounded by its limits before it gets here.
 *
 *     struct buf b = {0};
 *     buf_printf(&b, "%d events", n);
 *     write(fd, b.data, b.len);
 *     buf_deinit(&b);
 */
#ifndef LIAISON_BASE_BUF_H
#define LIAISON_BASE_BUF_H

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "base/slice.h"

struct buf {
    char *data; /* NULL until something was added; after that always a NUL behind the last byte */
    size_t len; /* bytes in use, without that NUL */
    size_t cap;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_printf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list args) printf_like(2, 0);
/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* Hands the bytes to the caller, who frees them; *b is empty after. Never NULL. */
char *buf_take(struct buf *b);

/* Of buf_deinit, where there is something. */
void buf_release(struct buf *b);

static inline void buf_deinit(struct buf *b)
{
    if (b->data)
        buf_release(b);
}

/* Of buf_reserve, where there is no room yet. */
void buf_grow(struct buf *b, size_t n);

/* Room for n more bytes. */
static inline void buf_reserve(struct buf *b, size_t n)
{
    if (n >= b->cap - b->len) /* the NUL needs one more */
        buf_grow(b, n);
}

static inline void buf_add_char(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

static inline void buf_add_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.data, s.len);
}

static inline void buf_add_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

/* Its length and its bytes, for keys of several parts: they can't run into each other, and an absent one
   isn't an empty one. */
void buf_add_part(struct buf *b, struct slice part);

/* Cuts to len bytes (len <= b->len). */
static inline void buf_truncate(struct buf *b, size_t len)
{
    assert(len <= b->len);
    b->len = len;
    if (b->data)
        b->data[len] = '\0';
}

/* Empty, its memory kept. */
static inline void buf_clear(struct buf *b)
{
    buf_truncate(b, 0);
}

static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->data, b->len};
}

/* malloc, calloc, realloc and strdup that die instead of returning NULL. */
void *mem_alloc(size_t size);
void *mem_calloc(size_t n, size_t size);
void *mem_realloc(void *ptr, size_t size);
char *mem_strdup(const char *s);
/* An array of `n` items of that size with room for one more: it is full at each power of two, so that
   nobody has to remember how much room there is. */
void *mem_grow(void *items, size_t n, size_t size);

/* Reads a whole file of at most `max` bytes; returns 0, or -1 with `err` naming the path. */
struct err;
int buf_read_file(struct buf *b, const char *path, size_t max, struct err *err) must_check;

#endif
