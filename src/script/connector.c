/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What a file of connectors/ returned: a function, or a table with `send` and its policy. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/check.h"
#include "script/connector_auth.h"
#include "script/connector_batch.h"
#include "script/connector_job.h"
#include "script/connector_order.h"
#include "script/connector_statuses.h"
#include "script/load.h"
#include "script/options.h"

enum {
    CONNECTOR_SEND,
    CONNECTOR_TRANSFORMER,
    CONNECTOR_TIMEOUT,
    CONNECTOR_RETRY,
    CONNECTOR_ORDER,
    CONNECTOR_ON_DEAD,
    CONNECTOR_COALESCE,
    CONNECTOR_CONCURRENCY,
    CONNECTOR_STATUSES,
    CONNECTOR_VERIFY,
    CONNECTOR_BREAKER,
    CONNECTOR_RATE,
    CONNECTOR_AUTH,
    CONNECTOR_BATCH,
    CONNECTOR_ROWS_READ,
};
static const struct option connector_rows[] = {
    {"send", OPTION_FUNCTION, "a function of the data and the delivery"},
    {"transformer", OPTION_ANY, NULL},
    {"timeout", OPTION_DURATION, NULL},
    {"retry", OPTION_TABLE, "a table as in { attempts = 3, base = \"200ms\" }"},
    {"order", OPTION_STRING, "\"key\" or \"none\""},
    {"onDead", OPTION_STRING, "\"next\" or \"park\""},
    {"coalesce", OPTION_BOOLEAN, NULL},
    {"concurrency", OPTION_ANY, NULL},
    {"statuses", OPTION_ANY, NULL},
    {"verify", OPTION_FUNCTION, "a function of the data and the delivery"},
    {"breaker", OPTION_ANY, NULL},
    {"rate", OPTION_ANY, NULL},
    {"auth", OPTION_ANY, NULL},
    {"batch", OPTION_ANY, NULL},
};
static const struct option_set connector_options = OPTION_SET("a connector", connector_rows);

enum {
    RETRY_ATTEMPTS,
    RETRY_BASE,
    RETRY_GROWTH,
    RETRY_FACTOR,
    RETRY_CAP,
    RETRY_JITTER,
    RETRY_AGE,
};
static const struct option retry_rows[] = {
    {"attempts", OPTION_ANY, NULL},
    {"base", OPTION_DURATION, NULL},
    {"growth", OPTION_STRING, "\"constant\", \"linear\" or \"exponential\""},
    {"factor", OPTION_ANY, NULL},
    {"cap", OPTION_DURATION, NULL},
    {"jitter", OPTION_BOOLEAN, NULL},
    {"age", OPTION_DURATION, NULL},
};
static const struct option_set retry_options = OPTION_SET("retry", retry_rows);

static const struct script_connector defaults = {
    .timeout_ms = 10000,
    .base_ms = 200,
    .growth = SCRIPT_GROWTH_EXPONENTIAL,
    .factor = 2,
    .cap_ms = INT64_C(5) * 60000,
    .jitter = true,
    .age_ms = INT64_C(72) * 3600000,
    .is_ordered = true,
    .breaker_failures = 5,
    .breaker_open_ms = 30000,
};

/* ---- retry = { … } ---- */

static void read_growth(struct connector_job *job, int index)
{
    static const char *const words[] = {"constant", "linear", "exponential"};
    if (lua_isnil(job->L, index))
        return;
    int growth = connector_read_choice(job, index, "retry.growth", retry_rows[RETRY_GROWTH].expects,
                                       words, 3);
    if (growth >= 0)
        job->connector->public.growth = (enum script_growth)growth;
}

static void read_retry(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    struct script_connector *c = &job->connector->public;
    int base = lua_gettop(L) + 1;
    if (lua_isnil(L, index))
        return;
    options_read(L, index, &retry_options, connector_offence, job);
    if (!lua_isnil(L, base + RETRY_ATTEMPTS) &&
        !connector_read_count(L, base + RETRY_ATTEMPTS, &c->attempts))
        connector_tell(job, "attempts",
                       "retry.attempts must be a whole number from 1 up; leave it out for no "
                       "limit but the age");
    lua_Number factor = lua_isnil(L, base + RETRY_FACTOR) ? c->factor
                        : lua_type(L, base + RETRY_FACTOR) == LUA_TNUMBER
                            ? lua_tonumber(L, base + RETRY_FACTOR)
                            : 0;
    if (!(factor >= 1 && factor <= 1000))
        connector_tell(job, "factor", "retry.factor must be a number from 1 to 1000");
    c->factor = factor;
    connector_read_duration(job, base + RETRY_BASE, "retry.base", 0, &c->base_ms);
    connector_read_duration(job, base + RETRY_CAP, "retry.cap", 0, &c->cap_ms);
    connector_read_duration(job, base + RETRY_AGE, "retry.age", 0, &c->age_ms);
    read_growth(job, base + RETRY_GROWTH);
    if (!lua_isnil(L, base + RETRY_JITTER))
        c->jitter = lua_toboolean(L, base + RETRY_JITTER);
    lua_settop(L, base - 1);
}

