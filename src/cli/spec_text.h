/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The text of a spec that holds scripts to what they did in a dry run.
 */
#ifndef LIAISON_CLI_SPEC_TEXT_H
#define LIAISON_CLI_SPEC_TEXT_H

#include "base/buf.h"
#include "dryrun/dryrun.h"
#include "event/event.h"

/* Appends it. `recorded` is the event as the journal has it, for its number and time; `event` what was
   handled, and `json` its text. */
void spec_text_add(struct buf *out, const struct event *recorded, const struct event *event,
                   struct slice json, const struct dryrun_result *result);

#endif
