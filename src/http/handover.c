/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/handover.h"

#include <stdlib.h>

struct former {
    struct list link;
    struct MHD_Daemon *daemon;
    struct loop_io *io;
};

static struct former *former_of(struct list *link)
{
    return list_entry(link, struct former, link);
}

void handover_retire(struct http_server *server, loop_io_fn run)
{
    struct former *f = mem_alloc(sizeof(*f));
    int fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    MHD_quiesce_daemon(server->daemon);
    loop_io_free(server->io);
    f->daemon = server->daemon;
    f->io = loop_io_new(server->loop, fd, LOOP_READ, run, server);
    list_add_tail(&server->former, &f->link);
    server->daemon = NULL;
    server->io = NULL;
}

static void end(struct former *f)
{
    list_remove(&f->link);
    loop_io_free(f->io);
    MHD_stop_daemon(f->daemon);
    free(f);
}

void handover_run(struct http_server *server)
{
    list_each (it, &server->former) {
        struct former *f = former_of(it);
        MHD_run(f->daemon);
        if (MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections ==
            0)
            end(f);
    }
}

int64_t handover_wait_ms(const struct http_server *server)
{
    int64_t least = -1;
    list_each (it, &server->former) {
        MHD_UNSIGNED_LONG_LONG ms;
        if (MHD_get_timeout(former_of(it)->daemon, &ms) != MHD_YES)
            continue;
        int64_t wait = ms > INT32_MAX ? INT32_MAX : (int64_t)ms;
        if (least < 0 || wait < least)
            least = wait;
    }
    return least;
}

bool handover_has(const struct http_server *server, struct MHD_Connection *connection)
{
    return !list_is_empty(&server->former) &&
           MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON)->daemon !=
               server->daemon;
}

void handover_end(struct http_server *server)
{
    list_each (it, &server->former)
        end(former_of(it));
}
