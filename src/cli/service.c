/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"

struct service {
    struct service_options options;
    struct loop_timer *tick, *watchdog;
    int64_t watchdog_ms; /* between two signs of life; 0: nobody waits for them */
    struct sockaddr_un manager;
    socklen_t manager_len;
    int fd;
    struct buf status; /* as told last */
    int ticks;
    bool is_ready, is_stopping, has_failed;
};

/* ---- the protocol: sd_notify(3), sd_watchdog_enabled(3) --------------------------------------- */

/* A socket's path, or @ and the name of an abstract one. */
static int find_manager(struct service *s, const char *name)
{
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(s->manager.sun_path)) {
        errno = EINVAL;
        return -1;
    }
    s->manager.sun_family = AF_UNIX;
    memcpy(s->manager.sun_path, name, len);
    if (name[0] == '@')
        s->manager.sun_path[0] = '\0';
    s->manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return s->fd < 0 ? -1 : 0;
}

/* One datagram; a manager that doesn't read must not hold the loop up. */
static int send_state(struct service *s, const char *state)
{
    ssize_t sent = sendto(s->fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
                          (const struct sockaddr *)&s->manager, s->manager_len);
    return sent < 0 ? -1 : 0;
}

static int64_t read_number(const char *variable, int64_t fallback)
{
    const char *text = getenv(variable);
    int64_t n;
    return text && json_get_integer(slice_str(text), &n) == 0 ? n : fallback;
}

/* Two signs of life in the time after which we count as dead. */
static int64_t read_watchdog_ms(void)
{
    int64_t usec = read_number("WATCHDOG_USEC", 0);
    if (usec <= 0 || read_number("WATCHDOG_PID", getpid()) != getpid())
        return 0;
    return usec < 2000 ? 1 : usec / 2000;
}

static void say_failure(struct service *s)
{
    if (!s->has_failed)
        log_warn(s->options.log, "the service manager can't be told how things stand",
                 LOG_STR("socket", getenv("NOTIFY_SOCKET")), LOG_STR("error", strerror(errno)));
    s->has_failed = true;
}

static bool tell(struct service *s, const char *state)
{
    if (send_state(s, state) == 0)
        return true;
    say_failure(s);
    return false;
}

/* ---- how things stand ------------------------------------------------------------------------ */

static bool tell_status(struct service *s, bool becomes_ready, struct slice status)
{
    struct buf state = {0};
    if (becomes_ready)
        buf_add_str(&state, "READY=1\n");
    buf_printf(&state, "STATUS=%.*s", SLICE_FMT(status));
    bool is_told = tell(s, state.data);
    buf_deinit(&state);
    return is_told;
}

/* What could not be told is, at the next tick. */
static void describe(struct service *s)
{
    struct buf status = {0};
    bool can_take = s->options.describe(s->options.ctx, &status);
    bool becomes_ready = !s->is_ready && (can_take || s->ticks >= SERVICE_READY_TICKS);
    bool has_changed = !slice_is_equal(buf_slice(&status), buf_slice(&s->status));
    if ((becomes_ready || has_changed) && tell_status(s, becomes_ready, buf_slice(&status))) {
        s->is_ready = s->is_ready || becomes_ready;
        buf_clear(&s->status);
        buf_add_slice(&s->status, buf_slice(&status));
    }
    buf_deinit(&status);
}

static void on_tick(void *ctx)
{
    struct service *s = ctx;
    s->ticks += !s->is_ready;
    describe(s);
    loop_timer_start(s->tick, s->options.tick_ms);
}

/* A timer of the loop: where that doesn't turn, nothing is said. */
static void on_watchdog(void *ctx)
{
    struct service *s = ctx;
    tell(s, "WATCHDOG=1");
    loop_timer_start(s->watchdog, s->watchdog_ms);
}

/* ---- its life -------------------------------------------------------------------------------- */

struct service *service_new(const struct service_options *options)
{
    const char *manager = getenv("NOTIFY_SOCKET");
    if (!manager || !*manager)
        return NULL;
    struct service *s = mem_calloc(1, sizeof(*s));
    s->options = *options;
    s->fd = -1;
    if (find_manager(s, manager) < 0) {
        say_failure(s);
        service_free(s);
        return NULL;
    }
    if (s->options.tick_ms == 0)
        s->options.tick_ms = SERVICE_TICK_MS;
    s->tick = loop_timer_new(options->loop, on_tick, s);
    s->watchdog = loop_timer_new(options->loop, on_watchdog, s);
    s->watchdog_ms = read_watchdog_ms();
    describe(s);
    loop_timer_start(s->tick, s->options.tick_ms);
    if (s->watchdog_ms > 0)
        loop_timer_start(s->watchdog, s->watchdog_ms);
    return s;
}

void service_stopping(struct service *s, const char *status, int64_t within_ms)
{
    if (!s || s->is_stopping)
        return;
    struct buf state = {0};
    s->is_stopping = true;
    loop_timer_stop(s->tick);
    buf_printf(&state, "STOPPING=1\nSTATUS=%s\nEXTEND_TIMEOUT_USEC=%" PRId64, status,
               within_ms * 1000);
    tell(s, state.data);
    buf_deinit(&state);
}

void service_free(struct service *s)
{
    if (!s)
        return;
    loop_timer_free(s->tick);
    loop_timer_free(s->watchdog);
    if (s->fd >= 0)
        close(s->fd);
    buf_deinit(&s->status);
    free(s);
}
