/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The bus, http://bus.sim/events: server-sent events with ids. It keeps all that it ever sent, and goes
 * on behind the Last-Event-ID that it is asked for, now and then with some that were sent before.
 * Connections break, and can't be made. Dead letters that are posted to it are events on it.
 */
#ifndef LIAISON_SIM_BUS_H
#define LIAISON_SIM_BUS_H

#include <stddef.h>

#include "fake_client.h"
#include "receivers.h"

struct bus;

struct bus *bus_new(struct world *w);
void bus_free(struct bus *bus);
/* No more events, and no more trouble. */
void bus_heal(struct bus *bus);
/* From now on one event of this type after the other, each of another key, so far apart. */
void bus_flow(struct bus *bus, const char *type, int64_t apart_us);
/* Whether all of its events were sent on the connection that there is. */
bool bus_is_through(const struct bus *bus);
/* How many of its events the daemon has said that it holds, by where it wished to go on. */
size_t bus_covered(const struct bus *bus);

/* For the client: */
void bus_connect(struct bus *bus, struct http_stream *stream, struct slice last_id);
void bus_disconnect(struct bus *bus);
void bus_resume(struct bus *bus);
void bus_begin_letter(struct visit *v, const struct http_request *request);
void bus_take_letter(struct bus *bus, const struct visit *v);

#endif
