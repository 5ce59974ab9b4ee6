/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the handlers of a recorded event sent when it was handled, as its deliveries in the journal tell,
 * in the form of a dry run, so that dryrun/compare.h can read it.
 */
#ifndef LIAISON_CLI_RECORDED_SENDS_H
#define LIAISON_CLI_RECORDED_SENDS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "journal/journal.h"

/* Whether the record tells what the event's handlers send: not where one of them hasn't ended well, nor
   where a replay made the deliveries once more. `event` is as the HTTP interface shows it. */
bool recorded_sends_are_whole(struct slice event);

/* Appends { event, handlers: [{ handler, sends: [{ connector, key, transformer, data }] }] }. */
int recorded_sends_add(struct journal_reader *r, struct slice event, struct buf *out,
                       struct err *err) must_check;

#endif
