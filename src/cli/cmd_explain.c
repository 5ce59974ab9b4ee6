/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Everything that happened to one event, put in order of time from its record.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/percent.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/query.h"
#include "cli/recorded.h"

/* ---- its happenings -------------------------------------------------------------------------- */

struct happening {
    struct buf at; /* RFC 3339, which sorts as text */
    size_t n;      /* as found: the order within one moment */
    struct buf text;
};

struct story {
    struct happening *items;
    size_t n;
};

/* Two clocks tell when something was sent and when an attempt at it began: they may be a millisecond
   apart, and the last one added must not come before the one that was added before it. */
static void keep_order(const struct story *s)
{
    struct buf *at = &s->items[s->n - 1].at;
    const struct buf *before = &s->items[s->n - 2].at;
    if (strcmp(at->data, before->data) < 0) {
        buf_clear(at);
        buf_add_slice(at, buf_slice(before));
    }
}

static struct happening *grow(struct story *s)
{
    s->items = mem_grow(s->items, s->n, sizeof(*s->items));
    s->items[s->n] = (struct happening){.n = s->n};
    return &s->items[s->n++];
}

/* A new one at the time that the member says; NULL without that. */
static struct buf *add(struct story *s, struct slice object, const char *when)
{
    struct buf at = {0};
    view_add(&at, object, when);
    if (at.len == 0) {
        buf_deinit(&at);
        return NULL;
    }
    struct happening *h = grow(s);
    h->at = at;
    return &h->text;
}

static void add_first_line(struct buf *out, struct slice object, const char *name)
{
    struct buf text = {0};
    view_add(&text, object, name);
    buf_add_slice(out, slice_upto(buf_slice(&text), slice_find(buf_slice(&text), '\n')));
    buf_deinit(&text);
}

/* ", NAME VALUE" where there is one. */
static void add_detail(struct buf *out, struct slice object, const char *name, const char *label)
{
    if (!view_member(object, name).data)
        return;
    buf_printf(out, ", %s ", label);
    add_first_line(out, object, name);
}

/* What befell one delivery between its sending and its end. */
struct course {
    struct story *story;
    const char *name;
    bool has_line; /* it was sent, or attempted, before */
};

static void add_attempt(const struct course *c, struct slice attempt)
{
    struct buf *text = add(c->story, attempt, "at");
    if (!text)
        return;
    if (c->has_line)
        keep_order(c->story);
    buf_printf(text, "attempt of %s failed after %" PRId64 " ms: ", c->name,
               view_integer(attempt, "ms", 0));
    view_add(text, attempt, "error");
}

static void add_edit(const struct course *c, struct slice edit)
{
    struct buf *text = add(c->story, edit, "at");
    if (!text)
        return;
    buf_printf(text, "edited: %s", c->name);
    add_detail(text, edit, "data", "before");
}

/* What was retried was dead before. */
static void add_retry(const struct course *c, struct slice retry)
{
    struct buf *text = add(c->story, retry, "died");
    if (text) {
        buf_printf(text, "dead: %s", c->name);
        add_detail(text, retry, "cause", "cause");
    }
    if ((text = add(c->story, retry, "at")))
        buf_printf(text, "retried: %s", c->name);
}

/* One after the other, each with a time at which it was; of one moment in this order. */
enum deed { DEED_EDIT, DEED_RETRY, DEED_ATTEMPT, DEED_COUNT };

struct deeds {
    struct json_items items;
    struct slice next;
    struct buf at;
    bool has_next;
};

static void go_on(struct deeds *d)
{
    struct slice unused;
    buf_clear(&d->at);
    d->has_next = json_items_next(&d->items, &unused, &d->next);
    if (d->has_next)
        view_add(&d->at, d->next, "at");
}

static struct deeds *earliest(struct deeds *all)
{
    struct deeds *found = NULL;
    for (struct deeds *d = all; d < all + DEED_COUNT; d++) {
        if (d->has_next && (!found || slice_compare(buf_slice(&d->at), buf_slice(&found->at)) < 0))
            found = d;
    }
    return found;
}

