/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lines are gathered whole, so that fields never see where the bytes were cut; and since CR and LF
 * are part of no longer UTF-8 character, each can be decoded by itself as the stream as a whole
 * would be. Everything that is gathered is bounded by the limit.
 */
#include "channel/sse_parser.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"

#define BYTE_ORDER_MARK SLICE_LIT("\xEF\xBB\xBF")

/* Around the value of a line that isn't too long: a byte order mark, and "event: ". */
#define LINE_EXTRA 10

/* Of data that is too long: so much that it is seen whether the last character shown is whole. */
#define KEPT_MAX (SSE_KEPT_MAX + UTF8_LEN_MAX)

/* A buffer that one large message made larger than this is given back after it. */
#define CAP_KEPT 65536

struct sse_parser {
    size_t max;
    struct buf input; /* fed, read up to input_pos */
    size_t input_pos;
    int64_t retry_ms;
    struct buf last_id; /* of the last finished block */

    /* The line that is being read. */
    struct buf line;
    bool is_line_cut; /* it is longer than any that matters; the rest was dropped */
    bool is_first;    /* of the stream: a byte order mark may stand before it */
    bool skip_lf;     /* the line before ended in CR: an LF belongs to that end */

    /* The block that is being read. */
    struct buf data; /* raw, an LF behind each line */
    struct buf type; /* raw */
    struct buf id;   /* decoded; goes on into the next block */
    bool has_id;
    bool is_id_broken;
    bool is_too_long;

    /* The message that was given out, where it had to be decoded. */
    struct buf decoded_data;
    struct buf decoded_type;
    bool is_given; /* the block is to be cleared before the next line */
};

struct sse_parser *sse_parser_new(size_t max, struct slice last_id)
{
    struct sse_parser *p = mem_calloc(1, sizeof(*p));
    p->max = max;
    p->retry_ms = -1;
    buf_add_slice(&p->last_id, last_id);
    sse_parser_begin(p);
    return p;
}

void sse_parser_free(struct sse_parser *p)
{
    if (!p)
        return;
    buf_deinit(&p->input);
    buf_deinit(&p->last_id);
    buf_deinit(&p->line);
    buf_deinit(&p->data);
    buf_deinit(&p->type);
    buf_deinit(&p->id);
    buf_deinit(&p->decoded_data);
    buf_deinit(&p->decoded_type);
    free(p);
}

static void empty(struct buf *b)
{
    if (b->cap > CAP_KEPT)
        buf_deinit(b);
    else
        buf_clear(b);
}

static void clear_block(struct sse_parser *p)
{
    empty(&p->data);
    empty(&p->type);
    empty(&p->decoded_data);
    empty(&p->decoded_type);
    p->has_id = p->is_id_broken = p->is_too_long = p->is_given = false;
}

static void clear_line(struct sse_parser *p)
{
    empty(&p->line);
    p->is_line_cut = false;
}

void sse_parser_begin(struct sse_parser *p)
{
    empty(&p->input);
    p->input_pos = 0;
    clear_line(p);
    clear_block(p);
    p->is_first = true;
    p->skip_lf = false;
    /* The standard starts each stream with an empty ID buffer; were it so, the first message
       without an id would forget the position, which browsers don't do either. */
    buf_clear(&p->id);
    buf_add_slice(&p->id, buf_slice(&p->last_id));
}

/* ---- Fields --------------------------------------------------------------------------------- */

static void take_data(struct sse_parser *p, struct slice value)
{
    if (!p->is_too_long && !p->is_line_cut && p->data.len <= p->max &&
        value.len <= p->max - p->data.len) {
        buf_add_slice(&p->data, value);
        buf_add_char(&p->data, '\n');
        return;
    }
    p->is_too_long = true;
    if (p->data.len < KEPT_MAX) {
        buf_add_slice(&p->data, slice_upto(value, KEPT_MAX - p->data.len));
        buf_add_char(&p->data, '\n');
    }
}

/* Whether a type or an id may be kept; if not, its message is too long. */
static bool is_fit(struct sse_parser *p, struct slice value)
{
    bool fits = value.len <= p->max && !p->is_line_cut;
    p->is_too_long |= !fits;
    return fits;
}

static void take_type(struct sse_parser *p, struct slice value)
{
    if (!is_fit(p, value))
        return;
    buf_clear(&p->type);
    buf_add_slice(&p->type, value);
}

static void take_id(struct sse_parser *p, struct slice value)
{
    if (slice_find(value, '\0') < value.len || !is_fit(p, value))
        return;
    buf_clear(&p->id);
    utf8_add_repaired(&p->id, value);
    p->has_id = true;
    p->is_id_broken = !slice_is_utf8(value);
}

