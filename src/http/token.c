/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/token.h"

#include <assert.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "crypto/hash.h"
#include "http/authorize.h"
#include "http/client_parts.h"

#define REQUEST_TIMEOUT_MS 10000
#define ANSWER_MAX ((size_t)256 * 1024)
/* Where the server doesn't say how long it is good. */
#define LIFE_DEFAULT_S 3600
#define LIFE_MAX_S INT64_C(31536000)
/* Between two questions: after one that was refused, and while the server is ill. */
#define REFUSED_MS 1000
#define ILL_BASE_MS 250
#define ILL_MAX_MS 5000
#define ASKED_MAX_MS 300000 /* of its Retry-After */
#define SHOWN_MAX 200

struct token {
    struct map_node node;
    struct hash128 key;
    struct tokens *tokens;
    struct http_auth *auth; /* of which the oauth2 counts */
    size_t n_refs;

    struct buf value, before;             /* the one before may still be under way */
    int64_t expires_at_ms, refresh_at_ms; /* monotonic */

    struct http_call *call; /* the question that is under way */
    int64_t ask_at_ms;      /* not before */
    unsigned n_ill;         /* questions in a row that the server was too ill to answer */
    bool is_refused;        /* the last one was */
    struct buf trouble;     /* what became of the last one; empty: all is well */

    struct list waits;
    struct loop_timer *timer;
};

static int64_t now_ms(const struct token *t)
{
    return clock_mono_ms(&t->tokens->client->clock);
}

/* ---- the answer ---- */

/* As it can stand in a header (RFC 6750, 2.1), by and large. */
static bool is_visible(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] <= ' ' || (unsigned char)s.data[i] >= 0x7f)
            return false;
    return s.len > 0;
}

static bool is_bearer(struct slice json)
{
    struct slice type;
    struct buf text = {0};
    if (!json_get(json, "token_type", &type))
        return true;
    bool is = json_get_string(type, &text) == 0 &&
              slice_is_equal_nocase(buf_slice(&text), SLICE_LIT("bearer"));
    buf_deinit(&text);
    return is;
}

/* A number, or as some have it one in quotes. */
static int64_t read_seconds(struct slice json)
{
    struct slice member;
    struct buf text = {0};
    int64_t seconds = -1;
    if (!json_get(json, "expires_in", &member))
        return -1;
    bool is_text = json_get_string(member, &text) == 0;
    if (json_get_integer(is_text ? buf_slice(&text) : member, &seconds) < 0 || seconds < 0)
        seconds = -1;
    buf_deinit(&text);
    return seconds;
}

int token_parse(struct slice json, struct buf *value, int64_t *expires_in_s, struct err *err)
{
    struct slice member;
    size_t from = value->len;
    if (json_check(json, NULL) < 0 || !json_is_object(json))
        return err_set(err, ERR_INVALID, "it is no JSON object");
    if (!is_bearer(json))
        return err_set(err, ERR_INVALID, "its token_type isn't Bearer");
    if (!json_get(json, "access_token", &member) || json_get_string(member, value) < 0)
        return err_set(err, ERR_INVALID, "it has no access_token");
    if (!is_visible(slice_from(buf_slice(value), from))) {
        buf_truncate(value, from);
        return err_set(err, ERR_INVALID, "its access_token can't stand in a header");
    }
    *expires_in_s = read_seconds(json);
    return 0;
}

/* "error" and "error_description" (RFC 6749, 5.2), where the answer has them. */
static void add_error(struct buf *out, struct slice json)
{
    static const char *const names[] = {"error", "error_description"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct slice member;
        struct buf text = {0};
        if (json_get(json, names[i], &member) && json_get_string(member, &text) == 0 &&
            text.len > 0 && slice_is_utf8(buf_slice(&text)))
            buf_printf(out, ": %.*s", SLICE_FMT(utf8_cut(buf_slice(&text), SHOWN_MAX)));
        buf_deinit(&text);
    }
}

