/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Journals to be damaged.
 */
#include "damage_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A journal with something of everything -------------------------------------------------- */

void damage_put(struct fixture *f, int64_t event, int64_t ordinal, enum delivery_state state)
{
    struct delivery_row row = fixture_delivery(event, ordinal, state);
    const struct attempt_row attempt = {.n = 1, .code = SLICE_LIT("503")};
    row.data = SLICE_LIT("{\"text\":\"what is to be sent, of some length, so that pages fill\"}");
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, &attempt, NULL, NULL);
}

void damage_append(struct fixture *f, int i)
{
    char id[32], position[24];
    unsigned char identity[1][16] = {{0}};
    const bool has_identity = true;
    snprintf(id, sizeof(id), "event-%d", i);
    snprintf(position, sizeof(position), "p%d", i);
    memcpy(identity[0], id, strnlen(id, 16));
    struct event *event = fixture_event(id);
    const struct journal_append one = {.events = &event,
                                       .n_events = 1,
                                       .identities = (const unsigned char(*)[16])identity,
                                       .has_identity = &has_identity,
                                       .channel = SLICE_LIT(FIXTURE_CHANNEL),
                                       .position = slice_str(position)};
    journal_append(f->journal, &one, NULL, NULL);
    event_unref(event);
}

void damage_fill(struct fixture *f)
{
    const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);
    for (int i = 1; i <= DAMAGE_EVENTS; i++) {
        damage_append(f, i);
        if (i % 3 == 0)
            damage_put(f, i, 0, DELIVERY_DELIVERED);
        if (i % 3 == 1) {
            damage_put(f, i, 0, DELIVERY_WAITING);
            damage_put(f, i, 1, DELIVERY_DEAD);
        }
        if (i % 3 != 0)
            journal_set_event(f->journal, i, channel, EVENT_OPEN, EVENT_CLOSED, NULL, NULL);
    }
    fixture_settle(f);
}

const struct damage_counts damage_whole = {DAMAGE_EVENTS / 3, DAMAGE_EVENTS / 3, DAMAGE_EVENTS / 3,
                                           DAMAGE_EVENTS / 3};

struct damage_counts damage_count(struct fixture *f)
{
    return (struct damage_counts){
        .open = fixture_query(f, "SELECT count(*) FROM events WHERE state = 'open'"),
        .waiting = fixture_query(f, "SELECT count(*) FROM deliveries WHERE state = 'waiting'"),
        .dead = fixture_query(f, "SELECT count(*) FROM deliveries WHERE state = 'dead'"),
        .sent = fixture_query(f, "SELECT count(*) FROM deliveries d JOIN events e ON e.seq = event"
                                 " WHERE e.state = 'open' AND d.state = 'delivered'"),
    };
}

int64_t damage_total(struct damage_counts c)
{
    return c.open + c.waiting + c.dead + c.sent;
}

void damage_assert_lost(struct fixture *f, const char *words)
{
    const char *text = journal_unconfirmed(f->journal);
    if (!text || !strstr(text, words))
        fail_msg("\"%s\" lacks \"%s\"", text ? text : "", words);
}

/* ---- Files ---------------------------------------------------------------------------------- */

struct buf damage_path(struct fixture *f, const char *suffix)
{
    struct buf path = {0};
    buf_printf(&path, "%s%s", f->path.data, suffix);
    return path;
}

void damage_read(struct fixture *f, const char *suffix, struct buf *out)
{
    struct buf path = damage_path(f, suffix);
    buf_clear(out);
    if (buf_read_file(out, path.data, SIZE_MAX, NULL) < 0)
        buf_clear(out);
    buf_deinit(&path);
}

void damage_write(struct fixture *f, const char *suffix, const char *bytes, size_t len)
{
    struct buf path = damage_path(f, suffix);
    int fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (len > 0)
        assert_int_equal(write(fd, bytes, len), len);
    close(fd);
    buf_deinit(&path);
}

void damage_remove(struct fixture *f, const char *suffix)
{
    struct buf path = damage_path(f, suffix);
    unlink(path.data);
    buf_deinit(&path);
}

bool damage_exists(struct fixture *f, const char *suffix)
{
    struct buf path = damage_path(f, suffix);
    bool is = access(path.data, F_OK) == 0;
    buf_deinit(&path);
    return is;
}

void damage_files_take(struct fixture *f, struct damage_files *files)
{
    damage_read(f, "", &files->db);
    damage_read(f, "-wal", &files->wal);
    damage_read(f, "-shm", &files->shm);
}

void damage_files_put(struct fixture *f, const struct damage_files *files)
{
    damage_write(f, "", files->db.data, files->db.len);
    damage_write(f, "-wal", files->wal.data, files->wal.len);
    damage_write(f, "-shm", files->shm.data, files->shm.len);
    damage_remove(f, ".unconfirmed");
    damage_remove(f, ".suspect");
}

void damage_files_deinit(struct damage_files *files)
{
    buf_deinit(&files->db);
    buf_deinit(&files->wal);
    buf_deinit(&files->shm);
}

/* ---- Pages ---------------------------------------------------------------------------------- */

struct damage_page damage_page_of(struct fixture *f, int64_t number)
{
    struct damage_page page = {0};
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open_v2(f->path.data, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT name, ncell, pagetype = 'leaf' FROM dbstat WHERE pageno = ?",
                           -1, &s, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(s, 1, number);
    if (sqlite3_step(s) == SQLITE_ROW) {
        snprintf(page.name, sizeof(page.name), "%s", (const char *)sqlite3_column_text(s, 0));
        page.cells = sqlite3_column_int64(s, 1);
        page.is_leaf = sqlite3_column_int(s, 2) != 0;
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    return page;
}

void damage_trash(struct fixture *f, const struct buf *db, size_t number, struct rng *rng)
{
    char *bytes = slice_dup(buf_slice(db));
    for (size_t i = (number - 1) * DAMAGE_PAGE; i < number * DAMAGE_PAGE; i++)
        bytes[i] = (char)rng_next(rng);
    damage_write(f, "", bytes, db->len);
    damage_remove(f, "-wal");
    damage_remove(f, "-shm");
    free(bytes);
}
