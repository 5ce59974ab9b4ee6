/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/connector_order.h"

#define ORDERS "\"key\" or \"none\""
#define ENDS "\"next\" or \"park\""

void connector_read_order(struct connector_job *job, const struct connector_order *at)
{
    static const char *const orders[] = {"none", "key"}, *const ends[] = {"next", "park"};
    struct script_connector *c = &job->connector->public;
    if (!lua_isnil(job->L, at->order))
        c->is_ordered = connector_read_choice(job, at->order, "order", ORDERS, orders, 2) != 0;
    if (!lua_isnil(job->L, at->on_dead))
        c->parks = connector_read_choice(job, at->on_dead, "onDead", ENDS, ends, 2) == 1;
    c->coalesces = lua_toboolean(job->L, at->coalesce);
    if (c->coalesces && !c->is_ordered)
        connector_tell(
            job, "coalesce",
            "`coalesce = true` sends the newest of what waits in the order of a key, and "
            "`order = \"none\"` says that there is none: leave one of the two out");
    if (c->parks && !c->is_ordered)
        connector_tell(job, "onDead",
                       "`onDead = \"park\"` keeps what stands behind a dead letter in the order of "
                       "its key, and `order = \"none\"` says that there is none: leave one of the "
                       "two out");
}
