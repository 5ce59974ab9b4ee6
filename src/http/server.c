/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * libmicrohttpd on the loop. Its epoll descriptor is one of ours: when that is readable, the daemon
 * is run. All that were answered in a turn of the loop go on by one run before the loop sleeps.
 */
#include "http/server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/handover.h"
#include "http/late_tls.h"
#include "http/server_parts.h"

#define CONNECTIONS_MAX 2048u
#define RECEIVE_MS 60000
#define CROWD_TOLD_MS 60000 /* that all connections are taken, once in so long */
/* Of a connection, for heads and what is sent at once: a head may have a little less. The library
   clears it for each request. */
#define CONNECTION_MEMORY ((size_t)16 * 1024)
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
/* What is read and thrown away of a chunked body that is too large, so that its sender comes to see
   the answer; beyond that the connection is closed. */
#define EXCESS_MAX ((size_t)16 * 1024 * 1024)

/* ---- A request's way ------------------------------------------------------------------------ */

static bool expects_body(const struct http_exchange *x)
{
    struct slice length = http_exchange_header(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return http_exchange_header(x, MHD_HTTP_HEADER_TRANSFER_ENCODING).data ||
           (length.data && !slice_is_equal(length, SLICE_LIT("0")));
}

/* Whether Content-Length says so; the library has checked that it is a number that fits. */
static bool is_said_too_large(const struct http_exchange *x)
{
    struct slice length = http_exchange_header(x, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length.data && strtoull(length.data, NULL, 10) > x->server->options.body_max;
}

static void refuse_size(struct http_exchange *x)
{
    http_exchange_problem(x, 413, "The body is larger than the limit of %zu bytes",
                          x->server->options.body_max);
}

static void refuse_route(struct http_exchange *x)
{
    const struct http_server_options *o = &x->server->options;
    struct buf allowed = {0};
    route_add_methods(o->routes, o->n_routes, &x->target, &allowed);
    if (allowed.len > 0) {
        http_exchange_add_header(x, MHD_HTTP_HEADER_ALLOW, allowed.data);
        http_exchange_problem(x, 405, "%s is not allowed here; allowed: %s", x->method,
                              allowed.data);
    } else {
        const char *nearest = route_nearest(o->routes, o->n_routes, &x->target);
        http_exchange_problem(x, 404, "There is nothing at %.*s%s%s%s", SLICE_FMT(x->target.path),
                              nearest ? ": did you mean " : "", nearest ? nearest : "",
                              nearest ? "?" : "");
    }
    buf_deinit(&allowed);
}

/* A name is a token (RFC 9110, 5.6.2), so that white space before the colon isn't passed over. */
static bool is_token(struct slice name)
{
    static const bool ends[256] = {
        [' '] = true,  ['\t'] = true, ['"'] = true, ['('] = true, [')'] = true,
        [','] = true,  ['/'] = true,  [':'] = true, [';'] = true, ['<'] = true,
        ['='] = true,  ['>'] = true,  ['?'] = true, ['@'] = true, ['['] = true,
        ['\\'] = true, [']'] = true,  ['{'] = true, ['}'] = true,
    };
    for (size_t i = 0; i < name.len; i++)
        if (ends[(unsigned char)name.data[i]])
            return false;
    return name.len > 0;
}

/* Why the head is none, or NULL. A request whose end or host a proxy before us may see elsewhere could
   carry another one past it (RFC 9112, 3.2, 6.3 and 11.2). The library would let these through. */
static const char *find_fault(const struct http_exchange *x, bool needs_host)
{
    const struct slice length = SLICE_LIT(MHD_HTTP_HEADER_CONTENT_LENGTH),
                       coding = SLICE_LIT(MHD_HTTP_HEADER_TRANSFER_ENCODING),
                       host = SLICE_LIT(MHD_HTTP_HEADER_HOST);
    unsigned n_ends = 0; /* by how many headers the body's is told */
    unsigned n_hosts = 0;
    bool has_bad_name = false, is_well = true;
    for (size_t i = 0; i < x->n_headers; i++) {
        const struct http_header *header = &x->headers[i];
        bool is_coding = slice_is_equal_nocase(header->name, coding);
        has_bad_name |= !is_token(header->name);
        n_ends += is_coding || slice_is_equal_nocase(header->name, length);
        n_hosts += slice_is_equal_nocase(header->name, host);
        is_well &= !is_coding || slice_is_equal_nocase(header->value, SLICE_LIT("chunked"));
    }
    if (has_bad_name)
        return "A header's name is none";
    if (n_ends > 1 || !is_well)
        return "The body's length has to be given once, by Content-Length or by "
               "Transfer-Encoding: chunked";
    if (n_hosts > 1 || (n_hosts == 0 && needs_host))
        return "A request has one Host header";
    return NULL;
}

static bool refuse_head(struct http_exchange *x, const char *version)
{
    const char *fault = find_fault(x, strcmp(version, MHD_HTTP_VERSION_1_0) != 0);
    if (fault)
        http_exchange_problem(x, 400, "%s", fault);
    return fault != NULL;
}

/* Answers what needs no body to be refused; true when it did. */
static bool refuse_early(struct http_exchange *x)
{
    const struct http_server_options *o = &x->server->options;
    const char *detail = "";
    int status = 0;
    if (x->is_bad_target) {
        http_exchange_problem(x, 400, "The percent-encoding of the request's target is broken");
        return true;
    }
    x->route = route_find(o->routes, o->n_routes, slice_str(x->method), &x->target);
    if (o->admit)
        status = o->admit(o->ctx, x, &detail);
    if (status != 0)
        http_exchange_problem(x, status, "%s", detail);
    else if (!x->route)
        refuse_route(x);
    else if (is_said_too_large(x))
        refuse_size(x);
    return x->state == EXCHANGE_ANSWERED;
}

/* The head is here. An answer that is given now closes the connection after it, since the body
   isn't read; without a body it waits for the last call and the connection lives on, unless it isn't
   sure that there is none. */
static enum MHD_Result begin(struct http_exchange *x, const char *version)
{
    x->state = EXCHANGE_RECEIVING;
    exchange_note_headers(x);
    bool is_head_bad = refuse_head(x, version);
    if (!is_head_bad && (!refuse_early(x) || !expects_body(x)))
        return MHD_YES;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    drain_add(&x->server->drain, info->connect_fd);
    return exchange_queue(x);
}

static enum MHD_Result take_body(struct http_exchange *x, const char *data, size_t len)
{
    size_t max = x->server->options.body_max;
    x->body_seen += len;
    if (x->body_seen <= max) {
        buf_add(&x->body, data, len);
        return MHD_YES;
    }
    x->is_too_large = true;
    buf_deinit(&x->body);
    return x->body_seen - max <= EXCESS_MAX ? MHD_YES : MHD_NO;
}

static void dispatch(struct http_exchange *x)
{
    deadline_stop(x->deadline);
    x->server->has_dispatched = true;
    x->server->n_pending++;
    x->state = EXCHANGE_PENDING;
    x->route->fn(x->server->options.ctx, x);
    if (x->state == EXCHANGE_PENDING)
        patience_begin(x);
}

/* The library calls once for the head, then for each piece of the body, once for its end, and again
   and again while the request waits for its answer. */
static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **slot)
{
    (void)ctx, (void)url;
    struct http_exchange *x = *slot;
    if (x->place == EXCHANGE_WAITING)
        return MHD_YES;
    x->server->has_moved = true;
    if (x->state == EXCHANGE_NEW) {
        x->connection = connection;
        x->method = method;
        return begin(x, version);
    }
    if (*len > 0) {
        size_t n = *len;
        *len = 0;
        return take_body(x, data, n);
    }
    if (x->state == EXCHANGE_RECEIVING && x->is_too_large)
        refuse_size(x);
    else if (x->state == EXCHANGE_RECEIVING)
        dispatch(x);
    return x->state == EXCHANGE_ANSWERED ? exchange_queue(x) : MHD_YES;
}

/* MHD_OPTION_URI_LOG_CALLBACK, though nothing is logged: the one place that has the target before
   the library takes it apart. What it returns stands in the handler's slot. */
static void *see_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
    struct http_exchange *x = exchange_take(ctx);
    x->server->has_moved = true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    x->deadline = info->socket_context;
    deadline_restart(x->deadline);
    x->is_bad_target = target_parse(&x->target, target) < 0;
    return x;
}

