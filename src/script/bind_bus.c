/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* The connector deadLetters, which is part of the prelude, and what it knows of buses. */
#include <assert.h>

#include <lauxlib.h>

#include "event/bus_url.h"
#include "script/auth.h"
#include "script/bindings.h"
#include "script/load.h"
#include "script/machine.h"

/* Managers of one channel agree about its bus. */
static const struct script_manager *find_manager(const struct script_machine *m,
                                                 struct slice channel)
{
    for (size_t i = 0; i < m->n_managers; i++)
        if (slice_is_equal(m->managers[i].public.channel, channel))
            return &m->managers[i].public;
    return NULL;
}

/* [-0, +1, e] The headers of its requests, the URL's credentials among them. */
static void push_headers(lua_State *L, const struct script_manager *manager,
                         struct slice credentials)
{
    bool has_authorization = false;
    lua_createtable(L, 0, (int)manager->n_headers + 2);
    for (size_t i = 0; i < manager->n_headers; i++) {
        const struct script_header *h = &manager->headers[i];
        has_authorization |= slice_is_equal_nocase(h->name, SLICE_LIT("authorization"));
        lua_pushlstring(L, h->name.data, h->name.len);
        lua_pushlstring(L, h->value.data, h->value.len);
        lua_rawset(L, -3);
    }
    if (credentials.len == 0 || has_authorization)
        return;
    struct buf *basic = &machine_of(L)->text;
    buf_clear(basic);
    bus_url_add_basic(basic, credentials);
    lua_pushlstring(L, basic->data, basic->len);
    lua_setfield(L, -2, "Authorization");
}

/* busOf() -> url, headers: of the bus that the event of this attempt came from. */
static int bus_of(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    const struct script_manager *manager = find_manager(m, m->current->event->channel);
    assert(manager); /* it is asked of channels that publish, see script_publishes */
    struct bus_url url = bus_url_split(slice_upto(manager->url, slice_find(manager->url, '#')));
    lua_pushlstring(L, url.scheme.data, url.scheme.len);
    lua_pushlstring(L, url.rest.data, url.rest.len);
    lua_concat(L, 2);
    push_headers(L, manager, url.credentials);
    return 2;
}

static const luaL_Reg host_functions[] = {
    {"busOf", bus_of},
    {NULL, NULL},
};

void bus_open(lua_State *L)
{
    bindings_add_host(L, host_functions);
}

void bus_adopt(lua_State *L)
{
    lua_getfield(L, -1, "deadLetters");
    machine_set(L, REF_DEAD_LETTERS);
}

/* ---- for the host ---- */

bool script_publishes(const struct script_machine *m, struct slice channel)
{
    const struct script_manager *manager = find_manager(m, channel);
    return manager && manager->dead_letters &&
           (slice_has_prefix(manager->url, SLICE_LIT("http://")) ||
            slice_has_prefix(manager->url, SLICE_LIT("https://")));
}

const struct script_auth *bus_auth(const struct script_machine *m, struct slice channel)
{
    const struct script_manager *manager = find_manager(m, channel);
    return manager ? manager->auth : NULL;
}

const struct script_connector *script_dead_letters(const struct script_machine *m)
{
    return &m->dead_letters->public;
}
