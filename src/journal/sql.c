/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Every statement on the schema. They name the index that they are made for, since without statistics
 * SQLite would rather walk the whole table in order.
 */
#include "journal/sql.h"

#include <assert.h>

#include "base/attr.h"

/* Read by row_event and row_delivery. */
#define EVENT_COLUMNS                                                                              \
    "seq, channel, id, type, source, subject, time, key, attributes, data, data_kind, "            \
    "received_at, state, replay, own_id, replay_handler, replay_forced"
#define NEW_EVENT_COLUMNS                                                                          \
    "seq, channel, id, type, source, subject, time, key, attributes, data, data_kind, "            \
    "received_at, state, own_id, identity"
#define DELIVERY_COLUMNS                                                                           \
    "seq, id, connector, handler, key, transformer, data, state, cause, error, attempts, "         \
    "unknown, created_at, first_attempt_at, due_at, expires_at, ended_at, result, position, "      \
    "script_version, batch, written_at"
/* What the writer alone gives stands behind that. */
#define DELIVERY_READ DELIVERY_COLUMNS ", stale_by"
/* A result that comes when its event is closed is for nobody. */
#define RESULT(result, seq)                                                                        \
    "CASE WHEN " result " IS NOT NULL AND EXISTS (SELECT 1 FROM events e WHERE e.seq = " seq       \
    " >> 20"                                                                                       \
    " AND e.state IN ('open', 'dead')) THEN " result " END"

/* Parameters of lists: 1 the seq to begin behind and 11 the last one, 2 the number of rows, 3 the
   state, 4 and 5 the earliest and latest time, 6 type, or 12 how it begins, 7 channel, 8 key,
   9 connector, 13 an id as text, 14 as an event's number; of deliveries 10 cause, 15 whether times
   are those of their ends; of events 16, whether they must have dead letters. NULL is any. */
#define TYPE_FILTER "(type = ?6 OR substr(type, 1, length(?12)) = ?12)"
#define EVENT_FILTER                                                                               \
    " AND (?3 IS NULL OR state = ?3) AND (?4 IS NULL OR received_at >= ?4)"                        \
    " AND (?5 IS NULL OR received_at < ?5) AND (?6 IS NULL OR " TYPE_FILTER ")"                    \
    " AND (?7 IS NULL OR channel = ?7) AND (?8 IS NULL OR key = ?8)"                               \
    " AND (?13 IS NULL OR id = ?13 OR seq = ?14)"                                                  \
    " AND (?9 IS NULL OR EXISTS (SELECT 1 FROM deliveries d WHERE d.seq >= events.seq << 20"       \
    " AND d.seq < (events.seq + 1) << 20 AND connector = ?9))"                                     \
    " AND (?16 = 0 OR EXISTS (SELECT 1 FROM deliveries d INDEXED BY deliveries_dead"               \
    " WHERE d.state = 'dead' AND d.seq >= events.seq << 20 AND d.seq < (events.seq + 1) << 20))"
#define OF_ITS_EVENT "SELECT 1 FROM events WHERE seq = deliveries.event AND "
#define DELIVERY_FILTER                                                                            \
    " AND (?3 IS NULL OR state = ?3)"                                                              \
    " AND (?4 IS NULL OR iif(?15, ended_at, created_at) >= ?4)"                                    \
    " AND (?5 IS NULL OR iif(?15, ended_at, created_at) < ?5) AND (?8 IS NULL OR key = ?8)"        \
    " AND (?9 IS NULL OR connector = ?9 OR (?9 = '' AND connector IS NULL))"                       \
    " AND (?10 IS NULL OR cause = ?10)"                                                            \
    " AND (?6 IS NULL OR EXISTS (" OF_ITS_EVENT TYPE_FILTER "))"                                   \
    " AND (?7 IS NULL OR EXISTS (" OF_ITS_EVENT "channel = ?7))"                                   \
    " AND (?13 IS NULL OR id = ?13 OR event = ?14"                                                 \
    " OR EXISTS (" OF_ITS_EVENT "events.id = ?13))"

#define LAST "9223372036854775807"
#define UP " AND seq > ?1 AND seq <= ifnull(?11, " LAST ")"
#define DOWN " AND seq < ?1 AND seq >= ifnull(?11, 0)"
#define IN_ORDER_UP " ORDER BY seq LIMIT ?2"
#define IN_ORDER_DOWN " ORDER BY seq DESC LIMIT ?2"
#define EVENTS(source, way)                                                                        \
    "SELECT " EVENT_COLUMNS " FROM " source " WHERE 1" EVENT_FILTER way IN_ORDER_##way
#define ALL_EVENTS "events"
#define OPEN_EVENTS "open_events CROSS JOIN events USING (seq)"
#define DELIVERIES(source, way)                                                                    \
    "SELECT " DELIVERY_READ " FROM deliveries " source DELIVERY_FILTER way IN_ORDER_##way
/* The last of so many rows of a list without its filter, to bound what is looked at. */
#define BOUND(table, source, way)                                                                  \
    "SELECT seq FROM " table " " source way IN_ORDER_##way " OFFSET ?2 - 1"

/* What a success (3 its number) makes void, and nothing newer has. */
#define OLDER " AND seq < ?3 AND (stale_by IS NULL OR CAST(stale_by AS INTEGER) <= ?3 >> 20)"

