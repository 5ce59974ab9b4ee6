/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The schema, version by version.
 *
 * States and kinds are words and times are Unix milliseconds, for people who query the file. An
 * index ends in the row's number by itself. Those of deliveries hold only what waits or is dead, so
 * that a delivery that succeeds at once costs no index anything.
 */
#include "base/attr.h"
#include "journal/sql.h"

static const char version_1[] =
    "CREATE TABLE schema ("
    "  version INTEGER NOT NULL,"
    "  journal TEXT NOT NULL,"              /* this journal's own random id */
    "  created_at INTEGER NOT NULL,"        /* ms, as all that ends in _at */
    "  last_seq INTEGER NOT NULL DEFAULT 0" /* so far were events numbered that are gone */
    ");"
    "CREATE TABLE events ("
    "  seq INTEGER PRIMARY KEY,"
    "  channel TEXT NOT NULL,"
    "  id TEXT,"
    "  type TEXT,"
    "  source TEXT,"
    "  subject TEXT,"
    "  time TEXT,"               /* as sent */
    "  key TEXT,"                /* NULL: no order */
    "  attributes TEXT,"         /* a JSON object of the others */
    "  data,"                    /* JSON is TEXT, all else a BLOB */
    "  data_kind TEXT NOT NULL," /* none json bytes */
    "  received_at INTEGER NOT NULL,"
    "  state TEXT NOT NULL," /* open closed dead dropped unmatched malformed */
    "  closed_at INTEGER,"
    "  replay INTEGER NOT NULL DEFAULT 0," /* how often it was handled anew */
    "  own_id INTEGER NOT NULL,"           /* 1: the sender gave the id */
    "  identity BLOB"                      /* what makes another event its duplicate */
    ");"
    "CREATE INDEX events_open ON events(seq) WHERE state = 'open';"
    "CREATE INDEX events_channel ON events(channel) WHERE identity IS NOT NULL;"
    "CREATE TABLE deliveries ("
    "  seq INTEGER PRIMARY KEY," /* event * 2^20 + its place among the event's */
    "  event INTEGER GENERATED ALWAYS AS (seq >> 20) VIRTUAL,"
    "  id TEXT NOT NULL,"
    "  connector TEXT," /* NULL: a handler's run, or a malformed message */
    "  handler TEXT,"
    "  key TEXT,"
    "  transformer TEXT,"
    "  data,"                /* NULL: the event's */
    "  state TEXT NOT NULL," /* waiting delivered dead skipped superseded dropped */
    "  cause TEXT,"
    "  error TEXT,"
    "  attempts INTEGER NOT NULL,"
    "  unknown INTEGER NOT NULL," /* 1: any attempt's end was never seen */
    "  created_at INTEGER NOT NULL,"
    "  first_attempt_at INTEGER,"
    "  due_at INTEGER,"
    "  expires_at INTEGER,"
    "  ended_at INTEGER"
    ");"
    "CREATE INDEX deliveries_waiting_key ON deliveries(connector, key) WHERE state = 'waiting';"
    "CREATE INDEX deliveries_waiting_connector ON deliveries(connector) WHERE state = 'waiting';"
    "CREATE INDEX deliveries_waiting ON deliveries(seq) WHERE state = 'waiting';"
    "CREATE INDEX deliveries_dead ON deliveries(seq) WHERE state = 'dead';"
    "CREATE TABLE attempts ("
    "  delivery INTEGER NOT NULL,"
    "  n INTEGER NOT NULL," /* 1 for the first */
    "  at INTEGER NOT NULL,"
    "  ms INTEGER NOT NULL,"
    "  code TEXT,"
    "  error TEXT,"
    "  answer,"
    "  PRIMARY KEY (delivery, n)"
    ") WITHOUT ROWID;"
    "CREATE TABLE positions ("
    "  channel TEXT PRIMARY KEY,"
    "  position TEXT NOT NULL"
    ") WITHOUT ROWID;"
    "CREATE TABLE sums ("
    "  scope TEXT NOT NULL," /* channel connector */
    "  name TEXT NOT NULL,"
    "  term TEXT NOT NULL,"
    "  value INTEGER NOT NULL,"
    "  PRIMARY KEY (scope, name, term)"
    ") WITHOUT ROWID;";

