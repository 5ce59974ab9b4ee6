/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Rows of deliveries, and their events, carried from the reader's thread to the loop.
 */
#ifndef LIAISON_ENGINE_KNOWN_H
#define LIAISON_ENGINE_KNOWN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "event/event.h"
#include "event/record.h"

/* Heap-allocated, in a list. */
struct known_row {
    struct list link;
    struct delivery_row row; /* its slices point into `texts` */
    struct buf texts;
};

/* A journal_delivery_visit that copies the row to the end of `rows` (a struct list). */
bool known_rows_add(void *rows, const struct delivery_row *row);
/* A journal_event_visit that keeps a reference in `event` (a struct event **) and ends the visit. */
bool known_event(void *event, struct event *found, enum event_state state);
void known_rows_free(struct list *rows);
static inline const struct delivery_row *known_row_of(struct list *link)
{
    return &list_entry(link, struct known_row, link)->row;
}

#endif
