/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* http.*: a request from what a script wrote, and the wait for its answer. */
#include <math.h>
#include <string.h>

#include <lauxlib.h>

#include "base/percent.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "event/trace.h"
#include "script/answer.h"
#include "script/argument.h"
#include "script/auth.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/digits.h"
#include "script/document.h"
#include "script/machine.h"
#include "script/options.h"
#include "script/secret.h"

enum {
    HTTP_JSON,
    HTTP_BODY,
    HTTP_FORM,
    HTTP_QUERY,
    HTTP_HEADERS,
    HTTP_TIMEOUT,
    HTTP_ACCEPT,
    HTTP_COMPRESS,
    HTTP_FOLLOW,
    HTTP_AUTH,
    HTTP_CACHE,
};
static const struct option http_rows[] = {
    {"json", OPTION_ANY, NULL},
    {"body", OPTION_TEXT, NULL},
    {"form", OPTION_TABLE, "a table of names and values"},
    {"query", OPTION_TABLE, "a table of names and values"},
    {"headers", OPTION_TABLE, "a table of header names and values"},
    {"timeout", OPTION_DURATION, NULL},
    {"accept", OPTION_ANY, NULL},
    {"compress", OPTION_BOOLEAN, NULL},
    {"follow", OPTION_ANY, NULL},
    {"auth", OPTION_ANY, NULL},
    {"cache", OPTION_DURATION, NULL},
};

const struct option_set options_of_http = {"http", http_rows, (int)ARRAY_LEN(http_rows),
                                           "what is sent goes into `json`, as in { json = data }"};

/* The stack of startRequest and finishRequest: what they were called with, then the options. */
enum { ARG_WHAT = 1, ARG_METHOD, ARG_URL, ARG_OPTIONS, FIRST };
#define OPTION(row) (FIRST + (row))

#define HANDLER_TIMEOUT_MS 10000
#define FOLLOW_DEFAULT 5
#define FOLLOW_MAX 20
#define METHOD_MAX 40
#define HEADERS_MAX 100
/* Bytes of a URL with its query, and of all headers. */
#define URL_MAX (1u << 20)
#define HEADERS_LEN_MAX (1u << 20)
/* Bytes that are encoded between two looks at whether to go on. */
#define BYTES_BETWEEN_LOOKS 4096

/* A request that is being put together; its bytes stand in the machine's scratch and
   on the stack. */
struct request {
    lua_State *L;
    struct script_machine *m;
    const char *what; /* "http.post" */
    struct script_request out;
    size_t headers_len;
    size_t made_len; /* of a body that is the script's own */
    /* Named by the script, be it to leave them out. */
    bool has_content_type, has_key, has_trace, has_authorization, has_message_id;
    struct auth *auth; /* its own, filled in where it has one */
};

/* ---- names and values, percent-encoded ---- */

static void check_url_len(const struct request *r, size_t len)
{
    if (len > URL_MAX)
        machine_raise(r->L, "%s: the URL is longer than 1 MB; send so much as a body", r->what);
}

/* What is being written is bounded, and so is the time it takes. */
static void check_growth(const struct request *r, const struct buf *out)
{
    size_t memory_max = r->m->memory.max;
    if (out == &r->m->url)
        check_url_len(r, out->len);
    else if (out->len > memory_max)
        machine_raise_memory(r->L, memory_max);
    if (machine_is_stopping(r->L))
        machine_raise(r->L, "stopped");
}

static void add_encoded(struct request *r, struct buf *out, struct slice s, bool is_form)
{
    for (; s.len > 0; s = slice_from(s, BYTES_BETWEEN_LOOKS)) {
        check_growth(r, out);
        percent_add(out, slice_upto(s, BYTES_BETWEEN_LOOKS), is_form);
    }
}

/* One value as text on top of the stack: strings, numbers, booleans, secrets. */
static void add_value(struct request *r, const char *option, struct slice name, struct buf *out,
                      bool is_form)
{
    lua_State *L = r->L;
    int top = lua_gettop(L);
    if (lua_isboolean(L, top)) {
        buf_add_str(out, lua_toboolean(L, top) ? "true" : "false");
        return;
    }
    struct slice text = secret_or_text(L, top);
    if (!text.data)
        machine_raise(L, "%s: `%s.%.*s` must be a text, a number, true, false, or a list of such",
                      r->what, option, SLICE_FMT(name));
    add_encoded(r, out, text, is_form);
}

