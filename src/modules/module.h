/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is loaded while the daemon runs, when a script first needs it: heavy libraries, each behind a
 * table of functions in a shared object of its own. A module keeps nothing between calls but what it
 * was asked to make, calls back only while it is called, and raises no errors of Lua's.
 *
 * Each has a header NAME.h with a struct whose first member is a struct module_head, and a file
 * NAME.c that defines the one symbol `liaison_module`.
 */
#ifndef LIAISON_MODULES_MODULE_H
#define LIAISON_MODULES_MODULE_H

#include <stddef.h>

#include "version.h"

/* Guards against a module that another version of Liaison brought. */
struct module_head {
    const char *version; /* LIAISON_VERSION */
    size_t size;         /* of the struct that it begins */
};

#define MODULE_SYMBOL "liaison_module"
#define MODULE_HEAD(type)                                                                          \
    {                                                                                              \
        LIAISON_VERSION, sizeof(type)                                                              \
    }

#endif
