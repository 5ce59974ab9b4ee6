/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the service manager that started the daemon is told, by sd_notify(3): when events can be
 * taken, how things stand, that the loop turns, that the end has begun. For `run`. The protocol is
 * systemd's, stable and a datagram: libsystemd would bring six libraries along for it, and waits
 * where the manager doesn't read.
 *
 *     struct service *service = service_new(&options);     // before the loop's first turn
 *     loop_run(loop);
 *     service_stopping(service, "stopping", drain_ms);     // when the drain begins
 *     service_free(service);
 */
#ifndef LIAISON_CLI_SERVICE_H
#define LIAISON_CLI_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "loop/loop.h"

#define SERVICE_TICK_MS 1000
/* A start that can't take events for so many ticks is over all the same: whoever waits for it can't
   mend what a person has to. Below systemd's TimeoutStartSec, which is 90 s. */
#define SERVICE_READY_TICKS 30

struct service_options {
    struct loop *loop;
    struct log *log;
    /* Appends one line, how things stand; answers whether events can be taken. Asked at each tick,
       the first time by service_new. */
    bool (*describe)(void *ctx, struct buf *out);
    void *ctx;
    int64_t tick_ms; /* 0: SERVICE_TICK_MS */
};

struct service;

/* NULL where no service manager wants to be told; the others accept that. */
struct service *service_new(const struct service_options *options);
/* From now on nothing is described any more. What is to come takes up to `within_ms`, which the
   service manager then gives it. */
void service_stopping(struct service *service, const char *status, int64_t within_ms);
void service_free(struct service *service);

#endif