/* ---- who waits ---- */

/* All who wait now, of whom each may wait again, or be gone with the next one. */
static void tell_all(struct token *t, struct slice value, struct slice why)
{
    struct http_client *client = t->tokens->client;
    struct buf value_copy = {0}, why_copy = {0};
    struct list waits;
    list_init(&waits);
    list_splice_tail(&waits, &t->waits);
    if (value.data)
        buf_add_slice(&value_copy, value);
    buf_add_slice(&why_copy, why);
    client_enter(client);
    while (!list_is_empty(&waits)) {
        struct token_wait *wait = list_first(&waits, struct token_wait, link);
        list_remove(&wait->link);
        wait->done(wait, buf_slice(&value_copy), buf_slice(&why_copy));
    }
    client_leave(client);
    buf_deinit(&value_copy);
    buf_deinit(&why_copy);
}

/* ---- the question's end ---- */

static void begin_trouble(struct token *t)
{
    buf_clear(&t->trouble);
    buf_printf(&t->trouble, "no token came from %.*s: ", SLICE_FMT(t->auth->oauth2.token_url));
}

static void take_value(struct token *t, struct buf *value, int64_t expires_in_s)
{
    int64_t life_ms = (expires_in_s < 0            ? LIFE_DEFAULT_S
                       : expires_in_s > LIFE_MAX_S ? LIFE_MAX_S
                                                   : expires_in_s) *
                      1000;
    struct mask *mask = t->tokens->mask;
    mask_remove_passing(mask, buf_slice(&t->before));
    buf_deinit(&t->before);
    t->before = t->value;
    t->value = *value;
    *value = (struct buf){0};
    mask_add_passing(mask, buf_slice(&t->value));
    t->expires_at_ms = now_ms(t) + life_ms;
    t->refresh_at_ms = now_ms(t) + life_ms / 5 * 4;
    t->ask_at_ms = 0;
    t->n_ill = 0;
    t->is_refused = false;
    buf_clear(&t->trouble);
    tell_all(t, buf_slice(&t->value), SLICE_NULL);
}

static void refused(struct token *t)
{
    t->n_ill = 0;
    t->is_refused = true;
    t->ask_at_ms = now_ms(t) + REFUSED_MS;
    tell_all(t, SLICE_NULL, buf_slice(&t->trouble));
}

/* It passes: who waits goes on waiting. */
static void was_ill(struct token *t, int64_t asked_ms)
{
    int64_t delay = (int64_t)ILL_BASE_MS << (t->n_ill < 5 ? t->n_ill : 5);
    delay = delay > ILL_MAX_MS ? ILL_MAX_MS : delay;
    t->n_ill++;
    t->is_refused = false;
    t->ask_at_ms = now_ms(t) + (asked_ms > delay ? asked_ms : delay);
    if (!list_is_empty(&t->waits))
        loop_timer_start(t->timer, t->ask_at_ms - now_ms(t));
}

static int64_t retry_after_of(const struct token *t, const struct http_answer *answer)
{
    int64_t delay_ms = 0;
    struct slice value = http_header_get(answer->headers, "Retry-After");
    if (!value.data || !http_parse_retry_after(value, http_header_get(answer->headers, "Date"),
                                               clock_wall_ms(&t->tokens->client->clock), &delay_ms))
        return 0;
    return delay_ms > ASKED_MAX_MS ? ASKED_MAX_MS : delay_ms;
}

