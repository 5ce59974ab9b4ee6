/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "plan.h"

#include "base/attr.h"
#include "event/pattern.h"

const struct plan_handler plan_handlers[PLAN_HANDLERS] = {
    {"plain", "bus", "order.*", 0, {{"ledger", 1}}},
    {"fan", "bus", "order.created", 0, {{"ledger", 1}, {"calendar", 1}, {"calendar", 2}}},
    {"late", "bus", "order.paid", 0, {{"mail", 1}}},
    {"enrich", "bus", "order.paid", 0, {{"calendar", 1}}},
    {"await", "bus", "order.shipped", 0, {{"ledger", 1}, {"calendar", 1}}},
    {"grouped", "bus", "note", 0, {{"metrics", 1}}},
    {"ship", "embedded", "ship.*", 0, {{"ledger", 1}, {"mail", 1}}},
    {"third", "embedded", "ship.*", 3, {{"calendar", 1}}},
    {"picky", "embedded", "ship.left", 0, {{"strict", 1}}},
    {"tick", "embedded", "tick", 0, {{"metrics", 1}}},
    {"file", "bus", "note", 0, {{"vault", 1}}},
    {"rows", "bus", "order.*", 0, {{"warehouse", 1}}},
    {"count", "embedded", "tick", 0, {{"warehouse", 1}}},
    {"digest", "bus", "order.*", 0, {{"digest", 1}}},
    {"board", "embedded", "ship.*", 0, {{"board", 1}}},
};

const struct plan_connector plan_connectors[PLAN_CONNECTORS] = {
    {.name = "ledger", .is_ordered = true},
    {.name = "calendar", .is_ordered = true},
    {.name = "mail", .is_ordered = true, .verifies = true},
    {.name = "metrics", .rate_n = 120, .rate_ms = 60000},
    {.name = "strict", .is_ordered = true},
    {.name = "vault", .is_ordered = true, .parks = true},
    {.name = "digest", .is_ordered = true, .coalesces = true},
    {.name = "board", .is_ordered = true, .coalesces = true},
    {.name = "warehouse", .is_ordered = true, .batches = true},
};

const char *const plan_bus_types[] = {"order.created", "order.paid", "order.shipped", "note", NULL};
const char *const plan_door_types[] = {"ship.left", "ship.landed", "tick", NULL};

int plan_find_handler(struct slice name)
{
    for (int i = 0; i < PLAN_HANDLERS; i++) {
        if (slice_is_equal(slice_str(plan_handlers[i].name), name))
            return i;
    }
    return -1;
}

int plan_find_connector(struct slice name)
{
    for (int i = 0; i < PLAN_CONNECTORS; i++) {
        if (slice_is_equal(slice_str(plan_connectors[i].name), name))
            return i;
    }
    return -1;
}

bool plan_takes(const struct plan_handler *h, const char *channel, const char *type, unsigned n)
{
    return strcmp(h->channel, channel) == 0 && (h->every == 0 || n % h->every == 0) &&
           pattern_matches(slice_str(h->pattern), slice_str(type));
}
