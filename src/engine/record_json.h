/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Events, deliveries and dead letters as JSON, as the HTTP interface shows them and the bus gets the
 * letters.
 */
#ifndef LIAISON_ENGINE_RECORD_JSON_H
#define LIAISON_ENGINE_RECORD_JSON_H

#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"
#include "event/event.h"
#include "event/record.h"
#include "journal/journal.h"

/* How much of a letter, for who has no room for all. What leaves out says so: "truncated": true. */
enum letter_extent {
    LETTER_WHOLE,
    LETTER_WITHOUT_DATA, /* null in place of its data and its event's */
    LETTER_BARE,         /* no key, event and attempts either: about 30 KiB at most */
};

/* Appends the object that `row` makes with its event and attempts, which are read. -1 with err. */
int letter_add_json(struct journal_reader *reader, struct json_writer *w,
                    const struct delivery_row *row, enum letter_extent extent,
                    struct err *err) must_check;

/* The same of any delivery, or handler's run: with its state and times. */
int delivery_add_json(struct journal_reader *reader, struct json_writer *w,
                      const struct delivery_row *row, bool is_in_flight,
                      struct err *err) must_check;
/* Of one that has no row yet. */
void delivery_add_json_unkept(struct json_writer *w, const struct delivery_row *row,
                              const struct event *event, bool is_in_flight);
/* Without its data and its event, for who shows it with that, but with its edits and retries. */
int delivery_add_json_brief(struct journal_reader *reader, struct json_writer *w,
                            const struct delivery_row *row, bool is_in_flight,
                            struct err *err) must_check;

#define END_TEXT_MAX 300 /* bytes of each text of an end: there may be many at once */
/* How one ended, for who follows along; `type` is its event's, `ms` its last attempt's, -1: it isn't
   known. */
void end_add_json(struct json_writer *w, const struct delivery_row *row, struct slice type,
                  int64_t ms);

/* An event as an object of its own … */
void event_add_json(struct json_writer *w, const struct event *event, enum event_state state);
/* … or its members, of an object that the caller begins and ends. */
void event_add_members(struct json_writer *w, const struct event *event, enum event_state state);

#endif
