/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Time zones of the system's database, over GLib's GTimeZone. Behind the last change that a zone's
 * file lists, the rule that it ends with goes on (RFC 8536, 3.3), unless GLib can't read it: that of
 * Dublin, Gaza and Hebron, which keep their last offset from 2038 on.
 */
#ifndef LIAISON_MODULES_ZONES_H
#define LIAISON_MODULES_ZONES_H

#include <stdint.h>

#include "modules/module.h"

struct zone;

struct zone_time {
    int offset_s;             /* east of UTC */
    const char *abbreviation; /* "CET"; lives as long as the zone */
};

struct zones_module {
    struct module_head head;
    /* NULL where there is none of that name. */
    struct zone *(*open)(const char *name);
    void (*close)(struct zone *zone); /* accepts NULL */
    /* What holds in it at a Unix time. */
    struct zone_time (*at)(const struct zone *zone, int64_t unix_s);
    /* Calls `each` with the name of every zone, if the system lists them. */
    void (*list)(void (*each)(void *ctx, const char *name), void *ctx);
};

#endif
