/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/admin.h"

#include <stdlib.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "channel/embedded.h"

static void route_events(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    embedded_post(engine_embedded(a->engine), x);
}

static const struct http_route routes[] = {
    {"POST", "/events", route_events},
    {"GET", "/healthz", route_healthz},
    {"GET", "/readyz", route_readyz},
    {"GET", "/metrics", route_metrics},
    {"GET", "/api/status", route_status},
    {"POST", "/api/journal/confirm", route_journal_confirm},
    {"GET", "/api/dead-letters", route_letters},
    {"POST", "/api/dead-letters/retry", route_letters_retry},
    {"GET", "/api/dead-letters/*", route_letter},
    {"DELETE", "/api/dead-letters/*", route_letter_drop},
    {"POST", "/api/dead-letters/*/retry", route_letter_retry},
};

struct admin *admin_open(const struct admin_options *options, struct err *err)
{
    struct admin *a = mem_calloc(1, sizeof(*a));
    a->config = options->config;
    a->loop = options->loop;
    a->metrics = metrics_new();
    const struct http_server_options server = {
        .listen = options->config->listen,
        .routes = routes,
        .n_routes = ARRAY_LEN(routes),
        .ctx = a,
        .body_max = (size_t)options->config->body_max,
        .log = options->log,
        .admit = access_admit,
    };
    a->server = http_server_new(options->loop, &server, err);
    if (!a->server) {
        admin_close(a);
        return NULL;
    }
    return a;
}

void admin_serve(struct admin *a, struct engine *e)
{
    a->engine = e;
}

const char *admin_address(const struct admin *a)
{
    return http_server_address(a->server);
}

size_t admin_pending(const struct admin *a)
{
    return http_server_pending(a->server);
}

void admin_quiesce(struct admin *a)
{
    http_server_quiesce(a->server);
}

void admin_close(struct admin *a)
{
    if (!a)
        return;
    http_server_free(a->server);
    metrics_free(a->metrics);
    free(a);
}

/* ---- answers that the reader's thread writes ---- */

struct rendering *rendering_new(struct http_exchange *x)
{
    struct rendering *r = mem_calloc(1, sizeof(*r));
    r->x = x;
    r->status = 200;
    r->writer.out = &r->out;
    return r;
}

void rendering_free(struct rendering *r)
{
    for (size_t i = 0; i < ARRAY_LEN(r->text); i++)
        free(r->text[i]);
    free(r->id);
    buf_deinit(&r->out);
    free(r);
}

static void on_rendered(void *ctx)
{
    struct rendering *r = ctx;
    if (r->err.code != ERR_NONE)
        http_exchange_problem(r->x, r->err.code == ERR_NOT_FOUND ? 404 : 500, "%s", r->err.message);
    else
        http_exchange_reply(r->x, r->status, "application/json", buf_slice(&r->out));
    rendering_free(r);
}

void rendering_start(struct admin *a, struct rendering *r, journal_job_fn render)
{
    journal_read(engine_journal(a->engine), render, on_rendered, r);
}
