/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "base/json_items.h"

void json_items_begin(struct json_items *items, struct slice container)
{
    json_reader_init(&items->reader, container);
    enum json_token first = json_next(&items->reader);
    if (first != JSON_ARRAY_BEGIN && first != JSON_OBJECT_BEGIN) {
        json_items_end(items);
        json_reader_init(&items->reader, SLICE_NULL);
    }
}

bool json_items_next(struct json_items *items, struct slice *name, struct slice *value)
{
    struct json_reader *r = &items->reader;
    enum json_token t = json_next(r);
    *name = SLICE_NULL;
    switch (t) {
    case JSON_ERROR:
    case JSON_END:
    case JSON_ARRAY_END:
    case JSON_OBJECT_END:
        return false;
    case JSON_KEY:
        *name = r->text;
        break;
    default: /* the first token of an element, which json_skip makes whole */
        break;
    }
    return json_skip(r, value) == 0;
}

void json_items_end(struct json_items *items)
{
    json_reader_deinit(&items->reader);
}

size_t json_items_count(struct slice container)
{
    struct json_items items;
    struct slice name, value;
    size_t n = 0;
    json_items_begin(&items, container);
    while (json_items_next(&items, &name, &value))
        n++;
    json_items_end(&items);
    return n;
}
