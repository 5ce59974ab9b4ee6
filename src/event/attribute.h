/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What CloudEvents 1.0 says of its attributes: their names, their types, and the notation of each
 * that the specification knows (https://github.com/cloudevents/spec, spec.md, "Context
 * Attributes").
 */
#ifndef LIAISON_EVENT_ATTRIBUTE_H
#define LIAISON_EVENT_ATTRIBUTE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

/* The known attributes that hold text; the names are the specification's. */
enum attribute {
    ATTRIBUTE_SPECVERSION,
    ATTRIBUTE_ID,
    ATTRIBUTE_SOURCE,
    ATTRIBUTE_TYPE,
    ATTRIBUTE_SUBJECT,
    ATTRIBUTE_TIME,
    ATTRIBUTE_DATACONTENTTYPE,
    ATTRIBUTE_DATASCHEMA,
    ATTRIBUTES, /* their number */
};

const char *attribute_name(enum attribute attribute);
/* specversion, id, source and type. */
bool attribute_is_required(enum attribute attribute);
/* An enum attribute; -1: an extension's name, or none at all. */
int attribute_find(struct slice name);

/* Checks the text of a known attribute; -1 with ERR_INVALID: "the time \"lunchtime\" is …". */
int attribute_check(enum attribute attribute, struct slice text, struct err *err) must_check;

/* Checks an extension: its name, and its value as JSON (a string, true, false, or a whole number of
   32 bits). */
int attribute_check_extension(struct slice name, struct slice value, struct err *err) must_check;

/* Whether a datacontenttype says that the data is JSON: absent, …/json, …+json, with parameters. */
bool attribute_is_json_type(struct slice media_type);

#endif
