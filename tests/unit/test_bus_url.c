/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * event/bus_url: credentials are told from the rest of a URL.
 */
#include "event/bus_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_split(const char *url, const char *scheme, const char *credentials,
                         const char *rest)
{
    struct bus_url parts = bus_url_split(slice_str(url));
    assert_true(slice_is_equal(parts.scheme, slice_str(scheme)));
    assert_int_equal(parts.credentials.data == NULL, credentials == NULL);
    assert_true(slice_is_equal(parts.credentials, slice_str(credentials)));
    assert_true(slice_is_equal(parts.rest, slice_str(rest)));
}

static void credentials_are_what_stands_before_the_last_at_of_the_authority(void **state)
{
    (void)state;
    assert_split("http://bus:9000/events", "http://", NULL, "bus:9000/events");
    assert_split("http://me:secret@bus/events", "http://", "me:secret", "bus/events");
    assert_split("http://me:p@ss@bus", "http://", "me:p@ss", "bus");
    assert_split("http://@bus", "http://", "", "bus");
    assert_split("http://bus/a@b?c=d@e#f@g", "http://", NULL, "bus/a@b?c=d@e#f@g");
    assert_split("http://bus?c=d@e", "http://", NULL, "bus?c=d@e");
    assert_split("http://bus#f@g", "http://", NULL, "bus#f@g");
    assert_split("http://", "http://", NULL, "");
}

static void what_names_no_authority_is_all_rest(void **state)
{
    (void)state;
    assert_split("file:/var/events@host", "", NULL, "file:/var/events@host");
    assert_split("bus", "", NULL, "bus");
    assert_split("", "", NULL, "");
}

static void assert_basic(const char *credentials, const char *value)
{
    struct buf out = {0};
    bus_url_add_basic(&out, slice_str(credentials));
    assert_string_equal(out.data, value);
    buf_deinit(&out);
}

static void credentials_are_decoded_and_sent_as_basic_ones(void **state)
{
    (void)state;
    assert_basic("me:secret", "Basic bWU6c2VjcmV0");
    assert_basic("m%65:p%40s:s", "Basic bWU6cEBzOnM=");
    assert_basic("me", "Basic bWU6");
    assert_basic("me:100%", "Basic bWU6MTAwJQ==");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_what_stands_before_the_last_at_of_the_authority),
        cmocka_unit_test(what_names_no_authority_is_all_rest),
        cmocka_unit_test(credentials_are_decoded_and_sent_as_basic_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