static const char version_2[] =
    /* Those of events that are gone, while they are among the channel's newest. */
    "CREATE TABLE identities ("
    "  channel TEXT NOT NULL,"
    "  seq INTEGER NOT NULL," /* the event's */
    "  identity BLOB NOT NULL,"
    "  PRIMARY KEY (channel, seq)"
    ") WITHOUT ROWID;";

/* What a connector returned, while a handler may ask for it. */
static const char version_3[] = "ALTER TABLE deliveries ADD COLUMN result TEXT;";

/* What waits for a connector, or for a handler to run, in order, all together and by key: so it is
   read in pages, however much it is. */
static const char version_4[] =
    "ALTER TABLE deliveries ADD COLUMN position INTEGER;"
    "UPDATE deliveries SET position = seq WHERE state = 'waiting';"
    "DROP INDEX deliveries_waiting_key;"
    "DROP INDEX deliveries_waiting_connector;"
    "CREATE INDEX deliveries_waiting_position ON deliveries(connector, position)"
    " WHERE state = 'waiting' AND connector IS NOT NULL;"
    "CREATE INDEX deliveries_waiting_key ON deliveries(connector, key, position)"
    " WHERE state = 'waiting' AND connector IS NOT NULL;"
    "CREATE INDEX runs_waiting ON deliveries(seq)"
    " WHERE state = 'waiting' AND connector IS NULL;"
    "CREATE INDEX runs_waiting_position ON deliveries(handler, position)"
    " WHERE state = 'waiting' AND connector IS NULL;"
    "CREATE INDEX runs_waiting_key ON deliveries(handler, key, position)"
    " WHERE state = 'waiting' AND connector IS NULL;";

/* What waits and expires, by when. */
static const char version_5[] =
    "CREATE INDEX deliveries_expiring ON deliveries(connector, expires_at)"
    " WHERE state = 'waiting' AND expires_at > 0;";

/* A row is written once where its event ends well: that it is open stands beside it, so that nothing
   but this is changed when it is closed. `events` is for people and for queries, as it was.

   Identities are found by the blocks of 64 numbers in which a channel has some: an index of them
   would cost an entry for each. */
static const char version_6[] =
    "CREATE TABLE open_events (seq INTEGER PRIMARY KEY);"
    "INSERT INTO open_events SELECT seq FROM events INDEXED BY events_open WHERE state = 'open';"
    "CREATE TABLE identity_blocks ("
    "  channel TEXT NOT NULL,"
    "  block INTEGER NOT NULL," /* seq >> 6 */
    "  PRIMARY KEY (channel, block)"
    ") WITHOUT ROWID;"
    "INSERT INTO identity_blocks SELECT DISTINCT channel, seq >> 6"
    " FROM events INDEXED BY events_channel WHERE identity IS NOT NULL;"
    "DROP INDEX events_open;"
    "DROP INDEX events_channel;"
    "UPDATE events SET state = 'closed' WHERE seq IN (SELECT seq FROM open_events);"
    /* Views that somebody else made read `events` still, and needn't make sense. */
    "PRAGMA legacy_alter_table = ON;"
    "ALTER TABLE events RENAME TO event_rows;"
    "PRAGMA legacy_alter_table = OFF;"
    "CREATE VIEW events AS SELECT seq, channel, id, type, source, subject, time, key, attributes,"
    " data, data_kind, received_at, iif(seq IN open_events, 'open', state) AS state,"
    /* Of one that ended well: when the last of its deliveries ended. */
    " iif(seq IN open_events, NULL, coalesce(closed_at, (SELECT max(ended_at) FROM deliveries d"
    " WHERE d.seq >= event_rows.seq << 20 AND d.seq < (event_rows.seq + 1) << 20), received_at))"
    " AS closed_at, replay, own_id, identity FROM event_rows;";

/* What people do: dead letters edited, connectors paused, events handled again as new. A dead letter
   is found by its key when a newer delivery of that succeeds. */
