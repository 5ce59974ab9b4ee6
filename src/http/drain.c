/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A copy of the descriptor keeps the connection alive when the HTTP library closes its own.
 */
#include "http/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

#define DRAIN_MS 5000
#define DRAIN_COUNT_MAX 64

struct draining {
    struct list link;
    struct drain *owner;
    int fd;
    struct loop_io *io;
    struct loop_timer *timer;
};

static void draining_free(void *ctx)
{
    struct draining *it = ctx;
    loop_io_free(it->io);
    loop_timer_free(it->timer);
    close(it->fd);
    list_remove(&it->link);
    it->owner->len--;
    free(it);
}

static void throw_away(void *ctx, int events)
{
    (void)events;
    struct draining *it = ctx;
    char waste[16 * 1024];
    ssize_t n = recv(it->fd, waste, sizeof(waste), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        draining_free(it);
}

void drain_init(struct drain *l, struct loop *loop)
{
    *l = (struct drain){.loop = loop};
    list_init(&l->all);
}

void drain_deinit(struct drain *l)
{
    list_each (it, &l->all)
        draining_free(list_entry(it, struct draining, link));
}

void drain_add(struct drain *l, int fd)
{
    if (l->len >= DRAIN_COUNT_MAX)
        return;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return;
    struct draining *it = mem_calloc(1, sizeof(*it));
    it->owner = l;
    it->fd = copy;
    it->io = loop_io_new(l->loop, copy, LOOP_READ, throw_away, it);
    it->timer = loop_timer_new(l->loop, draining_free, it);
    loop_timer_start(it->timer, DRAIN_MS);
    list_add_tail(&l->all, &it->link);
    l->len++;
}
