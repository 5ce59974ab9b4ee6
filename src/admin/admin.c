/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/admin.h"

#include <stdlib.h>

#include "admin/routes.h"
#include "admin/streams.h"
#include "base/buf.h"
#include "channel/embedded.h"

static void route_events(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    embedded_post(engine_embedded(a->engine), x);
}

static void route_events_stream(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    streams_add(a->streams, x);
}

static void add_header(struct http_exchange *x, const char *name, struct slice value)
{
    char *text = slice_dup(value);
    http_exchange_add_header(x, name, text);
    free(text);
}

static bool is_number(struct slice text)
{
    int64_t number;
    return json_get_integer(text, &number) == 0;
}

/* The handshake of CloudEvents' webhooks (HTTP 1.1 Web Hooks for Event Delivery 1.0, 4): who may send
   is a matter of tokens, so that every origin is allowed, at the rate that it asks for. */
static void route_events_handshake(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    struct slice origin = http_exchange_header(x, "WebHook-Request-Origin");
    struct slice rate = http_exchange_header(x, "WebHook-Request-Rate");
    http_exchange_add_header(x, "Allow", "GET, HEAD, OPTIONS, POST");
    if (origin.len > 0) {
        add_header(x, "WebHook-Allowed-Origin", origin);
        add_header(x, "WebHook-Allowed-Rate", is_number(rate) ? rate : SLICE_LIT("*"));
    }
    http_exchange_reply(x, 200, NULL, SLICE_NULL);
}

static const struct http_route routes[] = {
    {"OPTIONS", "/events", route_events_handshake},
    {"POST", "/events", route_events},
    {"GET", "/events", route_events_stream},
    {"GET", "/healthz", route_healthz},
    {"GET", "/readyz", route_readyz},
    {"GET", "/metrics", route_metrics},
    {"GET", "/api/status", route_status},
    {"POST", "/api/journal/confirm", route_journal_confirm},
    {"GET", "/api/scripts", route_scripts},
    {"POST", "/api/reload", route_reload},
    {"GET", "/api/connectors", route_connectors},
    {"POST", "/api/connectors/*/pause", route_connector_pause},
    {"POST", "/api/connectors/*/resume", route_connector_resume},
    {"POST", "/api/replay", route_replay},
    {"GET", "/api/replay", route_replays},
    {"DELETE", "/api/replay", route_replay_stop},
    {"POST", "/api/try", route_try},
    {"GET", "/api/events", route_event_list},
    {"GET", "/api/events/*", route_event},
    {"GET", "/api/tail", route_tail},
    {"GET", "/api/deliveries", route_deliveries},
    {"GET", "/api/deliveries/*", route_delivery},
    {"GET", "/api/dead-letters", route_letters},
    {"POST", "/api/dead-letters/retry", route_letters_retry},
    {"GET", "/api/dead-letters/*", route_letter},
    {"PATCH", "/api/dead-letters/*", route_letter_edit},
    {"DELETE", "/api/dead-letters/*", route_letter_drop},
    {"POST", "/api/dead-letters/*/retry", route_letter_retry},
    {"GET", "/api/dead-letters/*/request", route_letter_request},
};

static struct http_server *open_server(struct admin *a, const struct admin_options *options,
                                       struct err *err)
{
    struct buf cert = {0}, key = {0};
    struct http_server *server = NULL;
    if (config_read_tls(options->config, &cert, &key, err) < 0)
        goto out;
    const struct http_server_options server_options = {
        .listen = options->config->listen,
        .tls_cert = cert.data,
        .tls_key = key.data,
        .routes = routes,
        .n_routes = ARRAY_LEN(routes),
        .ctx = a,
        .body_max = (size_t)options->config->body_max,
        .log = options->log,
        .admit = access_admit,
    };
    server = http_server_new(options->loop, &server_options, err);
out:
    buf_deinit(&cert);
    buf_deinit(&key);
    return server;
}

struct admin *admin_open(const struct admin_options *options, struct err *err)
{
    struct admin *a = mem_calloc(1, sizeof(*a));
    a->config = options->config;
    a->loop = options->loop;
    a->log = options->log;
    a->metrics = metrics_new();
    list_init(&a->pending);
    a->server = open_server(a, options, err);
    if (!a->server) {
        admin_free(a);
        return NULL;
    }
    return a;
}

void admin_serve(struct admin *a, struct engine *e)
{
    a->engine = e;
    a->streams = streams_new(a->loop, e);
}

void admin_reload(struct admin *a)
{
    struct buf cert = {0}, key = {0};
    struct err err = {0};
    http_server_set_body_max(a->server, (size_t)a->config->body_max);
    if (config_read_tls(a->config, &cert, &key, &err) < 0) /* it was sound a moment ago */
        log_error(a->log, "the certificate stays", LOG_STR("error", err.message));
    else if (cert.data)
        http_server_set_tls(a->server, cert.data, key.data);
    buf_deinit(&cert);
    buf_deinit(&key);
}

const char *admin_address(const struct admin *a)
{
    return http_server_address(a->server);
}

size_t admin_pending(const struct admin *a)
{
    size_t n = http_server_pending(a->server);
    return a->streams ? n + streams_closing(a->streams) : n;
}

void admin_quiesce(struct admin *a)
{
    http_server_quiesce(a->server);
    if (a->streams)
        streams_end(a->streams);
}

void admin_close(struct admin *a)
{
    if (!a)
        return;
    http_server_free(a->server);
    a->server = NULL;
    if (a->streams)
        streams_close(a->streams);
}

void admin_free(struct admin *a)
{
    if (!a)
        return;
    while (!list_is_empty(&a->pending)) {
        struct pending *p = list_first(&a->pending, struct pending, link);
        p->free(p);
    }
    streams_free(a->streams);
    metrics_free(a->metrics);
    free(a);
}

/* ---- answers that the reader's thread writes ---- */

void *pending_new(struct admin *a, size_t size, void (*free_fn)(void *self))
{
    struct pending *p = mem_calloc(1, size);
    list_add_tail(&a->pending, &p->link);
    p->free = free_fn;
    return p;
}

static void free_rendering(void *self)
{
    rendering_free(self);
}

struct rendering *rendering_new(struct http_exchange *x)
{
    struct rendering *r = mem_calloc(1, sizeof(*r));
    r->pending.free = free_rendering;
    list_init(&r->pending.link);
    r->x = x;
    r->status = 200;
    r->writer.out = &r->out;
    return r;
}

void rendering_free(struct rendering *r)
{
    list_remove(&r->pending.link);
    filter_deinit(&r->filter);
    free(r->id);
    for (size_t i = 0; i < r->n_unkept; i++) {
        free(r->unkept[i].id);
        buf_deinit(&r->unkept[i].json);
    }
    free(r->unkept);
    free(r->in_flight);
    buf_deinit(&r->out);
    buf_deinit(&r->line);
    free(r);
}

void answer_failure(struct http_exchange *x, const struct err *err)
{
    int status = err->code == ERR_NOT_FOUND ? 404 : err->code == ERR_INVALID ? 400 : 500;
    http_exchange_problem(x, status, "%s", err->message);
}

static void on_rendered(void *ctx)
{
    struct rendering *r = ctx;
    if (r->err.code != ERR_NONE)
        answer_failure(r->x, &r->err);
    else
        http_exchange_reply(r->x, r->status, "application/json", buf_slice(&r->out));
    rendering_free(r);
}

void rendering_start(struct admin *a, struct rendering *r, journal_job_fn render)
{
    list_add_tail(&a->pending, &r->pending.link);
    journal_read(engine_journal(a->engine), render, on_rendered, r);
}
