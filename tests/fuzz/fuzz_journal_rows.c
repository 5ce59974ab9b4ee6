/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Rows of a journal in which anything may stand, read back. The input is values, one after another:
 * a byte that says of which kind, then its bytes. They are written into a real journal by SQL, then
 * all that can be asked is asked: nothing that a row holds may be more than a strange answer or a
 * clear error.
 */
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "event/envelope.h"
#include "fuzz.h"
#include "journal/journal.h"

#define EVENT_SEQ 7

static char folder[64];
static struct buf path;
static sqlite3 *db;
static unsigned seen; /* of all bytes that were read, so that each is */

/* ---- The journal ---- */

static int remove_entry(const char *entry, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(entry);
}

static void close_journal(void)
{
    sqlite3_close(db);
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    buf_deinit(&path);
}

static void notify(void *ctx)
{
    (void)ctx;
}

static void run_sql(const char *sql)
{
    require(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

/* In memory where the system has such a file system: a seed costs some writes. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct clock_fake clock = {.wall_ms = 1795460000000, .mono_ms = 5000};
    struct err err = {0};
    (void)argc;
    (void)argv;
    strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/liaison-fuzz-XXXXXX"
                                                 : "/tmp/liaison-fuzz-XXXXXX");
    require(mkdtemp(folder));
    buf_printf(&path, "%s/journal.db", folder);
    const struct journal_options options = {
        .path = path.data,
        .owner = "the fuzzer",
        .clock = clock_of_fake(&clock),
        .notify = notify,
        .stepped = true,
    };
    struct journal *j = journal_open(&options, &err);
    if (!j)
        die("%s", err.message);
    journal_close(j);
    require(sqlite3_open(path.data, &db) == SQLITE_OK);
    run_sql("PRAGMA synchronous = OFF");
    atexit(close_journal);
    return 0;
}

/* ---- Writing ---- */

static unsigned char take_byte(struct slice *input)
{
    unsigned char byte = input->len > 0 ? (unsigned char)input->data[0] : 0;
    *input = slice_from(*input, 1);
    return byte;
}

static struct slice take_bytes(struct slice *input, size_t len)
{
    struct slice taken = slice_upto(*input, len);
    *input = slice_from(*input, len);
    return taken;
}

/* A word that a column may hold, so that what comes behind its check is reached. */
static const char *take_word(struct slice *input)
{
    static const char *const words[] = {
        "open",      "closed",   "dead", "dropped",   "unmatched",
        "malformed", "waiting",  "json", "delivered", "superseded",
        "skipped",   "bytes",    "none", "channel",   "{}",
        "connector", "received", "made", "bus",       "7-0123456789abcdef01234567",
    };
    return words[take_byte(input) % ARRAY_LEN(words)];
}

static int64_t take_integer(struct slice *input)
{
    int64_t value = 0;
    struct slice bytes = take_bytes(input, sizeof(value));
    if (bytes.len > 0)
        memcpy(&value, bytes.data, bytes.len);
    return value;
}

static double take_real(struct slice *input)
{
    int64_t bits = take_integer(input);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static void bind_value(sqlite3_stmt *s, int i, struct slice *input)
{
    struct slice bytes;
    switch (take_byte(input) % 7) {
    case 0:
        sqlite3_bind_null(s, i);
        break;
    case 1:
        sqlite3_bind_int64(s, i, take_integer(input));
        break;
    case 2:
        sqlite3_bind_int64(s, i, take_byte(input));
        break;
    case 3:
        sqlite3_bind_double(s, i, take_real(input));
        break;
    case 4:
        bytes = take_bytes(input, take_byte(input));
        sqlite3_bind_text(s, i, bytes.data ? bytes.data : "", (int)bytes.len, SQLITE_TRANSIENT);
        break;
    case 5:
        bytes = take_bytes(input, take_byte(input));
        sqlite3_bind_blob(s, i, bytes.data ? bytes.data : "", (int)bytes.len, SQLITE_TRANSIENT);
        break;
    default:
        sqlite3_bind_text(s, i, take_word(input), -1, SQLITE_STATIC);
        break;
    }
}

/* What the schema refuses isn't written. */
static void insert(const char *sql, struct slice *input)
{
    sqlite3_stmt *s;
    require(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK);
    for (int i = 1; i <= sqlite3_bind_parameter_count(s); i++)
        bind_value(s, i, input);
    sqlite3_step(s);
    sqlite3_finalize(s);
}

/* Columns that may not be NULL are never; those that tell rows apart are what reading asks for. */
static void write_rows(struct slice input)
{
    run_sql("BEGIN; DELETE FROM event_rows; DELETE FROM deliveries; DELETE FROM attempts;"
            "DELETE FROM positions; DELETE FROM sums; DELETE FROM identities;"
            "INSERT OR IGNORE INTO open_events VALUES (7);"
            "INSERT OR IGNORE INTO identity_blocks VALUES ('bus', 0);");
    insert("INSERT INTO event_rows (seq, channel, id, type, source, subject, time, key, attributes,"
           " data, data_kind, received_at, state, closed_at, replay, own_id, identity)"
           " VALUES (7, coalesce(?, 'bus'), ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, 'json'),"
           " coalesce(?, 1), coalesce(?, 'open'), ?, coalesce(?, 0), coalesce(?, 0), ?)",
           &input);
    insert("INSERT INTO deliveries (seq, id, connector, handler, key, transformer, data, state,"
           " cause, error, attempts, unknown, created_at, first_attempt_at, due_at, expires_at,"
           " ended_at, result, position)"
           " VALUES (7 << 20, coalesce(?, '7-0123456789abcdef01234567'), ?, ?, ?, ?, ?,"
           " coalesce(?, 'dead'), ?, ?, coalesce(?, 0), coalesce(?, 0), coalesce(?, 1), ?, ?, ?, ?,"
           " ?, ?)",
           &input);
    insert("INSERT INTO attempts (delivery, n, at, ms, code, error, answer)"
           " VALUES (7 << 20, coalesce(?, 1), coalesce(?, 1), coalesce(?, 1), ?, ?, ?)",
           &input);
    insert("INSERT INTO positions (channel, position) VALUES (coalesce(?, 'bus'), coalesce(?, ''))",
           &input);
    insert("INSERT INTO identities (channel, seq, identity)"
           " VALUES (coalesce(?, 'bus'), coalesce(?, 6), coalesce(?, x''))",
           &input);
    while (input.len > 0)
        insert("INSERT OR REPLACE INTO sums (scope, name, term, value)"
               " VALUES (coalesce(?, 'channel'), coalesce(?, 'bus'), coalesce(?, 'received'),"
               " coalesce(?, 0))",
               &input);
    run_sql("COMMIT");
}

/* ---- Reading ---- */

static void see(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        seen += (unsigned char)s.data[i];
    require(s.data || s.len == 0);
}

static bool see_event(void *ctx, struct event *e, enum event_state state)
{
    struct buf json = {0};
    (void)ctx;
    see(e->channel);
    see(e->id);
    see(e->data);
    see(e->attributes);
    require(state <= EVENT_MALFORMED && e->data_kind <= EVENT_DATA_BYTES);
    envelope_add_json(&json, e);
    see(buf_slice(&json));
    buf_deinit(&json);
    return true;
}

static bool see_delivery(void *ctx, const struct delivery_row *row)
{
    (void)ctx;
    see(row->id);
    see(row->connector);
    see(row->handler);
    see(row->key);
    see(row->transformer);
    see(row->data);
    see(row->cause);
    see(row->result);
    see(row->error);
    require(row->state <= DELIVERY_DROPPED);
    return true;
}

static bool see_place(void *ctx, const struct journal_place *place)
{
    (void)ctx;
    see(place->key);
    see(place->batch);
    require(place->has_key || place->key.len == 0);
    seen += (unsigned)place->position + (unsigned)place->due_ms;
    return true;
}

static bool see_waiting(void *ctx, struct slice connector, int64_t last_position, int64_t count)
{
    (void)ctx;
    see(connector);
    seen += (unsigned)last_position + (unsigned)count;
    return true;
}

static bool see_attempt(void *ctx, const struct attempt_row *row)
{
    (void)ctx;
    see(row->code);
    see(row->error);
    see(row->answer);
    return true;
}

static bool see_sum(void *ctx, const char *scope, const char *name, const char *term, int64_t value)
{
    (void)ctx;
    see(slice_str(scope));
    see(slice_str(name));
    see(slice_str(term));
    seen += (unsigned)value;
    return true;
}

static void see_finding(void *ctx, const struct journal_finding *finding)
{
    (void)ctx;
    require(finding->code[0] && finding->text[0]);
}

/* Either answers, or says why not. */
static void expect(int rc, struct err *err)
{
    require(rc >= 0 || err->message[0]);
    *err = (struct err){0};
}

static void read_lists(struct journal_reader *r, int state, struct err *err)
{
    struct journal_filter f = {.state = state, .newest_first = state % 2 == 0};
    expect(journal_list_events(r, &f, see_event, NULL, err), err);
    expect(journal_list_deliveries(r, &f, see_delivery, NULL, err), err);
    f.connector = SLICE_LIT("");
    f.type = SLICE_LIT("bus");
    expect(journal_list_deliveries(r, &f, see_delivery, NULL, err), err);
}

static void read_waiting(struct journal_reader *r, bool is_handler, struct err *err)
{
    int64_t next_ms;
    const struct journal_target target = {SLICE_LIT("bus"), is_handler};
    const struct journal_expiry_range expired = {.through_ms = INT64_MAX, .limit = 10};
    struct journal_range range = {.after = INT64_MIN, .through = INT64_MAX, .limit = 10};
    expect(journal_waiting_places(r, &target, &range, see_place, NULL, err), err);
    expect(journal_waiting_rows(r, &target, &range, see_delivery, NULL, err), err);
    range.key = SLICE_LIT("bus");
    expect(journal_waiting_rows(r, &target, &range, see_delivery, NULL, err), err);
    expect(journal_waiting_connectors(r, see_waiting, NULL, err), err);
    expect(journal_expired_rows(r, target.name, &expired, see_delivery, NULL, err), err);
    expect(journal_next_expiry(r, target.name, 0, &next_ms, err), err);
}

/* Lists rows of any state and of `state`. */
static void read_rows(int state)
{
    struct err err = {0};
    struct buf position = {0};
    bool has_position;
    struct slice id = SLICE_LIT("7-0123456789abcdef01234567");
    struct journal_reader *r = journal_reader_open(path.data, &err);
    if (!r)
        die("%s", err.message);
    expect(journal_find_event(r, EVENT_SEQ, see_event, NULL, &err), &err);
    expect(journal_find_delivery(r, id, see_delivery, NULL, &err), &err);
    expect(journal_event_deliveries(r, EVENT_SEQ, see_delivery, NULL, &err), &err);
    expect(journal_attempts(r, delivery_seq(EVENT_SEQ, 0), see_attempt, NULL, &err), &err);
    expect(journal_sums(r, see_sum, NULL, &err), &err);
    expect(journal_position(r, SLICE_LIT("bus"), &position, &has_position, &err), &err);
    see(buf_slice(&position));
    read_lists(r, -1, &err);
    read_lists(r, state, &err);
    read_waiting(r, false, &err);
    read_waiting(r, true, &err);
    expect(journal_check(r, see_finding, NULL, &err), &err);
    buf_deinit(&position);
    journal_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    write_rows(slice_of((const char *)data, size));
    read_rows((int)(size % (EVENT_MALFORMED + 1)));
    return 0;
}