#define ALL "NOT INDEXED WHERE 1"
#define DEAD "INDEXED BY deliveries_dead WHERE state = 'dead'"
#define WAITING "INDEXED BY deliveries_waiting WHERE state = 'waiting'"
#define OF_HANDLERS "INDEXED BY runs_waiting WHERE state = 'waiting' AND connector IS NULL"

/* Parameters: 1 connector or handler; 2 and 3 the positions to begin behind and to end with; 4 the
   number of rows; 5 the key. */
#define PLACES(source)                                                                             \
    "SELECT position, key, due_at, batch, written_at FROM deliveries " source IN_PLACE
#define ROWS(source) "SELECT " DELIVERY_READ " FROM deliveries " source IN_PLACE
#define FOR_CONNECTOR(index) "INDEXED BY " index " WHERE state = 'waiting' AND connector = ?1"
#define FOR_HANDLER(index)                                                                         \
    "INDEXED BY " index " WHERE state = 'waiting' AND connector IS NULL AND handler = ?1"
#define EXPIRING                                                                                   \
    "INDEXED BY deliveries_expiring"                                                               \
    " WHERE state = 'waiting' AND expires_at > 0 AND connector = ?1"
#define IN_PLACE " AND position > ?2 AND position <= ?3 ORDER BY position LIMIT ?4"

