/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Upper and lower case beyond ASCII, over GLib.
 */
#ifndef LIAISON_MODULES_UNICODE_H
#define LIAISON_MODULES_UNICODE_H

#include "modules/module.h"

enum unicode_case {
    UNICODE_LOWER,
    UNICODE_UPPER,
    UNICODE_FOLD, /* equal for texts that differ in case alone */
};

struct unicode_module {
    struct module_head head;
    /* Gives `add` the text, which is UTF-8, in that case. */
    void (*map_case)(const char *text, size_t len, enum unicode_case to,
                     void (*add)(void *ctx, const char *data, size_t len), void *ctx);
};

#endif
