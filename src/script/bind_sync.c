/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* SyncManager: channels, and the handlers of their events. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "event/bus_url.h"
#include "event/pattern.h"
#include "script/argument.h"
#include "script/auth.h"
#include "script/bindings.h"
#include "script/load.h"
#include "script/machine.h"
#include "script/options.h"
#include "script/secret.h"
#include "script/send.h"

enum { NEW_URL, NEW_NAME, NEW_HEADERS, NEW_AUTH, NEW_DEAD_LETTERS };
static const struct option new_rows[] = {
    {"eventBusUrl", OPTION_TEXT, NULL},
    {"name", OPTION_STRING, NULL},
    {"headers", OPTION_TABLE, "a table of header names and values"},
    {"auth", OPTION_ANY, NULL},
    {"deadLetters", OPTION_BOOLEAN, NULL},
};
static const struct option_set new_options = OPTION_SET("SyncManager.new", new_rows);

enum { ON_NAME, ON_KEY, ON_FILTER };
static const struct option on_rows[] = {
    {"name", OPTION_STRING, NULL},
    {"key", OPTION_FUNCTION, "a function of the event"},
    {"filter", OPTION_FUNCTION, "a function of the event"},
};
static const struct option_set on_options = OPTION_SET("sync:on", on_rows);

#define EMBEDDED "embedded"
static const char *const schemes[] = {
    "http", "https", "nats", "redis", "kafka", "postgres", "amqp", "mqtt", "file",
};

/* ---- SyncManager.new{…} ---- */

static void check_url(lua_State *L, struct slice url)
{
    struct slice scheme = slice_upto(url, slice_find(url, ':'));
    bool has_scheme = scheme.len < url.len;
    for (size_t i = 0; has_scheme && i < ARRAY_LEN(schemes); i++)
        if (slice_is_equal(scheme, slice_str(schemes[i])))
            return;
    machine_raise(
        L, "SyncManager.new: `eventBusUrl` must begin with http:// https:// nats:// redis:// "
           "kafka:// postgres:// amqp:// mqtt:// or file:, or be \"embedded\"");
}

/* The headers of the table at `index`, sorted by name, as copies of the machine's. */
static void keep_headers(lua_State *L, int index, struct manager *manager)
{
    struct script_machine *m = machine_of(L);
    m->keys.len = 0;
    if (lua_isnil(L, index))
        return;
    keys_push_all(L, index, &m->keys, "headers");
    struct script_header *headers = mem_calloc(m->keys.len + 1, sizeof(*headers));
    manager->headers = headers;
    manager->public.headers = headers;
    for (size_t i = 0; i < m->keys.len; i++) {
        lua_pushlstring(L, m->keys.items[i].name.data, m->keys.items[i].name.len);
        lua_rawget(L, index);
        struct slice value = secret_or_text(L, lua_gettop(L));
        if (!value.data || memchr(value.data, '\n', value.len) ||
            memchr(value.data, '\r', value.len))
            machine_raise(L, "SyncManager.new: header `%s` must be a text of one line, or a secret",
                          m->keys.items[i].name.data);
        headers[i].name = machine_keep(m, m->keys.items[i].name);
        headers[i].value = machine_keep(m, value);
        manager->public.n_headers = i + 1;
        lua_pop(L, 1);
    }
}

static void raise_auth(void *ctx, const char *name, const char *text)
{
    (void)name;
    machine_raise(ctx, "SyncManager.new: %s", text);
}

static bool has_header(const struct script_manager *manager, const char *name)
{
    for (size_t i = 0; i < manager->n_headers; i++)
        if (slice_is_equal_nocase(manager->headers[i].name, slice_str(name)))
            return true;
    return false;
}

