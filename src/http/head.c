/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lines lie one behind another in one buffer and are cut into names and values when asked for, so
 * that the buffer may move while they come.
 */
#include "http/head.h"

#include <stdlib.h>

void head_deinit(struct head *h)
{
    buf_deinit(&h->lines);
    free(h->items);
    *h = (struct head){0};
}

void head_begin(struct head *h)
{
    buf_clear(&h->lines);
}

int head_add(struct head *h, struct slice line)
{
    bool is_folded = line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t');
    struct slice text = slice_trim(line);
    if (text.len >= HEAD_MAX - h->lines.len)
        return -1;
    if (is_folded && h->lines.len > 0)
        h->lines.data[h->lines.len - 1] = ' ';
    buf_add_slice(&h->lines, text);
    buf_add_char(&h->lines, '\n');
    return 0;
}

static struct http_header header_of(struct slice line)
{
    struct slice name = slice_split(&line, ':');
    return (struct http_header){slice_trim(name), slice_trim(line)};
}

struct http_headers head_headers(struct head *h)
{
    struct slice rest = buf_slice(&h->lines);
    size_t n = 0;
    while (rest.len > 0) {
        if (n == h->cap) {
            h->cap = h->cap ? h->cap * 2 : 16;
            h->items = mem_realloc(h->items, h->cap * sizeof(*h->items));
        }
        h->items[n++] = header_of(slice_split(&rest, '\n'));
    }
    return (struct http_headers){h->items, n};
}
