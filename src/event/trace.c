/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "event/trace.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

#define PARENT "traceparent"
#define STATE "tracestate"

/* ---- its form: VERSION-ID-SPAN-FLAGS -------------------------------------------------------- */

static bool is_hex(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

static bool is_zero(struct slice s)
{
    return strspn(s.data, "0") >= s.len;
}

/* The next field of so many digits, and the dash behind it, where there is one. */
static struct slice take_field(struct slice *rest, size_t len)
{
    struct slice field = slice_upto(*rest, len);
    bool has_end = rest->len == len || (rest->len > len && rest->data[len] == '-');
    *rest = slice_from(*rest, len + 1);
    return field.len == len && has_end && is_hex(field) ? field : SLICE_NULL;
}

bool trace_parse(struct trace *trace, struct slice traceparent)
{
    struct slice rest = traceparent;
    struct slice version = take_field(&rest, 2), id = take_field(&rest, 32);
    struct slice span = take_field(&rest, 16), flags = take_field(&rest, 2);
    bool has_all = version.data && id.data && span.data && flags.data;
    *trace = (struct trace){0};
    /* Later versions may have more behind. */
    if (!has_all || slice_is_equal(version, SLICE_LIT("ff")) || is_zero(id) || is_zero(span) ||
        (is_zero(version) && traceparent.len != TRACE_PARENT_LEN))
        return false;
    trace->id = id;
    trace->flags = flags;
    return true;
}

void trace_add_parent(struct buf *out, const struct trace *trace, uint64_t span)
{
    buf_printf(out, "00-%.*s-%016" PRIx64 "-%.*s", SLICE_FMT(trace->id), span,
               SLICE_FMT(trace->flags));
}

/* ---- of an event ---------------------------------------------------------------------------- */

/* What stands between the quotes; a traceparent has nothing that JSON would escape. */
static struct slice inner(struct slice string)
{
    return string.len > 2 && string.data[0] == '"' ? slice_of(string.data + 1, string.len - 2)
                                                   : SLICE_NULL;
}

/* Most events have none, which is to be known without reading their attributes. */
bool trace_of_event(struct trace *trace, const struct event *event, struct buf *room)
{
    struct slice parent, state;
    *trace = (struct trace){0};
    if (event->attributes.len == 0 ||
        !memmem(event->attributes.data, event->attributes.len, PARENT, strlen(PARENT)) ||
        !json_get(event->attributes, PARENT, &parent) || !trace_parse(trace, inner(parent)))
        return false;
    if (!room)
        return true;
    buf_clear(room);
    if (json_get(event->attributes, STATE, &state) && json_get_string(state, room) == 0)
        trace->state = buf_slice(room);
    return true;
}

void trace_add_attributes(struct buf *out, struct slice attributes, struct slice traceparent,
                          struct slice tracestate)
{
    struct slice inside = slice_trim(attributes);
    buf_add_char(out, '{');
    if (inside.len > 2) {
        buf_add_slice(out, slice_of(inside.data + 1, inside.len - 2));
        buf_add_char(out, ',');
    }
    buf_add_str(out, "\"" PARENT "\":");
    json_add_string(out, traceparent);
    if (tracestate.len > 0) {
        buf_add_str(out, ",\"" STATE "\":");
        json_add_string(out, tracestate);
    }
    buf_add_char(out, '}');
}
