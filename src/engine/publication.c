/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Dead letters on the bus: what dies is published on the channel that its event came from. A
 * publication is a delivery of the built-in connector, written in one with the death, and goes the
 * way of all deliveries from there on. Its row holds what only the moment knows (cause, error,
 * time); the rest of the letter is read when it is sent, since what waits for a bus that is down
 * should not stand twice on disk.
 *
 * No loops: what is about a dead letter (a delivery of an event of that type, a message that
 * mentions it, a publication) is never published when it dies, whatever the bus does with it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/parts.h"
#include "engine/record_json.h"
#include "event/pattern.h"

#define LETTER_MAX ((size_t)256 << 10) /* of a published one, as JSON */

/* The letter of a publication that is being sent, between the loop and the reader's thread. */
struct letter_reading {
    struct item *item;
    struct buf id, cause, error; /* what the publication's row says of its death; where it says */
    int64_t ended_ms;            /* nothing (empty, 0), the letter's own row does */
    size_t max;                  /* bytes */
    struct journal_reader *reader;
    bool is_there;
    struct buf letter;
    struct err err;
};

/* ---- which are published ---- */

/* Why none are published on it, or NULL. */
static const char *unpublished_of(const struct engine *e, struct slice channel)
{
    const struct engine_channel *c = engine_find_channel(e, channel);
    return c ? c->unpublished : "its channel is gone";
}

const char *publication_objection(const struct engine *e, struct slice channel)
{
    return script_publishes(e->machine, channel) ? NULL : "none are published on its channel";
}

bool publication_is(const struct item *item)
{
    return target_owner(item->d.target) == script_dead_letters(item->engine->machine);
}

static bool mentions_dead_letters(struct slice bytes)
{
    return memmem(bytes.data, bytes.len, PATTERN_DEAD_LETTER, strlen(PATTERN_DEAD_LETTER)) != NULL;
}

/* ---- made with the death ---- */

/* `dead` is what died: its row. */
static struct item *publication_new(struct engine *e, struct event *event,
                                    const struct delivery_row *dead)
{
    struct buf said = {0};
    struct json_writer w = {.out = &said};
    json_object_begin(&w, NULL);
    json_member_string(&w, "id", dead->id);
    json_member_string(&w, "cause", dead->cause);
    json_member_string(&w, "error", dead->error);
    json_member_time(&w, "at", dead->ended_ms);
    json_object_end(&w);

    const struct slice connector = SLICE_LIT(SCRIPT_DEAD_LETTERS);
    const struct item_parts parts = {
        .event = event,
        .target = lanes_find_target(e->lanes, connector, false),
        .key = dead->has_key ? dead->key : SLICE_NULL,
        .handler = dead->handler,
        .data = buf_slice(&said),
    };
    struct item *item = item_new(e, NULL, &parts);
    buf_deinit(&said);
    /* One that is retried and dies again is published again. */
    const struct identity identity = {
        .journal = slice_str(journal_id(e->journal)),
        .event = event->seq,
        .replay = event->replay,
        .handler = dead->id,
        .connector = connector,
        .n = (unsigned)dead->ended_ms,
    };
    identity_format(&identity, item->id);
    item->d.id = item->id;
    item->d.position = lanes_next_position(parts.target);
    return item;
}

struct item *publication_of(struct item *item, const struct delivery_row *dead)
{
    struct engine *e = item->engine;
    struct event *event = item->d.event;
    if (publication_is(item) || slice_is_equal(event->type, SLICE_LIT(PATTERN_DEAD_LETTER)) ||
        unpublished_of(e, event->channel))
        return NULL;
    return publication_new(e, event, dead);
}

struct item *publication_of_malformed(struct engine *e, const struct channel_batch *batch,
                                      int64_t seq)
{
    if (mentions_dead_letters(batch->malformed) || unpublished_of(e, batch->channel))
        return NULL;
    char id[MALFORMED_ID_SIZE];
    malformed_id(seq, id);
    const struct delivery_row dead = {
        .id = slice_str(id),
        .cause = SLICE_LIT("malformed"),
        .error = batch->malformed_error,
    };
    /* Its bytes are read with the letter, as is its time, which the journal gives. */
    struct event *event = event_new(&(struct event_parts){.channel = batch->channel});
    event->seq = seq;
    struct item *item = publication_new(e, event, &dead);
    event_unref(event);
    return item;
}

