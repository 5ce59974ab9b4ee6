/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Which files of a project are specs: tests/NAME.lua, and below tests/, at any depth, NAME.spec.lua;
 * and beside what they test, in a folder of connectors/ or transformers/, spec.lua and NAME.spec.lua.
 */
#ifndef LIAISON_CLI_SPEC_FILES_H
#define LIAISON_CLI_SPEC_FILES_H

#include <stddef.h>

/* In place; paths as they can be opened, in order. */
struct spec_files {
    char **paths;
    size_t len, cap;
};

/* In words, behind "write" or "those are". */
#define SPEC_FILES_WHERE                                                                           \
    "tests/NAME.lua and, below tests/, NAME.spec.lua, or spec.lua beside a connector's or "        \
    "transformer's init.lua"

/* Those of the project in that folder, by name. */
void spec_files_find(struct spec_files *files, const char *project);
void spec_files_deinit(struct spec_files *files);

#endif