/* ---- transformer = name, function or list ---- */

/* Appends the function that the value on top means to the list at `list`; pops the value. */
static void add_transformer(struct connector_job *job, int list)
{
    lua_State *L = job->L;
    const struct transformer *t;
    int next = (int)lua_objlen(L, list) + 1;
    if (lua_type(L, -1) == LUA_TSTRING) {
        const char *name = lua_tostring(L, -1);
        t = transformer_find(job->l, name);
        if (!t) {
            int line = check_find_assignment(job->source->text, "transformer");
            transformer_tell_missing(job->l, name, job->source->name.data, line);
            job->is_ok = false;
            lua_pop(L, 1);
            return;
        }
        lua_pop(L, 1);
        lua_rawgeti(L, LUA_REGISTRYINDEX, t->list_ref);
        lua_rawgeti(L, -1, 1);
        lua_remove(L, -2);
    }
    if (lua_isfunction(L, -1)) {
        job->connector->transformer_takes_event |= machine_takes_second(L, -1);
        lua_rawseti(L, list, next);
        return;
    }
    connector_tell(job, "transformer",
                   "`transformer` must be a name, a function, or a list of such");
    lua_pop(L, 1);
}

/* The elements of the table at `index`, which has no names: those of transformers stand in it as texts. */
static void add_transformers(struct connector_job *job, int index, int list)
{
    lua_State *L = job->L;
    int n = (int)lua_objlen(L, index), n_members = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        n_members++;
    if (n_members != n)
        connector_tell(
            job, "transformer",
            "`transformer` must be a name, a function, or a list of such, as in "
            "{ \"omitNulls\", function(data, event) … end }: its elements have no names");
    for (int i = 1; i <= n && n_members == n; i++) {
        lua_rawgeti(L, index, i);
        add_transformer(job, list);
    }
}

