/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Connections that were answered before their request was read to its end. Closing one at once
 * would make the kernel reset it, and a client that is still sending would never see its answer
 * (RFC 9112, 9.6): so what it sends is read and thrown away for a while. For server.c.
 */
#ifndef LIAISON_HTTP_DRAIN_H
#define LIAISON_HTTP_DRAIN_H

#include <stddef.h>

#include "base/list.h"
#include "loop/loop.h"

/* In place. */
struct drain {
    struct loop *loop;
    struct list all;
    size_t len;
};

void drain_init(struct drain *l, struct loop *loop);
void drain_deinit(struct drain *l);
/* Reads from a copy of `fd` until the other side closes, for 5 seconds at most. Nothing is done
   when many are drained already. */
void drain_add(struct drain *l, int fd);

#endif
