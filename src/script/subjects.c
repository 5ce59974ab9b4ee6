/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* The subjects that are written in Lua alone. */
#include "script/library.h"

static const char *const list_names[] = {
    "map",  "filter", "fold",    "sortBy", "groupBy", "indexBy",
    "keys", "values", "entries", "count",  "unique",  NULL,
};
const struct subject subject_list = {"list", list_names, NULL, NULL};

static const char *const object_names[] = {
    "mapKeys", "mapValues", "flatten", "unflatten", "merge", "assign", NULL,
};
const struct subject subject_object = {"object", object_names, NULL, NULL};

static const char *const fixed_width_names[] = {
    "fixedWidth.decode",
    "fixedWidth.encode",
    NULL,
};
const struct subject subject_fixed_width = {"fixedWidth", fixed_width_names, NULL, NULL};