static void check_auth(lua_State *L, const struct script_manager *manager)
{
    const struct script_auth *auth = manager->auth;
    if (manager->url.len == 0)
        machine_raise(L, "SyncManager.new: `auth` needs an `eventBusUrl`: what is posted to the "
                         "daemon shows a token of liaison.lua");
    if (auth->identity.cert_path.data && !slice_has_prefix(manager->url, SLICE_LIT("https://")))
        machine_raise(L, "SyncManager.new: `auth.tls` needs an `eventBusUrl` of https://");
    if (!auth->bearer.data && !auth->user.data && !auth->token_url.data && !auth->aws_key.data)
        return;
    if (has_header(manager, "Authorization"))
        machine_raise(L, "SyncManager.new: `auth` and `headers` both give an Authorization: leave "
                         "one of them out");
    if (bus_url_split(manager->url).credentials.len > 0)
        machine_raise(L, "SyncManager.new: `auth` and the `eventBusUrl` both give credentials: "
                         "leave those of the URL out");
}

static void keep_auth(lua_State *L, int index, struct manager *manager)
{
    struct auth auth;
    if (lua_isnil(L, index) || (lua_isboolean(L, index) && !lua_toboolean(L, index)))
        return;
    if (!lua_istable(L, index))
        machine_raise(
            L,
            "SyncManager.new: `auth` must be a table as in { bearer = secret \"TOKEN\" }, "
            "not %s",
            argument_describe(L, index));
    if (!auth_read(L, index, raise_auth, L, &auth))
        machine_raise(L, "SyncManager.new: `auth` is wrong");
    manager->auth = auth_keep(machine_of(L), &auth);
    manager->public.auth = &manager->auth->public;
    check_auth(L, &manager->public);
}

static bool has_same_auth(const struct script_manager *a, const struct script_manager *b)
{
    if (!a->auth || !b->auth)
        return a->auth == b->auth;
    return memcmp(a->auth->hash, b->auth->hash, sizeof(a->auth->hash)) == 0;
}

static bool has_same_headers(const struct script_manager *a, const struct script_manager *b)
{
    if (a->n_headers != b->n_headers)
        return false;
    for (size_t i = 0; i < a->n_headers; i++)
        if (!slice_is_equal(a->headers[i].name, b->headers[i].name) ||
            !slice_is_equal(a->headers[i].value, b->headers[i].value))
            return false;
    return true;
}

/* Managers of one channel share its connection, so they must agree about it. What is posted goes to
   one channel: those without a URL are all of that one. */
static void check_agreement(lua_State *L, const struct script_manager *added)
{
    struct script_machine *m = machine_of(L);
    for (size_t i = 0; i + 1 < m->n_managers; i++) {
        const struct script_manager *other = &m->managers[i].public;
        if (!slice_is_equal(other->channel, added->channel)) {
            if (other->url.len == 0 && added->url.len == 0)
                machine_raise(
                    L,
                    "SyncManager.new: POST /events feeds one channel, which %.*s:%d calls "
                    "%.*s: give this one the same `name`, or an `eventBusUrl`",
                    SLICE_FMT(other->file), other->line, SLICE_FMT(other->channel));
            continue;
        }
        const char *what = !slice_is_equal(other->url, added->url)      ? "another URL"
                           : !has_same_headers(other, added)            ? "other headers"
                           : !has_same_auth(other, added)               ? "another `auth`"
                           : other->dead_letters != added->dead_letters ? "another `deadLetters`"
                                                                        : NULL;
        if (what)
            machine_raise(L,
                          "SyncManager.new: the channel %.*s is made with %s at %.*s:%d; give this "
                          "one a `name` of its own",
                          SLICE_FMT(added->channel), what, SLICE_FMT(other->file), other->line);
    }
}

static struct manager *add_manager(struct script_machine *m)
{
    if (m->n_managers == m->cap_managers) {
        m->cap_managers = m->cap_managers ? 2 * m->cap_managers : 4;
        m->managers = mem_realloc(m->managers, m->cap_managers * sizeof(*m->managers));
    }
    struct manager *manager = &m->managers[m->n_managers++];
    *manager = (struct manager){0};
    return manager;
}

