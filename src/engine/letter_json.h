/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A dead letter as JSON, as the HTTP interface shows it and the bus gets it.
 */
#ifndef LIAISON_ENGINE_LETTER_JSON_H
#define LIAISON_ENGINE_LETTER_JSON_H

#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"
#include "event/record.h"
#include "journal/journal.h"

/* How much of it, for who has no room for all. What leaves out says so: "truncated": true. */
enum letter_extent {
    LETTER_WHOLE,
    LETTER_WITHOUT_DATA, /* null in place of its data and its event's */
    LETTER_BARE,         /* no key, event and attempts either: about 30 KiB at most */
};

/* Appends the object that `row` makes with its event and attempts, which are read. -1 with err. */
int letter_add_json(struct journal_reader *reader, struct json_writer *w,
                    const struct delivery_row *row, enum letter_extent extent,
                    struct err *err) must_check;

#endif
