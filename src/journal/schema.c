/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Versions: SQLite's own user_version tells them apart, the application_id whose file it is.
 */
#include "journal/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/text.h"
#include "journal/files.h"
#include "journal/objects.h"

struct schema schema_own(void)
{
    return (struct schema){sql_migrations, sql_migrations_count};
}

/* ---- Looking -------------------------------------------------------------------------------- */

static int read_marks(struct db *db, int64_t *application, int64_t *version, int64_t *objects,
                      struct err *err)
{
    if (db_get_int(db, SQL_APPLICATION_ID, application, err) < 0 ||
        db_get_int(db, SQL_USER_VERSION, version, err) < 0)
        return -1;
    return db_get_int(db, SQL_COUNT_OBJECTS, objects, err);
}

/* The version stands in the file's header and in a table: where they differ, or the table is there
   and the mark of whose file it is isn't, the header was damaged. */
static int judge(struct db *db, const struct schema *schema, int64_t application, int64_t version,
                 struct err *err)
{
    int64_t noted = 0;
    struct err why = {0};
    if (db_get_int(db, SQL_SCHEMA_VERSION, &noted, &why) < 0 && why.code == ERR_CORRUPT)
        return err_set(err, ERR_CORRUPT, "%s", why.message);
    if (noted > 0 && (application != SQL_APPLICATION || version != noted))
        return err_set(err, ERR_CORRUPT, "the header of %s is damaged", db->path);
    if (application != SQL_APPLICATION)
        return err_set(err, ERR_INVALID,
                       "%s is a database, but no journal of Liaison: choose another file",
                       db->path);
    if (version > (int64_t)schema->version)
        return err_set(err, ERR_NEWER,
                       "%s was written by a newer Liaison (schema %" PRId64
                       ", this one knows %zu): install that version or choose another journal",
                       db->path, version, schema->version);
    if (version < 1)
        return err_set(err, ERR_CORRUPT,
                       "%s says that its schema is version %" PRId64 ", which doesn't exist",
                       db->path, version);
    return 0;
}

static int inspect(struct db *db, const struct schema *schema, size_t *found, struct err *err)
{
    int64_t application, version, objects;
    if (read_marks(db, &application, &version, &objects, err) < 0)
        return -1;
    /* Empty: made, and not yet filled when power failed. */
    *found = 0;
    if (application == 0 && version == 0 && objects == 0)
        return 0;
    if (judge(db, schema, application, version, err) < 0 ||
        objects_check(db, schema, (size_t)version, err) < 0)
        return -1;
    *found = (size_t)version;
    return 0;
}

static int look(struct db *db, const char *path, enum db_mode mode, const struct schema *schema,
                size_t *found, struct err *err)
{
    int rc = db_open(db, path, mode, err);
    return rc == 0 ? inspect(db, schema, found, err) : rc;
}

int schema_inspect(const char *path, const struct schema *schema, size_t *found, struct err *err)
{
    struct db db;
    struct stat st;
    *found = 0;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : err_set_errno(err, ERR_IO, errno, "cannot open %s", path);
    /* SQLite's files lie beside what it leads to, the lock and the notes would lie beside it. */
    if (S_ISLNK(st.st_mode))
        return err_set(err, ERR_INVALID,
                       "%s is a symbolic link: name the file that it leads to as the journal",
                       path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INVALID, "%s is no file: choose another name for the journal",
                       path);
    int rc = look(&db, path, DB_READ, schema, found, err);
    /* Power failed while SQLite had a rollback journal: before the file was in WAL mode. */
    if (rc < 0 && db_needs_mending(&db)) {
        db_close(&db);
        rc = look(&db, path, DB_MEND, schema, found, err);
    }
    db_close(&db);
    return rc;
}

/* ---- Migrating ------------------------------------------------------------------------------ */

static int make_copy(struct db *db, size_t version, struct err *err)
{
    struct buf copy = {0};
    buf_printf(&copy, "%s.schema-%zu", db->path, version);
    unlink(copy.data); /* of a migration that failed before */
    int rc = files_create(copy.data, err);
    sqlite3_stmt *s = rc == 0 ? db_statement(db, SQL_COPY, err) : NULL;
    if (s) {
        db_bind_text(s, 1, buf_slice(&copy));
        rc = db_run(db, s, err);
    }
    if (rc == 0 && !s)
        rc = -1;
    if (rc == 0)
        rc = files_sync(copy.data, err); /* which SQLite doesn't */
    if (rc < 0)
        err_prefix(err, "cannot copy the journal before its schema is changed");
    buf_deinit(&copy);
    return rc;
}

/* The one row of the table; its version is set when all is done. */
static int insert_schema(struct db *db, int64_t at_ms, struct err *err)
{
    struct buf id = {0};
    struct rng rng;
    rng_init_entropy(&rng);
    uint64_t words[2] = {rng_next(&rng), rng_next(&rng)};
    text_add_hex(&id, words, sizeof(words));
    sqlite3_stmt *s = db_statement(db, SQL_INSERT_SCHEMA, err);
    int rc = -1;
    if (s) {
        db_bind_text(s, 1, buf_slice(&id));
        db_bind_int(s, 2, at_ms);
        rc = db_run(db, s, err);
    }
    buf_deinit(&id);
    return rc;
}

static int set_version(struct db *db, size_t version, struct err *err)
{
    char marks[128];
    sqlite3_stmt *s = db_statement(db, SQL_SET_VERSION, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, (int64_t)version);
    if (db_run(db, s, err) < 0)
        return -1;
    sqlite3_snprintf(sizeof(marks), marks, sql_text[SQL_MARK_FORMAT], SQL_APPLICATION,
                     (int)version);
    return db_exec(db, marks, err);
}

static int apply(struct db *db, const struct schema *schema, size_t found, int64_t at_ms,
                 struct err *err)
{
    for (size_t v = found; v < schema->version; v++) {
        if (db_exec(db, schema->migrations[v], err) < 0)
            return -1;
        if (v == 0 && insert_schema(db, at_ms, err) < 0)
            return -1;
    }
    return set_version(db, schema->version, err);
}

int schema_migrate(struct db *db, const struct schema *schema, size_t found, int64_t at_ms,
                   struct err *err)
{
    if (found == schema->version)
        return 0;
    if (found > 0 && make_copy(db, found, err) < 0)
        return -1;
    if (db_run_sql(db, SQL_BEGIN_WRITE, err) < 0)
        return -1;
    /* On failure the connection is closed, which rolls back. */
    if (apply(db, schema, found, at_ms, err) < 0)
        return -1;
    return db_run_sql(db, SQL_COMMIT, err);
}
