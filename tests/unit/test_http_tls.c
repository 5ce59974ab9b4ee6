/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/client over TLS, against libmicrohttpd with a certificate of our own making. Each test runs
 * over both carriers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "call_fixture.h"
#include "http/late_tls.h"

#include <cmocka.h>

/* A server on the fixture's loop that answers each POST with the body it got. */
struct tls_server {
    struct call_fixture call;
    char dir[32], path[64]; /* of the certificate's file */
    char *key, *certificate;
    struct MHD_Daemon *daemon;
    struct loop_io *io;
    struct loop_prepare *hook;
    char url[64];
    int n_connections;
    bool closes; /* after each answer */
    bool stalls; /* reads no more once a request's head has come */
    bool is_stalled;
};

/* ---- The certificate ---- */

static char *text_of(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    char *text = slice_dup(slice_of(data, (size_t)len));
    BIO_free(bio);
    return text;
}

static void make_certificate(struct tls_server *s)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_non_null(key);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);

    BIO *key_bio = BIO_new(BIO_s_mem()), *certificate_bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_X509(certificate_bio, certificate);
    s->key = text_of(key_bio);
    s->certificate = text_of(certificate_bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void trust_certificate(struct tls_server *s)
{
    snprintf(s->dir, sizeof(s->dir), "/tmp/liaison-test-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof(s->path), "%s/ca.pem", s->dir);
    FILE *file = fopen(s->path, "w");
    assert_non_null(file);
    fputs(s->certificate, file);
    assert_int_equal(fclose(file), 0);
    setenv("SSL_CERT_FILE", s->path, 1);
}

/* ---- The server ---- */

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *bytes,
                              size_t *n_bytes, void **request_ctx)
{
    (void)url, (void)method, (void)version;
    struct tls_server *s = ctx;
    struct buf *body = *request_ctx;
    if (!body) {
        s->is_stalled = s->stalls;
        *request_ctx = mem_calloc(1, sizeof(*body));
        return MHD_YES;
    }
    if (*n_bytes > 0) {
        buf_add(body, bytes, *n_bytes);
        *n_bytes = 0;
        return MHD_YES;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
    if (s->closes)
        MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static void forget_request(void *ctx, struct MHD_Connection *connection, void **request_ctx,
                           enum MHD_RequestTerminationCode why)
{
    (void)ctx, (void)connection, (void)why;
    struct buf *body = *request_ctx;
    if (body)
        buf_deinit(body);
    free(body);
}

static void count_connection(void *ctx, struct MHD_Connection *connection, void **socket_ctx,
                             enum MHD_ConnectionNotificationCode what)
{
    (void)connection, (void)socket_ctx;
    struct tls_server *s = ctx;
    s->n_connections += what == MHD_CONNECTION_NOTIFY_STARTED;
}

static void serve(void *ctx)
{
    struct tls_server *s = ctx;
    if (s->is_stalled)
        return;
    MHD_run(s->daemon);
    MHD_UNSIGNED_LONG_LONG left_ms;
    if (MHD_get_timeout(s->daemon, &left_ms) == MHD_YES && left_ms == 0)
        loop_hurry(s->call.loop);
}

static void serve_ready(void *ctx, int events)
{
    (void)events;
    serve(ctx);
}

static void start_server(struct tls_server *s)
{
    struct err err = {0};
    assert_int_equal(late_tls_open(&err), 0);
    s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TLS, 0, NULL, NULL, handle, s,
                                 MHD_OPTION_HTTPS_MEM_KEY, s->key, MHD_OPTION_HTTPS_MEM_CERT,
                                 s->certificate, MHD_OPTION_NOTIFY_COMPLETED, forget_request, s,
                                 MHD_OPTION_NOTIFY_CONNECTION, count_connection, s, MHD_OPTION_END);
    assert_non_null(s->daemon);
    int fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    s->io = loop_io_new(s->call.loop, fd, LOOP_READ, serve_ready, s);
    s->hook = loop_prepare_new(s->call.loop, serve, s);
    snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d/",
             MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

static void stop_server(struct tls_server *s)
{
    loop_io_free(s->io);
    loop_prepare_free(s->hook);
    MHD_stop_daemon(s->daemon);
}

static int setup(void **state)
{
    struct tls_server *s = mem_calloc(1, sizeof(*s));
    struct err err = {0};
    make_certificate(s);
    trust_certificate(s);
    s->call.loop = loop_new(&err);
    s->call.client = http_client_new(s->call.loop, "Liaison-Test/1", &err);
    assert_non_null(s->call.client);
    wire_listen(&s->call.peer, s->call.loop);
    start_server(s);
    *state = s;
    return 0;
}

static int setup_transfers(void **state)
{
    setup(state);
    struct tls_server *s = *state;
    s->call.follow = 1;
    return 0;
}

static int teardown(void **state)
{
    struct tls_server *s = *state;
    http_client_free(s->call.client);
    stop_server(s);
    wire_deinit(&s->call.peer);
    loop_free(s->call.loop);
    call_outcome_reset(&s->call.outcome);
    unlink(s->path);
    rmdir(s->dir);
    free(s->key);
    free(s->certificate);
    free(s);
    return 0;
}

/* ---- Calls ---- */

static struct http_request tls_post(const struct tls_server *s, const char *body)
{
    struct http_request request = call_post(&s->call, body);
    request.url = slice_str(s->url);
    return request;
}

static void test_a_connection_is_used_again(void **state)
{
    struct tls_server *s = *state;
    struct http_request request = tls_post(s, "hello");
    for (int i = 0; i < 20; i++) {
        call_start(&s->call, &request);
        call_expect_answer(&s->call, 200, "hello");
        assert_true(s->call.outcome.was_written);
        /* What TLS itself sends meanwhile (tickets) doesn't end an idle connection. */
        wire_spend(&s->call.peer, 0);
    }
    assert_int_equal(s->n_connections, 1);
}

static void test_large_bodies_go_out_and_come_back_whole(void **state)
{
    struct tls_server *s = *state;
    struct buf body = {0};
    for (int i = 0; body.len < 2000000; i++)
        buf_printf(&body, "%d ", i);
    struct http_request request = tls_post(s, "");
    request.body = buf_slice(&body);
    for (int i = 0; i < 2; i++) {
        call_start(&s->call, &request);
        call_expect_answer(&s->call, 200, body.data);
    }
    assert_int_equal(s->n_connections, 1);
    buf_deinit(&body);
}

static void test_a_request_that_was_written_in_part_was_written(void **state)
{
    struct tls_server *s = *state;
    struct buf body = {0};
    buf_reserve(&body, 8000000);
    memset(body.data, 'x', 8000000);
    struct http_request request = tls_post(s, "");
    request.body = slice_of(body.data, 8000000);
    s->stalls = true;
    call_start(&s->call, &request);
    wire_wait(&s->call.peer, s->is_stalled);
    loop_io_set(s->io, 0);
    wire_spend(&s->call.peer, 5);
    /* The server's end without a word: a reset. */
    s->is_stalled = s->stalls = false;
    stop_server(s);
    start_server(s);
    call_expect_failure(&s->call, HTTP_BROKEN, true);
    buf_deinit(&body);
}

static void test_a_closed_connection_is_replaced(void **state)
{
    struct tls_server *s = *state;
    struct http_request request = tls_post(s, "hello");
    s->closes = true;
    for (int i = 0; i < 3; i++) {
        call_start(&s->call, &request);
        call_expect_answer(&s->call, 200, "hello");
    }
    assert_int_equal(s->n_connections, 3);
    /* One that was kept, and whose end comes while it idles. */
    s->closes = false;
    call_start(&s->call, &request);
    call_expect_answer(&s->call, 200, "hello");
    stop_server(s);
    start_server(s);
    request = tls_post(s, "hello");
    call_start(&s->call, &request);
    call_expect_answer(&s->call, 200, "hello");
}

static void test_many_calls_at_once_all_end(void **state)
{
    struct tls_server *s = *state;
    struct http_request request = tls_post(s, "hello");
    struct call_outcome others[20] = {0};
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_non_null(http_client_send(s->call.client, &request, call_note, &others[i], &err));
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        wire_wait(&s->call.peer, others[i].n == 1);
        assert_int_equal(others[i].status, 200);
        call_outcome_reset(&others[i]);
    }
}

static void test_calls_may_be_cancelled_at_any_time(void **state)
{
    struct tls_server *s = *state;
    struct http_request request = tls_post(s, "hello");
    struct err err = {0};
    for (int n_turns = 0; n_turns < 12; n_turns++) {
        struct call_outcome outcome = {0};
        struct http_call *call =
            http_client_send(s->call.client, &request, call_note, &outcome, &err);
        for (int i = 0; i < n_turns && outcome.n == 0; i++)
            loop_turn(s->call.loop, true);
        if (outcome.n == 0)
            http_call_cancel(call);
        call_outcome_reset(&outcome);
    }
    call_start(&s->call, &request);
    call_expect_answer(&s->call, 200, "hello");
}

static void test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(void **state)
{
    struct tls_server *s = *state;
    http_client_free(s->call.client);
    unsetenv("SSL_CERT_FILE");
    struct err err = {0};
    s->call.client = http_client_new(s->call.loop, "Liaison-Test/1", &err);
    assert_non_null(s->call.client);
    struct http_request request = tls_post(s, "hello");
    call_start(&s->call, &request);
    call_expect_failure(&s->call, HTTP_TLS, false);
}

static void test_what_speaks_no_tls_is_said_in_words(void **state)
{
    struct tls_server *s = *state;
    char url[64];
    struct http_request request = tls_post(s, "hello");
    snprintf(url, sizeof(url), "https://%s/hook", s->call.peer.host);
    request.url = slice_str(url);
    call_start(&s->call, &request);
    int fd = wire_accept(&s->call.peer);
    wire_more(&s->call.peer, fd);
    wire_send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    wire_wait(&s->call.peer, s->call.outcome.n == 1);
    assert_int_equal(s->call.outcome.failure, HTTP_TLS);
    assert_non_null(strstr(s->call.outcome.error.data, "wrong version number"));
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    call_forget_proxies();
    struct CMUnitTest tests[] = {
        TEST(test_a_connection_is_used_again),
        TEST(test_large_bodies_go_out_and_come_back_whole),
        TEST(test_a_request_that_was_written_in_part_was_written),
        TEST(test_a_closed_connection_is_replaced),
        TEST(test_many_calls_at_once_all_end),
        TEST(test_calls_may_be_cancelled_at_any_time),
        TEST(test_a_certificate_that_nobody_vouches_for_is_a_tls_failure),
        TEST(test_what_speaks_no_tls_is_said_in_words),
    };
    int n_failed = cmocka_run_group_tests_name("by hand", tests, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(tests); i++)
        tests[i].setup_func = setup_transfers;
    return n_failed + cmocka_run_group_tests_name("curl's transfers", tests, NULL, NULL);
}
