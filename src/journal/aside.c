/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "journal/aside.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "journal/db.h"
#include "journal/files.h"
#include "journal/note.h"
#include "journal/salvage.h"
#include "journal/schema.h"

static const char *const companions[] = {"-wal", "-shm", "-journal"};

/* PATH.damaged-20261125T230244Z, or with a number behind it; to be freed. */
static char *choose_name(const char *path, int64_t now_ms)
{
    char time[TEXT_TIME_LEN + 1];
    struct buf name = {0};
    text_format_time(time, now_ms); /* 2026-11-25T23:02:44.000Z */
    buf_printf(&name, "%s.damaged-%.4s%.2s%.2sT%.2s%.2s%.2sZ", path, time, time + 5, time + 8,
               time + 11, time + 14, time + 17);
    size_t len = name.len;
    for (int n = 2;; n++) {
        struct buf log = {0};
        buf_printf(&log, "%s-wal", name.data);
        bool is_free = !files_exist(name.data) && !files_exist(log.data);
        buf_deinit(&log);
        if (is_free)
            return buf_take(&name);
        buf_truncate(&name, len);
        buf_printf(&name, "-%d", n);
    }
}

static int each_companion(const char *path, const char *to, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(companions) && rc == 0; i++) {
        struct buf from = {0}, name = {0};
        buf_printf(&from, "%s%s", path, companions[i]);
        buf_printf(&name, "%s%s", to ? to : "", companions[i]);
        rc = to ? files_move(from.data, name.data, err) : files_remove(from.data, err);
        buf_deinit(&from);
        buf_deinit(&name);
    }
    return rc;
}

static int remove_database(const char *path, struct err *err)
{
    return files_remove(path, err) < 0 ? -1 : each_companion(path, NULL, err);
}

/* ---- Changing places ------------------------------------------------------------------------ */

/* What NOTE_ASIDE holds, a line each. */
struct plan {
    char *name; /* under which the damaged one is set aside */
    char *loss;
};

static void plan_free(struct plan *plan)
{
    free(plan->name);
    free(plan->loss);
}

static int plan_note(const char *path, const struct plan *plan, struct err *err)
{
    struct buf text = {0};
    buf_printf(&text, "%s\n%s", plan->name, plan->loss);
    int rc = note_add(path, NOTE_ASIDE, text.data, err);
    buf_deinit(&text);
    return rc;
}

/* Where the note is gone, there is a journal to be set aside still. */
static void plan_read(struct plan *plan, const char *path, int64_t now_ms)
{
    char *text = note_read(path, NOTE_ASIDE);
    bool is_ours = text && strncmp(text, path, strlen(path)) == 0;
    struct slice rest = is_ours ? slice_str(text) : SLICE_NULL;
    struct buf loss = {0};
    plan->name = is_ours ? slice_dup(slice_split(&rest, '\n')) : choose_name(path, now_ms);
    if (rest.data)
        buf_add_slice(&loss, rest);
    else
        buf_printf(&loss, "the journal was damaged and is set aside as %s", plan->name);
    plan->loss = buf_take(&loss);
    free(text);
}

/* Once, though finishing may be interrupted again. */
static int note_loss(const char *path, const char *loss, struct err *err)
{
    char *noted = note_read(path, NOTE_UNCONFIRMED);
    bool is_noted = noted && strncmp(noted, loss, strlen(loss)) == 0;
    free(noted);
    return is_noted ? 0 : note_add(path, NOTE_UNCONFIRMED, loss, err);
}

/* What a change of places that is over, or never began, needs no longer. */
static int drop_plan(const char *path, struct err *err)
{
    if (note_exists(path, NOTE_ASIDE))
        return note_remove(path, NOTE_ASIDE, err);
    return files_sync_folder(path, err);
}

/* From the damaged journal being gone from its place on. */
static int finish(const char *path, const struct plan *plan, const char *new, struct err *err)
{
    if (each_companion(path, plan->name, err) < 0 || files_sync_folder(path, err) < 0 ||
        note_loss(path, plan->loss, err) < 0 || files_move(new, path, err) < 0)
        return -1;
    return drop_plan(path, err);
}

static int change_places(const char *path, const struct plan *plan, const char *new,
                         struct err *err)
{
    if (plan_note(path, plan, err) < 0 || files_move(path, plan->name, err) < 0 ||
        files_sync_folder(path, err) < 0)
        return -1;
    return finish(path, plan, new, err);
}

int aside_resume(const char *path, int64_t now_ms, struct err *err)
{
    struct buf new = {0};
    int rc = 0;
    buf_printf(&new, "%s.new", path);
    if (files_exist(new.data) && files_exist(path)) {
        rc = remove_database(new.data, err) < 0 ? -1 : drop_plan(path, err);
    } else if (files_exist(new.data)) {
        struct plan plan;
        plan_read(&plan, path, now_ms);
        rc = finish(path, &plan, new.data, err);
        plan_free(&plan);
    }
    buf_deinit(&new);
    return rc;
}

/* ---- The new one ---------------------------------------------------------------------------- */

/* SQLite removes the log beside an empty database, so that is left alone. */
static bool has_content(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_size > 0;
}

static int salvage(const char *path, const char *new, struct salvage *out, struct err *err)
{
    struct db from = {0}, to = {0};
    struct err why = {0};
    int rc = db_open(&to, new, DB_WRITE, &why);
    *out = (struct salvage){0};
    if (rc == 0)
        rc = db_open(&from, path, DB_READ, &why);
    if (rc == 0)
        rc = salvage_copy(&from, &to, out, &why);
    if (rc == 0)
        rc = db_write_back(&to, &why);
    db_close(&from);
    db_close(&to);
    return rc < 0 ? err_set(err, why.code, "%s", why.message) : 0;
}

