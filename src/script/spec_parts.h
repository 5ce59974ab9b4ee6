/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A machine's specs, as spec.c and bind_spec.c share them.
 */
#ifndef LIAISON_SCRIPT_SPEC_PARTS_H
#define LIAISON_SCRIPT_SPEC_PARTS_H

#include <lua.h>

#include "script/line_counter.h"
#include "script/load.h"
#include "script/spec.h"

struct spec {
    struct script_spec_options options;
    struct line_counter *counter; /* NULL: lines aren't counted */
    struct slice file;            /* its name as problems show it */
    struct script_spec *tests;
    size_t n_tests;
    const struct script_spec *current; /* that runs */

    /* What the test that is parked asks for, and what it gets. */
    struct script_ask ask;
    struct buf event, connector, transformer, key, data;
    struct buf answer;
    struct err refusal; /* code ERR_NONE: none */

    /* What a fake answered. */
    struct script_run *fake; /* holds the strings, or NULL */
    struct script_header *headers;
};

/* The machine becomes one for specs: its globals change, spec/ is run. Before any file is loaded. */
void spec_open(struct script_machine *m, const struct script_spec_options *options);
/* Accepts NULL. */
void spec_free(struct spec *spec);

/* Before Lua is entered. */
void spec_enter(struct script_machine *m);

/* Loads its file, behind all of the project. */
void spec_load(struct loader *l);

/* Appends "FILE:LINE: " of the test that runs. */
void spec_add_place(const struct script_machine *m, struct buf *out);

/* [-0, +0, e] Adds what spec files alone have to the environment of the function on top. */
void spec_extend(lua_State *L);

/* [-0, +0, e] The functions that spec/ calls, into the table on top; bind_spec.c. */
void bind_spec_open(lua_State *L);

#endif
