/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The life of the connection: opened, judged by its head, read, lost, opened again. What is read
 * goes through the intake; when that is full, or the host says so, the stream is paused.
 */
#include "channel/sse.h"

#include <stdlib.h>

#include "base/buf.h"
#include "channel/reconnect.h"
#include "channel/sse_intake.h"
#include "channel/sse_request.h"

/* As many as browsers follow (Fetch, "HTTP-redirect fetch"). */
#define REDIRECTS_MAX 20

struct sse {
    struct channel base;
    struct sse_request request;
    struct sse_intake intake;
    struct reconnect reconnect;
    struct http_stream *stream; /* NULL between connections */
    struct loop_timer *timer;   /* the next connection */
    bool is_paused;             /* by the host */
    bool is_held;               /* the stream is paused */
    bool is_connected;
    bool is_stopped;
    bool has_told; /* the log knows that it is connected, and `problem` otherwise */
    bool has_warned_of_ids;
    int64_t since_ms;
    struct buf problem; /* empty: none */
};

static struct sse *sse_of(const struct channel *c)
{
    return container_of(c, struct sse, base);
}

/* ---- what is shown ---- */

static void set_connected(struct sse *s, bool is_connected)
{
    if (s->is_connected != is_connected)
        s->since_ms = clock_wall_ms(&s->base.host->clock);
    s->is_connected = is_connected;
}

/* Logged when it is another than before: not at each attempt. */
static void set_problem(struct sse *s, struct slice problem)
{
    if (slice_is_equal(buf_slice(&s->problem), problem))
        return;
    buf_clear(&s->problem);
    buf_add_slice(&s->problem, problem);
    s->has_told = false;
    log_warn(s->base.host->log, "channel disconnected", LOG_STR("channel", s->base.name),
             LOG_SLICE("reason", problem));
}

static void tell_connected(struct sse *s)
{
    buf_clear(&s->problem);
    set_connected(s, true);
    if (!s->has_told)
        log_info(s->base.host->log, "channel connected", LOG_STR("channel", s->base.name));
    s->has_told = true;
}

static void warn_of_ids(struct sse *s)
{
    if (s->has_warned_of_ids || !s->intake.has_any || s->intake.has_id)
        return;
    s->has_warned_of_ids = true;
    log_warn(s->base.host->log,
             "the bus sends events without ids: what it sends while not connected is lost",
             LOG_STR("channel", s->base.name));
}

/* ---- flow ---- */

static void update_flow(void *ctx)
{
    struct sse *s = ctx;
    bool hold = s->is_paused || sse_intake_is_full(&s->intake);
    if (!s->is_connected || hold == s->is_held)
        return;
    s->is_held = hold;
    if (hold)
        http_stream_pause(s->stream);
    else
        http_stream_resume(s->stream);
}

/* ---- ends of a connection ---- */

static void disconnected(struct sse *s)
{
    s->stream = NULL;
    s->is_held = false;
    set_connected(s, false);
}

/* In good order: it is how some buses free their connections, hence no problem. */
static void ended(struct sse *s)
{
    disconnected(s);
    reconnect_succeeded(&s->reconnect);
    log_debug(s->base.host->log, "stream ended, connecting again",
              LOG_STR("channel", s->base.name));
    loop_timer_start(s->timer, reconnect_after_end(&s->reconnect, s->base.host->rng));
}

/* It served its purpose until it broke. */
static void lost(struct sse *s, struct slice why)
{
    disconnected(s);
    set_problem(s, why);
    loop_timer_start(s->timer, reconnect_after_end(&s->reconnect, s->base.host->rng));
}

/* It brought nothing. */
static void failed(struct sse *s, struct slice why, int64_t asked_ms)
{
    disconnected(s);
    set_problem(s, why);
    loop_timer_start(s->timer, reconnect_after_failure(&s->reconnect, asked_ms, s->base.host->rng));
}

static void stopped(struct sse *s)
{
    disconnected(s);
    s->is_stopped = true;
    s->since_ms = clock_wall_ms(&s->base.host->clock);
    buf_clear(&s->problem);
    buf_add_str(&s->problem,
                "stopped by the bus: it answered 204, which asks clients not to come back");
    log_warn(s->base.host->log, "channel stopped", LOG_STR("channel", s->base.name),
             LOG_SLICE("reason", buf_slice(&s->problem)));
}

/* ---- the answer's head ---- */

static int64_t asked_delay_ms(const struct sse *s, struct http_headers headers)
{
    int64_t delay_ms;
    struct slice after = http_header_get(headers, "Retry-After");
    struct slice date = http_header_get(headers, "Date");
    int64_t now_ms = clock_wall_ms(&s->base.host->clock);
    if (!after.data || !http_parse_retry_after(after, date, now_ms, &delay_ms))
        return 0;
    return delay_ms;
}

static const char *hint_for(int status)
{
    switch (status) {
    case 401:
    case 407:
        return ": credentials are missing or wrong";
    case 403:
        return ": these credentials may not read it";
    case 404:
    case 410:
        return ": there is no such stream";
    default:
        return "";
    }
}

static void refused(struct sse *s, int status, struct http_headers headers)
{
    struct buf why = {0};
    buf_printf(&why, "the bus answered %d%s", status, hint_for(status));
    failed(s, buf_slice(&why), asked_delay_ms(s, headers));
    buf_deinit(&why);
}