const char *const sql_text[] = {
    [SQL_CONFIGURE_WRITER] = "PRAGMA page_size = 8192;" /* of a new file */
                             "PRAGMA journal_mode = WAL;"
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA cache_size = -16384;"
                             "PRAGMA temp_store = MEMORY;"
                             "PRAGMA foreign_keys = OFF;",
    [SQL_JOURNAL_MODE] = "PRAGMA journal_mode",
    [SQL_JOURNAL_MODE_DELETE] = "PRAGMA journal_mode = DELETE", /* of a copy: one file */
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",

    [SQL_APPLICATION_ID] = "PRAGMA application_id",
    [SQL_USER_VERSION] = "PRAGMA user_version",
    [SQL_COUNT_OBJECTS] = "SELECT count(*) FROM sqlite_schema",
    [SQL_OBJECTS] = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
    [SQL_OBJECT] = "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2",
    [SQL_INSERT_SCHEMA] = "INSERT INTO schema(version, journal, created_at) VALUES (0, ?1, ?2)",
    [SQL_SET_VERSION] = "UPDATE schema SET version = ?1",
    [SQL_MARK_FORMAT] = "PRAGMA application_id = %d; PRAGMA user_version = %d",
    [SQL_SCHEMA_VERSION] = "SELECT version FROM schema WHERE length(journal) = 32",
    [SQL_JOURNAL_ID] = "SELECT journal FROM schema",
    [SQL_LAST_SEQ] =
        "SELECT max(last_seq, ifnull((SELECT max(seq) FROM event_rows), 0)) FROM schema",
    [SQL_COPY] = "VACUUM INTO ?1",

    /* Rows that are gathered, see feed.h; row_give_event and row_give_delivery have their columns. */
    [SQL_NEW_EVENTS] = "CREATE TABLE new_events(" NEW_EVENT_COLUMNS ")",
    [SQL_NEW_DELIVERIES] = "CREATE TABLE new_deliveries(" DELIVERY_COLUMNS ")",
    /* OR FAIL: since the transaction is taken back when one fails, the statement needn't be able to. */
    [SQL_INSERT_EVENTS] =
        "INSERT OR FAIL INTO event_rows(" NEW_EVENT_COLUMNS ") SELECT * FROM new_events",
    [SQL_OPEN_EVENTS] =
        "INSERT OR FAIL INTO open_events SELECT seq FROM new_events WHERE state = 'closed'",
    [SQL_OPEN_EVENT] = "INSERT INTO open_events(seq) VALUES (?1)",
    [SQL_CLOSE_EVENTS] = "DELETE FROM open_events WHERE seq BETWEEN ?1 AND ?2",
    /* Of one that isn't open. */
    [SQL_SET_EVENT] =
        "UPDATE event_rows SET state = ?2, closed_at = ?3 WHERE seq = ?1 AND state = ?4"
        " AND seq NOT IN open_events",
    [SQL_INSERT_DELIVERIES] =
        "INSERT OR IGNORE INTO deliveries(" DELIVERY_COLUMNS ")"
        " SELECT seq, id, connector, handler, key, transformer, data, state, cause, error, "
        "attempts,"
        " unknown, created_at, first_attempt_at, due_at, expires_at, ended_at, " RESULT(
            "new_deliveries.result", "new_deliveries.seq") ", position, script_version, batch, "
                                                           "written_at FROM new_deliveries",
    /* 1 to 18 its columns up to the result, 20 to 23 those behind it, 19 the state before. */
    [SQL_UPDATE_DELIVERY] =
        "UPDATE deliveries SET id = ?2, connector = ?3, handler = ?4, key = ?5, transformer = ?6,"
        " data = ?7, state = ?8, cause = ?9, error = ?10, attempts = ?11, unknown = ?12,"
        " created_at = ?13, first_attempt_at = ?14, due_at = ?15, expires_at = ?16, ended_at = ?17,"
        " result = " RESULT("?18", "?1") ", position = ?20, script_version = ?21, batch = ?22,"
                                         " written_at = ?23 WHERE seq = ?1 AND state = ?19",
    [SQL_TAKE_PLACE] = "UPDATE deliveries SET position = ?2, due_at = ?3, written_at = ?4"
                       " WHERE seq = ?1 AND state = 'waiting'",
    /* Behind the last one between 1 and, exclusive, 2. */
    [SQL_NEXT_PUBLICATION] =
        "SELECT coalesce(max(seq) + 1, ?1) FROM deliveries WHERE seq >= ?1 AND seq < ?2",
    /* Numbered on from what is there: a dead letter that is retried keeps its history. Gives the
       number. */
    [SQL_PUT_ATTEMPT] = "INSERT INTO attempts(delivery, n, at, ms, code, error, answer)"
                        " SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, ?5, ?6"
                        " FROM attempts WHERE delivery = ?1 RETURNING n",
    [SQL_TRIM_ATTEMPTS] = "DELETE FROM attempts WHERE delivery = ?1 AND n <= ?2",
    [SQL_CLEAR_RESULTS] = "UPDATE deliveries SET result = NULL"
                          " WHERE seq >= ?1 << 20 AND seq < (?1 + 1) << 20 AND result IS NOT NULL",
    [SQL_PUT_BLOCK] = "INSERT OR IGNORE INTO identity_blocks(channel, block) VALUES (?1, ?2)",
    /* Older dead letters of connector 1 and key 2 than delivery 3, whose id is 4. */
    [SQL_MARK_STALE] = "UPDATE deliveries INDEXED BY deliveries_dead_key SET stale_by = ?4"
                       " WHERE state = 'dead' AND connector = ?1 AND key = ?2" OLDER,
    [SQL_MARK_STALE_WAITING] =
        "UPDATE deliveries INDEXED BY deliveries_waiting_key SET stale_by = ?4"
        " WHERE state = 'waiting' AND connector = ?1 AND key = ?2" OLDER
        " AND EXISTS (SELECT 1 FROM retries WHERE delivery = deliveries.seq)",
    [SQL_KEEP_EDIT] =
        "INSERT INTO edits(delivery, n, at, data) SELECT seq, 1 + (SELECT coalesce(max(n), 0)"
        " FROM edits WHERE delivery = ?1), ?2, data FROM deliveries WHERE seq = ?1"
        " AND state = 'dead'",
    [SQL_EDIT] = "UPDATE deliveries SET data = ?2 WHERE seq = ?1 AND state = 'dead'",
    [SQL_KEEP_RETRY] =
        "INSERT INTO retries(delivery, n, at, died_at, cause) SELECT seq, 1 +"
        " (SELECT coalesce(max(n), 0) FROM retries WHERE delivery = ?1), ?2, ended_at, cause"
        " FROM deliveries WHERE seq = ?1 AND state = 'dead'",
    [SQL_PAUSE] = "INSERT OR IGNORE INTO pauses(connector, at) VALUES (?1, ?2)",
    [SQL_RESUME] = "DELETE FROM pauses WHERE connector = ?1",
    [SQL_PUT_BATCHER] = "INSERT OR IGNORE INTO batchers(connector) VALUES (?1)",
    [SQL_PUT_SCRIPTS] =
        "INSERT OR REPLACE INTO script_versions(version, hash, at) VALUES (?1, ?2, ?3)",
    [SQL_FORGET_SCRIPTS] = "DELETE FROM script_versions WHERE version <= ?1 - 10000",
    [SQL_EVENT_STATE] = "SELECT state, channel FROM events WHERE seq = ?1",
    [SQL_REOPEN] = "UPDATE event_rows SET state = 'closed', closed_at = NULL, replay = replay + 1,"
                   " replay_handler = ?2, replay_forced = ?3 WHERE seq = ?1",
    /* The new run takes the place of the one that failed. */
    [SQL_REPLACE_RUNS] =
        "UPDATE deliveries SET state = 'superseded', ended_at = ?3"
        " WHERE seq >= ?1 << 20 AND seq < (?1 + 1) << 20 AND state = 'dead'"
        " AND connector IS NULL AND handler IS NOT NULL AND (?2 IS NULL OR handler = ?2)",
    [SQL_BEGIN_REPLAY] = "INSERT INTO replays(wish, cursor, through, replayed, refused, at)"
                         " SELECT ?1, 0, ?3, 0, 0, ?2"
                         " WHERE NOT EXISTS (SELECT 1 FROM replays WHERE ended_at IS NULL)",
    [SQL_ADVANCE_REPLAY] = "UPDATE replays SET cursor = max(cursor, ?1), replayed = replayed + ?2,"
                           " refused = refused + ?3 WHERE ended_at IS NULL",
    [SQL_END_REPLAY] = "UPDATE replays SET ended_at = ?1 WHERE ended_at IS NULL",
    [SQL_FORGET_REPLAYS] = "DELETE FROM replays WHERE id <= (SELECT max(id) FROM replays) - 100",
    [SQL_PUT_POSITION] = "INSERT INTO positions(channel, position) VALUES (?1, ?2)"
                         " ON CONFLICT(channel) DO UPDATE SET position = excluded.position",
    [SQL_PUT_SUM] = "INSERT INTO sums(scope, name, term, value) VALUES (?1, ?2, ?3, ?4)"
                    " ON CONFLICT(scope, name, term) DO UPDATE SET value = excluded.value",

    [SQL_PAGE_COUNT] = "PRAGMA page_count",
    [SQL_FREE_PAGES] = "PRAGMA freelist_count",
    [SQL_PAGE_SIZE] = "PRAGMA page_size",
    [SQL_LOG_FORMAT] = "PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = %lld",

    /* The first event behind one, and the last there is. */
    [SQL_RETAIN_SPAN] = "SELECT (SELECT seq FROM event_rows WHERE seq > ?1 ORDER BY seq LIMIT 1),"
                        " (SELECT max(seq) FROM event_rows)",
    /* When events from 1 on were received, 2 of them. */
    [SQL_RETAIN_DATES] =
        "SELECT seq, received_at FROM event_rows WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
    /* The latest receipt of events 1 to 2 of those up to a time, and the last of them. */
    [SQL_RETAIN_AGE] = "SELECT max(received_at), max(seq) FROM event_rows"
                       " WHERE seq >= ?1 AND seq <= ?2 AND received_at <= ?3",
    /* Events 1 to 2 that have to stay, in order, perhaps more than once: known by indexes alone,
       so that going past a million of them costs no page of theirs. A dead or malformed event has
       a dead letter. */
    [SQL_RETAIN_HELD] = "SELECT seq FROM open_events WHERE seq >= ?1 AND seq <= ?2"
                        " UNION ALL SELECT seq >> 20 FROM deliveries INDEXED BY deliveries_waiting"
                        " WHERE state = 'waiting' AND seq >= ?1 << 20 AND seq < (?2 + 1) << 20"
                        " UNION ALL SELECT seq >> 20 FROM deliveries INDEXED BY deliveries_dead"
                        " WHERE state = 'dead' AND seq >= ?1 << 20 AND seq < (?2 + 1) << 20"
                        " ORDER BY 1",
    [SQL_RETAIN_IDENTITIES] = "SELECT seq, channel, identity FROM event_rows"
                              " WHERE seq >= ?1 AND seq <= ?2 AND identity IS NOT NULL",
    [SQL_KEEP_IDENTITY] = "INSERT INTO identities(channel, seq, identity) VALUES (?1, ?2, ?3)",
    [SQL_OLDEST_IDENTITY] = "SELECT seq, identity FROM identities WHERE channel = ?1"
                            " ORDER BY seq LIMIT 1",
    [SQL_FORGET_IDENTITY] = "DELETE FROM identities WHERE channel = ?1 AND seq = ?2",
    /* Of events 1 to 2. */
    [SQL_REMOVE_ATTEMPTS] = "DELETE FROM attempts"
                            " WHERE delivery >= ?1 << 20 AND delivery < (?2 + 1) << 20",
    [SQL_REMOVE_EDITS] = "DELETE FROM edits"
                         " WHERE delivery >= ?1 << 20 AND delivery < (?2 + 1) << 20",
    [SQL_REMOVE_RETRIES] = "DELETE FROM retries"
                           " WHERE delivery >= ?1 << 20 AND delivery < (?2 + 1) << 20",
    [SQL_REMOVE_DELIVERIES] = "DELETE FROM deliveries"
                              " WHERE seq >= ?1 << 20 AND seq < (?2 + 1) << 20",
    [SQL_REMOVE_EVENTS] = "DELETE FROM event_rows WHERE seq >= ?1 AND seq <= ?2",
    /* Of events 1 to 2, where no other event is left; but not the last, into which events may still
       come, which goes with those behind it. */
    [SQL_REMOVE_BLOCKS] =
        "DELETE FROM identity_blocks"
        " WHERE channel IN (SELECT name FROM sums WHERE scope = 'channel')"
        " AND block >= (?1 >> 6) - 1 AND block < ?2 >> 6 AND NOT EXISTS"
        " (SELECT 1 FROM event_rows WHERE seq >= block << 6 AND seq < (block + 1) << 6)",
    [SQL_SET_LAST_SEQ] = "UPDATE schema SET last_seq = ?1 WHERE last_seq < ?1",
    /* The first dead letter behind one, with its event. */
    [SQL_RETAIN_LETTER] =
        "SELECT d.seq, d.connector, d.ended_at, e.seq, e.channel, e.state, e.received_at"
        " FROM deliveries d INDEXED BY deliveries_dead CROSS JOIN events e ON e.seq = d.seq >> 20"
        " WHERE d.state = 'dead' AND d.seq > ?1 ORDER BY d.seq LIMIT 1",
    [SQL_DROP_LETTER] = "UPDATE deliveries SET state = 'dropped' WHERE seq = ?1",
    /* With its last letter that isn't of a connector. */
    [SQL_DROP_EVENT] =
        "UPDATE event_rows SET state = 'dropped' WHERE seq = ?1 AND state IN ('dead', 'malformed')"
        " AND NOT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_dead WHERE state = 'dead'"
        " AND seq >= ?1 << 20 AND seq < (?1 + 1) << 20 AND connector IS NULL)",

    [SQL_CHANNELS] = "SELECT DISTINCT name FROM sums WHERE scope = 'channel'",
    /* The newest identities of a channel, of events and of events that are gone. */
    [SQL_RECENT] = "SELECT e.seq, e.identity FROM identity_blocks b CROSS JOIN event_rows e"
                   " ON e.seq >= b.block << 6 AND e.seq < (b.block + 1) << 6"
                   " WHERE b.channel = ?1 AND e.channel = ?1 AND e.identity IS NOT NULL"
                   " ORDER BY b.block DESC, e.seq DESC LIMIT ?2",
    [SQL_RECENT_GONE] = "SELECT seq, identity FROM identities WHERE channel = ?1"
                        " ORDER BY seq DESC LIMIT ?2",
    [SQL_SUMS] = "SELECT scope, name, term, value FROM sums ORDER BY scope, name, term",
    [SQL_DEAD_LETTERS] = "SELECT connector, cause FROM deliveries INDEXED BY deliveries_dead"
                         " WHERE state = 'dead' ORDER BY seq",
    /* Of connector 1, with a key, and not void. */
    [SQL_BARRIERS] = "SELECT key, position, seq, ended_at FROM deliveries"
                     " INDEXED BY deliveries_dead_key WHERE state = 'dead' AND connector = ?1"
                     " AND key IS NOT NULL AND stale_by IS NULL",
    [SQL_REACH] = "SELECT (SELECT received_at FROM event_rows ORDER BY seq LIMIT 1),"
                  " (SELECT received_at FROM event_rows"
                  " WHERE seq > (SELECT last_seq FROM schema) ORDER BY seq LIMIT 1)",
    [SQL_POSITION] = "SELECT position FROM positions WHERE channel = ?1",
    [SQL_EVENT] = "SELECT " EVENT_COLUMNS " FROM events WHERE seq = ?1",
    [SQL_EVENTS_ALL] = EVENTS(ALL_EVENTS, UP),
    [SQL_EVENTS_ALL_DOWN] = EVENTS(ALL_EVENTS, DOWN),
    [SQL_EVENTS_OPEN] = EVENTS(OPEN_EVENTS, UP),
    [SQL_EVENTS_OPEN_DOWN] = EVENTS(OPEN_EVENTS, DOWN),
    [SQL_DELIVERY] = "SELECT " DELIVERY_READ " FROM deliveries"
                     " WHERE seq >= ?1 << 20 AND seq < (?1 + 1) << 20 AND id = ?2",
    [SQL_DELIVERIES_OF_EVENT] = "SELECT " DELIVERY_READ " FROM deliveries"
                                " WHERE seq >= ?1 << 20 AND seq < (?1 + 1) << 20 ORDER BY seq",
    [SQL_DELIVERIES_ALL] = DELIVERIES(ALL, UP),
    [SQL_DELIVERIES_ALL_DOWN] = DELIVERIES(ALL, DOWN),
    [SQL_DELIVERIES_DEAD] = DELIVERIES(DEAD, UP),
    [SQL_DELIVERIES_DEAD_DOWN] = DELIVERIES(DEAD, DOWN),
    [SQL_DELIVERIES_WAITING] = DELIVERIES(WAITING, UP),
    [SQL_DELIVERIES_WAITING_DOWN] = DELIVERIES(WAITING, DOWN),
    [SQL_DELIVERIES_OF_HANDLERS] = DELIVERIES(OF_HANDLERS, UP),
    [SQL_DELIVERIES_OF_HANDLERS_DOWN] = DELIVERIES(OF_HANDLERS, DOWN),
    [SQL_BOUND_EVENTS_ALL] = BOUND("event_rows", "WHERE 1", UP),
    [SQL_BOUND_EVENTS_ALL_DOWN] = BOUND("event_rows", "WHERE 1", DOWN),
    [SQL_BOUND_EVENTS_OPEN] = BOUND("open_events", "WHERE 1", UP),
    [SQL_BOUND_EVENTS_OPEN_DOWN] = BOUND("open_events", "WHERE 1", DOWN),
    [SQL_BOUND_DELIVERIES_ALL] = BOUND("deliveries", ALL, UP),
    [SQL_BOUND_DELIVERIES_ALL_DOWN] = BOUND("deliveries", ALL, DOWN),
    [SQL_BOUND_DELIVERIES_DEAD] = BOUND("deliveries", DEAD, UP),
    [SQL_BOUND_DELIVERIES_DEAD_DOWN] = BOUND("deliveries", DEAD, DOWN),
    [SQL_BOUND_DELIVERIES_WAITING] = BOUND("deliveries", WAITING, UP),
    [SQL_BOUND_DELIVERIES_WAITING_DOWN] = BOUND("deliveries", WAITING, DOWN),
    [SQL_BOUND_DELIVERIES_OF_HANDLERS] = BOUND("deliveries", OF_HANDLERS, UP),
    [SQL_BOUND_DELIVERIES_OF_HANDLERS_DOWN] = BOUND("deliveries", OF_HANDLERS, DOWN),
    [SQL_PLACES_OF_CONNECTOR] = PLACES(FOR_CONNECTOR("deliveries_waiting_position")),
    [SQL_PLACES_OF_HANDLER] = PLACES(FOR_HANDLER("runs_waiting_position")),
    [SQL_ROWS_OF_CONNECTOR] = ROWS(FOR_CONNECTOR("deliveries_waiting_position")),
    [SQL_ROWS_OF_HANDLER] = ROWS(FOR_HANDLER("runs_waiting_position")),
    [SQL_ROWS_OF_CONNECTOR_AND_KEY] = ROWS(FOR_CONNECTOR("deliveries_waiting_key") " AND key = ?5"),
    [SQL_ROWS_OF_HANDLER_AND_KEY] = ROWS(FOR_HANDLER("runs_waiting_key") " AND key = ?5"),
    [SQL_ROWS_EXPIRED] = "SELECT " DELIVERY_READ " FROM deliveries " EXPIRING
                         " AND (expires_at, seq) > (?2, ?3) AND expires_at <= ?4"
                         " ORDER BY expires_at, seq LIMIT ?5",
    [SQL_NEXT_EXPIRY] = "SELECT min(expires_at) FROM deliveries " EXPIRING " AND expires_at > ?2",
    /* One look into the index for each connector, not for each row; how many rows there are is known
       from the sums. */
    [SQL_WAITING_CONNECTORS] =
        "WITH RECURSIVE names(name) AS ("
        " SELECT min(connector) FROM deliveries INDEXED BY deliveries_waiting_position"
        "  WHERE state = 'waiting' AND connector IS NOT NULL"
        " UNION ALL"
        " SELECT (SELECT min(connector) FROM deliveries INDEXED BY deliveries_waiting_position"
        "  WHERE state = 'waiting' AND connector > name) FROM names WHERE name IS NOT NULL)"
        "SELECT name, (SELECT max(position) FROM deliveries INDEXED BY deliveries_waiting_position"
        " WHERE state = 'waiting' AND connector = name),"
        " (SELECT value FROM sums WHERE scope = 'connector' AND sums.name = names.name"
        " AND term = 'waiting') FROM names WHERE name IS NOT NULL",
    [SQL_EDITS] = "SELECT at, data FROM edits WHERE delivery = ?1 ORDER BY n",
    [SQL_RETRIES] = "SELECT at, died_at, cause FROM retries WHERE delivery = ?1 ORDER BY n",
    [SQL_LAST_SCRIPTS] = "SELECT version, hash FROM script_versions ORDER BY version DESC LIMIT 1",
    [SQL_SCRIPTS] = "SELECT hash FROM script_versions WHERE version = ?1",
    [SQL_PAUSES] = "SELECT connector, at FROM pauses",
    [SQL_BATCHERS] = "SELECT connector FROM batchers",
    [SQL_REPLAYS] = "SELECT id, wish, cursor, through, replayed, refused, at, ended_at FROM replays"
                    " ORDER BY id DESC LIMIT 20",
    /* Of rows from behind 1 on, so many: what was delivered, or is known to be older than that. */
    [SQL_DELIVERED] = "SELECT seq, connector, key, CASE state WHEN 'delivered' THEN seq"
                      " ELSE CAST(stale_by AS INTEGER) << 20 END FROM deliveries NOT INDEXED"
                      " WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    [SQL_ATTEMPTS] = "SELECT n, at, ms, code, error, answer FROM attempts WHERE delivery = ?1"
                     " ORDER BY n",

    /* Checks of rows give a sentence for each wrong one. */
    [SQL_CHECK_PAGES] = "PRAGMA integrity_check",
    [SQL_CHECK_EVENT_STATES] =
        "SELECT 'event ' || seq || ' is in a state that doesn''t exist: ' || quote(state)"
        " FROM event_rows WHERE state NOT IN"
        " ('closed', 'dead', 'dropped', 'unmatched', 'malformed')",
    [SQL_CHECK_OPEN_EVENTS] =
        "SELECT 'event ' || o.seq || iif(e.seq IS NULL, ' is open, but isn''t there',"
        " ' is open, but ' || e.state) FROM open_events o"
        " LEFT JOIN event_rows e ON e.seq = o.seq WHERE e.seq IS NULL OR e.state <> 'closed'",
    [SQL_CHECK_BLOCKS] =
        "SELECT 'event ' || seq || ' has an identity that no start would find'"
        " FROM event_rows e WHERE identity IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM identity_blocks WHERE channel = e.channel AND block = e.seq >> 6)",
    [SQL_CHECK_DELIVERY_STATES] =
        "SELECT 'delivery ' || id || ' is in a state that doesn''t exist: ' || quote(state)"
        " FROM deliveries WHERE state NOT IN"
        " ('waiting', 'delivered', 'dead', 'skipped', 'superseded', 'dropped')",
    [SQL_CHECK_ORPHANS] =
        "SELECT 'delivery ' || id || ' belongs to event ' || event || ', which isn''t there'"
        " FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM event_rows WHERE seq = d.event)",
    [SQL_CHECK_ORPHAN_ATTEMPTS] =
        "SELECT 'attempt ' || n || ' belongs to delivery number ' || delivery ||"
        " ', which isn''t there'"
        " FROM attempts a WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE seq = a.delivery)",
    [SQL_CHECK_ORPHAN_EDITS] =
        "SELECT 'edit ' || n || ' belongs to delivery number ' || delivery || ', which isn''t "
        "there'"
        " FROM edits x WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE seq = x.delivery)",
    [SQL_CHECK_ORPHAN_RETRIES] =
        "SELECT 'retry ' || n || ' belongs to delivery number ' || delivery || ', which isn''t "
        "there'"
        " FROM retries x WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE seq = x.delivery)",
    [SQL_CHECK_DEAD_EVENTS] =
        "SELECT 'event ' || seq || ' is dead, but has no dead letter of a handler'"
        " FROM events e WHERE state = 'dead' AND NOT EXISTS (SELECT 1 FROM deliveries d"
        " WHERE d.seq >= e.seq << 20 AND d.seq < (e.seq + 1) << 20 AND connector IS NULL"
        " AND d.state = 'dead')",
    [SQL_CHECK_MALFORMED_EVENTS] =
        "SELECT 'event ' || seq || ' is malformed, but has no dead letter that says so'"
        " FROM events e WHERE state = 'malformed' AND NOT EXISTS (SELECT 1 FROM deliveries d"
        " WHERE d.seq >= e.seq << 20 AND d.seq < (e.seq + 1) << 20 AND cause = 'malformed'"
        " AND d.state = 'dead')",
    [SQL_CHECK_WAITING_RUNS] =
        "SELECT 'delivery ' || d.id || ' waits to run a handler again, but event ' || e.seq ||"
        " ' isn''t open and so is never handled again'"
        " FROM deliveries d INDEXED BY runs_waiting"
        " JOIN events e ON e.seq = d.event"
        " WHERE d.state = 'waiting' AND d.connector IS NULL AND e.state <> 'open'",
    [SQL_CHECK_EVENT_DATA] =
        "SELECT 'event ' || seq, data FROM event_rows WHERE data_kind = 'json'",
    [SQL_CHECK_DELIVERY_DATA] = "SELECT 'delivery ' || id, data FROM deliveries"
                                " WHERE data IS NOT NULL",
    [SQL_CHECK_PLACES] =
        "SELECT 'delivery ' || id || ' waits, but has no place among what waits, and so is never"
        " attempted' FROM deliveries INDEXED BY deliveries_waiting"
        " WHERE state = 'waiting' AND position IS NULL",
    [SQL_COUNT_EVENTS] = "SELECT channel, state, count(*) FROM events GROUP BY channel, state",
    [SQL_COUNT_DELIVERIES] = "SELECT connector, state, count(*) FROM deliveries"
                             " WHERE connector IS NOT NULL GROUP BY connector, state",

    /* Those that the table 1 has, in a list. */
    [SQL_SALVAGE_COLUMNS] = "SELECT group_concat(name, ', ') FROM pragma_table_info(?1)",
    /* The next number at or below 1; a row by its number (or its first column); a whole table. */
    [SQL_SALVAGE_SEEK_FORMAT] =
        "SELECT seq FROM %s NOT INDEXED WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1",
    [SQL_SALVAGE_ROW_FORMAT] = "SELECT %s FROM %s WHERE %s = ?1",
    [SQL_SALVAGE_ALL_FORMAT] = "SELECT %s FROM %s ORDER BY %s",
    [SQL_SALVAGE_INSERT_FORMAT] = "INSERT OR IGNORE INTO %s(%s) VALUES (%s)",
    [SQL_SALVAGE_SCHEMA] = "SELECT journal, created_at, last_seq FROM schema",
    [SQL_SALVAGE_PUT_SCHEMA] =
        "UPDATE schema SET journal = ifnull(?1, journal), created_at = ifnull(?2, created_at),"
        " last_seq = max(?3, (SELECT ifnull(sum(value), 0) FROM sums WHERE scope = 'channel'"
        " AND term = 'received'))",
    [SQL_SALVAGE_HAS_DELIVERY] =
        "SELECT 1 FROM deliveries WHERE seq >= ?1 << 20 AND seq < (?1 + 1) << 20 LIMIT 1",
    [SQL_SALVAGE_IS_OPEN] = "SELECT 1 FROM open_events WHERE seq = ?1",
    [SQL_SALVAGE_FORGET_OPEN] = "DELETE FROM open_events",
    /* Up to version 5 the rows themselves said so. */
    [SQL_SALVAGE_PUT_OPEN] =
        "INSERT OR IGNORE INTO open_events SELECT seq FROM event_rows WHERE state = 'open'",
    [SQL_SALVAGE_CLOSE_ROWS] = "UPDATE event_rows SET state = 'closed' WHERE state = 'open'",
    [SQL_SALVAGE_DROP_OPEN] = "DELETE FROM open_events WHERE NOT EXISTS (SELECT 1 FROM event_rows e"
                              " WHERE e.seq = open_events.seq AND e.state = 'closed')",
    [SQL_SALVAGE_NEXT_OPEN] = "SELECT seq FROM open_events WHERE seq > ?1 ORDER BY seq LIMIT 1",
    [SQL_SALVAGE_NEXT_DELIVERY] = "SELECT seq FROM deliveries WHERE seq > ?1 ORDER BY seq LIMIT 1",
    /* What can't be handled without its event, which is gone or isn't open. */
    [SQL_SALVAGE_DROP_RUNS] =
        "DELETE FROM deliveries WHERE connector IS NULL AND state = 'waiting' AND NOT EXISTS"
        " (SELECT 1 FROM open_events o WHERE o.seq = deliveries.event)",
    [SQL_SALVAGE_DROP_DELIVERIES] =
        "DELETE FROM deliveries WHERE (data IS NULL OR connector IS NULL) AND NOT EXISTS"
        " (SELECT 1 FROM event_rows e WHERE e.seq = deliveries.event)",
    /* What has its own data goes on, of an event of which nothing more is known. */
    [SQL_SALVAGE_ADD_EVENTS] =
        "INSERT INTO event_rows(seq, channel, data_kind, received_at, state, closed_at, own_id)"
        " SELECT event, 'salvaged', 'none', min(created_at), 'closed', min(created_at), 0"
        " FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM event_rows WHERE seq = d.event)"
        " GROUP BY event",
    [SQL_SALVAGE_CLOSE_EVENTS] =
        "UPDATE event_rows SET state = 'closed' WHERE state = 'dead' AND NOT EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.seq >= event_rows.seq << 20"
        " AND d.seq < (event_rows.seq + 1) << 20 AND connector IS NULL AND d.state = 'dead')",
    [SQL_SALVAGE_DROP_EVENTS] = "DELETE FROM event_rows WHERE state = 'malformed' AND NOT EXISTS"
                                " (SELECT 1 FROM deliveries d WHERE d.seq >= event_rows.seq << 20"
                                " AND d.seq < (event_rows.seq + 1) << 20 AND d.state = 'dead')",
    [SQL_SALVAGE_PUT_BLOCKS] =
        "INSERT OR IGNORE INTO identity_blocks SELECT DISTINCT channel, seq >> 6"
        " FROM event_rows WHERE identity IS NOT NULL",
    [SQL_SALVAGE_DROP_EDITS] = "DELETE FROM edits WHERE NOT EXISTS"
                               " (SELECT 1 FROM deliveries WHERE seq = edits.delivery)",
    [SQL_SALVAGE_DROP_RETRIES] = "DELETE FROM retries WHERE NOT EXISTS"
                                 " (SELECT 1 FROM deliveries WHERE seq = retries.delivery)",
    /* Open events, waiting deliveries, dead ones; the first two by the sums. */
    [SQL_SALVAGE_COUNTS] =
        "SELECT (SELECT count(*) FROM open_events),"
        " (SELECT count(*) FROM deliveries WHERE state = 'waiting' AND connector IS NOT NULL),"
        " (SELECT count(*) FROM deliveries WHERE state = 'dead'),"
        " (SELECT ifnull(sum(value), 0) FROM sums WHERE scope = 'channel' AND term = 'open'),"
        " (SELECT ifnull(sum(value), 0) FROM sums WHERE scope = 'connector' AND term = 'waiting')",
    /* A sum is no less than its rows (states and terms have the same names), of what is held there
       is a row each, what that leaves over was dropped, and the first term is the sum of the
       others. */
    [SQL_SALVAGE_FIT_EVENTS] =
        "INSERT INTO sums SELECT 'channel', channel, state, count(*) FROM events WHERE 1"
        " GROUP BY channel, state"
        " ON CONFLICT(scope, name, term) DO UPDATE SET value = max(value, excluded.value)",
    [SQL_SALVAGE_FIT_DELIVERIES] =
        "INSERT INTO sums SELECT 'connector', connector, state, count(*) FROM deliveries"
        " WHERE connector IS NOT NULL GROUP BY connector, state"
        " ON CONFLICT(scope, name, term) DO UPDATE SET value = max(value, excluded.value)",
    [SQL_SALVAGE_HOLD_EVENTS] =
        "UPDATE sums SET value = (SELECT count(*) FROM events WHERE channel = name AND state = "
        "term)"
        " WHERE scope = 'channel' AND term IN ('open', 'dead', 'malformed')",
    [SQL_SALVAGE_HOLD_DELIVERIES] = "UPDATE sums SET value = (SELECT count(*) FROM deliveries"
                                    " WHERE connector = name AND state = term)"
                                    " WHERE scope = 'connector' AND term IN ('waiting', 'dead')",
    [SQL_SALVAGE_FIT_TERMS] =
        "INSERT OR IGNORE INTO sums SELECT DISTINCT scope, name, t.term, 0 FROM sums,"
        " (SELECT 'channel' AS of, 'received' AS term UNION ALL SELECT 'channel', 'dropped'"
        "  UNION ALL SELECT 'connector', 'made' UNION ALL SELECT 'connector', 'dropped') t"
        " WHERE t.of = scope",
    [SQL_SALVAGE_FIT_DROPPED] =
        "UPDATE sums SET value = value + max(0, (SELECT sum(iif(s.term IN ('received', 'made'),"
        " s.value, -s.value)) FROM sums s WHERE s.scope = sums.scope AND s.name = sums.name))"
        " WHERE term = 'dropped'",
    [SQL_SALVAGE_FIT_TOTALS] =
        "UPDATE sums SET value = (SELECT sum(s.value) FROM sums s WHERE s.scope = sums.scope"
        " AND s.name = sums.name AND s.term NOT IN ('received', 'made'))"
        " WHERE term IN ('received', 'made')",
    /* Leaves 1 numbers out, so that those given to what is gone aren't given again: ids are made of
       them. */
    [SQL_SKIP_SEQS] = "UPDATE schema SET last_seq = ?1 + max(last_seq,"
                      " ifnull((SELECT max(seq) FROM event_rows), 0))",
};
static_assert(ARRAY_LEN(sql_text) == SQL_COUNT, "each statement has its text");
