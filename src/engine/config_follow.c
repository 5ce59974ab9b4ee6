/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The settings of a daemon that runs, brought up to date.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/config_parts.h"

/* What is bound, opened or named to others when the daemon starts. */
static const struct fixed {
    const char *path;
    size_t offset;
} fixed[] = {
    {"listen", offsetof(struct config, listen)},
    {"journal", offsetof(struct config, journal)},
    {"tls.cert", offsetof(struct config, tls_cert)},
    {"tls.key", offsetof(struct config, tls_key)},
};

static char **text_at(struct config *config, const struct fixed *f)
{
    return (char **)((char *)config + f->offset);
}

static char *const *const_text_at(const struct config *config, const struct fixed *f)
{
    return (char *const *)((const char *)config + f->offset);
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int config_follow(struct config *next, const struct config *now, struct buf *restart,
                  struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        char **text = text_at(next, &fixed[i]);
        const char *stays = *const_text_at(now, &fixed[i]);
        if (is_same(*text, stays))
            continue;
        buf_printf(restart, "%s%s", restart->len > 0 ? ", " : "", fixed[i].path);
        free(*text);
        *text = stays ? mem_strdup(stays) : NULL;
    }
    return config_check_tokens(next, err);
}

void config_replace(struct config *now, struct config *next)
{
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        char **old = text_at(now, &fixed[i]), **new = text_at(next, &fixed[i]);
        char *text = *old;
        *old = *new;
        *new = text;
    }
    struct config old = *now;
    *now = *next;
    *next = (struct config){0};
    config_deinit(&old);
}
