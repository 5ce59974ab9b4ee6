/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Whether a file has the tables, indexes and views that its version of the schema is made of, as they were
 * made: a byte that changed in a name or a definition leaves a file that is sound to SQLite, and in
 * which nothing is found. What somebody else added (columns, indexes, triggers, tables) is theirs.
 */
#ifndef LIAISON_JOURNAL_OBJECTS_H
#define LIAISON_JOURNAL_OBJECTS_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "journal/db.h"
#include "journal/schema.h"

/* Compares them with what the migrations up to `version` make. -1 with ERR_CORRUPT that says what
   is another, or is gone. An index or a view that is gone is no damage. */
int objects_check(struct db *db, const struct schema *schema, size_t version,
                  struct err *err) must_check;

/* Makes the indexes and views that are gone; puts their names into `made`. */
int objects_remake(struct db *db, const struct schema *schema, size_t version, struct buf *made,
                   struct err *err) must_check;

#endif
