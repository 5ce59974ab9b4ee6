/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * GET /events: the journal's events as server-sent events, from Last-Event-ID or from now on.
 *
 * A reader is either along, and takes what is new from the tape that all share, or behind, and
 * takes pages from the journal until it has caught up; one that reads too slowly falls behind
 * again. Nothing is read for a client before it takes what it has, so a slow one holds up nobody,
 * and holds one page at most.
 */
#ifndef LIAISON_ADMIN_STREAMS_H
#define LIAISON_ADMIN_STREAMS_H

#include <stddef.h>

#include "engine/engine.h"
#include "http/server.h"
#include "loop/loop.h"

struct streams;

#define STREAMS_MAX 1000
#define STREAMS_HEARTBEAT_MS 15000 /* a comment, where there is nothing else to say */

struct streams *streams_new(struct loop *loop, struct engine *engine);
/* Answers the request by a stream. */
void streams_add(struct streams *all, struct http_exchange *x);
/* Ends them all, each when it has what is in memory for it: the daemon stops. */
void streams_end(struct streams *all);
/* How many of those that had nothing more to get still have to hear of the end: soon none. */
size_t streams_closing(const struct streams *all);
/* The server is gone, and with it all who read. */
void streams_close(struct streams *all);
/* When the engine is gone, whose journal may have been read for them. Accepts NULL. */
void streams_free(struct streams *all);

#endif
