/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Walking a well-formed array or object one by one.
 *
 *     struct json_items items;
 *     struct slice name, value;
 *     json_items_begin(&items, container);
 *     while (json_items_next(&items, &name, &value))
 *         …
 *     json_items_end(&items);
 */
#ifndef LIAISON_BASE_JSON_ITEMS_H
#define LIAISON_BASE_JSON_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/slice.h"

/* In place; borrows the document. */
struct json_items {
    struct json_reader reader;
};

void json_items_begin(struct json_items *items, struct slice container);
/* The next element, or member with its name (absent in an array); false behind the last, and for
   what is neither array nor object. Both are valid until the next call. */
bool json_items_next(struct json_items *items, struct slice *name, struct slice *value);
void json_items_end(struct json_items *items);
/* Elements or members of a container. */
size_t json_items_count(struct slice container);

#endif
