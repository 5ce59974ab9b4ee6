/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Which version of the schema a file has, and bringing it to this one's.
 */
#ifndef LIAISON_JOURNAL_SCHEMA_H
#define LIAISON_JOURNAL_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "journal/db.h"

/* The schema that a file is brought to. */
struct schema {
    const char *const *migrations; /* [n] makes version n + 1 */
    size_t version;                /* their number */
};

/* The one this program knows. */
struct schema schema_own(void);

/* Looks at the file without changing it (but for rolling back what was interrupted). *found is its version, 0 when it is missing or empty.
   Fails with ERR_NEWER, ERR_CORRUPT, ERR_INVALID (SQLite, but somebody else's), or ERR_IO. */
int schema_inspect(const char *path, const struct schema *schema, size_t *found,
                   struct err *err) must_check;

/* Brings a file of version `found` to the schema in one transaction; of one that has data it first
   makes the copy PATH.schema-FOUND, which is on disk before anything is changed. `at_ms` becomes the time of creation. After failure the
   connection must be closed, which undoes what was done. */
int schema_migrate(struct db *db, const struct schema *schema, size_t found, int64_t at_ms,
                   struct err *err) must_check;

#endif
