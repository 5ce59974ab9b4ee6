/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Finds the modules of src/modules: shared objects in the folder of script_options.module_dir.
 */
#ifndef LIAISON_SCRIPT_MODULE_H
#define LIAISON_SCRIPT_MODULE_H

#include <lua.h>

enum module_id {
    MODULE_REGEX,
    MODULE_UNICODE,
    MODULE_XML,
    MODULE_ZONES,
    MODULE_COUNT,
};

/* [-0, +0, e] The functions of a module, which is loaded at the first call and then stays as long as
   the process. Raises an error, "WHAT needs …", where it can't be loaded. */
const void *module_find(lua_State *L, enum module_id module, const char *what);

#endif
