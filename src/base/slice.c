/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Borrowed runs of bytes: comparing, cutting, and whether they are UTF-8.
 */
#include "base/slice.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"

/* ASCII only: tolower() follows the locale. */
static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool slice_is_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    if (slice_is_equal(a, b)) /* as most that are */
        return true;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

bool slice_has_prefix(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_is_equal(slice_upto(s, prefix.len), prefix);
}

bool slice_has_prefix_nocase(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_is_equal_nocase(slice_upto(s, prefix.len), prefix);
}

bool slice_has_suffix(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_is_equal(slice_from(s, s.len - suffix.len), suffix);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

size_t slice_find(struct slice s, char c)
{
    const char *found = s.len > 0 ? memchr(s.data, c, s.len) : NULL;
    return found ? (size_t)(found - s.data) : s.len;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
    size_t begin = 0, end = s.len;
    while (begin < end && is_space(s.data[begin]))
        begin++;
    while (end > begin && is_space(s.data[end - 1]))
        end--;
    return slice_from(slice_upto(s, end), begin);
}

struct slice slice_split(struct slice *s, char c)
{
    size_t at = slice_find(*s, c);
    struct slice before = slice_upto(*s, at);
    *s = at < s->len ? slice_from(*s, at + 1) : SLICE_NULL;
    return before;
}

/* How many bytes from `i` on are ASCII; eight are looked at together. */
static size_t ascii_len(struct slice s, size_t i)
{
    const uint64_t tops = 0x8080808080808080;
    size_t from = i;
    for (uint64_t word; s.len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, s.data + i, sizeof(word));
        if (word & tops)
            break;
    }
    while (i < s.len && (unsigned char)s.data[i] < 0x80)
        i++;
    return i - from;
}

bool slice_is_utf8(struct slice s)
{
    for (size_t i = 0, len; (i += ascii_len(s, i)) < s.len; i += len) {
        len = utf8_len(slice_from(s, i));
        if (len == 0)
            return false;
    }
    return true;
}

char *slice_dup(struct slice s)
{
    char *copy = mem_alloc(s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return copy;
}