static bool passes(int status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

static void take_answer(struct token *t, const struct http_answer *answer)
{
    struct buf value = {0};
    struct err err = {0};
    int64_t expires_in_s = -1;
    begin_trouble(t);
    if (answer->status >= 200 && answer->status < 300) {
        if (token_parse(answer->body, &value, &expires_in_s, &err) == 0) {
            take_value(t, &value, expires_in_s);
            return;
        }
        buf_printf(&t->trouble, "of its answer %s", err.message);
    } else {
        buf_printf(&t->trouble, "it answered %d", answer->status);
        add_error(&t->trouble, answer->body);
    }
    buf_deinit(&value);
    if (passes(answer->status))
        was_ill(t, retry_after_of(t, answer));
    else
        refused(t);
}

static void on_answer(void *ctx, const struct http_answer *answer)
{
    struct token *t = ctx;
    t->call = NULL;
    t->n_refs++; /* whoever is told may let go of it */
    if (answer->failure == HTTP_OK) {
        take_answer(t, answer);
    } else {
        begin_trouble(t);
        buf_add_slice(&t->trouble, answer->error);
        was_ill(t, 0);
    }
    token_unref(t);
}

/* ---- the question ---- */

static void add_pair(struct buf *form, struct slice name, struct slice value)
{
    if (!value.data)
        return;
    if (form->len > 0)
        buf_add_char(form, '&');
    percent_add(form, name, true);
    buf_add_char(form, '=');
    percent_add(form, value, true);
}

static void add_form(struct buf *form, const struct http_oauth2 *wish)
{
    add_pair(form, SLICE_LIT("grant_type"), SLICE_LIT("client_credentials"));
    add_pair(form, SLICE_LIT("scope"), wish->scope);
    for (size_t i = 0; i < wish->params.len; i++)
        add_pair(form, wish->params.items[i].name, wish->params.items[i].value);
    if (!wish->is_in_body)
        return;
    add_pair(form, SLICE_LIT("client_id"), wish->client_id);
    add_pair(form, SLICE_LIT("client_secret"), wish->client_secret);
}

/* Both encoded as in a form (RFC 6749, 2.3.1), which is why neither can have a colon. */
static void add_basic(struct buf *out, const struct http_oauth2 *wish)
{
    struct buf id = {0}, secret = {0};
    percent_add(&id, wish->client_id, true);
    percent_add(&secret, wish->client_secret, true);
    authorize_add_basic(out, buf_slice(&id), buf_slice(&secret));
    buf_deinit(&id);
    buf_deinit(&secret);
}

static void ask(struct token *t)
{
    const struct http_oauth2 *wish = &t->auth->oauth2;
    struct buf form = {0}, basic = {0};
    struct err err = {0};
    assert(
        !t->call); /* the timer runs while there is none, and the value is asked for ahead then */
    add_form(&form, wish);
    if (!wish->is_in_body)
        add_basic(&basic, wish);
    const struct http_header headers[] = {
        {SLICE_LIT("Content-Type"), SLICE_LIT("application/x-www-form-urlencoded")},
        {SLICE_LIT("Accept"), SLICE_LIT("application/json")},
        {SLICE_LIT("Authorization"), buf_slice(&basic)},
    };
    const struct http_request request = {
        .method = SLICE_LIT("POST"),
        .url = wish->token_url,
        .headers = {headers, ARRAY_LEN(headers) - (wish->is_in_body ? 1 : 0)},
        .body = buf_slice(&form),
        .has_body = true,
        .timeout_ms = REQUEST_TIMEOUT_MS,
        .answer_max = ANSWER_MAX,
    };
    t->call = http_client_send(t->tokens->client, &request, on_answer, t, &err);
    buf_deinit(&form);
    buf_deinit(&basic);
    if (t->call)
        return;
    begin_trouble(t);
    buf_add_str(&t->trouble, err.message);
    refused(t);
}

static void go_on(void *ctx)
{
    struct token *t = ctx;
    if (list_is_empty(&t->waits))
        return;
    int64_t left = t->ask_at_ms - now_ms(t);
    t->n_refs++;
    if (left <= 0)
        ask(t);
    else if (t->is_refused) /* a moment ago: the same would come of it */
        tell_all(t, SLICE_NULL, buf_slice(&t->trouble));
    else
        loop_timer_start(t->timer, left);
    token_unref(t);
}

/* ---- life ---- */

void tokens_init(struct tokens *tokens, struct http_client *client)
{
    *tokens = (struct tokens){.client = client};
    map_init(&tokens->map);
}

static void token_free(struct token *t)
{
    mask_remove_passing(t->tokens->mask, buf_slice(&t->value));
    mask_remove_passing(t->tokens->mask, buf_slice(&t->before));
    map_remove(&t->tokens->map, &t->node);
    loop_timer_free(t->timer);
    http_auth_free(t->auth);
    buf_deinit(&t->value);
    buf_deinit(&t->before);
    buf_deinit(&t->trouble);
    free(t);
}

static void free_each(void *ctx, struct map_node *node)
{
    (void)ctx;
    token_free(container_of(node, struct token, node));
}

void tokens_deinit(struct tokens *tokens)
{
    map_each(&tokens->map, free_each, NULL);
    map_deinit(&tokens->map);
}

static void free_unneeded(void *ctx, struct map_node *node)
{
    (void)ctx;
    struct token *t = container_of(node, struct token, node);
    if (t->n_refs == 0 && !t->call && now_ms(t) >= t->expires_at_ms)
        token_free(t);
}

static struct hash128 key_of(const struct http_oauth2 *wish)
{
    enum { FIXED = 5 };
    size_t n = 0, n_parts = FIXED + 2 * wish->params.len;
    struct slice *parts = mem_calloc(n_parts, sizeof(*parts));
    parts[n++] = wish->token_url;
    parts[n++] = wish->client_id;
    parts[n++] = wish->client_secret;
    parts[n++] = wish->scope;
    parts[n++] = wish->is_in_body ? SLICE_LIT("body") : SLICE_NULL;
    for (size_t i = 0; i < wish->params.len; i++) {
        parts[n++] = wish->params.items[i].name;
        parts[n++] = wish->params.items[i].value;
    }
    struct hash128 key = hash_parts(parts, n);
    free(parts);
    return key;
}

struct token *token_ref(struct tokens *tokens, const struct http_oauth2 *wish)
{
    struct hash128 key = key_of(wish);
    struct slice name = slice_of((const char *)key.bytes, sizeof(key.bytes));
    struct map_node *node = map_find(&tokens->map, name);
    struct token *t = node ? container_of(node, struct token, node) : NULL;
    if (!t) {
        map_each(&tokens->map, free_unneeded, NULL);
        t = mem_calloc(1, sizeof(*t));
        t->tokens = tokens;
        t->key = key;
        t->node.key = slice_of((const char *)t->key.bytes, sizeof(t->key.bytes));
        t->auth = http_auth_copy(&(struct http_auth){.oauth2 = *wish});
        t->timer = loop_timer_new(tokens->client->loop, go_on, t);
        list_init(&t->waits);
        map_insert(&tokens->map, &t->node);
    }
    t->n_refs++;
    return t;
}

void token_unref(struct token *t)
{
    if (t)
        t->n_refs--;
}

/* ---- its value ---- */

struct slice token_value(struct token *t)
{
    int64_t now = now_ms(t);
    if (t->value.len == 0 || now >= t->expires_at_ms)
        return SLICE_NULL;
    if (now >= t->refresh_at_ms && !t->call && now >= t->ask_at_ms)
        ask(t);
    return buf_slice(&t->value);
}

void token_wait(struct token *t, struct token_wait *wait)
{
    list_add_tail(&t->waits, &wait->link);
    if (!t->call)
        loop_timer_start(t->timer, 0);
}

void token_unwait(struct token_wait *wait)
{
    list_remove(&wait->link);
}

void token_refuse(struct token *t, struct slice value)
{
    if (slice_is_equal(buf_slice(&t->value), value))
        t->expires_at_ms = 0;
}

struct slice token_trouble(const struct token *t)
{
    return buf_slice(&t->trouble);
}
