/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "modules/unicode.h"

#include <string.h>

#include <glib.h>

static void map_case(const char *text, size_t len, enum unicode_case to,
                     void (*add)(void *ctx, const char *data, size_t len), void *ctx)
{
    static gchar *(*const maps[])(const gchar *, gssize) = {
        [UNICODE_LOWER] = g_utf8_strdown,
        [UNICODE_UPPER] = g_utf8_strup,
        [UNICODE_FOLD] = g_utf8_casefold,
    };
    /* GLib's texts end at a zero. */
    for (const char *end = text + len, *zero; text <= end; text = zero + 1) {
        zero = memchr(text, '\0', (size_t)(end - text));
        zero = zero ? zero : end;
        gchar *mapped = maps[to](text, zero - text);
        add(ctx, mapped, strlen(mapped));
        g_free(mapped);
        if (zero < end)
            add(ctx, "", 1);
    }
}

extern const struct unicode_module liaison_module;
const struct unicode_module liaison_module = {MODULE_HEAD(struct unicode_module), map_case};
