/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The files of a project as they were read at one moment: what a machine is loaded from, and keeps,
 * so that the same can be loaded once more, shown and quoted while the files on disk have changed.
 * Shared by reference, single files too; nothing of it changes but that what ships with Liaison is
 * read when it is first asked for.
 *
 *     struct sources *s = sources_read(&options);
 *     const struct source *lib = sources_find(s, SOURCE_LIB, SLICE_LIT("shared.dates"));
 *     if (lib && !lib->failure) …                        // lib->text
 *     sources_unref(s);
 */
#ifndef LIAISON_SCRIPT_SOURCES_H
#define LIAISON_SCRIPT_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* A project's own settings: a kind of file that no set but sources_of_config has. */
#define SOURCES_CONFIG "liaison.lua"

enum source_kind {
    SOURCE_TRANSFORMER, /* transformers/NAME.lua or transformers/NAME/init.lua */
    SOURCE_CONNECTOR,   /* connectors/NAME.lua or connectors/NAME/init.lua */
    SOURCE_SCRIPT,      /* scripts/NAME.lua, or what was named in their place */
    SOURCE_LIB,         /* lib/a/b.lua or lib/a/b/init.lua: "a.b" */
    SOURCE_DATA,        /* data/NAME.csv or data/NAME.json */
    SOURCE_EXAMPLE,     /* connectors/NAME/example.lua, where the spec lies beside it */
    SOURCE_SPEC,        /* see sources_with_spec */
    SOURCE_CONFIG,      /* see sources_of_config */
    SOURCE_KINDS,
};

/* A file. All texts end with a NUL and live as long as any set that holds it. */
struct source {
    enum source_kind kind;
    bool is_shipped;     /* not the project's own */
    struct slice module; /* NAME */
    struct slice name;   /* its path as problems show it: within the project, relative to that */
    struct slice text;   /* empty where it can't be read … */
    const char *failure; /* … for this reason; else NULL */
};

struct sources_options {
    const char *project; /* its folder */
    /* These scripts by path, in this order; NULL: those of scripts/, by name. */
    const char *const *scripts;
    size_t n_scripts;
    const char *data_dir; /* what ships: connectors/, transformers/; may be NULL */
};

/* Reads them all. A folder that isn't there is empty; a file that can't be read says so itself. */
struct sources *sources_read(const struct sources_options *options);
/* The same files, for another thread: it may load from them what it likes, while the copy is made and
   given back on the first one. */
struct sources *sources_copy(const struct sources *s);
/* The same files, and in place of all scripts one of this module's name and text. */
struct sources *sources_with_script(const struct sources *from, struct slice module,
                                    struct slice text);
/* The same files, and a spec; with one in connectors/NAME/ the example that lies there. `from` has
   none. */
struct sources *sources_with_spec(const struct sources *from, const char *path);
/* liaison.lua alone, by its text: no project. */
struct sources *sources_of_config(struct slice text);
/* All connectors that ship, as if they were a project's. */
struct sources *sources_of_shipped(const char *data_dir);
struct sources *sources_ref(struct sources *s);
void sources_unref(struct sources *s); /* accepts NULL */

/* In the order of the kinds, each by module and then name; what ships follows as it was asked for. */
size_t sources_count(const struct sources *s);
const struct source *sources_at(const struct sources *s, size_t i);
/* The project's folder. */
const char *sources_project(const struct sources *s);
/* The project's own of that name; NULL when there is none. */
const struct source *sources_find_own(const struct sources *s, enum source_kind kind,
                                      struct slice module);
/* The project's own, else, of connectors and transformers, what ships. */
const struct source *sources_find(struct sources *s, enum source_kind kind, struct slice module);
/* What ships, also where the project has one of that name. */
const struct source *sources_find_shipped(struct sources *s, enum source_kind kind,
                                          struct slice module);
/* The one shown by that name, as errors and debug information have it; NULL when there is none. */
const struct source *sources_find_name(const struct sources *s, struct slice name);

/* What tells two files, or two sets of them by names and texts, apart: SHA-256 cut to 128 bits, as
   hex. */
#define SOURCES_HASH_SIZE 33
void source_hash(const struct source *source, char out[static SOURCES_HASH_SIZE]);
void sources_hash(const struct sources *s, char out[static SOURCES_HASH_SIZE]);

#endif
