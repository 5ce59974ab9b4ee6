/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/filter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/body.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "event/record.h"

/* ---- values ---- */

/* "…, did you mean X?" */
static int refuse(struct slice value, const char *what, const char *const *names, size_t n,
                  struct err *err)
{
    struct buf all = {0};
    const char *nearest = text_nearest(value, names, n);
    for (size_t i = 0; i < n; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
    if (nearest)
        err_set(err, ERR_INVALID, "\"%.*s\" is no %s: did you mean %s?", SLICE_FMT(value), what,
                nearest);
    else
        err_set(err, ERR_INVALID, "\"%.*s\" is no %s: there are %s", SLICE_FMT(value), what,
                all.data);
    buf_deinit(&all);
    return -1;
}

/* A time, or an age before now. */
static int parse_when(struct slice text, int64_t *unix_ms, struct err *err)
{
    struct clock clock = clock_system();
    int64_t age_ms;
    if (text_parse_time(text, unix_ms, err) == 0)
        return 0;
    if (text_parse_duration(text, &age_ms, err) < 0)
        return err_set(err, ERR_INVALID,
                       "\"%.*s\" is no time: write 2026-11-23T18:00:00Z, or an age "
                       "such as 2h",
                       SLICE_FMT(text));
    *unix_ms = clock_wall_ms(&clock) - age_ms;
    return 0;
}

static int parse_number(struct slice text, int64_t *number, struct err *err)
{
    int64_t n = 0;
    bool is_number = text.len > 0;
    for (size_t i = 0; i < text.len && is_number; i++) {
        int digit = text.data[i] - '0';
        is_number = digit >= 0 && digit <= 9 && n <= (INT64_MAX - digit) / 10;
        if (is_number)
            n = n * 10 + digit;
    }
    *number = n;
    if (!is_number)
        return err_set(err, ERR_INVALID, "\"%.*s\" is no whole number", SLICE_FMT(text));
    return 0;
}

static int keep(struct filter *f, struct slice value, size_t room, struct slice *kept)
{
    free(f->texts[room]);
    f->texts[room] = slice_dup(value);
    *kept = slice_str(f->texts[room]);
    return 0;
}

/* ---- setters ---- */

static int set_type(struct filter *f, struct slice value, struct err *err)
{
    (void)err;
    return keep(f, value, 0, &f->journal.type);
}

static int set_connector(struct filter *f, struct slice value, struct err *err)
{
    (void)err;
    return keep(f, value, 1, &f->journal.connector);
}

static int set_channel(struct filter *f, struct slice value, struct err *err)
{
    (void)err;
    return keep(f, value, 2, &f->journal.channel);
}

static int set_key(struct filter *f, struct slice value, struct err *err)
{
    (void)err;
    return keep(f, value, 3, &f->journal.key);
}

static int set_id(struct filter *f, struct slice value, struct err *err)
{
    (void)err;
    return keep(f, value, 4, &f->journal.id);
}

static int set_cause(struct filter *f, struct slice value, struct err *err)
{
    for (size_t i = 0; i < RECORD_CAUSES; i++) {
        if (slice_is_equal(value, slice_str(record_causes[i])))
            return keep(f, value, 5, &f->journal.cause);
    }
    return refuse(value, "cause of a dead letter", record_causes, RECORD_CAUSES, err);
}

static int set_state(struct filter *f, struct slice value, struct err *err)
{
    static const char *const of_events[] = {"open",    "closed",    "dead",
                                            "dropped", "unmatched", "malformed"};
    static const char *const of_deliveries[] = {"waiting", "delivered",  "dead",
                                                "skipped", "superseded", "dropped"};
    bool is_event = f->kind == FILTER_EVENTS;
    int state = is_event ? event_state_of(value) : delivery_state_of(value);
    if (state < 0 || state == (is_event ? (int)EVENT_NEW : (int)DELIVERY_NEW))
        return refuse(value, is_event ? "state of an event" : "state of a delivery",
                      is_event ? of_events : of_deliveries, ARRAY_LEN(of_events), err);
    f->journal.state = state;
    return 0;
}

static int set_since(struct filter *f, struct slice value, struct err *err)
{
    return parse_when(value, &f->journal.since_ms, err);
}

static int set_until(struct filter *f, struct slice value, struct err *err)
{
    return parse_when(value, &f->journal.until_ms, err);
}

/* "SINCE-AFTER" or "SINCE-AFTER-BEFORE": see filter.h. */
static int parse_end_cursor(struct filter *f, struct slice value, struct err *err)
{
    struct slice since = slice_split(&value, '-'), after = slice_split(&value, '-');
    if (parse_number(since, &f->followed_ms, err) < 0 ||
        parse_number(after, &f->journal.after_seq, err) < 0)
        return -1;
    return value.data ? parse_number(value, &f->before_seq, err) : 0;
}

static int set_cursor(struct filter *f, struct slice value, struct err *err)
{
    int rc = f->kind == FILTER_ENDS ? parse_end_cursor(f, value, err)
                                    : parse_number(value, &f->journal.after_seq, err);
    if (rc < 0)
        err_set(err, ERR_INVALID, "\"%.*s\" is no cursor: give what the answer before has as next",
                SLICE_FMT(value));
    return rc;
}

static int set_limit(struct filter *f, struct slice value, struct err *err)
{
    int64_t n;
    if (parse_number(value, &n, err) < 0 || n < 1)
        return err_set(err, ERR_INVALID, "limit is a whole number above 0, not \"%.*s\"",
                       SLICE_FMT(value));
    f->limit_asked = n;
    f->journal.limit = n > FILTER_LIMIT_MAX ? FILTER_LIMIT_MAX : (unsigned)n;
    return 0;
}

/* ---- names ---- */

#define OF(kind) (1U << (kind))
#define OF_ALL (OF(FILTER_EVENTS) | OF(FILTER_DELIVERIES) | OF(FILTER_LETTERS))
#define OF_ALL_AND_ENDS (OF_ALL | OF(FILTER_ENDS))

struct filter_row {
    const char *name;
    unsigned kinds;
    bool is_of_page;
    int (*set)(struct filter *f, struct slice value, struct err *err);
};

static const struct filter_row rows[] = {
    {"type", OF_ALL_AND_ENDS, false, set_type},
    {"connector", OF_ALL_AND_ENDS, false, set_connector},
    {"channel", OF_ALL, false, set_channel},
    {"state", OF(FILTER_EVENTS) | OF(FILTER_DELIVERIES), false, set_state},
    {"cause", OF(FILTER_DELIVERIES) | OF(FILTER_LETTERS), false, set_cause},
    {"since", OF_ALL, false, set_since},
    {"until", OF_ALL, false, set_until},
    {"key", OF_ALL_AND_ENDS, false, set_key},
    {"id", OF_ALL, false, set_id},
    {"cursor", OF_ALL_AND_ENDS, true, set_cursor},
    {"limit", OF_ALL, true, set_limit},
};

static const struct filter_row *find_row(const struct filter *f, struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (slice_is_equal(name, slice_str(rows[i].name)) && (rows[i].kinds & OF(f->kind)))
            return &rows[i];
    }
    return NULL;
}