static void take_retry(struct sse_parser *p, struct slice value)
{
    int64_t ms = 0;
    if (value.len == 0 || p->is_line_cut)
        return;
    for (size_t i = 0; i < value.len; i++) {
        int digit = value.data[i] - '0';
        if (digit < 0 || digit > 9)
            return;
        ms = ms > (INT64_MAX - digit) / 10 ? INT64_MAX : ms * 10 + digit;
    }
    p->retry_ms = ms;
}

static void take_field(struct sse_parser *p, struct slice line)
{
    size_t colon = slice_find(line, ':');
    struct slice name = slice_upto(line, colon), value = slice_from(line, colon + 1);
    if (slice_has_prefix(value, SLICE_LIT(" ")))
        value = slice_from(value, 1);
    if (slice_is_equal(name, SLICE_LIT("data")))
        take_data(p, value);
    else if (slice_is_equal(name, SLICE_LIT("event")))
        take_type(p, value);
    else if (slice_is_equal(name, SLICE_LIT("id")))
        take_id(p, value);
    else if (slice_is_equal(name, SLICE_LIT("retry")))
        take_retry(p, value);
    /* No name is a comment; other names have no meaning. */
}

/* ---- Messages ------------------------------------------------------------------------------- */

/* The text for raw bytes: they themselves, or in `room` what the standard decodes them to. */
static struct slice decode(struct slice raw, struct buf *room, bool *is_broken)
{
    if (slice_is_utf8(raw))
        return raw;
    *is_broken = true;
    utf8_add_repaired(room, raw);
    return buf_slice(room);
}

/* A blank line ends the block. False when it has no data, and so is no message. */
static bool finish_block(struct sse_parser *p, struct sse_message *m)
{
    buf_clear(&p->last_id);
    buf_add_slice(&p->last_id, buf_slice(&p->id));
    if (p->data.len == 0) {
        clear_block(p);
        return false;
    }
    p->is_given = true;
    *m = (struct sse_message){.has_id = p->has_id,
                              .is_too_long = p->is_too_long,
                              .is_broken = p->is_id_broken,
                              .last_id = buf_slice(&p->last_id),
                              .raw = slice_upto(buf_slice(&p->data), p->data.len - 1)};
    if (p->is_too_long)
        m->raw = utf8_cut(m->raw, SSE_KEPT_MAX);
    m->data = decode(m->raw, &p->decoded_data, &m->is_broken);
    m->type = decode(buf_slice(&p->type), &p->decoded_type, &m->is_broken);
    if (m->type.len == 0)
        m->type = SLICE_LIT("message");
    return true;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static size_t line_max(const struct sse_parser *p)
{
    return (p->max < KEPT_MAX ? KEPT_MAX : p->max) + LINE_EXTRA;
}

static void add_to_line(struct sse_parser *p, struct slice bytes)
{
    size_t room = line_max(p) - p->line.len;
    if (bytes.len > room)
        p->is_line_cut = true;
    buf_add_slice(&p->line, slice_upto(bytes, room));
}

/* Where the first LF or CR stands; the length of `s` when there is none. */
static size_t line_end(struct slice s)
{
    return slice_find(slice_upto(s, slice_find(s, '\n')), '\r');
}

/* Takes bytes from the input up to the end of a line; false when the input ends before. *line is
   borrowed from the input or from p->line. */
static bool read_line(struct sse_parser *p, struct slice *line)
{
    struct slice rest = slice_from(buf_slice(&p->input), p->input_pos);
    if (p->skip_lf && rest.len > 0) {
        p->skip_lf = false;
        p->input_pos += rest.data[0] == '\n';
        rest = slice_from(rest, rest.data[0] == '\n');
    }
    size_t end = line_end(rest);
    if (end == rest.len) {
        add_to_line(p, rest);
        empty(&p->input);
        p->input_pos = 0;
        return false;
    }
    *line = slice_upto(rest, end);
    if (p->line.len > 0 || end > line_max(p)) {
        add_to_line(p, *line);
        *line = buf_slice(&p->line);
    }
    p->skip_lf = rest.data[end] == '\r';
    p->input_pos += end + 1;
    return true;
}

void sse_parser_feed(struct sse_parser *p, struct slice bytes)
{
    buf_consume(&p->input, p->input_pos);
    p->input_pos = 0;
    buf_add_slice(&p->input, bytes);
}

bool sse_parser_next(struct sse_parser *p, struct sse_message *m)
{
    struct slice line;
    if (p->is_given)
        clear_block(p);
    while (read_line(p, &line)) {
        bool is_message = false;
        if (p->is_first && slice_has_prefix(line, BYTE_ORDER_MARK))
            line = slice_from(line, BYTE_ORDER_MARK.len);
        p->is_first = false;
        if (line.len == 0)
            is_message = finish_block(p, m);
        else
            take_field(p, line);
        clear_line(p);
        if (is_message)
            return true;
    }
    return false;
}

struct slice sse_parser_last_id(const struct sse_parser *p)
{
    return buf_slice(&p->last_id);
}

int64_t sse_parser_retry_ms(const struct sse_parser *p)
{
    return p->retry_ms;
}
