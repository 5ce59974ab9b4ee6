/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The newest events as GET /events shows them: written once, shared by all who read along.
 *
 *     tape_push(&tape, frame_new(prefix, event));       // once it is on disk
 *     for (uint64_t at = tape_find(&tape, seq); (frame = tape_at(&tape, at)); at++)
 *         …                                             // what came behind seq, in order
 *
 * It holds as many as there is room for. Who reads so slowly that they are gone reads on from the
 * journal: up to `lost_seq` nothing is promised to be here.
 */
#ifndef LIAISON_ADMIN_TAPE_H
#define LIAISON_ADMIN_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/event.h"

/* An event as a block of a stream (server-sent events, WHATWG HTML 9.2). */
struct frame {
    unsigned refs;
    int64_t seq;
    struct slice type;
    struct slice text; /* "event: …\nid: …\ndata: …\n\n" */
    char bytes[];
};

/* Its id is `prefix`, a dash and the event's number. The data are the event as a CloudEvent in
   JSON. The caller's reference. */
struct frame *frame_new(struct slice prefix, const struct event *event);
struct frame *frame_ref(struct frame *frame);
void frame_unref(struct frame *frame); /* accepts NULL */

struct tape {
    struct frame **frames; /* a ring of TAPE_FRAMES_MAX */
    uint64_t begin, end;   /* places of the oldest and behind the newest, counted from the start */
    size_t bytes;
    int64_t lost_seq; /* events up to this one need not be here */
};

#define TAPE_FRAMES_MAX 4096u
#define TAPE_BYTES_MAX ((size_t)4 << 20) /* the newest one may be longer */

/* `seq` is the newest event that is on disk by now: those behind it will be pushed. */
void tape_init(struct tape *tape, int64_t seq);
void tape_deinit(struct tape *tape);
/* Takes the reference. Numbers rise. */
void tape_push(struct tape *tape, struct frame *frame);
/* The place of the first frame behind event `seq`: `end` when there is none yet. */
uint64_t tape_find(const struct tape *tape, int64_t seq);
/* Borrowed; NULL: none stands at this place, yet or any more. */
struct frame *tape_at(const struct tape *tape, uint64_t place);

#endif
