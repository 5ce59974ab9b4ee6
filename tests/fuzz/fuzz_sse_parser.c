/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The parser of event streams: how a stream is cut into pieces changes none of its messages, and
 * what a message promises holds. The first bytes of the input say the limit and where to cut.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "channel/sse_parser.h"
#include "fuzz.h"

static void add_message(struct buf *out, const struct sse_message *m, size_t max)
{
    require(m->type.len > 0 && slice_is_utf8(m->type));
    require(slice_is_utf8(m->data) && slice_is_utf8(m->last_id));
    require(m->is_broken || slice_is_equal(m->data, m->raw));
    require(m->raw.len <= (m->is_too_long ? SSE_KEPT_MAX : max));
    buf_printf(out, "%zu %zu %zu %zu %d%d%d:", m->type.len, m->data.len, m->raw.len, m->last_id.len,
               m->has_id, m->is_too_long, m->is_broken);
    buf_add_slice(out, m->type);
    buf_add_slice(out, m->data);
    buf_add_slice(out, m->raw);
    buf_add_slice(out, m->last_id);
}

/* Reads the stream in pieces of the sizes in `cuts`, one after another and again from the first;
   whole without them. */
static void read_stream(struct slice stream, struct slice cuts, size_t max, struct buf *out)
{
    struct sse_parser *p = sse_parser_new(max, SLICE_LIT("before"));
    for (size_t at = 0, n = 0; at < stream.len; n++) {
        size_t len = stream.len;
        if (cuts.len > 0)
            len = 1 + (size_t)(unsigned char)cuts.data[n % cuts.len] % 64;
        struct slice piece = slice_upto(slice_from(stream, at), len);
        struct sse_message m;
        char *copy = slice_dup(piece);
        sse_parser_feed(p, slice_of(copy, piece.len));
        free(copy);
        while (sse_parser_next(p, &m))
            add_message(out, &m, max);
        at += piece.len;
    }
    struct slice id = sse_parser_last_id(p);
    buf_printf(out, "%lld %zu:", (long long)sse_parser_retry_ms(p), id.len);
    buf_add_slice(out, id);
    sse_parser_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of((const char *)data, size);
    if (size < 5)
        return 0;
    struct slice cuts = slice_upto(slice_from(input, 1), 4), stream = slice_from(input, 5);
    size_t max = (size_t)data[0] * data[0] / 16;
    struct buf whole = {0}, bytes = {0}, pieces = {0};
    read_stream(stream, SLICE_NULL, max, &whole);
    read_stream(stream, SLICE_LIT("\0"), max, &bytes);
    read_stream(stream, cuts, max, &pieces);
    require(slice_is_equal(buf_slice(&whole), buf_slice(&bytes)));
    require(slice_is_equal(buf_slice(&whole), buf_slice(&pieces)));
    buf_deinit(&whole);
    buf_deinit(&bytes);
    buf_deinit(&pieces);
    return 0;
}
