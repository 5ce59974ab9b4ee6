/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Which files of a project are specs: tests/NAME.lua, and below tests/, at any depth, NAME.spec.lua.
 */
#ifndef LIAISON_CLI_SPEC_FILES_H
#define LIAISON_CLI_SPEC_FILES_H

#include <stddef.h>

/* In place; paths as they can be opened, in order. */
struct spec_files {
    char **paths;
    size_t len, cap;
};

/* Those of the project in that folder; none where it has no tests/. */
void spec_files_find(struct spec_files *files, const char *project);
void spec_files_deinit(struct spec_files *files);

#endif