static void add_pair(struct request *r, const char *option, struct slice name, struct buf *out)
{
    lua_State *L = r->L;
    bool is_form = *option == 'f', is_list = lua_istable(L, -1);
    int n = is_list ? (int)lua_objlen(L, -1) : 1;
    for (int i = 1; i <= n; i++) {
        check_growth(r, out); /* where names and values are empty, too */
        if (out->len > 0 && !strchr("?&", out->data[out->len - 1]))
            buf_add_char(out, '&');
        add_encoded(r, out, name, is_form);
        buf_add_char(out, '=');
        if (is_list)
            lua_rawgeti(L, -1, i);
        else
            lua_pushvalue(L, -1);
        add_value(r, option, name, out, is_form);
        lua_pop(L, 1);
    }
}

/* "a=1&b=2" of the table at `index`, by name. */
static void add_pairs(struct request *r, int index, const char *option, struct buf *out)
{
    size_t from = r->m->keys.len;
    keys_push_all(r->L, index, &r->m->keys, option);
    for (size_t i = from; i < r->m->keys.len; i++) {
        struct slice name = r->m->keys.items[i].name;
        lua_pushlstring(r->L, name.data, name.len);
        lua_rawget(r->L, index);
        add_pair(r, option, name, out);
        lua_pop(r->L, 1);
    }
    r->m->keys.len = from;
}

/* ---- URL and method ---- */

static void read_method(struct request *r)
{
    struct slice method = secret_or_text(r->L, ARG_METHOD);
    if (method.len > METHOD_MAX)
        method.len = 0;
    for (size_t i = 0; i < method.len; i++)
        if (method.data[i] < 'A' || method.data[i] > 'Z')
            method.len = 0;
    if (lua_type(r->L, ARG_METHOD) != LUA_TSTRING || method.len == 0)
        machine_raise(r->L, "%s takes a method in capitals first, as in \"PROPFIND\"", r->what);
    r->out.method = method;
}

static void read_url(struct request *r)
{
    secret_make_url(r->L, ARG_URL);
    struct slice url =
        lua_type(r->L, ARG_URL) == LUA_TNUMBER ? SLICE_NULL : secret_or_text(r->L, ARG_URL);
    if (!url.data)
        machine_raise(r->L, "%s takes a URL as a string, not %s%s", r->what,
                      argument_describe(r->L, ARG_URL),
                      lua_istable(r->L, ARG_URL) ? ": write http.post(url, { json = … })" : "");
    check_url_len(r, url.len);
    if (!slice_has_prefix_nocase(url, SLICE_LIT("http://")) &&
        !slice_has_prefix_nocase(url, SLICE_LIT("https://")))
        machine_raise(
            r->L, "%s: the URL must begin with http:// or https://: \"%.*s\"", r->what,
            SLICE_FMT(secret_is(r->L, ARG_URL) ? SLICE_LIT("***") : slice_upto(url, 200)));
    digits_check(r->L, url, r->what, "the URL");
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.data[i] <= ' ' || url.data[i] == 0x7f)
            machine_raise(r->L,
                          "%s: the URL has white space or a control character in it; encode it "
                          "as in %%20, or use `query`",
                          r->what);
    r->out.url = url;
}

static void add_query(struct request *r)
{
    struct buf *out = &r->m->url;
    if (lua_isnil(r->L, OPTION(HTTP_QUERY)))
        return;
    size_t end = slice_find(r->out.url, '#');
    buf_clear(out);
    buf_add_slice(out, slice_upto(r->out.url, end));
    if (slice_find(buf_slice(out), '?') == out->len)
        buf_add_char(out, '?');
    add_pairs(r, OPTION(HTTP_QUERY), "query", out);
    if (out->data[out->len - 1] == '?')
        buf_truncate(out, out->len - 1);
    r->out.url = buf_slice(out);
}

/* ---- headers ---- */

static void add_header(struct request *r, struct slice name, struct slice value)
{
    struct script_machine *m = r->m;
    r->headers_len += name.len + value.len;
    if (r->out.n_headers == HEADERS_MAX)
        machine_raise(r->L, "%s: more than %d headers", r->what, HEADERS_MAX);
    if (r->headers_len > HEADERS_LEN_MAX)
        machine_raise(r->L, "%s: more than 1 MB of headers", r->what);
    if (r->out.n_headers == m->cap_headers) {
        m->cap_headers = m->cap_headers ? 2 * m->cap_headers : 16;
        m->headers = mem_realloc(m->headers, m->cap_headers * sizeof(*m->headers));
    }
    m->headers[r->out.n_headers++] = (struct script_header){name, value};
}

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return s.len > 0;
}

