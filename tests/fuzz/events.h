/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What holds for every event that was made of bytes, for the targets that make some.
 */
#ifndef LIAISON_TESTS_FUZZ_EVENTS_H
#define LIAISON_TESTS_FUZZ_EVENTS_H

#include "event/envelope.h"

/* A channel's surroundings, with an id for who has none. */
extern const struct envelope_context events_context;

/* Each part is what its header says. */
void events_check(const struct event *event);
/* As a CloudEvent in JSON it is well-formed, and where `is_cloudevent`, it means the same event. */
void events_check_json(const struct event *event, bool is_cloudevent);
bool events_are_same(const struct event *a, const struct event *b);

#endif