/* MHD_OPTION_NOTIFY_COMPLETED: the answer has gone or the client has. */
static void completed(void *ctx, struct MHD_Connection *connection, void **slot,
                      enum MHD_RequestTerminationCode code)
{
    (void)ctx, (void)connection, (void)code;
    struct http_exchange *x = *slot;
    if (!x)
        return;
    *slot = NULL;
    deadline_restart(x->deadline);
    x->server->has_moved = true;
    bool is_owed = x->state == EXCHANGE_PENDING;
    if (is_owed)
        x->server->n_pending--;
    if (is_owed && !x->server->is_stopping)
        exchange_leave(x);
    else
        exchange_release(x);
}

/* An eighth of the places is left for who comes while the others are held. */
static void note_crowd(struct http_server *server)
{
    unsigned max = server->options.connections_max;
    deadlines_hurry(&server->deadlines, server->n_connections >= max - max / 8);
}

static void count_connection(struct http_server *server)
{
    struct clock clock = loop_clock(server->loop);
    int64_t now_ms = clock_mono_ms(&clock);
    server->n_connections++;
    note_crowd(server);
    if (server->n_connections < server->options.connections_max || !server->options.log ||
        now_ms < server->crowd_told_ms + CROWD_TOLD_MS)
        return;
    server->crowd_told_ms = now_ms;
    log_warn(server->options.log, "all connections are taken: who comes now waits",
             LOG_INT("connections", server->n_connections));
}

