/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "laws.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "bus.h"
#include "engine/engine.h"
#include "ledger.h"
#include "life.h"
#include "world.h"

#define COMMITS 8 /* whose sums are looked at once: what is wrong stays so */
#define TURNS 64  /* … and what is in memory */

struct laws {
    struct world *world;
    struct engine *engine;
    sqlite3 *db; /* sees what is committed, each time anew */
    sqlite3_stmt *sums;
    uint64_t turns, commits;
};

static char *journal_path(const struct world *w)
{
    struct buf path = {0};
    buf_printf(&path, "%s/var/journal.db", w->folder);
    return buf_take(&path);
}

/* A view of this moment. */
static struct journal_reader *open_reader(struct world *w)
{
    struct err err = {0};
    char *path = journal_path(w);
    struct journal_reader *reader = journal_reader_open(path, &err);
    if (!reader)
        world_broken(w, 9, "the journal can't be read: %s", err.message);
    free(path);
    return reader;
}

static void open_sums(struct laws *laws)
{
    char *path = journal_path(laws->world);
    if (sqlite3_open_v2(path, &laws->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(laws->db, "SELECT scope, name, term, value FROM sums", -1, &laws->sums,
                           NULL) != SQLITE_OK)
        world_broken(laws->world, 9, "the journal can't be read: %s", sqlite3_errmsg(laws->db));
    free(path);
}

struct laws *laws_open(struct world *w, struct engine *engine)
{
    struct laws *laws = mem_calloc(1, sizeof(*laws));
    laws->world = w;
    laws->engine = engine;
    open_sums(laws);
    return laws;
}

/* ---- 2: the sums ---- */

/* Of one channel or connector: what came, and what became of it. */
struct balance {
    struct world *world;
    char scope[16], name[64];
    int64_t came, became, waiting;
    int64_t all_waiting; /* over all: open and waiting */
};

static void settle(struct balance *b)
{
    if (b->came != b->became)
        world_broken(b->world, 2, "%s %s: %" PRId64 " came, and %" PRId64 " are accounted for",
                     b->scope, b->name, b->came, b->became);
    b->all_waiting += b->waiting;
    b->came = b->became = b->waiting = 0;
}

static void add_term(struct balance *b, const char *scope, const char *name, const char *term,
                     int64_t value)
{
    if (strcmp(b->scope, scope) != 0 || strcmp(b->name, name) != 0)
        settle(b);
    snprintf(b->scope, sizeof(b->scope), "%s", scope);
    snprintf(b->name, sizeof(b->name), "%s", name);
    if (value < 0)
        world_broken(b->world, 2, "%s %s: %s is %" PRId64, scope, name, term, value);
    if (strcmp(term, "received") == 0 || strcmp(term, "made") == 0)
        b->came += value;
    else
        b->became += value;
    if (strcmp(term, "open") == 0 || strcmp(term, "waiting") == 0)
        b->waiting += value;
}

/* How much is open or waits. */
static int64_t check_sums(struct laws *laws)
{
    struct balance b = {.world = laws->world};
    int rc;
    while ((rc = sqlite3_step(laws->sums)) == SQLITE_ROW) {
        const char *texts[3];
        for (int i = 0; i < 3; i++)
            texts[i] = (const char *)sqlite3_column_text(laws->sums, i);
        add_term(&b, texts[0], texts[1], texts[2], sqlite3_column_int64(laws->sums, 3));
    }
    if (rc != SQLITE_DONE)
        world_broken(b.world, 2, "the sums can't be read: %s", sqlite3_errmsg(laws->db));
    sqlite3_reset(laws->sums);
    settle(&b);
    return b.all_waiting;
}

static void on_finding(void *ctx, const struct journal_finding *finding)
{
    world_broken(ctx, 2, "%s: %s", finding->code, finding->text);
}

static void check_rows(struct world *w, struct journal_reader *reader)
{
    struct err err = {0};
    if (journal_check(reader, on_finding, w, &err) < 0)
        world_broken(w, 2, "the journal can't be checked: %s", err.message);
}

/* ---- 1: kept ---- */

static void forget_row(void *ctx, struct occurrence *o)
{
    (void)ctx;
    o->n_rows = 0;
}

static bool count_row(void *ctx, struct event *event, enum event_state state)
{
    struct world *w = ctx;
    (void)state;
    struct occurrence *o = ledger_find(w->ledger, event->id);
    if (o && ++o->n_rows > 1)
        world_broken(w, 1, "event %s is in the journal twice", o->id);
    return true;
}

static void check_kept(void *ctx, struct occurrence *o)
{
    struct world *w = ctx;
    if (o->id[0] == 'b' && (size_t)atol(o->id + 1) <= bus_covered(w->bus))
        o->is_accepted = true;
    if (o->is_accepted && o->n_rows == 0)
        world_broken(w, 1, "event %s was acknowledged, and isn't in the journal", o->id);
}

static void check_events(struct world *w, struct journal_reader *reader)
{
    struct err err = {0};
    const struct journal_filter all = {.state = -1, .limit = UINT32_MAX};
    ledger_each(w->ledger, forget_row, NULL);
    if (journal_list_events(reader, &all, count_row, w, &err) < 0)
        world_broken(w, 1, "events can't be read: %s", err.message);
    ledger_each(w->ledger, check_kept, w);
}

void laws_after_start(struct laws *laws)
{
    struct journal_reader *reader = open_reader(laws->world);
    check_rows(laws->world, reader);
    check_events(laws->world, reader);
    journal_reader_close(reader);
}

void laws_after_commit(struct laws *laws)
{
    if (++laws->commits % COMMITS == 0 && !laws->world->is_unreadable)
        check_sums(laws);
}

void laws_close(struct laws *laws)
{
    if (!laws)
        return;
    if (!laws->world->is_unreadable)
        check_sums(laws);
    sqlite3_finalize(laws->sums);
    sqlite3_close(laws->db);
    free(laws);
}

/* ---- 6: bounded ---- */

static void check_target(void *ctx, const struct engine_target_view *view)
{
    struct laws *laws = ctx;
    const struct config *config = engine_config(laws->engine);
    if ((int64_t)view->status.in_flight > config->in_flight)
        world_broken(laws->world, 6, "%s has %zu attempts in flight", target_name(view->target),
                     view->status.in_flight);
}

static bool count_delivery(void *ctx, const struct engine_delivery *d)
{
    size_t *counts = ctx;
    int connector = plan_find_connector(d->row.connector);
    if (connector >= 0)
        counts[connector]++;
    return true;
}

/* Of what coalesces most leaves at once. */
static size_t loaded_max(const struct plan_connector *connector)
{
    return connector->coalesces ? LAWS_LOADED + LAWS_LOADED / 2 : LAWS_LOADED;
}

static void check_memory(struct laws *laws)
{
    size_t counts[PLAN_CONNECTORS] = {0};
    engine_each_delivery(laws->engine, count_delivery, counts);
    for (int c = 0; c < PLAN_CONNECTORS; c++) {
        if (counts[c] > loaded_max(&plan_connectors[c]))
            world_broken(laws->world, 6, "%s has %zu deliveries in memory", plan_connectors[c].name,
                         counts[c]);
    }
}

void laws_after_turn(struct laws *laws)
{
    if (++laws->turns % TURNS != 0)
        return;
    engine_each_target(laws->engine, check_target, laws);
    check_memory(laws);
}

bool laws_is_over(struct laws *laws)
{
    return check_sums(laws) == 0;
}

static void add_waiting(void *ctx, const struct engine_target_view *view)
{
    const struct target_status *s = &view->status;
    if (s->waiting == 0 && s->in_flight == 0 && s->parked == 0)
        return;
    buf_printf(ctx, " %s (%zu wait, %zu in flight, %zu parked%s%s%s%s)", target_name(view->target),
               s->waiting, s->in_flight, s->parked, s->is_behind ? ", behind" : "",
               s->is_held ? ", held" : "", s->reason ? ", " : "", s->reason ? s->reason : "");
}

void laws_describe(struct laws *laws, struct buf *out)
{
    engine_each_target(laws->engine, add_waiting, out);
}

/* ---- at the end ---- */

struct ending {
    struct world *world;
    struct journal_reader *reader;
    struct occurrence *event;
    bool is_dead[PLAN_HANDLERS]; /* the handler's own run */
    unsigned n_sends[PLAN_HANDLERS][PLAN_CONNECTORS];
};

/* Coalescing replaces what was never attempted, by something newer. */
static void check_superseded(struct ending *e, const struct delivery_row *row,
                             const struct sent_id *sent)
{
    if (row->state != DELIVERY_SUPERSEDED || e->event->replays > 0 ||
        !slice_has_prefix(row->cause, SLICE_LIT("coalesced")))
        return;
    if (sent && sent->n_attempts > 0)
        world_broken(e->world, 3, "delivery %.*s was attempted, and replaced: %.*s",
                     SLICE_FMT(row->id), SLICE_FMT(row->cause));
    if (ledger_is_newest(e->world->ledger, e->event))
        world_broken(e->world, 3, "delivery %.*s is the newest of its key, and was replaced: %.*s",
                     SLICE_FMT(row->id), SLICE_FMT(row->cause));
}

/* Of a batch only the bad rows are refused; and by the daemon itself a letter that became stale while it
   waited. */
static void check_refused(struct ending *e, const struct delivery_row *row,
                          const struct sent_id *sent)
{
    if (row->state != DELIVERY_DEAD || !sent || !slice_is_equal(row->cause, SLICE_LIT("refused")) ||
        !plan_connectors[sent->send->connector].batches ||
        slice_has_prefix(row->error, SLICE_LIT("it is stale")))
        return;
    struct slice name = slice_str(sent->send->name);
    if (!receivers_poison(slice_upto(name, slice_find(name, '>') - 1)))
        world_broken(e->world, 3, "%s is dead, for the sake of another row", sent->send->name);
}

static bool take_delivery(void *ctx, const struct delivery_row *row)
{
    struct ending *e = ctx;
    struct world *w = e->world;
    int handler = plan_find_handler(row->handler);
    int connector = plan_find_connector(row->connector);
    if (row->state == DELIVERY_WAITING)
        world_broken(w, 6, "delivery %.*s still waits", SLICE_FMT(row->id));
    if (handler < 0)
        return true;
    if (!row->connector.data) {
        e->is_dead[handler] = row->state != DELIVERY_DELIVERED;
        return true;
    }
    if (connector < 0)
        return true; /* a publication */
    e->n_sends[handler][connector]++;
    const struct sent_id *sent = ledger_find_id(w->ledger, row->id);
    check_superseded(e, row, sent);
    check_refused(e, row, sent);
    if (row->state == DELIVERY_DELIVERED && (!sent || !sent->was_taken))
        world_broken(w, 4, "delivery %.*s counts as delivered, and never was", SLICE_FMT(row->id));
    return true;
}

static void check_sends(struct ending *e, const struct plan_handler *h, int handler)
{
    unsigned planned[PLAN_CONNECTORS] = {0};
    for (const struct plan_send *s = h->sends; s->connector; s++)
        planned[plan_find_connector(slice_str(s->connector))]++;
    for (int c = 0; c < PLAN_CONNECTORS; c++) {
        unsigned made = e->n_sends[handler][c];
        bool may_be_more = e->event->replays > 0, may_be_less = e->is_dead[handler];
        if (made == planned[c] || (may_be_more && made > planned[c]) ||
            (may_be_less && made < planned[c]))
            continue;
        world_broken(e->world, 1, "event %s: %s made %u deliveries for %s, not %u", e->event->id,
                     h->name, made, plan_connectors[c].name, planned[c]);
    }
}

static bool take_event(void *ctx, struct event *event, enum event_state state)
{
    struct ending *e = ctx;
    struct world *w = e->world;
    struct err err = {0};
    if (state == EVENT_OPEN)
        world_broken(w, 6, "event %.*s is still open", SLICE_FMT(event->id));
    e->event = ledger_find(w->ledger, event->id);
    if (!e->event)
        return true;
    memset(e->is_dead, 0, sizeof(e->is_dead));
    memset(e->n_sends, 0, sizeof(e->n_sends));
    if (journal_event_deliveries(e->reader, event->seq, take_delivery, e, &err) < 0)
        world_broken(w, 1, "deliveries can't be read: %s", err.message);
    for (int h = 0; h < PLAN_HANDLERS; h++) {
        if (plan_takes(&plan_handlers[h], e->event->channel, e->event->type, e->event->n))
            check_sends(e, &plan_handlers[h], h);
    }
    return true;
}

void laws_at_end(struct world *w)
{
    struct ending e = {.world = w, .reader = open_reader(w)};
    struct err err = {0};
    const struct journal_filter all = {.state = -1, .limit = UINT32_MAX};
    check_rows(w, e.reader);
    check_events(w, e.reader);
    struct journal_reader *events = open_reader(w);
    if (journal_list_events(events, &all, take_event, &e, &err) < 0)
        world_broken(w, 1, "events can't be read: %s", err.message);
    journal_reader_close(events);
    journal_reader_close(e.reader);
}
