/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/auth and what the client makes of it: headers that say who a request comes from, tokens that
 * are asked for, shared, renewed and given up. The client's clock stands still unless a test moves it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call_fixture.h"
#include "crypto/webhook.h"
#include "http/authorize.h"
#include "http/client_parts.h"

#include <cmocka.h>

#define NOW_MS INT64_C(1767225600000)
#define NOW_TEXT "1767225600"
#define KEY "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OLD_KEY "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"

static struct clock_fake fake;

static int set_up(void **state)
{
    call_setup(state);
    struct call_fixture *f = *state;
    fake = (struct clock_fake){NOW_MS, 1000};
    f->client->clock = clock_of_fake(&fake);
    return 0;
}

static int set_up_transfers(void **state)
{
    set_up(state);
    ((struct call_fixture *)*state)->follow = 1;
    return 0;
}

static int accept_next(struct call_fixture *f)
{
    buf_clear(&f->peer.got);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    return fd;
}

static void finish(struct call_fixture *f, int fd)
{
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

/* ---- headers ---- */

static void a_bearer_and_a_password_are_sent(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = {.bearer = SLICE_LIT("t0ken")};
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    int fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Authorization: Bearer t0ken\r\n"));
    finish(f, fd);

    auth = (struct http_auth){.basic = {SLICE_LIT("Aladdin"), SLICE_LIT("open sesame")}};
    fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    finish(f, fd);
}

static void a_header_that_is_there_stands(void **state)
{
    struct call_fixture *f = *state;
    const struct http_header own = {SLICE_LIT("authorization"), SLICE_LIT("Own x")};
    const struct http_auth all[] = {
        {.bearer = SLICE_LIT("t0ken")},
        {.oauth2 = {.token_url = slice_str(f->peer.url), .client_id = SLICE_LIT("me")}},
        {.sigv4 = {.key = SLICE_LIT("AKID"), .secret = SLICE_LIT("secret")}},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct http_request request = call_post(f, "body");
        request.headers = (struct http_headers){&own, 1};
        request.auth = &all[i];
        int fd = call_start_and_accept(f, &request);
        assert_true(call_has_sent(f, "authorization: Own x\r\n"));
        assert_false(call_has_sent(f, "Authorization:"));
        finish(f, fd);
    }
}

static void messages_are_signed_by_each_secret(void **state)
{
    struct call_fixture *f = *state;
    const struct slice secrets[] = {SLICE_LIT(KEY), SLICE_LIT(OLD_KEY)};
    const struct http_header id = {SLICE_LIT("webhook-id"), SLICE_LIT("7-a1b2")};
    const struct http_auth auth = {
        .bearer = SLICE_LIT("t0ken"), .secrets = secrets, .n_secrets = ARRAY_LEN(secrets)};
    struct http_request request = call_post(f, "{\"a\": 1}");
    struct buf expected = {0};
    struct err err = {0};
    request.headers = (struct http_headers){&id, 1};
    request.auth = &auth;
    int fd = call_start_and_accept(f, &request);
    buf_add_str(&expected, "webhook-signature: ");
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        buf_add_str(&expected, i ? " " : "");
        assert_int_equal(webhook_add_signature(&expected, secrets[i], id.value, NOW_MS / 1000,
                                               SLICE_LIT("{\"a\": 1}"), &err),
                         0);
    }
    buf_add_str(&expected, "\r\n");
    assert_true(call_has_sent(f, expected.data));
    assert_true(call_has_sent(f, "webhook-timestamp: " NOW_TEXT "\r\n"));
    assert_true(call_has_sent(f, "webhook-id: 7-a1b2\r\n"));
    assert_true(call_has_sent(f, "Authorization: Bearer t0ken\r\n"));
    finish(f, fd);

    request.headers.len = 0; /* there is nothing that it could be signed as */
    fd = call_start_and_accept(f, &request);
    assert_false(call_has_sent(f, "webhook-"));
    finish(f, fd);
    buf_deinit(&expected);
}