/* MHD_OPTION_NOTIFY_CONNECTION */
static void connection_changed(void *ctx, struct MHD_Connection *connection, void **slot,
                               enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = ctx;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *slot = mem_alloc(sizeof(struct deadline));
        deadline_begin(&server->deadlines, *slot, info->connect_fd);
        count_connection(server);
    } else {
        deadline_stop(*slot);
        free(*slot);
        *slot = NULL;
        server->has_room = true;
        server->n_connections--;
        note_crowd(server);
    }
}

/* MHD_OPTION_UNESCAPE_CALLBACK: decoding is ours, so the library's is left out. */
static size_t leave_escaped(void *ctx, struct MHD_Connection *connection, char *text)
{
    (void)ctx, (void)connection;
    return strlen(text);
}

/* MHD_OPTION_EXTERNAL_LOGGER: clients that hang up and the like. */
static void log_message(void *ctx, const char *fmt, va_list args)
{
    struct http_server *server = ctx;
    if (!server->options.log || !log_has_level(server->options.log, LOG_DEBUG))
        return;
    char text[512];
/* The format is the library's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(text, sizeof(text), fmt, args);
#pragma GCC diagnostic pop
    log_debug(server->options.log, "http server", LOG_SLICE("detail", slice_trim(slice_str(text))));
}

/* ---- On the loop ---------------------------------------------------------------------------- */

static void run(struct http_server *server)
{
    server->is_running = true;
    server->has_resumed = server->has_moved = false;
    MHD_run(server->daemon);
    if (!list_is_empty(&server->former))
        handover_run(server);
    server->is_running = false;
}

static void daemon_ready(void *ctx, int events)
{
    (void)events;
    run(ctx);
}

static void timeout_due(void *ctx)
{
    run(ctx);
}

/* ---- The daemon ------------------------------------------------------------------------------ */

static int start_daemon(struct http_server *server, struct err *err)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    if (server->tls_cert && late_tls_open(err) < 0)
        return -1;
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            (server->tls_cert ? MHD_USE_TLS : 0),
        0, NULL, NULL, handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_message, server,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)server->listener.fd, MHD_OPTION_URI_LOG_CALLBACK,
        see_target, server, MHD_OPTION_NOTIFY_COMPLETED, completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, NULL, MHD_OPTION_CONNECTION_LIMIT, server->options.connections_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_ARRAY,
        server->tls_cert ? tls : none, MHD_OPTION_END);
    if (!server->daemon)
        return err_set(err, ERR_IO, "cannot start the HTTP server on %s", server->listener.address);
    int fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    server->io = loop_io_new(server->loop, fd, LOOP_READ, daemon_ready, server);
    return 0;
}

/* Not while the library runs, as it does where a route asked for it. */
static void take_over(struct http_server *server)
{
    struct err err = {0};
    server->has_new_pair = false;
    if (server->listener.fd < 0)
        return;
    handover_retire(server, daemon_ready);
    if (start_daemon(server, &err) < 0)
        die("%s by a certificate that was checked", err.message);
}

/* ---- Before the loop sleeps ------------------------------------------------------------------ */

