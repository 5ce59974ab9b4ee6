/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A path is cut at its slashes before it is decoded, so that "%2F" is part of a segment.
 */
#include "http/target.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

void target_deinit(struct target *t)
{
    buf_deinit(&t->raw);
    buf_deinit(&t->decoded);
    buf_deinit(&t->query);
}

/* ---- Decoding ------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Appends `s` decoded and a NUL; -1 when it can't be. */
static int add_decoded(struct buf *out, struct slice s, bool is_form)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '%') {
            int high = i + 2 < s.len ? hex_digit(s.data[i + 1]) : -1;
            int low = i + 2 < s.len ? hex_digit(s.data[i + 2]) : -1;
            if (high < 0 || low < 0 || (high | low) == 0)
                return -1;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        buf_add_char(out, c);
    }
    buf_add_char(out, '\0');
    return 0;
}

static int parse_path(struct target *t)
{
    t->n_segments = 0;
    if (!slice_has_prefix(t->path, SLICE_LIT("/"))) /* "*", as for OPTIONS: no path at all */
        return 0;
    struct slice rest = slice_from(t->path, 1);
    size_t ends[TARGET_SEGMENTS_MAX];
    size_t n = 0;
    buf_clear(&t->decoded);
    do {
        if (add_decoded(&t->decoded, slice_split(&rest, '/'), false) < 0)
            return -1;
        if (n < TARGET_SEGMENTS_MAX)
            ends[n] = t->decoded.len - 1;
        n++;
    } while (rest.data);

    t->n_segments = n <= TARGET_SEGMENTS_MAX ? n : SIZE_MAX;
    /* Only now does the buffer stay where it is. */
    for (size_t i = 0, from = 0; i < n && i < TARGET_SEGMENTS_MAX; i++) {
        t->segments[i] = slice_of(t->decoded.data + from, ends[i] - from);
        from = ends[i] + 1;
    }
    return 0;
}

static int parse_query(struct target *t, struct slice query)
{
    buf_clear(&t->query);
    while (query.len > 0) {
        struct slice value = slice_split(&query, '&');
        if (value.len == 0)
            continue;
        struct slice name = slice_split(&value, '=');
        if (add_decoded(&t->query, name, true) < 0 || add_decoded(&t->query, value, true) < 0)
            return -1;
    }
    return 0;
}

/* What follows the authority of "http://host:80/path?query" (RFC 9112, 3.2.2). */
static struct slice without_authority(struct slice s)
{
    if (!slice_has_prefix_nocase(s, SLICE_LIT("http://")) &&
        !slice_has_prefix_nocase(s, SLICE_LIT("https://")))
        return s;
    s = slice_from(s, slice_find(s, ':') + 3);
    size_t slash = slice_find(s, '/');
    return slash < s.len ? slice_from(s, slash) : SLICE_LIT("/");
}

int target_parse(struct target *t, const char *raw)
{
    buf_clear(&t->raw);
    buf_add_str(&t->raw, raw);
    struct slice query = without_authority(buf_slice(&t->raw));
    t->path = slice_split(&query, '?');
    if (parse_path(t) < 0)
        return -1;
    return parse_query(t, query);
}

bool target_query_at(const struct target *t, size_t n, struct slice *name, struct slice *value)
{
    for (size_t at = 0; at < t->query.len; n--) {
        *name = slice_str(t->query.data + at);
        *value = slice_str(name->data + name->len + 1);
        if (n == 0)
            return true;
        at += name->len + 1 + value->len + 1;
    }
    return false;
}

struct slice target_query(const struct target *t, const char *wanted)
{
    struct slice name, value;
    for (size_t n = 0; target_query_at(t, n, &name, &value); n++) {
        if (slice_is_equal(name, slice_str(wanted)))
            return value;
    }
    return SLICE_NULL;
}

/* ---- Routes --------------------------------------------------------------------------------- */

static bool is_wildcard(struct slice segment)
{
    return slice_is_equal(segment, SLICE_LIT("*"));
}

/* All but "**". */
static bool is_path_pattern(const char *pattern)
{
    return pattern[0] == '/';
}

static bool pattern_matches(const char *pattern, const struct target *t)
{
    if (!is_path_pattern(pattern))
        return false;
    struct slice rest = slice_from(slice_str(pattern), 1);
    size_t n = 0;
    do {
        struct slice wanted = slice_split(&rest, '/');
        if (n >= t->n_segments || n >= TARGET_SEGMENTS_MAX)
            return false;
        struct slice found = t->segments[n++];
        if (is_wildcard(wanted) ? found.len == 0 : !slice_is_equal(wanted, found))
            return false;
    } while (rest.data);
    return n == t->n_segments;
}

struct slice target_wildcard(const struct target *t, const char *pattern, size_t n)
{
    if (!is_path_pattern(pattern))
        return SLICE_NULL;
    struct slice rest = slice_from(slice_str(pattern), 1);
    for (size_t i = 0; rest.data && i < t->n_segments && i < TARGET_SEGMENTS_MAX; i++) {
        if (is_wildcard(slice_split(&rest, '/')) && n-- == 0)
            return t->segments[i];
    }
    return SLICE_NULL;
}

static bool takes_all(const struct http_route *route)
{
    return strcmp(route->pattern, "**") == 0;
}

static const struct http_route *find_method(const struct http_route *routes, size_t n_routes,
                                            struct slice method, const struct target *t)
{
    for (size_t i = 0; i < n_routes; i++) {
        if (slice_is_equal(slice_str(routes[i].method), method) &&
            pattern_matches(routes[i].pattern, t))
            return &routes[i];
    }
    return NULL;
}

const struct http_route *route_find(const struct http_route *routes, size_t n_routes,
                                    struct slice method, const struct target *t)
{
    const struct http_route *found = find_method(routes, n_routes, method, t);
    if (!found && slice_is_equal(method, SLICE_LIT("HEAD")))
        found = find_method(routes, n_routes, SLICE_LIT("GET"), t);
    for (size_t i = 0; i < n_routes && !found; i++) {
        if (takes_all(&routes[i]))
            found = &routes[i];
    }
    return found;
}

static void add_method(struct buf *out, const char *method)
{
    if (out->len > 0)
        buf_add_str(out, ", ");
    buf_add_str(out, method);
}

void route_add_methods(const struct http_route *routes, size_t n_routes, const struct target *t,
                       struct buf *out)
{
    for (size_t i = 0; i < n_routes; i++) {
        if (!pattern_matches(routes[i].pattern, t))
            continue;
        add_method(out, routes[i].method);
        if (strcmp(routes[i].method, "GET") == 0)
            add_method(out, "HEAD");
    }
}

#define NAMES_MAX 64

const char *route_nearest(const struct http_route *routes, size_t n_routes, const struct target *t)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < n_routes && n < NAMES_MAX; i++) {
        if (!strchr(routes[i].pattern, '*'))
            names[n++] = routes[i].pattern;
    }
    return text_nearest(t->path, names, n);
}