static void wrong_type(struct sse *s, struct slice content_type)
{
    struct buf why = {0};
    buf_printf(&why, "the bus answered with %s%.*s instead of text/event-stream",
               content_type.len > 0 ? "" : "no Content-Type",
               SLICE_FMT(slice_upto(content_type, 100)));
    failed(s, buf_slice(&why), 0);
    buf_deinit(&why);
}

static bool on_head(void *ctx, int status, struct http_headers headers)
{
    struct sse *s = ctx;
    struct slice content_type = http_header_get(headers, "Content-Type");
    if (status == 204) {
        stopped(s);
    } else if (status != 200) {
        refused(s, status, headers);
    } else if (!slice_is_equal_nocase(http_media_type(content_type),
                                      SLICE_LIT("text/event-stream"))) {
        wrong_type(s, content_type);
    } else {
        tell_connected(s);
        update_flow(s);
        return true;
    }
    return false;
}

/* ---- its body ---- */

static void on_bytes(void *ctx, struct slice bytes)
{
    struct sse *s = ctx;
    sse_intake_feed(&s->intake, bytes);
    if (s->intake.has_message)
        reconnect_succeeded(&s->reconnect);
    int64_t retry_ms = sse_intake_retry_ms(&s->intake);
    if (retry_ms >= 0)
        reconnect_set_base(&s->reconnect, retry_ms);
    warn_of_ids(s);
    update_flow(s);
}

static void on_end(void *ctx, enum http_failure failure, struct slice error)
{
    struct sse *s = ctx;
    if (s->is_connected && failure == HTTP_OK)
        ended(s);
    else if (s->is_connected && s->intake.has_message)
        lost(s, error);
    else
        failed(s, error.len > 0 ? error : SLICE_LIT("the bus gave no answer"), 0);
}

/* ---- connecting ---- */

static int connect_now(struct sse *s, struct err *err)
{
    static const struct http_stream_events events = {on_head, on_bytes, on_end};
    const struct http_stream_request request = {
        .url = slice_str(s->request.url),
        .headers = sse_request_headers(&s->request, sse_intake_last_id(&s->intake)),
        .auth = s->request.auth,
        .follow = REDIRECTS_MAX,
        .connect_timeout_ms = SSE_SILENCE_MS,
        .silence_ms = SSE_SILENCE_MS,
    };
    sse_intake_begin(&s->intake);
    s->stream = http_stream_open(s->base.host->http, &request, &events, s, err);
    return s->stream ? 0 : -1;
}

static void on_timer(void *ctx)
{
    struct sse *s = ctx;
    struct err err = {0};
    if (connect_now(s, &err) < 0)
        failed(s, slice_str(err.message), 0);
}

/* ---- the kind ---- */

static void sse_close(struct channel *c)
{
    struct sse *s = sse_of(c);
    http_stream_close(s->stream);
    loop_timer_free(s->timer);
    sse_intake_deinit(&s->intake);
    sse_request_deinit(&s->request);
    buf_deinit(&s->problem);
    channel_deinit(&s->base);
    free(s);
}

static struct channel *sse_open(const struct channel_options *options,
                                const struct channel_host *host, struct err *err)
{
    struct sse *s = mem_calloc(1, sizeof(*s));
    channel_init(&s->base, &channel_sse, options, host);
    int result = sse_request_init(&s->request, options, err);
    struct slice first = slice_str(s->request.first_event_id);
    sse_intake_init(&s->intake, &s->base, options->position.data ? options->position : first,
                    update_flow, s);
    reconnect_init(&s->reconnect);
    s->timer = loop_timer_new(host->loop, on_timer, s);
    s->since_ms = clock_wall_ms(&host->clock);
    if (result < 0 || connect_now(s, err) < 0) {
        sse_close(&s->base);
        return NULL;
    }
    return &s->base;
}

static int sse_check(const struct channel_options *options, struct err *err)
{
    struct sse_request request;
    int result = sse_request_init(&request, options, err);
    sse_request_deinit(&request);
    return result;
}

/* From the last event that was taken on, as after any other end of a connection. */
static void sse_change(struct channel *c, const struct channel_options *options)
{
    struct sse *s = sse_of(c);
    struct err err = {0};
    http_stream_close(s->stream);
    disconnected(s);
    channel_rename(c, options);
    sse_request_deinit(&s->request);
    s->is_stopped = s->has_told = false;
    buf_clear(&s->problem);
    if (sse_request_init(&s->request, options, &err) < 0)
        die("the channel %s was changed by options that weren't checked", s->base.name);
    loop_timer_start(s->timer, 0);
}

static void sse_pause(struct channel *c)
{
    struct sse *s = sse_of(c);
    s->is_paused = true;
    update_flow(s);
}

static void sse_resume(struct channel *c)
{
    struct sse *s = sse_of(c);
    s->is_paused = false;
    sse_intake_retry(&s->intake);
    update_flow(s);
}

static void sse_status(const struct channel *c, struct channel_status *out)
{
    const struct sse *s = sse_of(c);
    bool has_position = sse_intake_last_id(&s->intake).len > 0;
    *out = (struct channel_status){
        .is_connected = s->is_connected,
        .is_resumable = has_position,
        .has_resume_known = has_position || s->intake.has_any,
        .is_stopped = s->is_stopped,
        .since_ms = s->since_ms,
        .last_event_ms = s->intake.last_event_ms,
        .problem = s->problem.len > 0 ? s->problem.data : NULL,
    };
}

const struct channel_kind channel_sse = {
    .schemes = {"http", "https"},
    .check = sse_check,
    .open = sse_open,
    .change = sse_change,
    .pause = sse_pause,
    .resume = sse_resume,
    .status = sse_status,
    .close = sse_close,
};
