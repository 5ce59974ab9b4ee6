/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "channel/sse_request.h"

#include <stdlib.h>

#include "base/buf.h"
#include "event/bus_url.h"

#define LAST_EVENT_ID "Last-Event-ID"

static int check_url(const struct bus_url *parts, struct err *err)
{
    if (parts->scheme.len == 0)
        return err_set(err, ERR_INVALID, "the URL of a bus begins with http:// or https://");
    if (parts->rest.len == 0 || strchr("/?:", parts->rest.data[0]))
        return err_set(err, ERR_INVALID, "the URL of the bus names no host");
    return 0;
}

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
        bus_url_add_basic(&basic, credentials);
        add_default(r, "Authorization", buf_slice(&basic));
        buf_deinit(&basic);
    }
}

int sse_request_init(struct sse_request *r, const struct channel_options *options, struct err *err)
{
    *r = (struct sse_request){0};
    struct slice url = slice_str(options->url);
    struct bus_url parts = bus_url_split(slice_upto(url, slice_find(url, '#')));
    if (check_url(&parts, err) < 0)
        return -1;
    struct buf shown = {0};
    buf_add_slice(&shown, parts.scheme);
    buf_add_slice(&shown, parts.rest);
    r->url = buf_take(&shown);
    fill_headers(r, options->headers, parts.credentials);
    r->auth = options->auth ? http_auth_copy(options->auth) : NULL;
    return 0;
}

void sse_request_deinit(struct sse_request *r)
{
    for (size_t i = 0; i < r->n_items; i++) {
        free((char *)r->items[i].name.data);
        free((char *)r->items[i].value.data);
    }
    free(r->items);
    http_auth_free(r->auth);
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