bool filter_has(const struct filter *f, struct slice name)
{
    const struct filter_row *row = find_row(f, name);
    return row && !row->is_of_page;
}

/* NULL with err where there is none, or it has a value already. */
static const struct filter_row *take_row(struct filter *f, struct slice name, struct err *err)
{
    const struct filter_row *row = find_row(f, name);
    if (row && !(f->given & 1U << (row - rows))) {
        f->given |= 1U << (row - rows);
        return row;
    }
    const char *names[ARRAY_LEN(rows)];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].kinds & OF(f->kind))
            names[n++] = rows[i].name;
    }
    if (row)
        err_set(err, ERR_INVALID, "%s stands twice: it has one value", row->name);
    else
        refuse(name, "filter", names, n, err);
    return NULL;
}

int filter_set(struct filter *f, struct slice name, struct slice value, struct err *err)
{
    const struct filter_row *row = take_row(f, name, err);
    return row ? row->set(f, value, err) : -1;
}

int filter_set_query(struct filter *f, const struct http_exchange *x, struct err *err)
{
    struct slice name, value;
    for (size_t i = 0; http_exchange_query_at(x, i, &name, &value); i++) {
        if (filter_set(f, name, value, err) < 0)
            return -1;
    }
    return 0;
}

void filter_init(struct filter *f, enum filter_kind kind)
{
    *f = (struct filter){
        .kind = kind,
        .journal = {.state = kind == FILTER_LETTERS ? (int)DELIVERY_DEAD : -1,
                    .is_of_ends = kind == FILTER_LETTERS,
                    .newest_first = true,
                    .limit = FILTER_LIMIT},
    };
}