static void read_transformer(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    job->connector->transformer_ref = LUA_NOREF;
    if (lua_isnil(L, index))
        return;
    lua_newtable(L);
    int list = lua_gettop(L);
    if (lua_istable(L, index)) {
        add_transformers(job, index, list);
    } else {
        lua_pushvalue(L, index);
        add_transformer(job, list);
    }
    job->connector->transformer_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* ---- the table ---- */

static void read_concurrency(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    if (lua_isnil(L, index))
        return;
    if (lua_type(L, index) == LUA_TSTRING && strcmp(lua_tostring(L, index), "auto") == 0)
        return;
    if (!connector_read_count(L, index, &job->connector->public.concurrency))
        connector_tell(job, "concurrency",
                       "`concurrency` must be \"auto\" or a whole number from 1 up");
}

/* [-1, +0] Of the function on top; nil where a problem has been told. */
static void keep_send(struct connector_job *job)
{
    lua_State *L = job->L;
    job->connector->takes_delivery |= lua_isfunction(L, -1) && machine_takes_second(L, -1);
    job->connector->send_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void read_verify(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    if (lua_isnil(L, index))
        return;
    job->connector->takes_delivery |= machine_takes_second(L, index);
    lua_pushvalue(L, index);
    job->connector->verify_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void read_table(struct connector_job *job)
{
    lua_State *L = job->L;
    int base = lua_gettop(L) + 1;
    options_read(L, base - 1, &connector_options, connector_offence, job);
    if (lua_isnil(L, base + CONNECTOR_SEND) && job->is_ok)
        connector_tell(job, NULL,
                       "a connector's table needs `send`: a function of the data and the delivery");
    read_transformer(job, base + CONNECTOR_TRANSFORMER);
    connector_read_duration(job, base + CONNECTOR_TIMEOUT, "timeout", 1,
                            &job->connector->public.timeout_ms);
    read_retry(job, base + CONNECTOR_RETRY);
    connector_read_order(job, &(struct connector_order){.order = base + CONNECTOR_ORDER,
                                                        .on_dead = base + CONNECTOR_ON_DEAD,
                                                        .coalesce = base + CONNECTOR_COALESCE});
    read_concurrency(job, base + CONNECTOR_CONCURRENCY);
    statuses_read(job, base + CONNECTOR_STATUSES);
    read_verify(job, base + CONNECTOR_VERIFY);
    connector_read_breaker(job, base + CONNECTOR_BREAKER);
    connector_read_rate(job, base + CONNECTOR_RATE);
    connector_read_auth(job, base + CONNECTOR_AUTH);
    connector_read_batch(job, base + CONNECTOR_BATCH);
    lua_pushvalue(L, base + CONNECTOR_SEND);
    keep_send(job);
}

/* [-0, +0] What connector "NAME" gives, which waits for options (library/connector.lua). */
static bool is_unmade(lua_State *L)
{
    lua_Debug ar;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &ar);
    return strcmp(ar.source, "=connector.lua") == 0;
}

static int read_connector(lua_State *L)
{
    struct connector_job *job = lua_touserdata(L, 1);
    job->L = L;
    job->connector->transformer_ref = job->connector->verify_ref = LUA_NOREF;
    lua_rawgeti(L, LUA_REGISTRYINDEX, job->ref);
    if (lua_isfunction(L, -1) && is_unmade(L))
        connector_tell(
            job, NULL,
            "connector \"NAME\" makes one by its options: write connector \"NAME\" { … }, "
            "or { } where none are needed");
    else if (lua_isfunction(L, -1))
        keep_send(job);
    else if (lua_istable(L, -1))
        read_table(job);
    else
        connector_tell(
            job, NULL,
            "a connector's file returns a function, return function(data, delivery) … end, or "
            "a table with `send`");
    return 0;
}

static struct connector *read_file(struct loader *l, struct slice name, const struct source *source,
                                   int ref)
{
    struct err err = {0};
    struct connector *c = mem_calloc(1, sizeof(*c));
    c->public = defaults;
    c->public.name = name;
    c->public.file = source->name;
    c->node.key = c->public.name;
    struct connector_job job = {
        .l = l, .source = source, .connector = c, .ref = ref, .is_ok = true};
    if (machine_protect(l->m, read_connector, &job, &err) < 0)
        loader_tell_raised(l, source->name.data, err.message);
    return c;
}

void connector_add_dead_letters(struct loader *l)
{
    const struct source prelude = {.name = SLICE_LIT("the connector " SCRIPT_DEAD_LETTERS)};
    l->m->dead_letters =
        read_file(l, SLICE_LIT(SCRIPT_DEAD_LETTERS), &prelude, l->m->refs[REF_DEAD_LETTERS]);
}

/* ---- patterns: what library/connector.lua makes connectors of ---- */

bool connector_makes_others(lua_State *L)
{
    if (!lua_istable(L, -1))
        return false;
    lua_getfield(L, -1, "new");
    bool is = lua_isfunction(L, -1);
    lua_pop(L, 1);
    return is;
}

static int has_new(lua_State *L)
{
    struct connector_job *job = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, job->ref);
    job->is_ok = connector_makes_others(L);
    return 0;
}

static bool is_pattern(struct loader *l, int ref)
{
    struct connector_job job = {.l = l, .ref = ref};
    return machine_protect(l->m, has_new, &job, NULL) == 0 && job.is_ok;
}

static void note_pattern(struct loader *l, const struct source *source)
{
    l->patterns = mem_realloc(l->patterns, (l->n_patterns + 1) * sizeof(struct source *));
    l->patterns[l->n_patterns++] = source;
}

bool connector_is_pattern(const struct loader *l, struct slice name)
{
    for (size_t i = 0; i < l->n_patterns; i++)
        if (slice_is_equal(l->patterns[i]->module, name))
            return true;
    return false;
}

/* ---- adding ---- */

void connector_add(struct loader *l, const struct source *source, int ref)
{
    struct script_machine *m = l->m;
    if (map_find(&m->connector_map, source->module))
        return;
    if (is_pattern(l, ref)) {
        note_pattern(l, source);
        return;
    }
    if (slice_is_equal(source->module, SLICE_LIT(SCRIPT_DEAD_LETTERS))) {
        loader_tell(l, false, source->name.data, 0,
                    "the name deadLetters is taken by the connector that publishes dead letters: "
                    "give this one another name");
        return;
    }
    struct connector *c = read_file(l, source->module, source, ref);

    /* A bad one is known as well, so that what names it isn't wrong too. */
    m->connectors = mem_realloc(m->connectors, (m->n_connectors + 1) * sizeof(struct connector *));
    m->connectors[m->n_connectors++] = c;
    map_insert(&m->connector_map, &c->node);
    m->connector_names = mem_realloc(m->connector_names, m->n_connectors * sizeof(const char *));
    m->connector_names[m->n_connectors - 1] = c->public.name.data;
}

static int compare(const void *a, const void *b)
{
    const struct connector *const *left = a, *const *right = b;
    return slice_compare((*left)->public.name, (*right)->public.name);
}

void connector_finish(struct loader *l)
{
    struct script_machine *m = l->m;
    if (m->n_connectors == 0)
        return;
    qsort(m->connectors, m->n_connectors, sizeof(struct connector *), compare);
    for (size_t i = 0; i < m->n_connectors; i++)
        m->connector_names[i] = m->connectors[i]->public.name.data;
}
