/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Events: one block each, the struct and behind it the bytes of all its parts.
 */
#include "event/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

/* Whether `number` is written as a whole number of any length, which has no shorter form. */
static bool is_plain_integer(struct slice number)
{
    size_t i = number.len > 0 && number.data[0] == '-' ? 1 : 0;
    if (i == number.len)
        return false;
    while (i < number.len && number.data[i] >= '0' && number.data[i] <= '9')
        i++;
    return i == number.len;
}

/* The key that the JSON `value` makes: a string's text, a whole number's digits. */
static bool add_key(struct buf *key, struct slice value)
{
    int64_t integer;
    if (json_get_string(value, key) == 0)
        return true;
    if (json_get_integer(value, &integer) == 0)
        json_add_integer(key, integer);
    else if (is_plain_integer(value))
        buf_add_slice(key, value);
    else
        return false;
    return true;
}

static bool find_data_id(const struct event_parts *parts, struct slice *value)
{
    *value = parts->data_id;
    if (parts->knows_data_id)
        return value->data != NULL;
    return parts->data_kind == EVENT_DATA_JSON && json_get(parts->data, "id", value);
}

/* The parts' key, which may stand in `scratch`; absent when there is none. */
static struct slice find_key(const struct event_parts *parts, struct buf *scratch)
{
    struct slice value;
    if (parts->key.data)
        return parts->key;
    buf_reserve(scratch, 0); /* an empty key isn't an absent one */
    if (json_get(parts->attributes, "partitionkey", &value) && add_key(scratch, value))
        return buf_slice(scratch);
    if (parts->subject.data)
        return parts->subject;
    if (find_data_id(parts, &value) && add_key(scratch, value))
        return buf_slice(scratch);
    return SLICE_NULL;
}

/* Copies `from` to *at and moves that on; what is absent stays absent. */
static struct slice place(char **at, struct slice from)
{
    if (!from.data)
        return SLICE_NULL;
    struct slice to = slice_of(*at, from.len);
    memcpy(*at, from.data, from.len);
    *at += from.len;
    return to;
}

static size_t parts_len(const struct event_parts *p)
{
    return p->channel.len + p->id.len + p->type.len + p->source.len + p->subject.len + p->time.len +
           p->attributes.len + p->data.len + p->replay_handler.len;
}

struct event *event_new(const struct event_parts *parts)
{
    struct buf scratch = {0};
    struct slice key = find_key(parts, &scratch);
    /* One byte more: an empty part at the end points into the block, too. */
    struct event *e = mem_alloc(sizeof(*e) + parts_len(parts) + key.len + 1);
    char *at = (char *)(e + 1);
    *e = (struct event){
        .channel = place(&at, parts->channel),
        .id = place(&at, parts->id),
        .type = place(&at, parts->type),
        .source = place(&at, parts->source),
        .subject = place(&at, parts->subject),
        .time = place(&at, parts->time),
        .key = place(&at, key),
        .attributes = place(&at, parts->attributes),
        .data = place(&at, parts->data),
        .replay_handler = place(&at, parts->replay_handler),
        .data_kind = parts->data_kind,
        .has_own_id = parts->has_own_id,
        .has_inner_id = parts->has_inner_id,
        .has_key = key.data != NULL,
        .received_ms = parts->received_ms,
        .refs = 1,
    };
    buf_deinit(&scratch);
    return e;
}

struct event *event_ref(struct event *event)
{
    event->refs++;
    return event;
}

void event_unref(struct event *event)
{
    if (!event)
        return;
    assert(event->refs > 0);
    if (--event->refs == 0)
        free(event);
}

struct slice event_key(const struct event *event)
{
    return event->has_key ? slice_present(event->key) : SLICE_NULL;
}

size_t event_size(const struct event *e)
{
    return sizeof(*e) + e->channel.len + e->id.len + e->type.len + e->source.len + e->subject.len +
           e->time.len + e->key.len + e->attributes.len + e->data.len + e->replay_handler.len + 1;
}
