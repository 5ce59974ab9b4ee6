/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/tape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "event/envelope.h"

/* ---- frames --------------------------------------------------------------------------------- */

static bool is_on_one_line(struct slice text)
{
    return slice_find(text, '\n') == text.len && slice_find(text, '\r') == text.len;
}

/* A line break in JSON is white space between its tokens, wherever it stands. */
static void add_data(struct buf *out, struct slice json)
{
    while (json.data) {
        struct slice line = slice_split(&json, '\n');
        buf_add_str(out, "data: ");
        while (line.data) {
            buf_add_slice(out, slice_split(&line, '\r'));
            if (line.data)
                buf_add_char(out, ' ');
        }
        buf_add_char(out, '\n');
    }
}

struct frame *frame_new(struct slice prefix, const struct event *event)
{
    struct buf json = {0}, text = {0};
    if (event->type.len > 0 && is_on_one_line(event->type))
        buf_printf(&text, "event: %.*s\n", SLICE_FMT(event->type));
    buf_printf(&text, "id: %.*s-%" PRId64 "\n", SLICE_FMT(prefix), event->seq);
    envelope_add_json(&json, event);
    add_data(&text, buf_slice(&json));
    buf_add_char(&text, '\n');

    struct frame *frame = mem_alloc(sizeof(*frame) + event->type.len + text.len);
    *frame = (struct frame){
        .refs = 1,
        .seq = event->seq,
        .type = slice_of(frame->bytes, event->type.len),
        .text = slice_of(frame->bytes + event->type.len, text.len),
    };
    if (event->type.len > 0)
        memcpy(frame->bytes, event->type.data, event->type.len);
    memcpy(frame->bytes + event->type.len, text.data, text.len);
    buf_deinit(&json);
    buf_deinit(&text);
    return frame;
}

struct frame *frame_ref(struct frame *frame)
{
    frame->refs++;
    return frame;
}

void frame_unref(struct frame *frame)
{
    if (frame && --frame->refs == 0)
        free(frame);
}

/* ---- the tape ------------------------------------------------------------------------------- */

static struct frame **slot(const struct tape *tape, uint64_t place)
{
    static_assert((TAPE_FRAMES_MAX & (TAPE_FRAMES_MAX - 1)) == 0, "places wrap around");
    return &tape->frames[place & (TAPE_FRAMES_MAX - 1)];
}

void tape_init(struct tape *tape, int64_t seq)
{
    *tape = (struct tape){.lost_seq = seq};
    tape->frames = mem_calloc(TAPE_FRAMES_MAX, sizeof(struct frame *));
}

static void lose_oldest(struct tape *tape)
{
    struct frame *oldest = *slot(tape, tape->begin++);
    tape->lost_seq = oldest->seq;
    tape->bytes -= oldest->text.len;
    frame_unref(oldest);
}

void tape_deinit(struct tape *tape)
{
    while (tape->begin < tape->end)
        lose_oldest(tape);
    free(tape->frames);
    tape->frames = NULL;
}

void tape_push(struct tape *tape, struct frame *frame)
{
    while (tape->begin < tape->end && (tape->end - tape->begin >= TAPE_FRAMES_MAX ||
                                       tape->bytes + frame->text.len > TAPE_BYTES_MAX))
        lose_oldest(tape);
    *slot(tape, tape->end++) = frame;
    tape->bytes += frame->text.len;
}

uint64_t tape_find(const struct tape *tape, int64_t seq)
{
    uint64_t low = tape->begin, high = tape->end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if ((*slot(tape, middle))->seq > seq)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct frame *tape_at(const struct tape *tape, uint64_t place)
{
    return place >= tape->begin && place < tape->end ? *slot(tape, place) : NULL;
}