static void add_course(struct course *c, struct slice delivery)
{
    static const char *const members[DEED_COUNT] = {"edits", "retries", "attempts"};
    struct deeds all[DEED_COUNT] = {0}, *d;
    for (size_t i = 0; i < DEED_COUNT; i++) {
        json_items_begin(&all[i].items, view_member(delivery, members[i]));
        go_on(&all[i]);
    }
    while ((d = earliest(all))) {
        if (d == &all[DEED_EDIT])
            add_edit(c, d->next);
        else if (d == &all[DEED_RETRY])
            add_retry(c, d->next);
        else
            add_attempt(c, d->next);
        c->has_line = c->has_line || d == &all[DEED_ATTEMPT];
        go_on(d);
    }
    for (size_t i = 0; i < DEED_COUNT; i++) {
        json_items_end(&all[i].items);
        buf_deinit(&all[i].at);
    }
}

/* "connector ID", or a handler's run. */
static void add_name(struct buf *out, struct slice delivery)
{
    bool is_run = !view_member(delivery, "connector").data;
    buf_add_str(out, is_run ? "handler " : "");
    view_add(out, delivery, is_run ? "handler" : "connector");
    buf_add_char(out, ' ');
    view_add(out, delivery, "id");
}

/* ", scripts 3fa2…", as `reload` names them. */
static void add_scripts(struct buf *out, struct slice delivery)
{
    struct buf hash = {0};
    view_add(&hash, delivery, "scripts");
    if (hash.len > 0)
        buf_printf(out, ", scripts %.12s", hash.data);
    buf_deinit(&hash);
}

static void add_delivery(struct story *s, struct slice delivery)
{
    struct buf name = {0}, state = {0};
    add_name(&name, delivery);
    view_add(&state, delivery, "state");
    struct buf *text = view_member(delivery, "connector").data ? add(s, delivery, "created") : NULL;
    if (text) {
        buf_printf(text, "sent to %s", name.data);
        add_detail(text, delivery, "handler", "by handler");
        add_detail(text, delivery, "key", "key");
    }
    struct course course = {.story = s, .name = name.data, .has_line = text != NULL};
    add_course(&course, delivery);
    if ((text = add(s, delivery, "at"))) {
        buf_printf(text, "%s: %s", state.data, name.data);
        add_detail(text, delivery, "cause", "cause");
        if (strcmp(state.data, "delivered") != 0) /* the last failure, which its attempts told */
            add_detail(text, delivery, "error", "error");
        add_detail(text, delivery, "staleBy", "stale by");
        add_scripts(text, delivery);
    } else if ((text = add(s, delivery, "due"))) {
        buf_printf(text, "due again: %s", name.data);
        add_detail(text, delivery, "error", "error");
    }
    buf_deinit(&name);
    buf_deinit(&state);
}

static void add_event(struct story *s, struct slice event)
{
    struct buf *text = add(s, event, "received");
    if (text) {
        buf_add_str(text, "received by ");
        view_add(text, event, "channel");
        add_detail(text, event, "type", "type");
        add_detail(text, event, "id", "id");
        add_detail(text, event, "key", "key");
        buf_printf(text, ", number %" PRId64, view_integer(event, "seq", 0));
    }
    struct json_items items;
    struct slice unused, delivery;
    json_items_begin(&items, view_member(event, "deliveries"));
    while (json_items_next(&items, &unused, &delivery))
        add_delivery(s, delivery);
    json_items_end(&items);
}

/* How it stands now. */
static void print_state(struct slice event)
{
    struct buf state = {0};
    int64_t replays = view_integer(event, "replay", 0);
    view_add(&state, event, "state");
    printf("%-24s  it is %s", "", state.data ? state.data : "");
    if (replays)
        printf(", replayed %" PRId64 " times", replays);
    putchar('\n');
    buf_deinit(&state);
}

