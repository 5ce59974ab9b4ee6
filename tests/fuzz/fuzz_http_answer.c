/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The parser of answers: how the bytes are cut into pieces changes nothing of what they come to,
 * and it takes no more than there is. The first bytes of the input say whether a HEAD is answered,
 * and where to cut.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz.h"
#include "http/answer.h"

/* Feeds one piece; what of it was left is behind the answer's end. */
static enum answer_step feed(struct answer *a, struct slice piece, struct buf *body, size_t *n_left)
{
    char *copy = slice_dup(piece);
    struct slice input = slice_of(copy, piece.len), bytes;
    enum answer_step step;
    while ((step = answer_next(a, &input, &bytes)) == ANSWER_BODY) {
        require(bytes.len > 0 && bytes.data >= copy && bytes.data + bytes.len <= copy + piece.len);
        buf_add_slice(body, bytes);
    }
    require(input.len <= piece.len);
    require(step != ANSWER_MORE || input.len == 0);
    *n_left = input.len;
    free(copy);
    return step;
}

static void describe(struct answer *a, enum answer_step step, size_t n_left, struct buf *out)
{
    struct http_headers headers = head_headers(&a->head);
    require((step == ANSWER_BROKEN) == (a->fault != NULL));
    require(step != ANSWER_END || (a->status >= 200 && a->status <= 999));
    buf_printf(out, " %d %d %d", step, a->status, a->is_kept);
    if (step == ANSWER_END) /* where a fault is seen may depend on the cuts */
        buf_printf(out, " %zu", n_left);
    for (size_t i = 0; i < headers.len; i++) {
        buf_add_slice(out, headers.items[i].name);
        buf_add_char(out, '=');
        buf_add_slice(out, headers.items[i].value);
        buf_add_char(out, ';');
    }
}

/* Reads the bytes in pieces of the sizes in `cuts`, one after another and again from the first;
   whole without them. */
static void read_answer(struct slice bytes, struct slice cuts, bool is_head, struct buf *out)
{
    struct answer a = {0};
    enum answer_step step = ANSWER_MORE;
    size_t at = 0, n_left = 0;
    answer_begin(&a, is_head);
    for (size_t n = 0; at < bytes.len && step == ANSWER_MORE; n++) {
        size_t len = bytes.len;
        if (cuts.len > 0)
            len = 1 + (size_t)(unsigned char)cuts.data[n % cuts.len] % 64;
        struct slice piece = slice_upto(slice_from(bytes, at), len);
        step = feed(&a, piece, out, &n_left);
        at += piece.len - n_left;
    }
    if (step == ANSWER_MORE)
        step = answer_close(&a);
    describe(&a, step, bytes.len - at, out);
    answer_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of((const char *)data, size);
    if (size < 5)
        return 0;
    struct slice cuts = slice_upto(slice_from(input, 1), 4), bytes = slice_from(input, 5);
    bool is_head = data[0] & 1;
    struct buf whole = {0}, single = {0}, pieces = {0};
    read_answer(bytes, SLICE_NULL, is_head, &whole);
    read_answer(bytes, SLICE_LIT("\0"), is_head, &single);
    read_answer(bytes, cuts, is_head, &pieces);
    require(slice_is_equal(buf_slice(&whole), buf_slice(&single)));
    require(slice_is_equal(buf_slice(&whole), buf_slice(&pieces)));
    buf_deinit(&whole);
    buf_deinit(&single);
    buf_deinit(&pieces);
    return 0;
}
