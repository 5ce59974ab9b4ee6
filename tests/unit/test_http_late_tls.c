/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* http/late_tls: when GnuTLS is set up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <gnutls/x509.h>

#include "http/late_tls.h"
#include "http/server.h"

#include <cmocka.h>

/* It knows the grammar of certificates only then. */
static bool is_set_up(void)
{
    gnutls_x509_crt_t certificate;
    if (gnutls_x509_crt_init(&certificate) < 0)
        return false;
    gnutls_x509_crt_deinit(certificate);
    return true;
}

static void test_a_server_without_a_certificate_does_without_it(void **state)
{
    (void)state;
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct http_server_options options = {.listen = "127.0.0.1:0"};
    struct http_server *server = http_server_new(loop, &options, &err);
    assert_non_null(server);
    assert_false(is_set_up());
    http_server_free(server);
    loop_free(loop);
}

static void test_it_is_set_up_when_it_is_asked_for(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(late_tls_open(&err), 0);
    assert_true(is_set_up());
    assert_int_equal(late_tls_open(&err), 0);
    assert_true(is_set_up());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_server_without_a_certificate_does_without_it),
        cmocka_unit_test(test_it_is_set_up_when_it_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