static int compare(const void *a, const void *b)
{
    const struct happening *x = a, *y = b;
    int order = strcmp(x->at.data, y->at.data);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* The lines of an error stand below each other. */
static void print_happening(const struct happening *h)
{
    struct buf safe = {0};
    view_add_safe(&safe, buf_slice(&h->text), true);
    struct slice rest = buf_slice(&safe);
    for (const char *at = h->at.data; rest.len > 0; at = "") {
        struct slice line = slice_split(&rest, '\n');
        printf("%-24s  %.*s\n", at, SLICE_FMT(line));
    }
    buf_deinit(&safe);
}

static void print_story(struct slice event)
{
    struct story s = {0};
    add_event(&s, event);
    if (s.n > 1)
        qsort(s.items, s.n, sizeof(*s.items), compare);
    for (size_t i = 0; i < s.n; i++) {
        print_happening(&s.items[i]);
        buf_deinit(&s.items[i].at);
        buf_deinit(&s.items[i].text);
    }
    free(s.items);
    print_state(event);
    if (view_is_true(event, "hasMore"))
        fputs("there are more deliveries than these: GET /api/deliveries?id= lists all\n", stderr);
}

/* ---- why it waits --------------------------------------------------------------------------- */

static bool has_text(struct slice object, const char *name, const struct buf *text)
{
    struct buf own = {0};
    view_add(&own, object, name);
    bool is_same = own.len > 0 && slice_is_equal(buf_slice(&own), buf_slice(text));
    buf_deinit(&own);
    return is_same;
}

/* The key, where a dead letter of it parks what came with this event or later. */
static void tell_key(struct slice key, struct slice connector, int64_t seq)
{
    int64_t letter = view_integer(key, "eventSeq", 0);
    struct buf text = {0};
    if (letter > seq)
        return;
    buf_add_str(&text, "parked: ");
    view_add(&text, connector, "name");
    buf_add_str(&text, ", key ");
    view_add(&text, key, "key");
    buf_printf(&text, ", waits until the dead letter of event %" PRId64 " is retried or dropped",
               letter);
    print_happening(&(struct happening){.at = {.data = (char *)""}, .text = text});
    buf_deinit(&text);
}

/* Of the connectors the one that the delivery waits for, and of its parked keys its own. */
static void tell_if_parked(struct slice connectors, struct slice delivery, int64_t seq)
{
    struct json_items items, keys;
    struct slice unused, connector, key;
    struct buf name = {0}, own_key = {0};
    view_add(&name, delivery, "connector");
    view_add(&own_key, delivery, "key");
    json_items_begin(&items, view_member(connectors, "items"));
    while (json_items_next(&items, &unused, &connector)) {
        if (!has_text(connector, "name", &name))
            continue;
        json_items_begin(&keys, view_member(connector, "parked"));
        while (json_items_next(&keys, &unused, &key)) {
            if (has_text(key, "key", &own_key))
                tell_key(key, connector, seq);
        }
        json_items_end(&keys);
    }
    json_items_end(&items);
    buf_deinit(&name);
    buf_deinit(&own_key);
}

static int print_parked(struct client *client, struct slice event)
{
    struct json_items items;
    struct slice unused, delivery;
    struct buf answer = {0}, waiting = {0};
    buf_add_str(&waiting, "waiting");
    const struct client_request request = {
        .method = "GET", .target = "/api/connectors", .members = {"items"}};
    int status = EXIT_DONE;
    json_items_begin(&items, view_member(event, "deliveries"));
    while (status == EXIT_DONE && json_items_next(&items, &unused, &delivery)) {
        if (!has_text(delivery, "state", &waiting) || !view_member(delivery, "connector").data)
            continue;
        if (answer.len == 0)
            status = client_send(client, &request, &answer);
        if (status == EXIT_DONE)
            tell_if_parked(buf_slice(&answer), delivery, view_integer(event, "seq", 0));
    }
    json_items_end(&items);
    buf_deinit(&answer);
    buf_deinit(&waiting);
    return status;
}

/* ---- finding it ------------------------------------------------------------------------------ */

static int get_event(struct client *client, const char *id, struct buf *answer)
{
    struct buf target = {0};
    buf_add_str(&target, "/api/events/");
    percent_add(&target, slice_str(id), false);
    const struct client_request request = {
        .method = "GET", .target = target.data, .about = id, .members = {"seq", "deliveries"}};
    int status = client_send(client, &request, answer);
    buf_deinit(&target);
    return status;
}

/* One page of those with this id, the sender's, or key (`filter`): the newest one's number where it has one, else where to go on. */
static int find_page(struct client *client, const char *filter, const char *value,
                     struct buf *cursor, struct buf *seq)
{
    struct buf target = {0}, answer = {0};
    struct json_items items;
    struct slice unused, event;
    buf_add_str(&target, "/api/events?limit=1");
    query_add(&target, filter, slice_str(value));
    if (cursor->len)
        query_add(&target, "cursor", buf_slice(cursor));
    const struct client_request request = {
        .method = "GET", .target = target.data, .members = {"items"}};
    int status = client_send(client, &request, &answer);
    if (status == EXIT_DONE) {
        buf_clear(cursor);
        view_add(cursor, buf_slice(&answer), "next");
        json_items_begin(&items, view_member(buf_slice(&answer), "items"));
        if (json_items_next(&items, &unused, &event))
            view_add(seq, event, "seq");
        json_items_end(&items);
    }
    buf_deinit(&target);
    buf_deinit(&answer);
    return status;
}

/* Who looks for a thing by the name that it has at home has its key at best. */
static int tell_missing(struct client *client, const char *id)
{
    struct buf cursor = {0}, seq = {0};
    int status = find_page(client, "key", id, &cursor, &seq);
    if (status == EXIT_DONE && seq.len > 0)
        status = command_fail("there is no event with the id %s on record. It is the key of some: "
                              "see the newest by `liaison explain %s`",
                              id, seq.data);
    else if (status == EXIT_DONE)
        status = command_fail("there is no event %s on record: an event's id is the one that its "
                              "sender gave it, as CloudEvents' `id` or by `emit --id`, and none "
                              "that is in its data",
                              id);
    buf_deinit(&cursor);
    buf_deinit(&seq);
    return status;
}

static int find(struct client *client, const char *id, struct buf *event)
{
    struct buf cursor = {0}, seq = {0};
    int status = EXIT_DONE;
    struct slice event_id = recorded_event_of(id);
    /* Liaison's own number is found at once; the sender's id, from the newest event on. */
    if (strspn(id, "0123456789") >= event_id.len)
        buf_add_slice(&seq, event_id);
    else
        do
            status = find_page(client, "id", id, &cursor, &seq);
        while (status == EXIT_DONE && seq.len == 0 && cursor.len > 0);
    if (status == EXIT_DONE && seq.len == 0)
        status = tell_missing(client, id);
    else if (status == EXIT_DONE)
        status = get_event(client, seq.data, event);
    buf_deinit(&cursor);
    buf_deinit(&seq);
    return status;
}

static int run(const struct invocation *in)
{
    struct client client;
    struct buf event = {0};
    int status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = find(&client, in->options.operands[0], &event);
    if (status == EXIT_DONE && options_has(&in->options, "json")) {
        printf("%.*s\n", SLICE_FMT(slice_trim(buf_slice(&event))));
    } else if (status == EXIT_DONE) {
        print_story(buf_slice(&event));
        status = print_parked(&client, buf_slice(&event));
    }
    client_close(&client);
    buf_deinit(&event);
    return status;
}

static const struct option_row options[] = {
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison explain 1204", "by Liaison's own number"},
    {"liaison explain booking-7", "by the sender's id"},
    {0},
};

const struct command command_explain = {
    .name = "explain",
    .summary = "everything that happened to one event, in order",
    .usage = "explain EVENT",
    .operands = "EVENT",
    .examples = examples,
    .help = "EVENT is Liaison's own number, the sender's id, or the id of a delivery or dead\n"
            "letter of it. Times are UTC. Attempts that succeeded have no line of their own: the\n"
            "delivery's end is one.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