static void what_is_sent_is_signed_for_aws(void **state)
{
    struct call_fixture *f = *state;
    const struct http_header headers[] = {
        {SLICE_LIT("Content-Type"), SLICE_LIT("text/plain")},
        {SLICE_LIT("traceparent"), SLICE_LIT("00-1-2-01")},
        {SLICE_LIT("x-amz-date"), SLICE_LIT("forged")},
    };
    const struct http_auth auth = {.sigv4 = {SLICE_LIT("AKID"), SLICE_LIT("secret"),
                                             SLICE_LIT("session"), SLICE_LIT("eu-north-1"),
                                             SLICE_LIT("sqs")}};
    struct http_request request = call_post(f, "body");
    request.headers = (struct http_headers){headers, ARRAY_LEN(headers)};
    request.auth = &auth;
    int fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "X-Amz-Date: 20260101T000000Z\r\n"));
    assert_true(call_has_sent(f, "X-Amz-Security-Token: session\r\n"));
    assert_true(call_has_sent(f, "X-Amz-Content-Sha256: 230d8358dc8e8890b4c58deeb62912ee2f20357ae9"
                                 "2a5cc861b98e68fe31acb5\r\n"));
    assert_true(call_has_sent(
        f, "Credential=AKID/20260101/eu-north-1/sqs/aws4_request, "
           "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
           "Signature="));
    assert_false(call_has_sent(f, "forged"));
    finish(f, fd);
}

/* ---- tokens ---- */

static struct http_auth client_of(struct call_fixture *f)
{
    return (struct http_auth){.oauth2 = {
                                  .token_url = slice_str(f->peer.url),
                                  .client_id = SLICE_LIT("my id"),
                                  .client_secret = SLICE_LIT("p@ss:word"),
                                  .scope = SLICE_LIT("write read"),
                              }};
}

static void answer_token(int fd, const char *token, const char *rest)
{
    char body[256], text[512];
    snprintf(body, sizeof(body), "{\"access_token\":\"%s\",\"token_type\":\"bearer\"%s}", token,
             rest);
    snprintf(text, sizeof(text),
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
             body);
    wire_send(fd, text);
    close(fd);
}

static void answer(int fd, const char *status, const char *body)
{
    char text[512];
    snprintf(text, sizeof(text),
             "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", status,
             strlen(body), body);
    wire_send(fd, text);
    close(fd);
}

static void a_token_is_asked_for_once_and_used_by_all(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f), same = client_of(f);
    struct http_request request = call_post(f, "one");
    struct call_outcome other = {0};
    struct err err = {0};
    request.auth = &auth;
    int fd = call_start_and_accept(f, &request);
    wire_expect(&f->peer, fd, "grant_type=client_credentials&scope=write+read");
    assert_true(call_has_sent(f, "POST /hook HTTP/1.1\r\n"));
    assert_true(call_has_sent(f, "Content-Type: application/x-www-form-urlencoded\r\n"));
    /* my+id:p%40ss%3Aword */
    assert_true(call_has_sent(f, "Authorization: Basic bXkraWQ6cCU0MHNzJTNBd29yZA==\r\n"));

    struct http_request second = call_post(f, "two");
    second.auth = &same;
    assert_non_null(http_client_send(f->client, &second, call_note, &other, &err));
    answer_token(fd, "t0k3n", ",\"expires_in\":1000");
    int one = accept_next(f);
    assert_true(call_has_sent(f, "Authorization: Bearer t0k3n\r\n"));
    int two = accept_next(f);
    assert_true(call_has_sent(f, "Authorization: Bearer t0k3n\r\n"));
    assert_true(call_has_sent(f, "\r\n\r\ntwo"));
    answer(one, "200 OK", "ok");
    answer(two, "200 OK", "ok");
    call_expect_answer(f, 200, "ok");
    wire_wait(&f->peer, other.n == 1);
    call_outcome_reset(&other);

    fd = call_start_and_accept(f, &request); /* later: it is still there */
    assert_true(call_has_sent(f, "Authorization: Bearer t0k3n\r\n"));
    finish(f, fd);
}

static void credentials_may_stand_in_the_form_with_more(void **state)
{
    struct call_fixture *f = *state;
    const struct http_header more = {SLICE_LIT("audience"), SLICE_LIT("https://api/")};
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "one");
    auth.oauth2.is_in_body = true;
    auth.oauth2.scope = SLICE_NULL;
    auth.oauth2.params = (struct http_headers){&more, 1};
    request.auth = &auth;
    int fd = call_start_and_accept(f, &request);
    wire_expect(&f->peer, fd,
                "\r\n\r\ngrant_type=client_credentials&audience=https%3A%2F%2Fapi%2F"
                "&client_id=my+id&client_secret=p%40ss%3Aword");
    assert_false(call_has_sent(f, "Authorization:"));
    answer_token(fd, "t0k3n", "");
    finish(f, accept_next(f));
}

