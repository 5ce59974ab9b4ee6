/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * curl's sockets and its one timer, watched by the loop.
 *
 * curl tells that it no longer cares for a connection's socket at the end of each request, and that
 * it does again at the next one. Taking it out of epoll and back each time would cost two system
 * calls a request, so a connection stays watched for reading while it idles, and is left alone only
 * once something comes in (the other side closed it: curl sees that before it uses it again).
 * Descriptors that curl makes otherwise (its resolver's) are watched for just as long as it asks.
 */
#include "http/multi.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

/* Connections that are kept open for reuse, over all hosts. */
#define KEPT_CONNECTIONS_MAX 1000L

struct watched {
    struct http_multi *multi;
    struct loop_io *io;
    int fd;
    int events; /* as the loop watches them now */
    /* Opened and closed through us, so that its descriptor can't be another's. */
    bool is_connection;
    bool is_idle;     /* curl doesn't care for it now */
    bool is_detached; /* curl's close isn't to close it */
};

struct http_multi {
    CURLM *curl;
    struct loop *loop;
    struct loop_timer *timer;
    loop_fn turned;
    void *ctx;
    char *ca_file; /* NULL for the system's */
    struct watched **by_fd;
    size_t n_fds;    /* slots in by_fd */
    bool has_new;    /* a transfer was added and not begun */
    bool *was_freed; /* set by http_multi_free, while `turned` is called */
};

static void must(CURLMcode code)
{
    if (code != CURLM_OK)
        die("libcurl: %s", curl_multi_strerror(code));
}

/* False when that has freed `m`, as what is told of a request's end may. */
static bool tell(struct http_multi *m)
{
    bool was_freed = false;
    /* It is taken back before it goes. */
    /* cppcheck-suppress autoVariables */
    m->was_freed = &was_freed;
    m->turned(m->ctx);
    if (was_freed)
        return false;
    m->was_freed = NULL;
    return true;
}

static void run(struct http_multi *m, curl_socket_t fd, int mask)
{
    int n_running;
    m->has_new = false;
    must(curl_multi_socket_action(m->curl, fd, mask, &n_running));
    if (!tell(m) || !m->has_new)
        return;
    /* What an answer made room for is sent now and not when all other answers of this turn have been
       seen to: else they come in crowds, and the other side idles between. */
    must(curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &n_running));
    m->has_new = false;
    m->turned(m->ctx);
}

/* ---- Sockets -------------------------------------------------------------------------------- */

static void watched_set(struct watched *w, int events)
{
    if (w->events != events)
        loop_io_set(w->io, events);
    w->events = events;
}

static void socket_ready(void *ctx, int events)
{
    struct watched *w = ctx;
    if (w->is_idle) {
        watched_set(w, 0);
        return;
    }
    int mask =
        (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
    run(w->multi, w->fd, mask);
}

static struct watched *watched_find(const struct http_multi *m, int fd)
{
    return (size_t)fd < m->n_fds ? m->by_fd[fd] : NULL;
}

static struct watched *watched_add(struct http_multi *m, int fd, bool is_connection)
{
    if ((size_t)fd >= m->n_fds) {
        size_t n = ((size_t)fd + 1) * 2;
        m->by_fd = mem_realloc(m->by_fd, n * sizeof(struct watched *));
        memset(m->by_fd + m->n_fds, 0, (n - m->n_fds) * sizeof(struct watched *));
        m->n_fds = n;
    }
    struct watched *w = mem_calloc(1, sizeof(*w));
    w->multi = m;
    w->fd = fd;
    w->is_connection = is_connection;
    w->io = loop_io_new(m->loop, fd, 0, socket_ready, w);
    m->by_fd[fd] = w;
    return w;
}

static void watched_drop(struct http_multi *m, int fd)
{
    struct watched *w = watched_find(m, fd);
    if (!w)
        return;
    loop_io_free(w->io);
    free(w);
    m->by_fd[fd] = NULL;
}

/* CURLOPT_OPENSOCKETFUNCTION */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    watched_add(ctx, fd, true);
    return fd;
}

