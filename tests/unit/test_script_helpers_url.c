/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* url: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_urls_are_taken_apart(void **state)
{
    (void)state;
    assert_eval("return url.parse ''", "{\"path\":\"\",\"query\":{}}");
    assert_eval("return url.parse 'HTTP://Example.COM'",
                "{\"host\":\"example.com\",\"path\":\"\",\"query\":{},\"scheme\":\"http\"}");
    assert_eval("return url.parse '//h/p?#'",
                "{\"fragment\":\"\",\"host\":\"h\",\"path\":\"/p\",\"query\":{}}");
    assert_eval("return url.parse 'mailto:ann@example.com'",
                "{\"path\":\"ann@example.com\",\"query\":{},\"scheme\":\"mailto\"}");
    assert_eval("return url.parse 'ftp://a%40b:p%3Aq@[2001:db8::1]:21/x;y'",
                "{\"host\":\"2001:db8::1\",\"password\":\"p:q\",\"path\":\"/"
                "x;y\",\"port\":21,\"query\":{},\"scheme\":\"ftp\",\"user\":\"a@b\"}");
    assert_eval("return url.parse('?a=b+c%2B&&=x&d=e=f&a=').query",
                "{\"\":\"x\",\"a\":[\"b c+\",\"\"],\"d\":\"e=f\"}");
    project_assert_error("url.parse 'http://h:x/'", "url.parse: \"x\" is no port");
    project_assert_error("url.parse 'http://h:70000/'", "is no port");
    project_assert_error("url.parse 'http://h/a b'", "white space or a control character");
    project_assert_error("url.parse(1)", "url.parse: s must be a string, not a number");
    project_assert_error("url.parse '?a=%zz'", "isn't followed by two hex digits");
}

static void test_urls_are_put_together(void **state)
{
    (void)state;
    assert_eval("return url.build {}", "\"\"");
    assert_eval("return url.build { path = '/a b/%20/?#/\\195\\188' }",
                "\"/a%20b/%20/%3F%23/%C3%BC\"");
    assert_eval(
        "return url.build { host = 'h', path = 'a', port = 80, user = 'u@', password = 'p:' }",
        "\"//u%40:p%3A@h:80/a\"");
    assert_eval("return url.build { query = { b = true, a = json.decode '12345678901234567890', c "
                "= array {} } }",
                "\"?a=12345678901234567890&b=true\"");
    assert_eval("return url.build { path = { 'a', 7, 'b c' }, fragment = 'x y' }",
                "\"/a/7/b%20c#x%20y\"");
    project_assert_error("url.build { host = 'a/b' }", "url.build: \"a/b\" is no host");
    project_assert_error("url.build { hots = 'a' }",
                         "there is no option `hots`: did you mean `host`?");
    project_assert_error("url.build { query = 'a=1' }",
                         "url.build: query must be an object of names and values, not a string");
    project_assert_error("url.build { query = { a = null } }",
                         "url.build: query.a must be a string, not null");
    project_assert_error("url.build { path = { {} } }",
                         "url.build: path[1] must be a string, not an object");
    project_assert_error("url.build()", "parts must be an object");
}

static void test_encoding_is_of_bytes(void **state)
{
    (void)state;
    assert_eval("return url.encode '\\0\\195\\188~-._/+ '", "\"%00%C3%BC~-._%2F%2B%20\"");
    assert_eval(
        "return { url.decode '%C3%BC+%2b', url.decode '', url.encode '', url.encode(1e15) }",
        "[\"ü++\",\"\",\"\",\"1000000000000000\"]");
    assert_eval("local s = ('%41x'):rep(200000) return url.decode(s) == ('Ax'):rep(200000)",
                "true");
    assert_eval("local s = ('a b'):rep(200000) return url.decode(url.encode(s)) == s", "true");
    project_assert_error("url.decode('%4')", "the % at position 1");
    project_assert_error("url.decode {}", "url.decode: s must be a string, not an object");
    project_assert_error("url.decode(('x'):rep(300000) .. '%')", "the % at position 300001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_are_taken_apart),
        cmocka_unit_test(test_urls_are_put_together),
        cmocka_unit_test(test_encoding_is_of_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