/* Has a token come that is good for `expires_in` seconds. */
static void obtain(struct call_fixture *f, const struct http_request *request, const char *token,
                   const char *expires_in)
{
    char rest[64];
    snprintf(rest, sizeof(rest), ",\"expires_in\":%s", expires_in);
    answer_token(call_start_and_accept(f, request), token, rest);
    finish(f, accept_next(f));
}

static void a_token_is_renewed_ahead_while_the_old_one_is_used(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    obtain(f, &request, "first", "\"1000\"");

    clock_fake_advance(&fake, 799999);
    int fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Bearer first"));
    assert_false(wire_has_caller(&f->peer));
    finish(f, fd);

    clock_fake_advance(&fake, 1);
    call_start(f, &request);
    int one = wire_accept(&f->peer), two = wire_accept(&f->peer);
    wire_expect(&f->peer, two, "\r\n\r\n");
    bool is_asked_second = call_has_sent(f, "grant_type");
    int asked = is_asked_second ? two : one, sent = is_asked_second ? one : two;
    buf_clear(&f->peer.got);
    if (is_asked_second) {
        wire_expect(&f->peer, sent, "\r\n\r\n");
        assert_true(call_has_sent(f, "Bearer first"));
    }
    finish(f, sent);
    answer_token(asked, "second", ",\"expires_in\":1000");
    wire_spend(&f->peer, 20);
    fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Bearer second"));
    finish(f, fd);
}

static void an_expired_token_is_waited_for(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    obtain(f, &request, "first", "60");
    clock_fake_advance(&fake, 60000);
    obtain(f, &request, "second", "60");
}

static void a_401_brings_another_token_once(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    obtain(f, &request, "first", "1000");
    int fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Bearer first"));
    answer(fd, "401 Unauthorized", "expired");
    fd = accept_next(f);
    wire_expect(&f->peer, fd, "grant_type");
    answer_token(fd, "second", "");
    fd = accept_next(f);
    assert_true(call_has_sent(f, "Bearer second") && call_has_sent(f, "\r\n\r\nbody"));
    finish(f, fd);

    fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Bearer second"));
    answer(fd, "401 Unauthorized", "no");
    answer_token(accept_next(f), "third", "");
    fd = accept_next(f);
    assert_true(call_has_sent(f, "Bearer third"));
    answer(fd, "401 Unauthorized", "still no");
    call_expect_answer(f, 401, "still no");
}

static void a_401_without_a_token_is_the_answer(void **state)
{
    struct call_fixture *f = *state;
    const struct http_auth auth = {.bearer = SLICE_LIT("t0ken")};
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    answer(call_start_and_accept(f, &request), "401 Unauthorized", "no");
    call_expect_answer(f, 401, "no");
}

static void refused_credentials_fail_all_who_wait(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    answer(call_start_and_accept(f, &request), "400 Bad Request",
           "{\"error\":\"invalid_client\",\"error_description\":\"who are you?\"}");
    call_expect_failure(f, HTTP_TOKEN, false);
    buf_add_char(&f->outcome.error, '\0');
    assert_non_null(strstr(f->outcome.error.data, f->peer.url));
    assert_non_null(strstr(f->outcome.error.data, "it answered 400: invalid_client: who are you?"));

    call_start(f, &request); /* a moment later the same would come of it */
    call_expect_failure(f, HTTP_TOKEN, false);
    buf_add_char(&f->outcome.error, '\0');
    assert_null(strstr(f->outcome.error.data, "waited for"));
    assert_false(wire_has_caller(&f->peer));

    clock_fake_advance(&fake, 1000);
    obtain(f, &request, "first", "1000");
}

static void an_answer_without_a_token_is_a_refusal(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"access_token\":7}",
        "{\"access_token\":\"\"}",
        "{\"access_token\":\"a b\"}",
        "{\"access_token\":\"a\\r\\nX: y\"}",
        "{\"access_token\":\"t\",\"token_type\":\"mac\"}",
        "{\"access_token\":\"t\"} ",
    };
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    for (size_t i = 0; i + 1 < ARRAY_LEN(bodies); i++) {
        answer(call_start_and_accept(f, &request), "200 OK", bodies[i]);
        call_expect_failure(f, HTTP_TOKEN, false);
        clock_fake_advance(&fake, 1000);
    }
    answer(call_start_and_accept(f, &request), "200 OK", bodies[ARRAY_LEN(bodies) - 1]);
    finish(f, accept_next(f));
}

