/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The channels that the scripts' managers ask for: opened, changed and closed as these do.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/hash.h"
#include "engine/parts.h"

/* ---- what is asked for ---- */

struct engine_channel *engine_find_channel(const struct engine *e, struct slice name)
{
    list_each (it, &e->channels) {
        struct engine_channel *c = list_entry(it, struct engine_channel, link);
        if (slice_is_equal(slice_str(c->channel->name), name))
            return c;
    }
    return NULL;
}

/* Managers of one channel share it; it starts when all of them have called start. */
static bool is_started(const struct script_machine *m, struct slice channel)
{
    for (size_t i = 0; i < script_manager_count(m); i++) {
        const struct script_manager *manager = script_manager_at(m, i);
        if (slice_is_equal(manager->channel, channel) && !manager->is_started)
            return false;
    }
    return true;
}

/* The one that has the nth manager's bus opened, if it is the first of these. */
static const struct script_manager *bus_at(const struct script_machine *m, size_t n)
{
    const struct script_manager *manager = script_manager_at(m, n);
    if (manager->url.len == 0 || !is_started(m, manager->channel))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (slice_is_equal(script_manager_at(m, i)->channel, manager->channel))
            return NULL;
    }
    return manager;
}

static bool is_wanted(const struct script_machine *m, const struct channel *c)
{
    for (size_t i = 0; i < script_manager_count(m); i++) {
        const struct script_manager *bus = bus_at(m, i);
        if (bus && slice_is_equal(bus->channel, slice_str(c->name)))
            return true;
    }
    return false;
}

/* The daemon's own channel, which is always there, as a script calls it, where one does. */
static struct script_manager embedded_of(const struct script_machine *m)
{
    for (size_t i = 0; i < script_manager_count(m); i++) {
        const struct script_manager *manager = script_manager_at(m, i);
        if (manager->url.len == 0)
            return (struct script_manager){.channel = manager->channel};
    }
    return (struct script_manager){.channel = SLICE_LIT(CHANNEL_EMBEDDED_NAME)};
}

static struct hash128 hash_wish(const struct script_manager *m)
{
    size_t n = 0;
    struct slice *parts = mem_calloc(2 + 2 * m->n_headers, sizeof(*parts));
    parts[n++] = m->url;
    parts[n++] =
        m->auth ? slice_of((const char *)m->auth->hash, sizeof(m->auth->hash)) : SLICE_NULL;
    for (size_t i = 0; i < m->n_headers; i++) {
        parts[n++] = m->headers[i].name;
        parts[n++] = m->headers[i].value;
    }
    struct hash128 hash = hash_parts(parts, n);
    free(parts);
    return hash;
}

/* ---- options, whose texts are to be freed ---- */

/* Borrows *auth. */
static struct channel_options options_of(const struct script_manager *m, struct http_auth *auth)
{
    static_assert(sizeof(struct script_header) == sizeof(struct http_header),
                  "a header is a name and a value on both sides");
    return (struct channel_options){
        .name = slice_dup(m->channel),
        .url = slice_dup(m->url),
        .headers = {(const struct http_header *)m->headers, m->n_headers},
        .auth = auth_of(m->auth, auth),
    };
}

static void options_deinit(struct channel_options *options)
{
    free((char *)options->name);
    free((char *)options->url);
}

int channels_check(const struct script_manager *m, struct err *err)
{
    struct http_auth auth;
    struct channel_options options = options_of(m, &auth);
    int result = channel_check(&options, err);
    options_deinit(&options);
    return result;
}

/* ---- one channel ---- */

static int open_channel(struct engine *e, const struct script_manager *m,
                        struct journal_reader *reader, struct err *err)
{
    struct buf position = {0};
    bool has_position;
    if (journal_position(reader, m->channel, &position, &has_position, err) < 0)
        return -1;
    struct http_auth auth;
    struct channel_options options = options_of(m, &auth);
    struct engine_channel *c = mem_calloc(1, sizeof(*c));
    options.position = has_position ? buf_slice(&position) : SLICE_NULL;
    c->channel = channel_open(&options, &e->host, err);
    options_deinit(&options);
    buf_deinit(&position);
    if (!c->channel) {
        free(c);
        return -1;
    }
    c->wish = hash_wish(m);
    c->unpublished = publication_objection(e, m->channel);
    list_add_tail(&e->channels, &c->link);
    if (m->url.len == 0)
        e->embedded = c->channel;
    else if (arrivals_has_paused(e))
        channel_pause(c->channel);
    return 0;
}

/* What it handed over comes to disk, and is handled. */
static void close_channel(struct engine *e, struct engine_channel *c)
{
    list_remove(&c->link);
    accept_forget(e, c);
    channel_close(c->channel);
    free(c);
}

/* False where it is of another kind now. */
static bool change_channel(struct engine *e, struct engine_channel *c,
                           const struct script_manager *m)
{
    struct hash128 wish = hash_wish(m);
    bool is_same = memcmp(&wish, &c->wish, sizeof(wish)) == 0 &&
                   slice_is_equal(m->channel, slice_str(c->channel->name));
    struct http_auth auth;
    struct channel_options options = options_of(m, &auth);
    bool is_done = is_same || channel_change(c->channel, &options);
    options_deinit(&options);
    c->wish = wish;
    c->unpublished = publication_objection(e, m->channel);
    return is_done;
}

static int set_bus(struct engine *e, const struct script_manager *m, struct journal_reader *reader,
                   struct err *err)
{
    struct engine_channel *c = engine_find_channel(e, m->channel);
    if (c && change_channel(e, c, m))
        return 0;
    if (c)
        close_channel(e, c);
    return open_channel(e, m, reader, err);
}

/* ---- all of them ---- */

static void close_unwanted(struct engine *e)
{
    list_each (it, &e->channels) {
        struct engine_channel *c = list_entry(it, struct engine_channel, link);
        if (c->channel == e->embedded || is_wanted(e->machine, c->channel))
            continue;
        log_info(e->log, "channel closed: no script asks for it any more",
                 LOG_STR("channel", c->channel->name));
        close_channel(e, c);
    }
}

static int set_embedded(struct engine *e, struct journal_reader *reader, struct err *err)
{
    const struct script_manager embedded = embedded_of(e->machine);
    list_each (it, &e->channels) {
        struct engine_channel *c = list_entry(it, struct engine_channel, link);
        if (c->channel == e->embedded)
            return change_channel(e, c, &embedded) ? 0 : -1;
    }
    return open_channel(e, &embedded, reader, err);
}

/* The names that are free come before those that are taken. */
int channels_set(struct engine *e, struct journal_reader *reader, struct err *err)
{
    close_unwanted(e);
    int result = set_embedded(e, reader, err);
    for (size_t i = 0; i < script_manager_count(e->machine); i++) {
        const struct script_manager *bus = bus_at(e->machine, i);
        if (bus && set_bus(e, bus, reader, err) < 0)
            result = -1;
    }
    return result;
}

bool channels_need_reader(const struct engine *e, const struct script_machine *m)
{
    for (size_t i = 0; i < script_manager_count(m); i++) {
        const struct script_manager *bus = bus_at(m, i);
        const struct engine_channel *c = bus ? engine_find_channel(e, bus->channel) : NULL;
        if (bus && (!c || c->channel == e->embedded))
            return true;
    }
    return false;
}

void channels_free(struct engine *e)
{
    list_each (it, &e->channels)
        close_channel(e, list_entry(it, struct engine_channel, link));
}