/* "FILE:LINE: " of the script, taken apart. */
static void read_place(lua_State *L, struct script_manager *manager)
{
    struct buf *place = &machine_of(L)->text;
    buf_clear(place);
    machine_add_place(L, place);
    struct slice rest = buf_slice(place);
    manager->file = machine_keep(machine_of(L), slice_split(&rest, ':'));
    manager->line = rest.data ? atoi(rest.data) : 0;
}

static void read_channel(lua_State *L, int url_index, int name_index,
                         struct script_manager *manager)
{
    struct script_machine *m = machine_of(L);
    secret_make_url(L, url_index);
    struct slice url = secret_or_text(L, url_index), name = secret_or_text(L, name_index);
    if (url.len > 0 && !slice_is_equal(url, SLICE_LIT(EMBEDDED))) {
        check_url(L, url);
        manager->url = machine_keep(m, url);
    }
    if (manager->url.len > 0 && slice_is_equal(name, SLICE_LIT(EMBEDDED)))
        machine_raise(L, "SyncManager.new: `name` can't be \"" EMBEDDED
                         "\" with an `eventBusUrl`: so the daemon's own channel is called");
    buf_clear(&m->text);
    if (name.len > 0) {
        buf_add_slice(&m->text, name);
    } else if (manager->url.len > 0) {
        struct bus_url parts = bus_url_split(url);
        buf_add_slice(&m->text, parts.scheme);
        buf_add_slice(&m->text, parts.rest);
    } else {
        buf_add_str(&m->text, EMBEDDED);
    }
    manager->channel = machine_keep(m, buf_slice(&m->text));
}

static int sync_new(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    lua_settop(L, 1);
    if (!m->loader)
        machine_raise(L, "SyncManager.new belongs at the top of a script, not into a handler");
    options_read_or_raise(L, 1, &new_options);
    int base = 2;
    struct manager *manager = add_manager(m);
    struct script_manager *public = &manager->public;
    read_place(L, public);
    read_channel(L, base + NEW_URL, base + NEW_NAME, public);
    keep_headers(L, base + NEW_HEADERS, manager);
    keep_auth(L, base + NEW_AUTH, manager);
    public->dead_letters =
        lua_isnil(L, base + NEW_DEAD_LETTERS) || lua_toboolean(L, base + NEW_DEAD_LETTERS);
    check_agreement(L, public);

    size_t *index = lua_newuserdata(L, sizeof(*index));
    *index = m->n_managers - 1;
    machine_mark(L, lua_gettop(L), REF_SYNC);
    return 1;
}

/* The manager that a method is called on. */
static struct manager *check_self(lua_State *L, const char *method)
{
    if (lua_type(L, 1) != LUA_TUSERDATA || !machine_is(L, 1, REF_SYNC))
        machine_raise(L, "write sync:%s with a colon, on what SyncManager.new returned", method);
    const size_t *index = lua_touserdata(L, 1);
    return &machine_of(L)->managers[*index];
}

/* ---- sync:on(type [, options], handler) ---- */

static struct handler *add_handler(struct script_machine *m)
{
    if (m->n_handlers == m->cap_handlers) {
        m->cap_handlers = m->cap_handlers ? 2 * m->cap_handlers : 16;
        m->handlers = mem_realloc(m->handlers, m->cap_handlers * sizeof(*m->handlers));
    }
    struct handler *handler = &m->handlers[m->n_handlers++];
    *handler =
        (struct handler){.run_ref = LUA_NOREF, .key_ref = LUA_NOREF, .filter_ref = LUA_NOREF};
    return handler;
}

static const struct handler *find_handler(const struct script_machine *m, struct slice name)
{
    for (size_t i = 0; i < m->n_handlers; i++)
        if (slice_is_equal(m->handlers[i].public.name, name))
            return &m->handlers[i];
    return NULL;
}