static bool has_line_break(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == '\r' || s.data[i] == '\n' || s.data[i] == '\0')
            return true;
    return false;
}

/* The value of header `name` is on top; a number's text stays on the stack, for the request
   to borrow. */
static void add_given_header(struct request *r, struct slice name)
{
    lua_State *L = r->L;
    int index = lua_gettop(L);
    r->has_content_type |= slice_is_equal_nocase(name, SLICE_LIT("content-type"));
    r->has_key |= slice_is_equal_nocase(name, SLICE_LIT("idempotency-key"));
    r->has_trace |= slice_is_equal_nocase(name, SLICE_LIT("traceparent"));
    r->has_authorization |= slice_is_equal_nocase(name, SLICE_LIT("authorization"));
    r->has_message_id |= slice_is_equal_nocase(name, SLICE_LIT("webhook-id"));
    if (!is_token(name))
        machine_raise(L, "%s: `%.*s` is no name of a header", r->what, SLICE_FMT(name));
    if (lua_isboolean(L, index) && !lua_toboolean(L, index))
        return;
    struct slice value = secret_or_text(L, index);
    if (!value.data)
        machine_raise(
            L, "%s: header `%.*s` must be a text, a number, a secret, or false to leave it out",
            r->what, SLICE_FMT(name));
    digits_check(L, value, r->what, "a header");
    if (has_line_break(value))
        machine_raise(L, "%s: header `%.*s` has a line break in its value", r->what,
                      SLICE_FMT(name));
    add_header(r, name, value);
}

static void add_given_headers(struct request *r)
{
    size_t from = r->m->keys.len;
    if (lua_isnil(r->L, OPTION(HTTP_HEADERS)))
        return;
    keys_push_all(r->L, OPTION(HTTP_HEADERS), &r->m->keys, "headers");
    luaL_checkstack(r->L, (int)(r->m->keys.len - from) + 10, "too many headers");
    for (size_t i = from; i < r->m->keys.len; i++) {
        lua_pushlstring(r->L, r->m->keys.items[i].name.data, r->m->keys.items[i].name.len);
        lua_rawget(r->L, OPTION(HTTP_HEADERS));
        add_given_header(r, r->m->keys.items[i].name);
    }
    r->m->keys.len = from;
}

static bool is_write(struct slice method)
{
    return slice_is_equal(method, SLICE_LIT("POST")) || slice_is_equal(method, SLICE_LIT("PUT")) ||
           slice_is_equal(method, SLICE_LIT("PATCH")) ||
           slice_is_equal(method, SLICE_LIT("DELETE"));
}

/* ID for the first writing request of an attempt, ID-2 for the second: the same at each attempt. */
static void add_idempotency_key(struct request *r)
{
    struct script_run *run = r->m->current;
    if (run->kind != RUN_ATTEMPT || run->is_verifying || r->has_key || !is_write(r->out.method))
        return;
    struct buf *key = &r->m->id;
    buf_clear(key);
    buf_add_slice(key, buf_slice(&run->delivery_id));
    if (++run->n_writes > 1)
        buf_printf(key, "-%u", run->n_writes);
    add_header(r, SLICE_LIT("Idempotency-Key"), buf_slice(key));
}

/* What the event belongs to goes on, and names this request as what calls the other system. */
static void add_trace(struct request *r)
{
    struct script_run *run = r->m->current;
    struct trace trace;
    if (!run->event || r->has_trace || !trace_of_event(&trace, run->event, &r->m->text))
        return;
    struct buf *value = &r->m->trace;
    buf_clear(value);
    trace_add_parent(value, &trace, rng_next(&r->m->rng) | 1);
    add_header(r, SLICE_LIT("traceparent"), buf_slice(value));
    if (trace.state.len > 0)
        add_header(r, SLICE_LIT("tracestate"), trace.state);
}

/* ---- body ---- */

/* A document that nobody touched leaves byte by byte as it came: one that nobody looked into, and an
   attempt's own data that are what they were. */
static void read_json_body(struct request *r)
{
    struct slice given = r->m->current->given;
    if (document_is_unread(r->L, OPTION(HTTP_JSON), &r->out.body))
        return;
    if (given.data && codec_is_same(r->L, OPTION(HTTP_JSON), given)) {
        r->out.body = given;
        return;
    }
    struct err err = {0};
    buf_clear(&r->m->body);
    if (codec_encode(r->L, OPTION(HTTP_JSON), CODEC_SECRETS, CODEC_MAX, "json", &r->m->body, &err) <
        0)
        codec_raise(r->L, r->what, &err);
    r->out.body = buf_slice(&r->m->body);
    r->made_len = r->out.body.len;
}

