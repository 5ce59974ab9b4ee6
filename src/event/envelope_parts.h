/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the files of the envelope share.
 */
#ifndef LIAISON_EVENT_ENVELOPE_PARTS_H
#define LIAISON_EVENT_ENVELOPE_PARTS_H

#include "event/envelope.h"

/* Makes the event of what was found, completed by what the surroundings tell. */
struct event *envelope_make(const struct envelope_context *c, const struct event_parts *found);

#endif