void filter_deinit(struct filter *f)
{
    for (size_t i = 0; i < FILTER_TEXTS; i++)
        free(f->texts[i]);
    for (size_t i = 0; i < FILTER_DOUBTS; i++)
        free(f->doubts[i]);
}

/* ---- names that may be mistyped ---- */

typedef int (*check_name_fn)(struct engine *e, struct slice name, struct err *err);

static struct err *doubt(struct engine *e, check_name_fn check, struct slice name)
{
    struct err err;
    if (!name.data || check(e, name, &err) == 0)
        return NULL;
    err.code = ERR_INVALID;
    struct err *kept = mem_alloc(sizeof(*kept));
    *kept = err;
    return kept;
}

void filter_doubt(struct filter *f, struct engine *e)
{
    if (f->journal.connector.len > 0) /* empty: handlers' own */
        f->doubts[0] = doubt(e, engine_check_connector, f->journal.connector);
    f->doubts[1] = doubt(e, engine_check_channel, f->journal.channel);
}

bool filter_has_doubts(const struct filter *f)
{
    return f->doubts[0] || f->doubts[1];
}

struct counted {
    const struct filter *filter;
    bool is_known[FILTER_DOUBTS];
};

/* The sums stand over retention, and when the connector is gone. */
static bool note_counted(void *ctx, const char *scope, const char *name, const char *term,
                         int64_t value)
{
    struct counted *counted = ctx;
    const struct journal_filter *f = &counted->filter->journal;
    size_t i = strcmp(scope, "channel") == 0;
    (void)term, (void)value;
    if (slice_is_equal(slice_str(name), i ? f->channel : f->connector))
        counted->is_known[i] = true;
    return true;
}

int filter_check(const struct filter *f, struct journal_reader *reader, struct err *err)
{
    struct counted counted = {.filter = f};
    if (!filter_has_doubts(f))
        return 0;
    if (journal_sums(reader, note_counted, &counted, err) < 0)
        return -1;
    for (size_t i = 0; i < FILTER_DOUBTS; i++) {
        if (f->doubts[i] && !counted.is_known[i]) {
            *err = *f->doubts[i];
            return -1;
        }
    }
    return 0;
}

/* ---- what isn't on disk ---- */

/* As the journal matches text: absent takes all. */
static bool is_text(struct slice wanted, struct slice found)
{
    return !wanted.data || slice_is_equal(wanted, found);
}

static bool is_type(struct slice wanted, struct slice type)
{
    bool is_beginning = wanted.len > 0 && wanted.data[wanted.len - 1] == '*';
    return is_text(wanted, type) ||
           (is_beginning && slice_has_prefix(type, slice_upto(wanted, wanted.len - 1)));
}

static bool is_id(struct slice wanted, const struct delivery_row *row, const struct event *event)
{
    char seq[24];
    snprintf(seq, sizeof(seq), "%" PRId64, event->seq);
    return !wanted.data || slice_is_equal(wanted, row->id) || slice_is_equal(wanted, event->id) ||
           slice_is_equal(wanted, slice_str(seq));
}

bool filter_takes(const struct filter *f, const struct delivery_row *row, const struct event *event)
{
    const struct journal_filter *j = &f->journal;
    if ((j->state >= 0 && j->state != (int)row->state) || j->cause.data)
        return false;
    if (row->created_ms < j->since_ms || (j->until_ms && row->created_ms >= j->until_ms))
        return false;
    if (j->key.data && !row->has_key)
        return false;
    return is_type(j->type, event->type) && is_text(j->connector, row->connector) &&
           is_text(j->channel, event->channel) && is_text(j->key, row->key) &&
           is_id(j->id, row, event);
}

int filter_set_json(struct filter *f, struct slice name, struct slice value, struct err *err)
{
    const struct filter_row *row = take_row(f, name, err);
    char *text = NULL;
    int rc = row ? body_take_string(row->name, value, &text, err) : -1;
    if (rc == 0)
        rc = row->set(f, slice_str(text), err);
    free(text);
    return rc;
}

bool filter_turn_page(struct filter *f, size_t n_rows)
{
    struct journal_filter *journal = &f->journal;
    if (n_rows == journal->limit)
        return true;
    if (journal->through_seq != 0)
        journal->after_seq = journal->through_seq;
    return journal->through_seq != 0;
}
