/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What there should be is read from a database in memory, made by the same migrations, so that it is
 * told in SQLite's own words.
 */
#include "journal/objects.h"

#include <string.h>

/* What is done about an object of the model; `sql` is NULL where the file has none of its name. */
typedef int (*object_fn)(void *ctx, sqlite3_stmt *object, const char *sql, struct err *err);

static int make_model(struct db *model, const struct schema *schema, size_t version,
                      struct err *err)
{
    if (db_open(model, ":memory:", DB_MEND, err) < 0)
        return -1;
    for (size_t v = 0; v < version; v++) {
        if (db_exec(model, schema->migrations[v], err) < 0)
            return -1;
    }
    return 0;
}

static int look_up(struct db *db, sqlite3_stmt *object, object_fn fn, void *ctx, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, SQL_OBJECT, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, db_column_text(object, 0));
    db_bind_text(s, 2, db_column_text(object, 1));
    int rc = db_step(db, s, err);
    if (rc < 0)
        return -1;
    rc = fn(ctx, object, rc > 0 ? db_column_str(s, 0) : NULL, err);
    sqlite3_reset(s);
    return rc;
}

static int each_object(struct db *db, const struct schema *schema, size_t version, object_fn fn,
                       void *ctx, struct err *err)
{
    struct db model = {0};
    int rc = make_model(&model, schema, version, err);
    sqlite3_stmt *object = rc < 0 ? NULL : db_statement(&model, SQL_OBJECTS, err);
    if (!object)
        rc = -1;
    while (rc >= 0 && (rc = db_step(&model, object, err)) > 0)
        rc = look_up(db, object, fn, ctx, err);
    db_close(&model);
    return rc;
}

/* ---- Checking ------------------------------------------------------------------------------- */

/* Whether something was put into a definition, which is how a column is added. */
static bool is_extended(const char *ours, const char *found)
{
    size_t len = strlen(ours), found_len = strlen(found), same = 0, behind = 0;
    while (same < len && ours[same] == found[same])
        same++;
    while (behind < len && behind < found_len &&
           ours[len - 1 - behind] == found[found_len - 1 - behind])
        behind++;
    return found_len > len && same + behind >= len;
}

static int check(void *ctx, sqlite3_stmt *object, const char *sql, struct err *err)
{
    const struct db *db = ctx;
    const char *type = db_column_str(object, 0), *name = db_column_str(object, 1);
    const char *ours = db_column_str(object, 2);
    bool is_table = strcmp(type, "table") == 0;
    if (!sql && is_table)
        return err_set(err, ERR_CORRUPT, "%s has no %s %s any more", db->path, type, name);
    if (!sql || strcmp(sql, ours) == 0 || (is_table && is_extended(ours, sql)))
        return 0;
    return err_set(err, ERR_CORRUPT, "the %s %s of %s isn't the one that was made", type, name,
                   db->path);
}

int objects_check(struct db *db, const struct schema *schema, size_t version, struct err *err)
{
    return each_object(db, schema, version, check, db, err);
}

/* ---- Making anew ---------------------------------------------------------------------------- */

struct remake {
    struct db *db;
    struct buf *made;
};

static int make(void *ctx, sqlite3_stmt *object, const char *sql, struct err *err)
{
    const struct remake *remake = ctx;
    if (sql)
        return 0;
    if (db_exec(remake->db, db_column_str(object, 2), err) < 0)
        return -1;
    buf_printf(remake->made, "%s%s", remake->made->len > 0 ? ", " : "", db_column_str(object, 1));
    return 0;
}

int objects_remake(struct db *db, const struct schema *schema, size_t version, struct buf *made,
                   struct err *err)
{
    struct remake remake = {db, made};
    return each_object(db, schema, version, make, &remake, err);
}
