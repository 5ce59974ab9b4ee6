/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a request is for: its target (RFC 9112, 3.2) taken apart and decoded, and the route that
 * takes it. Pure; for server.c.
 */
#ifndef LIAISON_HTTP_TARGET_H
#define LIAISON_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"
#include "http/server.h"

#define TARGET_SEGMENTS_MAX 16

/* In place; used again for the next request by target_parse. */
struct target {
    struct buf raw;
    struct slice path; /* as sent, without the query */
    struct buf decoded;
    struct slice segments[TARGET_SEGMENTS_MAX]; /* of the path, decoded */
    size_t n_segments; /* SIZE_MAX for more than there is room for: no pattern matches */
    struct buf query;  /* decoded: name, NUL, value, NUL, and so on */
};

void target_deinit(struct target *t);
/* -1 for percent-encoding that is broken or holds a NUL. */
int target_parse(struct target *t, const char *raw) must_check;
/* The first value of a query parameter; data NULL when there is none. */
struct slice target_query(const struct target *t, const char *wanted);
/* The n-th parameter, from 0; false beyond the last. */
bool target_query_at(const struct target *t, size_t n, struct slice *name, struct slice *value);
/* What the n-th "*" of `pattern` stands for in a path that matches it. */
struct slice target_wildcard(const struct target *t, const char *pattern, size_t n);

/* The row that takes the request, or NULL. */
const struct http_route *route_find(const struct http_route *routes, size_t n_routes,
                                    struct slice method, const struct target *t);
/* Appends the methods that the path has routes for: "GET, HEAD"; nothing when it has none. */
void route_add_methods(const struct http_route *routes, size_t n_routes, const struct target *t,
                       struct buf *out);
/* The path of a route that was perhaps meant, one without wildcards; NULL: none is near. */
const char *route_nearest(const struct http_route *routes, size_t n_routes, const struct target *t);

#endif
