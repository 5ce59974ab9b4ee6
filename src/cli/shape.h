/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What JSON values have in common: the kinds that were seen, the fields of objects, the elements of
 * arrays. Made of samples, and written as annotations of LuaLS (lua-language-server), by which an
 * editor completes `event.data.`.
 *
 *     struct shape *shape = shape_new();
 *     while (…)
 *         shape_add(shape, value);
 *     shape_write_type(shape, "schedule.updated.data", &type);   // "schedule.updated.data"
 *     shape_write_classes(shape, "schedule.updated.data", &out); // "---@class schedule.updated.data …"
 *     shape_free(shape);
 *
 * No value of a sample stands in a shape. An object of many fields is taken for a table by keys, and
 * what lies very deep isn't told apart, so that a shape is no larger than is of use to a reader.
 */
#ifndef LIAISON_CLI_SHAPE_H
#define LIAISON_CLI_SHAPE_H

#include "base/buf.h"
#include "base/slice.h"

struct shape;

#define SHAPE_FIELDS_MAX 100 /* of an object; with more it is a table by keys */
#define SHAPE_DEPTH_MAX 16   /* below, all is `any` */

struct shape *shape_new(void);
/* Accepts NULL. */
void shape_free(struct shape *shape);

/* Adds a sample, one well-formed JSON value. */
void shape_add(struct shape *shape, struct slice json);

/* Appends the type: "string|Null", "NAME[]"; "any" where no sample told. An object is called `name`,
   objects within it NAME.FIELD. */
void shape_write_type(const struct shape *shape, const char *name, struct buf *out);
/* Appends the classes of the type's objects, each behind an empty line. */
void shape_write_classes(const struct shape *shape, const char *name, struct buf *out);
/* Appends "---@field …" lines of the object's fields alone, without a class of its own. */
void shape_write_fields(const struct shape *shape, const char *name, struct buf *out);

/* Appends `text` as it may stand in the name of a class: what may not becomes an underscore. */
void shape_add_class_name(struct buf *out, struct slice text);

#endif
