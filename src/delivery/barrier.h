/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Barriers: the dead letters of a target that parks (`onDead = "park"`). What stands behind one in
 * its lane waits until that letter is attempted again, in its old place, or is dropped. For the
 * machine's own files.
 *
 * A dead letter is one where its lane is keyed and nothing newer of its key has succeeded. That can
 * be told from its row alone: so a start, and a reload that turns parking on, ask for them, and what
 * dies or goes meanwhile is noted and made good when the answer comes. Until they are known nothing
 * starts. As they are in memory there may be only so many: beyond that the whole target waits, and
 * they are asked for again when enough are gone.
 */
#ifndef LIAISON_DELIVERY_BARRIER_H
#define LIAISON_DELIVERY_BARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"

struct lane_barrier;

/* Part of a target. */
struct barriers {
    struct map keys;     /* struct barred_key, by key */
    size_t n;            /* letters; also of those that are too many */
    int64_t since_ms;    /* when the first of them died, wall */
    bool is_known;       /* all are in `keys` */
    bool is_asked;       /* an answer is to come … */
    bool is_void;        /* … which isn't wanted any more */
    struct list asking;  /* among targets that have to ask … */
    struct list unknown; /* … and those for whose answer all wait */
    struct list changes; /* since they were asked for */
};

void barriers_init(struct barriers *b);
void barriers_deinit(struct barriers *b);

/* Adding one that is known, and removing one that isn't, changes nothing but its `seq`. */
void barriers_add(struct barriers *b, const struct lane_barrier *barrier);
void barriers_remove(struct barriers *b, struct slice key, int64_t position);
/* A delivery of this key has succeeded: rows of a lower number are void. */
void barriers_void_older(struct barriers *b, struct slice key, int64_t seq);
/* Whether it has one; only where they are known. */
bool barriers_has(const struct barriers *b, struct slice key, int64_t position);
/* The first position that has one, INT64_MAX: none has. */
int64_t barriers_first(const struct barriers *b, struct slice key);
/* There are too many to know: none is, but their number. */
void barriers_overflow(struct barriers *b);
/* None is known any more, whatever is answered. */
void barriers_forget(struct barriers *b);

void barriers_ask(struct barriers *b);
/* The answer: `found` of n_all letters that there are, which may be more than it has; with what has
   changed since they were asked for. */
void barriers_answer(struct barriers *b, const struct lane_barrier *found, size_t n_found,
                     size_t n_all);

/* Visits the keys, with how many letters each has and its first one. False ends it. */
typedef bool (*barriers_visit_fn)(void *ctx, const struct lane_barrier *first, size_t n_letters);
void barriers_each(const struct barriers *b, barriers_visit_fn fn, void *ctx);

#endif