/* Returns the media type that belongs to it, or NULL. */
static const char *read_body(struct request *r)
{
    lua_State *L = r->L;
    int given = !lua_isnil(L, OPTION(HTTP_JSON)) + !lua_isnil(L, OPTION(HTTP_BODY)) +
                !lua_isnil(L, OPTION(HTTP_FORM));
    if (given > 1)
        machine_raise(L, "%s takes one of `json`, `body` and `form`", r->what);
    r->out.has_body = given == 1;
    if (!lua_isnil(L, OPTION(HTTP_JSON))) {
        read_json_body(r);
        return "application/json";
    }
    if (!lua_isnil(L, OPTION(HTTP_FORM))) {
        buf_clear(&r->m->body);
        add_pairs(r, OPTION(HTTP_FORM), "form", &r->m->body);
        r->out.body = buf_slice(&r->m->body);
        r->made_len = r->out.body.len;
        return "application/x-www-form-urlencoded";
    }
    if (given)
        r->out.body = secret_or_text(L, OPTION(HTTP_BODY));
    r->made_len = r->out.body.len;
    return NULL;
}

/* ---- auth ---- */

static void raise_auth(void *ctx, const char *name, const char *text)
{
    const struct request *r = ctx;
    (void)name;
    machine_raise(r->L, "%s: %s", r->what, text);
}

/* What its connector says, or the bus that a dead letter is published on. */
static const struct script_auth *default_auth(const struct script_run *run)
{
    if (run->kind != RUN_ATTEMPT)
        return NULL;
    if (run->connector == run->m->dead_letters)
        return bus_auth(run->m, run->event->channel);
    return run->connector->auth ? &run->connector->auth->public : NULL;
}

/* First of all, since it takes the machine's scratch. */
static void read_auth(struct request *r)
{
    lua_State *L = r->L;
    int index = OPTION(HTTP_AUTH);
    if (lua_isnil(L, index)) {
        r->out.auth = default_auth(r->m->current);
    } else if (lua_istable(L, index)) {
        if (!auth_read(L, index, raise_auth, r, r->auth))
            machine_raise(L, "%s: `auth` is wrong", r->what);
        r->out.auth = &r->auth->public;
    } else if (lua_toboolean(L, index)) {
        machine_raise(
            L,
            "%s: `auth` must be a table as in { bearer = secret \"TOKEN\" }, or false for "
            "none, not %s",
            r->what, argument_describe(L, index));
    }
}

static void check_auth(const struct request *r)
{
    const struct script_auth *auth = r->out.auth;
    bool is_own = auth == &r->auth->public;
    if (!auth)
        return;
    if (is_own && r->has_authorization &&
        (auth->bearer.data || auth->user.data || auth->token_url.data || auth->aws_key.data))
        machine_raise(r->L,
                      "%s: `auth` and `headers` both give an Authorization: leave one of them out",
                      r->what);
    if (auth->aws_key.data && r->out.follow > 0)
        machine_raise(r->L,
                      "%s: a request that is signed by auth.sigv4 is signed for one URL: leave "
                      "`follow` out",
                      r->what);
}

/* The same at each run of the handler for this event. */
static void add_handlers_id(struct script_run *run, struct buf *out)
{
    const struct slice parts[] = {run->event->channel, run->event->id, slice_str(run->what)};
    struct hash128 hash = hash_parts(parts, ARRAY_LEN(parts));
    text_add_hex(out, hash.bytes, sizeof(hash.bytes));
}

/* What is written is signed as a message: the delivery, for the first of an attempt, ID-2 for the
   second. */
static void add_message_id(struct request *r)
{
    struct script_run *run = r->m->current;
    bool is_signed =
        r->out.auth && r->out.auth->n_secrets > 0 && (is_write(r->out.method) || r->out.has_body);
    if (!is_signed || r->has_message_id || !run->event)
        return;
    struct buf *id = &r->m->message_id;
    buf_clear(id);
    if (run->kind == RUN_ATTEMPT)
        buf_add_slice(id, buf_slice(&run->delivery_id));
    else
        add_handlers_id(run, id);
    if (run->is_verifying) /* a question, which takes nobody's number */
        buf_add_str(id, "-verify");
    else if (++run->n_signed > 1)
        buf_printf(id, "-%u", run->n_signed);
    add_header(r, SLICE_LIT("webhook-id"), buf_slice(id));
}

/* ---- the rest ---- */