static void a_server_that_is_ill_is_asked_again(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    answer(call_start_and_accept(f, &request), "503 Service Unavailable", "");
    struct token *token = token_ref(&f->client->tokens, &auth.oauth2);
    wire_wait(&f->peer, token_trouble(token).len > 0);
    token_unref(token);
    clock_fake_advance(&fake, 250);
    int fd = accept_next(f);
    wire_expect(&f->peer, fd, "grant_type");
    answer_token(fd, "t0k3n", "");
    finish(f, accept_next(f));
}

static void who_waits_too_long_is_told_why(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    request.timeout_ms = 60;
    int fd = call_start_and_accept(f, &request);
    call_expect_failure(f, HTTP_TOKEN, false);
    buf_add_char(&f->outcome.error, '\0');
    assert_non_null(strstr(f->outcome.error.data, "for 60 ms"));
    answer_token(fd, "late", ",\"expires_in\":100"); /* it is kept for the next */
    wire_spend(&f->peer, 20);
    request.timeout_ms = 10000;
    fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Bearer late"));
    finish(f, fd);
}

static void who_waits_may_be_cancelled(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    request.auth = &auth;
    int fd = call_start_and_accept(f, &request);
    http_call_cancel(f->call);
    answer_token(fd, "t0k3n", "");
    wire_spend(&f->peer, 20);
    assert_int_equal(f->outcome.n, 0);
    call_start(f, &request); /* and the client freed, while this one waits or is sent */
}

static void tokens_are_masked_as_long_as_they_may_be_of_use(void **state)
{
    struct call_fixture *f = *state;
    struct mask *mask = mask_new();
    struct http_auth auth = client_of(f);
    struct http_request request = call_post(f, "body");
    struct buf text = {0};
    request.auth = &auth;
    http_client_mask_tokens(f->client, mask);
    for (int i = 0; i < 3; i++) {
        char token[32];
        snprintf(token, sizeof(token), "t0k3n-%d", i);
        obtain(f, &request, token, "60");
        clock_fake_advance(&fake, 60000);
    }
    buf_add_str(&text, "t0k3n-0 t0k3n-1 t0k3n-2");
    mask_apply(mask, &text, 0);
    assert_string_equal(text.data, "t0k3n-0 *** ***");
    buf_deinit(&text);
    http_client_free(f->client);
    f->client = NULL;
    mask_free(mask);
}

/* ---- streams ---- */

struct stream_log {
    int status;
    bool has_ended;
    enum http_failure failure;
    struct buf bytes, error;
};

static bool note_head(void *ctx, int status, struct http_headers headers)
{
    (void)headers;
    ((struct stream_log *)ctx)->status = status;
    return true;
}

static void note_bytes(void *ctx, struct slice bytes)
{
    buf_add_slice(&((struct stream_log *)ctx)->bytes, bytes);
}

static void note_end(void *ctx, enum http_failure failure, struct slice error)
{
    struct stream_log *log = ctx;
    log->has_ended = true;
    log->failure = failure;
    buf_clear(&log->error);
    buf_add_slice(&log->error, error);
    buf_add_char(&log->error, '\0');
}

static void open_stream(struct call_fixture *f, const struct http_auth *auth, int64_t timeout_ms,
                        struct stream_log *log)
{
    static const struct http_stream_events events = {note_head, note_bytes, note_end};
    const struct http_stream_request request = {
        .url = slice_str(f->peer.url), .auth = auth, .connect_timeout_ms = timeout_ms};
    struct err err = {0};
    log->status = 0;
    log->has_ended = false;
    if (!http_stream_open(f->client, &request, &events, log, &err))
        fail_msg("%s", err.message);
}