/* When a daemon wants to be run next: 0 at once, -1 when something happens. */
static int64_t wait_ms(struct http_server *server)
{
    int64_t ms = patience_wait_ms(server);
    int64_t former_ms = handover_wait_ms(server);
    return former_ms >= 0 && (ms < 0 || former_ms < ms) ? former_ms : ms;
}

static void before_sleep(void *ctx)
{
    struct http_server *server = ctx;
    server->has_dispatched = false;
    if (server->has_new_pair)
        take_over(server);
    int64_t ms = wait_ms(server);
    if (ms == 0 || server->has_room) {
        server->has_room = false;
        run(server);
        ms = wait_ms(server);
    }
    /* Routes that were called just now may have made work for hooks that have run already. */
    if (ms == 0 || server->has_dispatched || server->has_room)
        loop_hurry(server->loop);
    /* Only what takes long to answer times out there, all after the same time: an earlier timer is never
       too late. */
    if (ms > 0 && !loop_timer_is_active(server->timer))
        loop_timer_start(server->timer, ms);
}

/* ---- Public --------------------------------------------------------------------------------- */

struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options,
                                    struct err *err)
{
    struct http_server *server = mem_calloc(1, sizeof(*server));
    server->options = *options;
    server->options.listen = server->options.tls_cert = server->options.tls_key =
        NULL; /* not kept */
    if (server->options.connections_max == 0)
        server->options.connections_max = CONNECTIONS_MAX;
    server->loop = loop;
    server->crowd_told_ms = -CROWD_TOLD_MS;
    list_init(&server->former);
    for (size_t i = 0; i < EXCHANGE_PLACES; i++)
        list_init(&server->at[i]);
    server->tls_cert = options->tls_cert ? mem_strdup(options->tls_cert) : NULL;
    server->tls_key = options->tls_key ? mem_strdup(options->tls_key) : NULL;
    patience_init(server);
    drain_init(&server->drain, loop);
    deadlines_init(&server->deadlines, loop,
                   options->receive_ms > 0 ? options->receive_ms : RECEIVE_MS);
    if (listener_open(&server->listener, options->listen, err) < 0 ||
        start_daemon(server, err) < 0) {
        http_server_free(server);
        return NULL;
    }
    server->timer = loop_timer_new(loop, timeout_due, server);
    server->prepare = loop_prepare_new(loop, before_sleep, server);
    return server;
}

void http_server_set_tls(struct http_server *server, const char *cert, const char *key)
{
    assert(server->tls_cert);
    if (strcmp(cert, server->tls_cert) == 0 && strcmp(key, server->tls_key) == 0)
        return;
    free(server->tls_cert);
    free(server->tls_key);
    server->tls_cert = mem_strdup(cert);
    server->tls_key = mem_strdup(key);
    server->has_new_pair = true;
    loop_hurry(server->loop);
}

void http_server_set_body_max(struct http_server *server, size_t body_max)
{
    server->options.body_max = body_max;
}

void http_server_quiesce(struct http_server *server)
{
    if (server->listener.fd < 0)
        return;
    MHD_quiesce_daemon(server->daemon);
    listener_stop(&server->listener);
}

static void stop_daemon(struct http_server *server)
{
    /* The library refuses to stop while requests are suspended. */
    list_each (it, &server->at[EXCHANGE_SUSPENDED])
        MHD_resume_connection(list_entry(it, struct http_exchange, link)->connection);
    server->is_stopping = true;
    if (server->listener.fd >= 0)
        MHD_quiesce_daemon(server->daemon);
    MHD_stop_daemon(server->daemon);
    handover_end(server);
    list_each (it, &server->at[EXCHANGE_GONE])
        exchange_release(list_entry(it, struct http_exchange, link));
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    assert(!server->is_running);
    loop_io_free(server->io);
    loop_timer_free(server->timer);
    loop_prepare_free(server->prepare);
    if (server->daemon)
        stop_daemon(server);
    listener_close(&server->listener);
    patience_deinit(server);
    drain_deinit(&server->drain);
    deadlines_deinit(&server->deadlines);
    free(server->tls_cert);
    free(server->tls_key);
    exchange_free_all(server);
    free(server);
}

const char *http_server_address(const struct http_server *server)
{
    return server->listener.address;
}

size_t http_server_pending(const struct http_server *server)
{
    return server->n_pending;
}
