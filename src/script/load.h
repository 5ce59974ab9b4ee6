/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A project while it is being loaded: its files, what they returned, and what is wrong with them.
 * Shared by load.c, project.c, connector.c, check.c and the bindings that work at load time only.
 */
#ifndef LIAISON_SCRIPT_LOAD_H
#define LIAISON_SCRIPT_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "script/machine.h"

/* A file that was read. */
struct source {
    struct slice name; /* its path as problems show it, kept by the machine */
    struct buf text;
    bool is_script; /* of scripts/: its literals are checked */
};

struct loader {
    struct script_machine *m;
    script_problem_fn problem;
    void *ctx;
    size_t n_errors;
    bool script_failed; /* in its midst: what it would have done from there on is unknown */
    const char *script; /* SCRIPT of the handlers that are registered just now, or NULL … */
    struct slice file;  /* … and the name of its source */
    struct source **sources;
    size_t n_sources, cap_sources;
};

/* Tells a problem. `line` 0 is the file as a whole. */
void loader_tell(struct loader *l, bool is_warning, const char *file, int line, const char *fmt,
                 ...) printf_like(5, 6);
/* Tells an error whose text may begin with "FILE:LINE: "; else it is told of `file`. */
void loader_tell_raised(struct loader *l, const char *file, const char *text);

/* Reads a file and remembers it. NULL when it can't be read, which is told. */
struct source *loader_read(struct loader *l, const char *path);

/* Compiles and runs a file. A registry reference to what it returned, the caller's to unref;
   LUA_NOREF when it failed, which is told. */
int loader_run(struct loader *l, const struct source *source);

/* ---- project.c: which files there are ---- */

/* The files of a folder by the names that they make known. */
struct module {
    char *name, *path;
};
struct modules {
    struct module *items;
    size_t len, cap;
};
/* FOLDER/NAME.lua, and FOLDER/NAME/init.lua `with_folders`, sorted by name. A folder that isn't
   there is empty. Two files of one name are told. */
void modules_list(struct loader *l, const char *folder, bool with_folders, struct modules *out);
void modules_deinit(struct modules *modules);
/* The path of one of them, the caller's to free; NULL when there is none. */
char *modules_find(const char *base, const char *folder, const char *name);
/* A path as problems show it: relative to the project where it lies in it. The caller frees it. */
char *project_show_path(const struct script_machine *m, const char *path);

/* ---- connector.c, transformer.c: registering what files returned (`ref`) ---- */

void connector_add(struct loader *l, const char *name, const struct source *source, int ref);
/* The prelude's own. */
void connector_add_dead_letters(struct loader *l);
/* Sorts them by name; after this no more are added. */
void connector_finish(struct loader *l);

void transformer_add(struct loader *l, const char *name, const struct source *source, int ref);
/* One of the project, or one that ships and is loaded now; NULL when there is none. */
const struct transformer *transformer_find(struct loader *l, const char *name);
/* Tells that there is none. */
void transformer_tell_missing(struct loader *l, const char *name, const char *file, int line);

/* ---- check.c: what is written down in the files ---- */

/* Names of connectors and transformers that no file answers; managers that never start; handlers
   that write by themselves. */
void check_project(struct loader *l);
/* The line of the first `name =` in `text`, or 0. */
int check_find_assignment(struct slice text, const char *name);

#endif
