/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The HTTP interface on `listen`: ingest, health, status, metrics, dead letters. A subject's routes stand in
 * its own file, all of them in admin.c's one table.
 *
 *     struct admin *admin = admin_open(&options, &err);   // the address is taken, or the start ends here
 *     admin_serve(admin, engine);                     // requests are answered from now on
 */
#ifndef LIAISON_ADMIN_ADMIN_H
#define LIAISON_ADMIN_ADMIN_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "loop/loop.h"

struct admin;

struct admin_options {
    const struct config *config; /* outlives it */
    struct loop *loop;
    struct log *log;
};

struct admin *admin_open(const struct admin_options *options, struct err *err) must_check;
void admin_serve(struct admin *a, struct engine *e);
/* The configuration has changed by a reload. */
void admin_reload(struct admin *a);
/* As bound: "127.0.0.1:8750". */
const char *admin_address(const struct admin *a);
/* Requests not answered yet, and streams that are being ended. */
size_t admin_pending(const struct admin *a);
/* Takes no new connections, and ends the streams. */
void admin_quiesce(struct admin *a);
/* Before the engine is freed: closes all connections. Accepts NULL. */
void admin_close(struct admin *a);
/* After that: the journal may have been read for answers until then. Accepts NULL. */
void admin_free(struct admin *a);

#endif
