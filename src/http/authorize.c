/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/authorize.h"

#include <inttypes.h>

#include "base/base64.h"
#include "crypto/webhook.h"
#include "http/sigv4.h"

/* At most three of Standard Webhooks, and Authorization with three of AWS. */
#define ADDED_MAX 8

struct job {
    const struct http_request *request;
    const struct http_auth *auth;
    const struct http_url *url;
    struct slice token;
    int64_t unix_s;
    struct arena *arena;
    struct http_header *items; /* all that will be sent */
    size_t len;
};

void authorize_add_basic(struct buf *out, struct slice user, struct slice password)
{
    struct buf pair = {0};
    buf_printf(&pair, "%.*s:%.*s", SLICE_FMT(user), SLICE_FMT(password));
    buf_add_str(out, "Basic ");
    base64_add(out, buf_slice(&pair));
    buf_deinit(&pair);
}

bool authorize_needs_token(const struct http_request *request)
{
    return request->auth && request->auth->oauth2.token_url.data &&
           !http_header_find(request->headers, "Authorization");
}

/* ---- headers ---- */

static bool is_any(struct slice name, const char *const *names)
{
    for (; *names; names++)
        if (slice_is_equal_nocase(name, slice_str(*names)))
            return true;
    return false;
}

/* `value` is copied. */
static void add(struct job *job, const char *name, struct slice value)
{
    job->items[job->len++] = (struct http_header){slice_str(name), arena_copy(job->arena, value)};
}

/* What we say ourselves isn't said twice. */
static void add_given(struct job *job, struct http_headers given)
{
    static const char *const of_webhooks[] = {"webhook-timestamp", "webhook-signature", NULL};
    static const char *const of_aws[] = {"X-Amz-Date", "X-Amz-Security-Token", NULL};
    for (size_t i = 0; i < given.len; i++) {
        struct slice name = given.items[i].name;
        if ((job->auth->n_secrets > 0 && is_any(name, of_webhooks)) ||
            (job->auth->sigv4.key.data && is_any(name, of_aws)))
            continue;
        job->items[job->len++] = given.items[i];
    }
}

/* ---- Standard Webhooks ---- */

static int add_webhook(struct job *job, struct err *err)
{
    const struct http_auth *auth = job->auth;
    const struct http_header *id = http_header_find(job->request->headers, "webhook-id");
    struct buf text = {0};
    int rc = 0;
    if (auth->n_secrets == 0 || !id)
        return 0;
    for (size_t i = 0; rc == 0 && i < auth->n_secrets; i++) {
        if (i > 0)
            buf_add_char(&text, ' ');
        rc = webhook_add_signature(&text, auth->secrets[i], slice_trim(id->value), job->unix_s,
                                   job->request->body, err);
    }
    if (rc == 0) {
        add(job, "webhook-signature", buf_slice(&text));
        buf_clear(&text);
        buf_printf(&text, "%" PRId64, job->unix_s);
        add(job, "webhook-timestamp", buf_slice(&text));
    }
    buf_deinit(&text);
    return rc;
}

/* ---- AWS ---- */

/* Those that somebody on the way may change aren't signed. */
static struct http_headers signed_headers(const struct job *job)
{
    static const char *const passing[] = {"User-Agent", "Accept-Encoding", "Connection", "Expect",
                                          "TE",         "traceparent",     "tracestate", NULL};
    struct http_header *items = arena_alloc(job->arena, (job->len + 1) * sizeof(*items));
    size_t n = 0;
    for (size_t i = 0; i < job->len; i++)
        if (!is_any(job->items[i].name, passing))
            items[n++] = job->items[i];
    struct http_headers headers = {items, n};
    if (!http_header_find(headers, "Host"))
        items[headers.len++] = (struct http_header){SLICE_LIT("Host"), buf_slice(&job->url->host)};
    return headers;
}

static void add_sigv4(struct job *job)
{
    const struct http_sigv4 *by = &job->auth->sigv4;
    char time[SIGV4_TIME_LEN + 1], hash[SIGV4_HASH_LEN + 1];
    const struct http_header *given =
        http_header_find(job->request->headers, "X-Amz-Content-Sha256");
    struct buf value = {0};
    sigv4_format_time(time, job->unix_s);
    add(job, "X-Amz-Date", slice_str(time));
    if (by->token.data)
        add(job, "X-Amz-Security-Token", by->token);
    if (!given) { /* "UNSIGNED-PAYLOAD", else */
        sigv4_format_hash(hash, job->request->body);
        add(job, "X-Amz-Content-Sha256", slice_str(hash));
    }
    const struct sigv4_request request = {
        .method = job->request->method,
        .target = buf_slice(&job->url->path),
        .headers = signed_headers(job),
        .time = slice_str(time),
        .body_hash = given ? slice_trim(given->value) : slice_str(hash),
    };
    sigv4_add_authorization(&value, by, &request);
    add(job, "Authorization", buf_slice(&value));
    buf_deinit(&value);
}

/* ---- the whole ---- */

static void add_authorization(struct job *job)
{
    const struct http_auth *auth = job->auth;
    struct slice bearer = auth->bearer.data ? auth->bearer : job->token;
    struct buf value = {0};
    if (http_header_find(job->request->headers, "Authorization"))
        return;
    if (auth->sigv4.key.data) {
        add_sigv4(job);
        return;
    }
    if (auth->basic.user.data)
        authorize_add_basic(&value, auth->basic.user, auth->basic.password);
    else if (bearer.data)
        buf_printf(&value, "Bearer %.*s", SLICE_FMT(bearer));
    if (value.len > 0)
        add(job, "Authorization", buf_slice(&value));
    buf_deinit(&value);
}

int authorize(const struct http_request *request, const struct http_url *url, struct slice token,
              int64_t unix_s, struct arena *arena, struct http_headers *headers, struct err *err)
{
    struct job job = {
        .request = request,
        .auth = request->auth,
        .url = url,
        .token = token,
        .unix_s = unix_s,
        .arena = arena,
    };
    job.items = arena_alloc(arena, (request->headers.len + ADDED_MAX) * sizeof(*job.items));
    add_given(&job, request->headers);
    if (add_webhook(&job, err) < 0)
        return -1;
    add_authorization(&job);
    *headers = (struct http_headers){job.items, job.len};
    return 0;
}