struct delivery_row publication_row(const struct item *item)
{
    return (struct delivery_row){
        .seq = item->d.seq,
        .position = item->d.position,
        .id = slice_str(item->id),
        .connector = slice_str(target_name(item->d.target)),
        .handler = slice_str(item->d.handler),
        .key = slice_str(item->d.key),
        .has_key = item->d.key != NULL,
        .data = item->d.data,
        .state = DELIVERY_WAITING,
        .created_ms = item->d.created_ms,
        .due_ms = item->d.created_ms,
    };
}

void publication_take(struct item *item, int64_t seq)
{
    if (seq == 0) { /* nothing died */
        item_free(item);
        return;
    }
    item->d.seq = seq;
    const struct delivery_row row = publication_row(item);
    lanes_restore(item->engine->lanes, &item->d, &row);
}

/* ---- its letter, on the reader's thread ---- */

/* As much of it as there is room for. */
static bool find_letter(void *ctx, const struct delivery_row *row)
{
    struct letter_reading *r = ctx;
    struct delivery_row dead = *row;
    if (r->cause.len > 0)
        dead.cause = buf_slice(&r->cause);
    if (r->error.len > 0)
        dead.error = buf_slice(&r->error);
    if (r->ended_ms)
        dead.ended_ms = r->ended_ms;
    r->is_there = true;
    for (int extent = LETTER_WHOLE; extent <= LETTER_BARE; extent++) {
        struct json_writer w = {.out = &r->letter};
        buf_clear(&r->letter);
        if (letter_add_json(r->reader, &w, &dead, (enum letter_extent)extent, &r->err) < 0 ||
            r->letter.len <= r->max)
            break;
    }
    return false;
}

static void read_letter(struct journal_reader *reader, void *ctx)
{
    struct letter_reading *r = ctx;
    struct err err = {0};
    r->reader = reader;
    if (journal_find_delivery(reader, buf_slice(&r->id), find_letter, r, &err) < 0)
        r->err = err;
}

/* ---- sent ---- */

static void add_said(struct slice said, const char *name, struct buf *out)
{
    struct slice value;
    if (!json_get(said, name, &value) || json_get_string(value, out) < 0)
        buf_clear(out);
}

static struct letter_reading *reading_new(struct item *item)
{
    struct letter_reading *r = mem_calloc(1, sizeof(*r));
    size_t message_max = (size_t)item->engine->config->message_max;
    struct buf at = {0};
    struct err err = {0};
    r->item = item;
    /* It comes back in one message where the bus echoes. */
    r->max = message_max / 2 < LETTER_MAX ? message_max / 2 : LETTER_MAX;
    add_said(item->d.data, "id", &r->id);
    add_said(item->d.data, "cause", &r->cause);
    add_said(item->d.data, "error", &r->error);
    add_said(item->d.data, "at", &at);
    if (text_parse_time(buf_slice(&at), &r->ended_ms, &err) < 0)
        r->ended_ms = 0;
    buf_deinit(&at);
    return r;
}

static void reading_free(struct letter_reading *r)
{
    buf_deinit(&r->id);
    buf_deinit(&r->cause);
    buf_deinit(&r->error);
    buf_deinit(&r->letter);
    free(r);
}

void publication_forget(struct item *item)
{
    if (item->publication)
        item_free(item->publication);
    if (item->reading)
        reading_free(item->reading);
}

static void end_unsent(struct item *item, enum attempt_kind kind, const char *why)
{
    const struct attempt_end end = {.kind = kind, .after_ms = -1, .error = slice_str(why)};
    lanes_attempt_ended(item->engine->lanes, &item->d, &end);
}

static void on_letter(void *ctx)
{
    struct letter_reading *r = ctx;
    struct item *item = r->item;
    item->reading = NULL;
    if (r->err.code != ERR_NONE)
        end_unsent(item, ATTEMPT_RETRY, r->err.message);
    else if (!r->is_there)
        end_unsent(item, ATTEMPT_SKIPPED, "the dead letter is gone");
    else
        attempt_connector(item, buf_slice(&r->letter));
    reading_free(r);
}

void publication_attempt(struct item *item)
{
    struct engine *e = item->engine;
    const char *unpublished = unpublished_of(e, item->d.event->channel);
    if (unpublished) {
        end_unsent(item, ATTEMPT_SKIPPED, unpublished);
        return;
    }
    item->reading = reading_new(item);
    journal_read(e->journal, read_letter, on_letter, item->reading);
}

void publication_refused(struct item *item, struct slice reason)
{
    struct engine *e = item->engine;
    struct engine_channel *c = engine_find_channel(e, item->d.event->channel);
    if (!c || c->unpublished)
        return;
    c->unpublished = "the bus takes no dead letters";
    log_warn(e->log, "no dead letters are published on this bus until the next start",
             LOG_STR("channel", c->channel->name), LOG_SLICE("reason", reason));
}
