/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * URLs are taken apart only as far as is needed to keep credentials out of sight (RFC 3986, 3.2);
 * the http client judges the rest.
 */
#include "channel/sse_request.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "event/base64.h"

#define LAST_EVENT_ID "Last-Event-ID"

/* ---- the URL ---- */

/* "http://user:password@host/path#x" in its pieces; all borrowed. */
struct url_parts {
    struct slice scheme;      /* with "://" */
    struct slice credentials; /* absent without an '@' */
    struct slice rest;        /* from the host on, up to the fragment */
};

static size_t find_any(struct slice s, const char *set)
{
    size_t i = 0;
    while (i < s.len && !strchr(set, s.data[i]))
        i++;
    return i;
}

/* The last '@' of the authority ends the credentials: a password may hold one. */
static struct url_parts split_url(struct slice url)
{
    struct url_parts parts = {0};
    url = slice_upto(url, slice_find(url, '#'));
    size_t scheme_len = slice_find(url, ':') + 3;
    parts.scheme = slice_upto(url, scheme_len);
    parts.rest = slice_from(url, scheme_len);

    struct slice authority = slice_upto(parts.rest, find_any(parts.rest, "/?"));
    for (size_t i = authority.len; i > 0; i--) {
        if (authority.data[i - 1] != '@')
            continue;
        parts.credentials = slice_upto(authority, i - 1);
        parts.rest = slice_from(parts.rest, i);
        break;
    }
    return parts;
}

static int check_url(const struct url_parts *parts, struct err *err)
{
    if (!slice_has_suffix(parts->scheme, SLICE_LIT("://")))
        return err_set(err, ERR_INVALID, "the URL of a bus begins with http:// or https://");
    if (find_any(parts->rest, "/?:") == 0)
        return err_set(err, ERR_INVALID, "the URL of the bus names no host");
    return 0;
}

/* ---- basic authentication (RFC 7617) ---- */

static void add_percent_decoded(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte;
        if (s.data[i] == '%' && i + 2 < s.len &&
            text_parse_hex(slice_of(s.data + i + 1, 2), &byte, 1) == 0) {
            buf_add_char(out, (char)byte);
            i += 2;
        } else {
            buf_add_char(out, s.data[i]);
        }
    }
}

static void add_basic(struct buf *out, struct slice credentials)
{
    struct slice password = credentials;
    struct slice user = slice_split(&password, ':');
    struct buf plain = {0};
    add_percent_decoded(&plain, user);
    buf_add_char(&plain, ':');
    add_percent_decoded(&plain, password);
    buf_add_str(out, "Basic ");
    base64_add(out, buf_slice(&plain));
    buf_deinit(&plain);
}

/* ---- the headers ---- */

static void add_header(struct sse_request *r, struct slice name, struct slice value)
{
    r->items[r->n_items++] = (struct http_header){slice_of(slice_dup(name), name.len),
                                                  slice_of(slice_dup(value), value.len)};
}

static void add_given(struct sse_request *r, struct http_header header)
{
    if (!slice_is_equal_nocase(header.name, SLICE_LIT(LAST_EVENT_ID))) {
        add_header(r, header.name, header.value);
    } else {
        free(r->first_event_id);
        r->first_event_id = slice_dup(header.value);
    }
}

/* A header of ours, where the options don't have it. */
static void add_default(struct sse_request *r, const char *name, struct slice value)
{
    if (!http_header_get((struct http_headers){r->items, r->n_items}, name).data)
        add_header(r, slice_str(name), value);
}

/* no-cache is what a browser's cache mode of this kind of request sends (Fetch,
   "HTTP-network-or-cache fetch"). */
static void fill_headers(struct sse_request *r, struct http_headers given, struct slice credentials)
{
    enum { OURS = 4 }; /* Accept, Cache-Control, Authorization, Last-Event-ID */
    r->items = mem_calloc(given.len + OURS, sizeof(*r->items));
    for (size_t i = 0; i < given.len; i++)
        add_given(r, given.items[i]);
    add_default(r, "Accept", SLICE_LIT("text/event-stream"));
    add_default(r, "Cache-Control", SLICE_LIT("no-cache"));
    if (credentials.len > 0) {
        struct buf basic = {0};
        add_basic(&basic, credentials);
        add_default(r, "Authorization", buf_slice(&basic));
        buf_deinit(&basic);
    }
}

int sse_request_init(struct sse_request *r, const struct channel_options *options, struct err *err)
{
    *r = (struct sse_request){0};
    struct url_parts parts = split_url(slice_str(options->url));
    if (check_url(&parts, err) < 0)
        return -1;
    struct buf url = {0};
    buf_add_slice(&url, parts.scheme);
    buf_add_slice(&url, parts.rest);
    r->url = buf_take(&url);
    fill_headers(r, options->headers, parts.credentials);
    return 0;
}

void sse_request_deinit(struct sse_request *r)
{
    for (size_t i = 0; i < r->n_items; i++) {
        free((char *)r->items[i].name.data);
        free((char *)r->items[i].value.data);
    }
    free(r->items);
    free(r->first_event_id);
    free(r->url);
}

struct http_headers sse_request_headers(struct sse_request *r, struct slice last_event_id)
{
    struct http_headers headers = {r->items, r->n_items};
    if (last_event_id.len == 0)
        return headers;
    r->items[r->n_items] = (struct http_header){SLICE_LIT(LAST_EVENT_ID), last_event_id};
    headers.len++;
    return headers;
}
