/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/known.h"

#include <stdlib.h>

bool known_rows_add(void *rows, const struct delivery_row *row)
{
    struct known_row *known = mem_calloc(1, sizeof(*known));
    known->row = *row;
    struct slice *const texts[] = {
        &known->row.id,          &known->row.connector, &known->row.handler, &known->row.key,
        &known->row.transformer, &known->row.data,      &known->row.cause,   &known->row.error,
        &known->row.result,      &known->row.stale_by,  &known->row.batch};
    size_t total = 0;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        total += texts[i]->len;
    buf_reserve(&known->texts, total + 1); /* at once: the slices into it must stay */
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice text = *texts[i];
        if (text.data)
            texts[i]->data = known->texts.data + known->texts.len;
        buf_add_slice(&known->texts, text);
    }
    list_add_tail(rows, &known->link);
    return true;
}

bool known_event(void *event, struct event *found, enum event_state state)
{
    (void)state;
    *(struct event **)event = event_ref(found);
    return false;
}

void known_rows_free(struct list *rows)
{
    list_each (it, rows) {
        struct known_row *known = list_entry(it, struct known_row, link);
        list_remove(it);
        buf_deinit(&known->texts);
        free(known);
    }
}