static void a_stream_waits_for_its_token_and_gives_up_a_refused_one(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct stream_log log = {0};
    open_stream(f, &auth, 10000, &log);
    answer_token(accept_next(f), "first", "");
    int fd = accept_next(f);
    assert_true(call_has_sent(f, "GET /hook HTTP/1.1\r\n") && call_has_sent(f, "Bearer first\r\n"));
    answer(fd, "401 Unauthorized", "");
    wire_wait(&f->peer, log.has_ended);
    assert_int_equal(log.status, 401);

    open_stream(f, &auth, 10000, &log);
    answer_token(accept_next(f), "second", "");
    fd = accept_next(f);
    assert_true(call_has_sent(f, "Bearer second\r\n"));
    answer(fd, "200 OK", "data");
    wire_wait(&f->peer, log.has_ended);
    assert_int_equal(log.failure, HTTP_OK);
    assert_true(slice_is_equal(buf_slice(&log.bytes), SLICE_LIT("data")));
    buf_deinit(&log.bytes);
    buf_deinit(&log.error);
}

static void a_stream_without_a_token_ends(void **state)
{
    struct call_fixture *f = *state;
    struct http_auth auth = client_of(f);
    struct stream_log log = {0};
    open_stream(f, &auth, 10000, &log);
    answer(accept_next(f), "401 Unauthorized", "{\"error\":\"invalid_client\"}");
    wire_wait(&f->peer, log.has_ended);
    assert_int_equal(log.failure, HTTP_TOKEN);
    assert_non_null(strstr(log.error.data, "it answered 401: invalid_client"));

    clock_fake_advance(&fake, 1000);
    open_stream(f, &auth, 50, &log);
    int fd = accept_next(f);
    wire_wait(&f->peer, log.has_ended);
    assert_int_equal(log.failure, HTTP_TOKEN);
    close(fd);

    open_stream(f, &auth, 10000, &log); /* and the client is freed while it waits */
    assert_false(log.has_ended);
    buf_deinit(&log.error);
}

static void a_description_is_copied_whole(void **state)
{
    (void)state;
    struct slice secrets[] = {SLICE_LIT(KEY), SLICE_LIT(OLD_KEY)};
    struct http_header param = {SLICE_LIT("audience"), SLICE_LIT("x")};
    const struct http_auth auth = {
        .basic = {SLICE_LIT("u"), SLICE_LIT("")},
        .oauth2 = {.token_url = SLICE_LIT("http://x/"), .params = {&param, 1}, .is_in_body = true},
        .secrets = secrets,
        .n_secrets = 2,
        .tls = {.cert = SLICE_LIT("c"), .key = SLICE_LIT("k")},
    };
    struct http_auth *copy = http_auth_copy(&auth);
    secrets[1] = SLICE_NULL;
    param.value = SLICE_NULL;
    assert_true(slice_is_equal(copy->basic.user, SLICE_LIT("u")) && copy->basic.password.data);
    assert_true(slice_is_equal(copy->oauth2.params.items[0].value, SLICE_LIT("x")));
    assert_true(slice_is_equal(copy->secrets[1], SLICE_LIT(OLD_KEY)) && copy->oauth2.is_in_body);
    assert_true(slice_is_equal(copy->tls.key, SLICE_LIT("k")) && !copy->tls.authorities.data);
    assert_null(copy->bearer.data);
    http_auth_free(copy);
    http_auth_free(NULL);
}

#define over(test, setup)                                                                          \
    {                                                                                              \
#test " (" #setup ")", test, setup, call_teardown, NULL                                    \
    }
#define over_both(test) over(test, set_up), over(test, set_up_transfers)

int main(void)
{
    const struct CMUnitTest tests[] = {
        over_both(a_bearer_and_a_password_are_sent),
        over_both(a_header_that_is_there_stands),
        over_both(messages_are_signed_by_each_secret),
        over_both(what_is_sent_is_signed_for_aws),
        over_both(a_token_is_asked_for_once_and_used_by_all),
        over_both(credentials_may_stand_in_the_form_with_more),
        over_both(a_token_is_renewed_ahead_while_the_old_one_is_used),
        over_both(an_expired_token_is_waited_for),
        over_both(a_401_brings_another_token_once),
        over_both(a_401_without_a_token_is_the_answer),
        over_both(refused_credentials_fail_all_who_wait),
        over_both(an_answer_without_a_token_is_a_refusal),
        over_both(a_server_that_is_ill_is_asked_again),
        over_both(who_waits_too_long_is_told_why),
        over_both(who_waits_may_be_cancelled),
        over_both(tokens_are_masked_as_long_as_they_may_be_of_use),
        over(a_stream_waits_for_its_token_and_gives_up_a_refused_one, set_up),
        over(a_stream_without_a_token_ends, set_up),
        cmocka_unit_test(a_description_is_copied_whole),
    };
    call_forget_proxies();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