/* 1: it can be; 0: it is damaged; -1 with err. */
static int can_read_schema(const char *path, const char *new, struct err *err)
{
    struct db from = {0}, to = {0};
    struct err why = {0};
    int rc = db_open(&to, new, DB_READ, &why);
    if (rc == 0)
        rc = db_open(&from, path, DB_READ, &why);
    if (rc == 0)
        rc = salvage_knows_tables(&from, &to, &why);
    db_close(&from);
    db_close(&to);
    if (rc >= 0)
        return rc;
    return why.code == ERR_CORRUPT ? 0 : err_set(err, why.code, "%s", why.message);
}

/* Without its first page nothing can be found in a file. That page holds where the tables begin,
   which is where they begin in any journal, unless somebody has moved them (VACUUM): then what is
   read there isn't taken for rows. So the copy of the file gets the new one's first page. */
static int salvage_headless(const char *path, const char *new, struct salvage *out, struct err *err)
{
    struct buf copy = {0}, log = {0}, copy_log = {0};
    buf_printf(&copy, "%s.mended", new);
    buf_printf(&log, "%s-wal", path);
    buf_printf(&copy_log, "%s-wal", copy.data);
    int rc = remove_database(copy.data, err);
    if (rc == 0)
        rc = files_copy(path, copy.data, err);
    if (rc == 0 && files_exist(log.data))
        rc = files_copy(log.data, copy_log.data, err);
    if (rc == 0)
        rc = salvage_put_page(copy.data, new, err);
    if (rc == 0)
        rc = salvage(copy.data, new, out, err);
    if (remove_database(copy.data, err) < 0)
        rc = -1;
    buf_deinit(&copy);
    buf_deinit(&log);
    buf_deinit(&copy_log);
    return rc;
}

static int make_empty(const char *new, int64_t now_ms, struct err *err)
{
    struct db to = {0};
    struct schema schema = schema_own();
    int rc = files_create(new, err);
    if (rc == 0)
        rc = db_open(&to, new, DB_WRITE, err);
    if (rc == 0)
        rc = schema_migrate(&to, &schema, 0, now_ms, err);
    if (rc == 0)
        rc = db_write_back(&to, err);
    db_close(&to);
    return rc;
}

static int make_new(const char *path, const char *new, int64_t now_ms, struct salvage *out,
                    struct err *err)
{
    *out = (struct salvage){0};
    if (make_empty(new, now_ms, err) < 0)
        return -1;
    if (!has_content(path))
        return 0;
    int rc = can_read_schema(path, new, err);
    if (rc > 0)
        return salvage(path, new, out, err);
    return rc < 0 ? -1 : salvage_headless(path, new, out, err);
}

/* To be freed. */
static char *describe_loss(const char *aside, const char *why, const struct salvage *found)
{
    struct buf text = {0};
    buf_printf(
        &text,
        "the journal was damaged (%s) and is set aside as %s; a new one goes on with %" PRId64
        " open events, %" PRId64 " waiting deliveries and %" PRId64 " dead letters of it",
        why, aside, found->n_open, found->n_waiting, found->n_dead);
    if (found->n_open_lost > 0 || found->n_waiting_lost > 0)
        buf_printf(&text,
                   ", while %" PRId64 " open events and %" PRId64
                   " waiting deliveries could not be read",
                   found->n_open_lost, found->n_waiting_lost);
    if (found->n_open_guessed > 0)
        buf_printf(&text,
                   "; of %" PRId64 " open events it could not be read which they are, so the "
                   "newest are handled again",
                   found->n_open_guessed);
    return buf_take(&text);
}

int aside_replace(const char *path, const char *why, int64_t now_ms, struct err *err)
{
    struct buf new = {0};
    struct salvage found;
    buf_printf(&new, "%s.new", path);
    int rc = remove_database(new.data, err) < 0 ? -1 : drop_plan(path, err);
    if (rc == 0)
        rc = make_new(path, new.data, now_ms, &found, err);
    if (rc == 0) {
        char *name = choose_name(path, now_ms);
        struct plan plan = {name, describe_loss(name, why, &found)};
        rc = change_places(path, &plan, new.data, err);
        plan_free(&plan);
    }
    buf_deinit(&new);
    return rc;
}

int aside_keep_log(const char *path, const char *why, int64_t now_ms, struct err *err)
{
    struct buf text = {0}, log = {0}, copy = {0};
    char *aside = choose_name(path, now_ms);
    int rc = 0;
    buf_printf(&log, "%s-wal", path);
    buf_printf(&copy, "%s-wal", aside);
    buf_add_str(&text, why);
    if (files_exist(log.data)) {
        rc = files_copy(log.data, copy.data, err);
        buf_printf(&text, "; a copy of it is kept as %s", copy.data);
    }
    if (rc == 0)
        rc = note_add(path, NOTE_UNCONFIRMED, text.data, err);
    if (rc == 0)
        rc = note_add(path, NOTE_GAP, why, err);
    /* Each start that fails so would leave one. */
    if (rc < 0)
        unlink(copy.data);
    buf_deinit(&text);
    buf_deinit(&log);
    buf_deinit(&copy);
    free(aside);
    return rc;
}
