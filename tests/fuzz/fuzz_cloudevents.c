/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * CloudEvents in binary mode. The input is headers, "name: value" a line, an empty line, the body.
 * What is taken is a CloudEvent that means the same in structured mode, and in binary mode with
 * each attribute encoded as the HTTP protocol binding wants it.
 */
#include <stdlib.h>

#include "base/json.h"
#include "events.h"
#include "fuzz.h"

#define HEADERS_MAX 64

struct headers {
    struct envelope_header items[HEADERS_MAX];
    size_t n;
};

static void add(struct headers *h, struct slice name, struct slice value)
{
    if (h->n < HEADERS_MAX)
        h->items[h->n++] = (struct envelope_header){name, value};
}

static struct headers read_headers(struct slice *input)
{
    struct headers h = {0};
    for (struct slice line; (line = take_line(input)).len > 0;) {
        struct slice name = slice_split(&line, ':');
        add(&h, name, line);
    }
    return h;
}

static bool is_printable(char c)
{
    return c > ' ' && c < 0x7F && c != '"' && c != '%';
}

static void add_encoded(struct headers *h, const char *attribute, struct slice text)
{
    struct buf name = {0}, value = {0};
    buf_printf(&name, "ce-%s", attribute);
    buf_reserve(&value, 0);
    for (size_t i = 0; i < text.len; i++)
        buf_printf(&value, is_printable(text.data[i]) ? "%c" : "%%%02X",
                   (unsigned char)text.data[i]);
    size_t name_len = name.len, value_len = value.len;
    add(h, slice_of(buf_take(&name), name_len), slice_of(buf_take(&value), value_len));
}

/* The attributes that the event keeps as JSON. Its datacontenttype is sent as it is. */
static void add_others(struct headers *h, struct slice attributes)
{
    struct json_reader r;
    struct buf text = {0};
    json_reader_init(&r, attributes);
    require(json_next(&r) == JSON_OBJECT_BEGIN);
    while (json_next(&r) == JSON_KEY) {
        char *name = slice_dup(r.text);
        require(json_next(&r) == JSON_STRING);
        if (strcmp(name, "datacontenttype") == 0) {
            char *value = slice_dup(r.text);
            add(h, slice_str(mem_strdup("Content-Type")), slice_of(value, r.text.len));
        } else {
            add_encoded(h, name, r.text);
        }
        free(name);
    }
    json_reader_deinit(&r);
    buf_deinit(&text);
}

static void try_encoded(const struct event *e)
{
    struct headers h = {0};
    struct event *again;
    struct err err = {0};
    add_encoded(&h, "id", e->id);
    add_encoded(&h, "source", e->source);
    add_encoded(&h, "type", e->type);
    if (e->subject.data)
        add_encoded(&h, "subject", e->subject);
    if (e->time.data)
        add_encoded(&h, "time", e->time);
    add_others(&h, e->attributes);
    if (h.n < HEADERS_MAX) {
        require(envelope_parse_binary(&events_context, h.items, h.n, e->data, &again, &err) == 0);
        require(events_are_same(e, again));
        event_unref(again);
    }
    for (size_t i = 0; i < h.n; i++) {
        free((char *)h.items[i].name.data);
        free((char *)h.items[i].value.data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of((const char *)data, size);
    struct headers h = read_headers(&input);
    struct event *event = NULL;
    struct err err = {0};
    if (envelope_parse_binary(&events_context, h.items, h.n, input, &event, &err) < 0) {
        require(err.code == ERR_INVALID && err.message[0] && !event);
        return 0;
    }
    events_check(event);
    require(event->has_own_id && event->attributes.data);
    events_check_json(event, true);
    try_encoded(event);
    event_unref(event);
    return 0;
}