static void read_timeout(struct request *r)
{
    struct script_run *run = r->m->current;
    struct err err = {0};
    int64_t given = -1;
    if (!lua_isnil(r->L, OPTION(HTTP_TIMEOUT)) &&
        option_duration(r->L, OPTION(HTTP_TIMEOUT), &given, &err) < 0)
        machine_raise(r->L, "%s: `timeout`: %s", r->what, err.message);
    if (given == 0)
        machine_raise(r->L, "%s: `timeout` must be more than 0", r->what);
    int64_t left = HANDLER_TIMEOUT_MS;
    if (run->kind == RUN_ATTEMPT) {
        left = run->deadline_ms - clock_mono_ms(&r->m->clock);
        if (left <= 0)
            answer_raise_late(r->L, r->out.method, r->out.url);
        given = given > left ? left : given;
    }
    r->out.timeout_ms = given > 0 ? given : left;
}

/* What is asked by `verify` must be known as it is now. */
static void read_cache(struct request *r)
{
    struct err err = {0};
    int64_t max_age_ms = 0;
    if (lua_isnil(r->L, OPTION(HTTP_CACHE)))
        return;
    if (option_duration(r->L, OPTION(HTTP_CACHE), &max_age_ms, &err) < 0)
        machine_raise(r->L, "%s: `cache`: %s", r->what, err.message);
    if (!slice_is_equal(r->out.method, SLICE_LIT("GET")))
        machine_raise(r->L, HTTP_CACHE_IS_FOR_GET, r->what);
    r->out.max_age_ms = r->m->current->is_verifying ? 0 : max_age_ms;
}

static void read_follow(struct request *r)
{
    lua_State *L = r->L;
    int index = OPTION(HTTP_FOLLOW);
    if (lua_isnil(L, index))
        return;
    lua_Number n = lua_isboolean(L, index)             ? lua_toboolean(L, index) * FOLLOW_DEFAULT
                   : lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index)
                                                       : -1;
    if (!(n >= 0 && n <= FOLLOW_MAX && n == floor(n)))
        machine_raise(L,
                      "%s: `follow` must be true, false, or how many redirects to follow (to %d)",
                      r->what, FOLLOW_MAX);
    r->out.follow = (unsigned)n;
}

static void build(struct request *r)
{
    read_auth(r);
    read_method(r);
    read_url(r);
    add_query(r);
    answer_check_accept(r->L, OPTION(HTTP_ACCEPT), r->what);
    read_follow(r);
    r->out.compressed = lua_toboolean(r->L, OPTION(HTTP_COMPRESS));
    add_given_headers(r);
    const char *media_type = read_body(r);
    if (media_type && !r->has_content_type)
        add_header(r, SLICE_LIT("Content-Type"), slice_str(media_type));
    read_timeout(r);
    read_cache(r);
    add_idempotency_key(r);
    check_auth(r);
    add_message_id(r);
    add_trace(r);
    r->out.headers = r->m->headers;
}

/* startRequest(what, method, url, options): gives control back until script_answer. */
static int http_start(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct auth auth;
    struct request r = {.L = L, .m = m, .what = lua_tostring(L, ARG_WHAT), .auth = &auth};
    struct option_set options = options_of_http;
    options.what = r.what;
    struct err err = {0};
    lua_settop(L, ARG_OPTIONS);
    struct script_run *run = machine_check_can_wait(L, r.what);
    options_read_or_raise(L, ARG_OPTIONS, &options);
    build(&r);
    run->requested = r.out.url.len + r.headers_len + r.made_len;
    machine_hold(L, run, run->requested);
    run->request = m->ports->http_send(m->ports->ctx, run, &r.out, &err);
    if (!run->request) {
        machine_release(run, run->requested);
        machine_raise(L, "%s: %s", r.what, err.message);
    }
    run->is_writing = is_write(r.out.method);
    run->pause = PAUSE_REQUEST;
    return lua_yield(L, 0);
}

/* finishRequest(what, method, url, options): after it. */
static int http_finish(lua_State *L)
{
    lua_settop(L, ARG_OPTIONS);
    if (lua_istable(L, ARG_OPTIONS)) {
        lua_pushliteral(L, "accept");
        lua_rawget(L, ARG_OPTIONS);
    } else {
        lua_pushnil(L);
    }
    return answer_finish(L, secret_or_text(L, ARG_METHOD), secret_or_text(L, ARG_URL), FIRST);
}

static const luaL_Reg host_functions[] = {
    {"startRequest", http_start},
    {"finishRequest", http_finish},
    {NULL, NULL},
};

void http_open(lua_State *L)
{
    bindings_add_host(L, host_functions);
}
