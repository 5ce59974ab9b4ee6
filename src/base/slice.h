/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A borrowed run of bytes. Whoever takes a slice as a parameter never keeps it past its return
 * unless its header says so; what must be kept is copied into a buf.
 */
#ifndef LIAISON_BASE_SLICE_H
#define LIAISON_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data; /* not NUL-terminated; may be NULL when len is 0 */
    size_t len;       /* bytes */
};

#define SLICE_NULL ((struct slice){NULL, 0})
/* Of a string literal. */
#define SLICE_LIT(s) ((struct slice){"" s, sizeof(s) - 1})
/* For printf's "%.*s". */
#define SLICE_FMT(s) (int)(s).len, (s).data ? (s).data : ""

static inline struct slice slice_of(const char *data, size_t len)
{
    return (struct slice){data, len};
}

/* Of a NUL-terminated string; NULL gives SLICE_NULL. */
static inline struct slice slice_str(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

/* s, and where it is absent the empty one: where absent means something else. */
static inline struct slice slice_present(struct slice s)
{
    return s.data ? s : slice_of("", 0);
}

static inline bool slice_is_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* From > len gives an empty slice. */
static inline struct slice slice_from(struct slice s, size_t from)
{
    if (from > s.len)
        from = s.len;
    /* Even 0 may not be added to a null pointer. */
    return slice_of(from > 0 ? s.data + from : s.data, s.len - from);
}

static inline struct slice slice_upto(struct slice s, size_t len)
{
    return slice_of(s.data, len < s.len ? len : s.len);
}

bool slice_is_equal_nocase(struct slice a, struct slice b); /* ASCII letters only */
bool slice_has_prefix(struct slice s, struct slice prefix);
bool slice_has_prefix_nocase(struct slice s, struct slice prefix);
bool slice_has_suffix(struct slice s, struct slice suffix);
/* < 0, 0, > 0 as memcmp, the shorter first. */
int slice_compare(struct slice a, struct slice b);
/* Position of the first `c`, or s.len. */
size_t slice_find(struct slice s, char c);
struct slice slice_trim(struct slice s); /* without ASCII white space at both ends */

/* Cuts off and returns what stands before the first `c`; *s becomes what follows it (empty, with
   data NULL, when there was none left). Walks a separated list. */
struct slice slice_split(struct slice *s, char c);

/* Whether the bytes are well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no overlongs). */
bool slice_is_utf8(struct slice s);

/* A heap copy with a NUL behind it; the caller frees it. Dies when memory runs out. */
char *slice_dup(struct slice s);

#endif
