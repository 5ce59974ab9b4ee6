/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A new certificate while the server runs. The library takes one for a daemon's whole life: so another
 * daemon takes over the socket that listens, and the former one serves the connections that it has,
 * each until its answer has gone; for server.c.
 */
#ifndef LIAISON_HTTP_HANDOVER_H
#define LIAISON_HTTP_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "http/server_parts.h"

/* The server's daemon and its io become former ones. `run` is called when one has something to do. */
void handover_retire(struct http_server *server, loop_io_fn run);
/* Runs them, and ends those without connections. */
void handover_run(struct http_server *server);
/* When they want to be run next: ms, -1: when something happens. */
int64_t handover_wait_ms(const struct http_server *server);
/* Whether the connection is a former one's. */
bool handover_has(const struct http_server *server, struct MHD_Connection *connection);
/* Ends them all; none may have a request that is suspended. */
void handover_end(struct http_server *server);

#endif
