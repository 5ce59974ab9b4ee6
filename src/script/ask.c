/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a handler's filter and key make of an event: the same for the daemon as for a dry run.
 */
#include "script/script.h"

void script_handler_ask(struct script_machine *m, size_t handler, const struct event *event,
                        struct script_asked *asked)
{
    const struct script_handler *h = script_handler_at(m, handler);
    bool has_key = true;
    asked->passes = true;
    asked->key = event_key(event);
    asked->own_key = (struct buf){0};
    err_clear(&asked->err);
    if (h->has_filter && script_handler_filter(m, handler, event, &asked->passes, &asked->err) < 0)
        return;
    if (!asked->passes || !h->has_key ||
        script_handler_key(m, handler, event, &asked->own_key, &has_key, &asked->err) < 0)
        return;
    asked->key = has_key ? slice_present(buf_slice(&asked->own_key)) : SLICE_NULL;
}

void script_asked_deinit(struct script_asked *asked)
{
    buf_deinit(&asked->own_key);
}
