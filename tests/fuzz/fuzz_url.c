/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is taken apart of URLs: the target of a request, the URL of a bus, the address of a daemon.
 * The input is tried as each of them. A path and a query mean the same when they are written anew;
 * a bus's URL shows no credentials, and asks for nothing else than with them.
 */
#include <curl/curl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "channel/sse_request.h"
#include "cli/daemon_url.h"
#include "fuzz.h"
#include "http/target.h"

/* ---- The target of a request ---- */

static void no_route(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    (void)x;
}

static const struct http_route routes[] = {
    {"GET", "/", no_route},          {"POST", "/events", no_route},
    {"GET", "/a/*", no_route},       {"DELETE", "/a/*/b", no_route},
    {"GET", "/a/*/*", no_route},     {"GET", "/a/b/c/d/e/f", no_route},
    {"PUT", "/*/*/*/*/*", no_route},
};

static void add_encoded(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        buf_printf(out, "%%%02x", (unsigned char)s.data[i]);
}

/* The same segments, every byte of them encoded. */
static void try_path_anew(const struct target *t)
{
    struct target again = {0};
    struct buf path = {0};
    if (t->n_segments == 0 || t->n_segments > TARGET_SEGMENTS_MAX)
        return;
    for (size_t i = 0; i < t->n_segments; i++) {
        buf_add_char(&path, '/');
        add_encoded(&path, t->segments[i]);
    }
    require(target_parse(&again, path.data) == 0 && again.n_segments == t->n_segments);
    for (size_t i = 0; i < t->n_segments; i++)
        require(slice_is_equal(again.segments[i], t->segments[i]));
    require(route_find(routes, ARRAY_LEN(routes), SLICE_LIT("GET"), t) ==
            route_find(routes, ARRAY_LEN(routes), SLICE_LIT("GET"), &again));
    target_deinit(&again);
    buf_deinit(&path);
}

/* Each parameter is found, the first of a name before the others. */
static void try_query(const struct target *t)
{
    for (size_t at = 0; at < t->query.len;) {
        const char *name = t->query.data + at, *value = name + strlen(name) + 1;
        struct slice found = target_query(t, name);
        require(value <= t->query.data + t->query.len);
        require(found.data && found.data <= value);
        at = (size_t)(value + strlen(value) + 1 - t->query.data);
        require(at <= t->query.len);
    }
}

static void try_target(const char *raw)
{
    struct target t = {0};
    struct buf methods = {0};
    if (target_parse(&t, raw) == 0) {
        const struct http_route *route =
            route_find(routes, ARRAY_LEN(routes), SLICE_LIT("GET"), &t);
        route_add_methods(routes, ARRAY_LEN(routes), &t, &methods);
        require(!route || (methods.len > 0 && strstr(methods.data, "GET")));
        for (size_t i = 0; route && strchr(route->pattern, '*') && i < 2; i++)
            target_wildcard(&t, route->pattern, i);
        try_path_anew(&t);
        try_query(&t);
    }
    target_deinit(&t);
    buf_deinit(&methods);
}

/* ---- The URL of a bus ---- */

static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static void assert_same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *one = part_of(a, part), *other = part_of(b, part);
    require(one ? other && strcmp(one, other) == 0 : !other);
    curl_free(one);
    curl_free(other);
}

static void assert_no_part(CURLU *url, CURLUPart part)
{
    char *text = part_of(url, part);
    require(!text);
    curl_free(text);
}

/* The http client is the judge of what the URL means. */
static void compare_urls(const char *given, const char *shown)
{
    static const CURLUPart kept[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT,
                                     CURLUPART_PATH, CURLUPART_QUERY};
    CURLU *a = curl_url(), *b = curl_url();
    if (curl_url_set(b, CURLUPART_URL, shown, 0) == CURLUE_OK) {
        assert_no_part(b, CURLUPART_USER);
        assert_no_part(b, CURLUPART_PASSWORD);
        if (curl_url_set(a, CURLUPART_URL, given, 0) == CURLUE_OK)
            for (size_t i = 0; i < ARRAY_LEN(kept); i++)
                assert_same_part(a, b, kept[i]);
    }
    curl_url_cleanup(a);
    curl_url_cleanup(b);
}

static void try_bus(const char *url)
{
    const struct channel_options options = {.name = "bus", .url = url};
    struct sse_request r;
    struct err err = {0};
    if (sse_request_init(&r, &options, &err) == 0)
        compare_urls(url, r.url);
    else
        require(err.code == ERR_INVALID && err.message[0]);
    sse_request_deinit(&r);
}

/* ---- The address of a daemon ---- */

static void try_daemon(const char *text)
{
    struct daemon_url at, again;
    struct buf name = {0};
    struct err err = {0};
    if (daemon_url_parse(&at, text, NULL, &err) == 0) {
        require(at.url.len > 0);
        daemon_url_add_name(&at, &name);
        require(daemon_url_parse(&again, name.data, NULL, &err) == 0);
        require(slice_is_equal(buf_slice(&at.url), buf_slice(&again.url)));
        require(slice_is_equal(buf_slice(&at.socket), buf_slice(&again.socket)));
        daemon_url_deinit(&again);
    } else {
        require(err.code == ERR_INVALID && err.message[0]);
    }
    daemon_url_deinit(&at);
    buf_deinit(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = slice_dup(slice_of((const char *)data, size));
    try_target(text);
    try_bus(text);
    try_daemon(text);
    free(text);
    return 0;
}