/* SCRIPT/TYPE#n, n counting the handlers of this script for this type. */
static void add_default_name(const struct script_machine *m, struct slice type, struct buf *out)
{
    const char *script = m->loader->script ? m->loader->script : "project";
    unsigned n = 1;
    for (size_t i = 0; i < m->n_handlers; i++)
        n += strcmp(m->handlers[i].script, script) == 0 &&
             slice_is_equal(m->handlers[i].public.pattern, type);
    buf_printf(out, "%s/%.*s#%u", script, SLICE_FMT(type), n);
}

static struct slice read_handler_name(lua_State *L, int index, struct slice type)
{
    struct script_machine *m = machine_of(L);
    struct slice name = secret_or_text(L, index);
    buf_clear(&m->json);
    if (name.len > 0)
        buf_add_slice(&m->json, name);
    else
        add_default_name(m, type, &m->json);
    if (find_handler(m, buf_slice(&m->json)))
        machine_raise(
            L, "sync:on: there is a handler named \"%s\" already; give this one another `name`",
            m->json.data);
    return machine_keep(m, buf_slice(&m->json));
}

/* [-0, +0] A reference to the function at `index`, LUA_NOREF for nil. */
static int ref_function(lua_State *L, int index)
{
    if (lua_isnil(L, index))
        return LUA_NOREF;
    lua_pushvalue(L, index);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static int sync_on(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct slice type;
    struct err err = {0};
    struct manager *manager = check_self(L, "on");
    if (!m->loader)
        machine_raise(L, "sync:on belongs at the top of a script, not into a handler");
    if (lua_gettop(L) < 4)
        lua_settop(L, 3), lua_pushnil(L), lua_insert(L, 3);
    lua_settop(L, 4);
    if (lua_type(L, 2) != LUA_TSTRING)
        machine_raise(
            L, "sync:on takes the event's type as a string, as in sync:on(\"schedule.updated\", "
               "function(event) … end)");
    if (lua_type(L, 4) != LUA_TFUNCTION)
        machine_raise(L, "sync:on takes the handler last: a function of the event, not %s",
                      argument_describe(L, 4));
    type.data = lua_tolstring(L, 2, &type.len);
    if (pattern_check(type, &err) < 0)
        machine_raise(L, "sync:on: %s", err.message);
    options_read_or_raise(L, 3, &on_options);
    int base = 5;

    struct slice name = read_handler_name(L, base + ON_NAME, type);
    struct handler *handler = add_handler(m);
    handler->script = m->loader->script ? m->loader->script : "project";
    handler->public.file = m->loader->file;
    handler->public.name = name;
    handler->public.pattern = machine_keep(m, type);
    handler->public.channel = manager->public.channel;
    handler->public.has_key = !lua_isnil(L, base + ON_KEY);
    handler->public.has_filter = !lua_isnil(L, base + ON_FILTER);
    handler->key_ref = ref_function(L, base + ON_KEY);
    handler->filter_ref = ref_function(L, base + ON_FILTER);
    handler->run_ref = ref_function(L, 4);
    return 0;
}

/* ---- sync:start(), sync:send{…} ---- */

static int sync_start(lua_State *L)
{
    struct manager *manager = check_self(L, "start()");
    if (!machine_of(L)->loader)
        machine_raise(L, "sync:start() belongs at the end of a script, not into a handler");
    manager->public.is_started = true;
    return 0;
}

static int sync_send(lua_State *L)
{
    check_self(L, "send{…}");
    return send_from_script(L);
}

static int sync_tostring(lua_State *L)
{
    struct manager *manager = check_self(L, "…");
    lua_pushfstring(L, "SyncManager: %s", manager->public.channel.data);
    return 1;
}

static const luaL_Reg methods[] = {
    {"on", sync_on},
    {"send", sync_send},
    {"start", sync_start},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {{"__tostring", sync_tostring}, {NULL, NULL}};

void sync_open(lua_State *L)
{
    bindings_add_metatable(L, REF_SYNC, metamethods);
    machine_push(L, REF_SYNC);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);

    lua_newtable(L);
    lua_pushcfunction(L, sync_new);
    lua_setfield(L, -2, "new");
    lua_setfield(L, -2, "SyncManager");
    send_open(L);
}