/* CURLOPT_CLOSESOCKETFUNCTION */
static int close_socket(void *ctx, curl_socket_t fd)
{
    const struct watched *w = watched_find(ctx, fd);
    bool is_detached = w && w->is_detached;
    watched_drop(ctx, fd);
    return is_detached ? 0 : close(fd);
}

static bool is_connected(int fd)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
}

/* CURLMOPT_SOCKETFUNCTION */
static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    (void)easy, (void)unused;
    struct http_multi *m = ctx;
    struct watched *w = watched_find(m, fd);
    if (what == CURL_POLL_REMOVE) {
        /* One that never came to be connected curl closes without asking us. */
        if (w && w->is_connection && is_connected(fd))
            w->is_idle = true;
        else
            watched_drop(m, fd);
        return 0;
    }
    if (!w)
        w = watched_add(m, fd, false);
    w->is_idle = false;
    watched_set(w, (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
    return 0;
}

/* ---- The timer ------------------------------------------------------------------------------ */

static void timer_due(void *ctx)
{
    run(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* CURLMOPT_TIMERFUNCTION */
static int timer_changed(CURLM *curl, long timeout_ms, void *ctx)
{
    (void)curl;
    struct http_multi *m = ctx;
    if (timeout_ms < 0)
        loop_timer_stop(m->timer);
    else
        loop_timer_start(m->timer, timeout_ms);
    return 0;
}

/* ---- The handle ----------------------------------------------------------------------------- */

struct http_multi *http_multi_new(struct loop *loop, loop_fn turned, void *ctx, struct err *err)
{
    CURLM *curl = curl_multi_init();
    if (!curl) {
        err_set(err, ERR_NO_MEMORY, "cannot set up libcurl");
        return NULL;
    }
    struct http_multi *m = mem_calloc(1, sizeof(*m));
    m->curl = curl;
    m->loop = loop;
    m->turned = turned;
    m->ctx = ctx;
    m->timer = loop_timer_new(loop, timer_due, m);
    const char *ca_file = getenv("SSL_CERT_FILE");
    m->ca_file = ca_file && ca_file[0] ? mem_strdup(ca_file) : NULL;
    curl_multi_setopt(curl, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(curl, CURLMOPT_SOCKETDATA, m);
    curl_multi_setopt(curl, CURLMOPT_TIMERFUNCTION, timer_changed);
    curl_multi_setopt(curl, CURLMOPT_TIMERDATA, m);
    curl_multi_setopt(curl, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS_MAX);
    return m;
}

void http_multi_free(struct http_multi *m)
{
    if (!m)
        return;
    must(curl_multi_cleanup(m->curl));
    for (size_t fd = 0; fd < m->n_fds; fd++)
        watched_drop(m, (int)fd);
    free(m->by_fd);
    free(m->ca_file);
    loop_timer_free(m->timer);
    if (m->was_freed)
        *m->was_freed = true;
    free(m);
}

void http_multi_set_up(struct http_multi *m, CURL *easy, struct multi_user *user)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, user);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, m);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, m);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Else ending a request whose name is being resolved waits for the resolver's thread. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (m->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, m->ca_file);
}

void http_multi_add(struct http_multi *m, CURL *easy)
{
    must(curl_multi_add_handle(m->curl, easy));
    m->has_new = true;
}

void http_multi_remove(struct http_multi *m, CURL *easy)
{
    must(curl_multi_remove_handle(m->curl, easy));
}

void http_multi_unwatch(struct http_multi *m, int fd)
{
    watched_drop(m, fd);
}

void http_multi_detach(struct http_multi *m, int fd)
{
    struct watched *w = watched_find(m, fd);
    if (w)
        watched_set(w, 0);
    else /* the other side has reset it meanwhile */
        w = watched_add(m, fd, true);
    w->is_detached = true;
}

void http_multi_settle(struct http_multi *m)
{
    int n_left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(m->curl, &n_left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        /* The message doesn't outlive the handle's removal. */
        CURLcode code = message->data.result;
        char *private = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct multi_user *user = (struct multi_user *)(void *)private;
        user->ended(user, code);
    }
}