static const char version_7[] =
    "ALTER TABLE deliveries ADD COLUMN stale_by TEXT;" /* the id of the newest such delivery */
    "CREATE INDEX deliveries_dead_key ON deliveries(connector, key)"
    " WHERE state = 'dead' AND connector IS NOT NULL AND key IS NOT NULL;"
    "CREATE TABLE edits ("
    "  delivery INTEGER NOT NULL,"
    "  n INTEGER NOT NULL," /* 1 for the first */
    "  at INTEGER NOT NULL,"
    "  data," /* as it was before; NULL: the event's */
    "  PRIMARY KEY (delivery, n)"
    ") WITHOUT ROWID;"
    "CREATE TABLE pauses ("
    "  connector TEXT PRIMARY KEY,"
    "  at INTEGER NOT NULL"
    ") WITHOUT ROWID;"
    "ALTER TABLE event_rows ADD COLUMN replay_handler TEXT;" /* whose it was alone; NULL: all */
    "ALTER TABLE event_rows ADD COLUMN replay_forced INTEGER;" /* 1: also what is older than delivered */
    "DROP VIEW events;"
    "CREATE VIEW events AS SELECT seq, channel, id, type, source, subject, time, key, attributes,"
    " data, data_kind, received_at, iif(seq IN open_events, 'open', state) AS state,"
    " iif(seq IN open_events, NULL, coalesce(closed_at, (SELECT max(ended_at) FROM deliveries d"
    " WHERE d.seq >= event_rows.seq << 20 AND d.seq < (event_rows.seq + 1) << 20), received_at))"
    " AS closed_at, replay, own_id, identity, replay_handler, replay_forced FROM event_rows;"
    "CREATE TABLE replays ("
    "  id INTEGER PRIMARY KEY,"
    "  wish TEXT NOT NULL,"      /* what was asked for, a JSON object */
    "  cursor INTEGER NOT NULL," /* all events up to here were looked at */
    "  through INTEGER NOT NULL,"
    "  replayed INTEGER NOT NULL,"
    "  refused INTEGER NOT NULL," /* they were still being handled */
    "  at INTEGER NOT NULL,"
    "  ended_at INTEGER"
    ");";

/* By which scripts each delivery was attempted last: a small number, as there are few and long hashes. */
static const char version_8[] =
    "ALTER TABLE deliveries ADD COLUMN script_version INTEGER;" /* NULL: none attempted it yet */
    "CREATE TABLE script_versions ("
    "  version INTEGER PRIMARY KEY,"
    "  hash TEXT NOT NULL," /* over all files that were loaded */
    "  at INTEGER NOT NULL"
    ");";

/* In which batch a delivery is to be tried again. */
static const char version_9[] = "ALTER TABLE deliveries ADD COLUMN batch TEXT;"; /* NULL: none */

/* Where the clock is set back it tells how long at most a delivery has to wait until due_at. */
static const char version_10[] =
    "ALTER TABLE deliveries ADD COLUMN written_at INTEGER;"; /* NULL: it doesn't wait */

/* Connectors that took batches at any time: of what waited for one at a crash all may have been under
   way, and not only what stood first. */
static const char version_11[] =
    "CREATE TABLE batchers (connector TEXT PRIMARY KEY) WITHOUT ROWID;";

/* Of a dead letter that people retried: when, and of what it had died when. */
static const char version_12[] = "CREATE TABLE retries ("
                                 "  delivery INTEGER NOT NULL,"
                                 "  n INTEGER NOT NULL," /* 1 for the first */
                                 "  at INTEGER NOT NULL,"
                                 "  died_at INTEGER,"
                                 "  cause TEXT,"
                                 "  PRIMARY KEY (delivery, n)"
                                 ") WITHOUT ROWID;";

const char *const sql_migrations[] = {version_1, version_2,  version_3,  version_4,
                                      version_5, version_6,  version_7,  version_8,
                                      version_9, version_10, version_11, version_12};
const size_t sql_migrations_count = ARRAY_LEN(sql_migrations);
