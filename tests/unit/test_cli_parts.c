/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the commands are made of: failures of the sink, where the daemon is, times and queries,
 * tables, a look into JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/daemon_url.h"
#include "cli/faults.h"
#include "cli/json_view.h"
#include "cli/query.h"
#include "cli/receipt.h"
#include "cli/table.h"
#include "cli/terminal.h"

/* ---- faults ---- */

static size_t count_strikes(const char *text, size_t n)
{
    struct fault fault;
    struct rng rng;
    struct err err = {0};
    size_t strikes = 0;
    rng_init(&rng, 1);
    assert_int_equal(fault_parse(&fault, text, &err), 0);
    for (size_t i = 0; i < n; i++)
        strikes += fault_strikes(&fault, &rng);
    return strikes;
}

static void a_status_alone_fails_every_request(void **state)
{
    (void)state;
    assert_int_equal(count_strikes("503", 1000), 1000);
}

static void a_number_fails_the_first_so_many(void **state)
{
    (void)state;
    assert_int_equal(count_strikes("503:3", 1000), 3);
}

static void a_share_fails_about_so_many(void **state)
{
    (void)state;
    assert_in_range(count_strikes("503:10%", 100000), 9500, 10500);
    assert_in_range(count_strikes("503:0.1%", 100000), 60, 140);
    assert_int_equal(count_strikes("503:100%", 1000), 1000);
}

static void what_says_nothing_of_failures_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",      "x",     "200",    "600",     "503:",     "503:0",    "503:-1",
        "503:x", "503:%", "503:0%", "503:1x%", "503:101%", "503:nan%", "503:3:4"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct fault fault;
        struct err err = {0};
        assert_int_equal(fault_parse(&fault, wrong[i], &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_non_null(strstr(err.message, "503:10%"));
    }
}

/* ---- where the daemon is ---- */

static void addresses_become_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *url, *socket, *name;
    } rows[] = {
        {"http://host:80/", "http://host:80", "", "http://host:80"},
        {"https://host/base//", "https://host/base", "", "https://host/base"},
        {"127.0.0.1:8750", "http://127.0.0.1:8750", "", "http://127.0.0.1:8750"},
        {"[::1]:8750", "http://[::1]:8750", "", "http://[::1]:8750"},
        {"*:8750", "http://127.0.0.1:8750", "", "http://127.0.0.1:8750"},
        {"0.0.0.0:1", "http://127.0.0.1:1", "", "http://127.0.0.1:1"},
        {"[::]:1", "http://[::1]:1", "", "http://[::1]:1"},
        {"http://[::1]/x:y", "http://[::1]/x:y", "", "http://[::1]/x:y"},
        {"http://me:secret@host", "http://me:secret@host", "", "http://me:secret@host"},
        {"http://host:65535?x", "http://host:65535?x", "", "http://host:65535?x"},
        {"unix:/run/l.sock", "http://localhost", "/run/l.sock", "unix:/run/l.sock"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct daemon_url at;
        struct err err = {0};
        struct buf name = {0};
        assert_int_equal(daemon_url_parse(&at, rows[i].text, NULL, &err), 0);
        daemon_url_add_name(&at, &name);
        assert_string_equal(at.url.data, rows[i].url);
        assert_true(slice_is_equal(buf_slice(&at.socket), slice_str(rows[i].socket)));
        assert_string_equal(name.data, rows[i].name);
        buf_deinit(&name);
        daemon_url_deinit(&at);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "host",           "ftp://host:1", "unix:",
        ":8750",     "https://",       "http://:1",    "http:///x",
        "http://h:", "http://h:65536", "http://h:1x",  "http://[::1]:99999/"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct daemon_url at;
        struct err err = {0};
        assert_int_equal(daemon_url_parse(&at, wrong[i], NULL, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        daemon_url_deinit(&at);
    }
}

/* ---- queries and times ---- */

static void queries_are_encoded(void **state)
{
    (void)state;
    struct buf target = {0};
    buf_add_str(&target, "/x");
    query_add(&target, "a", SLICE_LIT("1 &=?#%+/"));
    query_add(&target, "b", SLICE_LIT("\xc3\xbc-._~"));
    assert_string_equal(target.data, "/x?a=1%20%26%3D%3F%23%25%2B%2F&b=%C3%BC-._~");
    buf_deinit(&target);
}

#define NOW_MS INT64_C(1795460175042) /* 2026-11-23T18:56:15.042Z */

static void assert_when(const char *text, const char *expected)
{
    struct buf out = {0};
    struct err err = {0};
    assert_int_equal(query_parse_when(text, NOW_MS, &out, &err), 0);
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
}

static void a_time_is_a_date_or_an_age(void **state)
{
    (void)state;
    assert_when("2026-11-23T19:00:00+01:00", "2026-11-23T18:00:00.000Z");
    assert_when("2h", "2026-11-23T16:56:15.042Z");
    assert_when("0", "2026-11-23T18:56:15.042Z");
    struct buf out = {0};
    struct err err = {0};
    assert_int_equal(query_parse_when("yesterday", NOW_MS, &out, &err), -1);
    assert_non_null(strstr(err.message, "2h"));
}

/* ---- JSON ---- */

static void elements_and_members_come_whole_and_in_order(void **state)
{
    (void)state;
    static const char doc[] = " [1, \"a\\n\", {\"x\": [2]}, [], null, true] ";
    static const char *const expected[] = {"1", "\"a\\n\"", "{\"x\": [2]}", "[]", "null", "true"};
    struct json_items items;
    struct slice name, value;
    size_t n = 0;
    json_items_begin(&items, slice_str(doc));
    while (json_items_next(&items, &name, &value)) {
        assert_true(slice_is_equal(value, slice_str(expected[n++])));
        assert_null(name.data);
    }
    json_items_end(&items);
    assert_int_equal(n, ARRAY_LEN(expected));

    json_items_begin(&items, SLICE_LIT("{\"k\\u0041\": {\"n\": 1}}"));
    assert_true(json_items_next(&items, &name, &value));
    assert_true(slice_is_equal(name, SLICE_LIT("kA")));
    assert_true(slice_is_equal(value, SLICE_LIT("{\"n\": 1}")));
    assert_false(json_items_next(&items, &name, &value));
    json_items_end(&items);
}

static void what_is_no_container_has_no_items(void **state)
{
    (void)state;
    assert_int_equal(json_items_count(SLICE_LIT("[]")), 0);
    assert_int_equal(json_items_count(SLICE_LIT("[1,2]")), 2);
    assert_int_equal(json_items_count(SLICE_LIT("\"text\"")), 0);
    assert_int_equal(json_items_count(SLICE_LIT("7")), 0);
    assert_int_equal(json_items_count(SLICE_NULL), 0);
}

static void absent_and_null_members_read_as_nothing(void **state)
{
    (void)state;
    struct slice doc = SLICE_LIT("{\"n\": null, \"i\": 7, \"t\": true, \"at\": "
                                 "\"2026-11-23T18:56:15.042Z\"}");
    struct buf out = {0};
    view_add(&out, doc, "n");
    view_add(&out, doc, "missing");
    view_add_time(&out, doc, "missing");
    assert_int_equal(out.len, 0);
    assert_int_equal(view_integer(doc, "i", -1), 7);
    assert_int_equal(view_integer(doc, "n", -1), -1);
    assert_true(view_is_true(doc, "t"));
    assert_false(view_is_true(doc, "missing"));
    view_add_time(&out, doc, "at");
    assert_string_equal(out.data, "2026-11-23 18:56:15");
    buf_deinit(&out);
}

static void control_characters_are_made_harmless(void **state)
{
    (void)state;
    struct buf out = {0};
    view_add_safe(&out,
                  SLICE_LIT("a\x1b[2J\nb\x7f\xc2\x9b"
                            "c\xff\xc3\xbc"),
                  false);
    assert_string_equal(out.data, "a [2J b   c\xef\xbf\xbd\xc3\xbc");
    buf_clear(&out);
    view_add_safe(&out, SLICE_LIT("a\r\nb"), true);
    assert_string_equal(out.data, "a \nb");
    buf_deinit(&out);
}

/* ---- tables ---- */

static void assert_printed(const struct table *t, const char *columns, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (columns)
        setenv("COLUMNS", columns, 1);
    else
        unsetenv("COLUMNS");
    table_print(t, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void rows_are_aligned_and_cut_to_the_line(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{.title = "NAME", .is_flexible = true},
                                                  {.title = "N", .is_number = true},
                                                  {.title = "WHY"}};
    struct table t;
    table_init(&t, columns, ARRAY_LEN(columns));
    table_add(&t, SLICE_LIT("\xc3\xbc"
                            "ber-long-name"));
    table_add_integer(&t, 12345);
    table_add(&t, SLICE_LIT("x"));
    table_add_note(&t, SLICE_LIT("a note that is rather long"));
    table_add(&t, SLICE_LIT("b"));
    table_add_integer(&t, 1);
    table_add(&t, SLICE_NULL);
    assert_printed(&t, NULL,
                   "NAME                N  WHY\n"
                   "\xc3\xbc"
                   "ber-long-name  12345  x\n"
                   "    a note that is rather long\n"
                   "b                   1  -\n");
    assert_printed(&t, "20",
                   "NAME          N  WHY\n"
                   "\xc3\xbc"
                   "ber-lo\xe2\x80\xa6  12345  x\n"
                   "    a note that is \xe2\x80\xa6\n"
                   "b             1  -\n");
    table_deinit(&t);
}

/* Two columns each, and an "a" with two accents that take none. */
#define WIDE "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
#define COMBINED "a\xcc\x81\xcc\xa3"

static void room_is_counted_in_columns(void **state)
{
    (void)state;
    assert_int_equal(terminal_text_width(SLICE_LIT("abc")), 3);
    assert_int_equal(terminal_text_width(SLICE_LIT("\xc3\xbc")), 1);
    assert_int_equal(terminal_text_width(SLICE_LIT(WIDE)), 6);
    assert_int_equal(terminal_text_width(SLICE_LIT(COMBINED)), 1);
    assert_int_equal(terminal_text_width(SLICE_LIT("\xf0\x9f\x9a\x91")), 2);
    assert_int_equal(terminal_text_width(SLICE_LIT("\xff\xfe")), 2);
    assert_int_equal(terminal_cut(SLICE_LIT("abc"), 2).len, 2);
    assert_int_equal(terminal_cut(SLICE_LIT(WIDE), 3).len, 3);
    assert_int_equal(terminal_cut(SLICE_LIT(WIDE), 4).len, 6);
    assert_int_equal(terminal_cut(SLICE_LIT(COMBINED "b"), 1).len, strlen(COMBINED));
}

static void wide_characters_stay_in_their_columns(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{.title = "NAME", .is_flexible = true},
                                                  {.title = "N", .is_number = true}};
    struct table t;
    table_init(&t, columns, ARRAY_LEN(columns));
    table_add(&t, SLICE_LIT(WIDE WIDE));
    table_add_integer(&t, 1);
    table_add(&t, SLICE_LIT(COMBINED));
    table_add_integer(&t, 2);
    assert_printed(&t, NULL, "NAME          N\n" WIDE WIDE "  1\n" COMBINED "             2\n");
    /* Nine columns: four wide ones and the ellipsis. */
    assert_printed(&t, "12",
                   "NAME       N\n" WIDE "\xe6\x97\xa5\xe2\x80\xa6  1\n" COMBINED "          2\n");
    /* Half of a wide one stays free. */
    assert_printed(&t, "11", "NAME      N\n" WIDE "\xe2\x80\xa6   1\n" COMBINED "         2\n");
    table_deinit(&t);
}

static void the_widest_column_is_cut_first(void **state)
{
    (void)state;
    static const struct table_column columns[] = {
        {.title = "A", .is_flexible = true}, {.title = "B", .is_flexible = true}, {.title = "C"}};
    struct table t;
    table_init(&t, columns, ARRAY_LEN(columns));
    table_add(&t, SLICE_LIT("aaaaaaaaaaaa"));
    table_add(&t, SLICE_LIT("bbbbbbbbbbbbbbbbbbbb"));
    table_add(&t, SLICE_LIT("cccc"));
    assert_printed(&t, "34",
                   "A             B               C\n"
                   "aaaaaaaaaaaa  bbbbbbbbbbbbb\xe2\x80\xa6  cccc\n");
    assert_printed(&t, "28",
                   "A           B           C\n"
                   "aaaaaaaaa\xe2\x80\xa6  bbbbbbbbb\xe2\x80\xa6  cccc\n");
    table_deinit(&t);
}

static void rows_that_never_fit_are_told_a_line_a_cell(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{.title = "ID"},
                                                  {.title = "CONNECTOR", .is_flexible = true}};
    struct table t;
    table_init(&t, columns, ARRAY_LEN(columns));
    table_add(&t, SLICE_LIT("1-6dd6ac577d9a"));
    table_add(&t, SLICE_LIT("calendarApi"));
    table_add_note(&t, SLICE_LIT("answered 503 Service Unavailable"));
    table_add(&t, SLICE_LIT("2"));
    table_add(&t, SLICE_LIT("c"));
    assert_printed(&t, "22",
                   "ID         1-6dd6ac577d9a\n"
                   "CONNECTOR  calendarApi\n"
                   "    answered 503 Serv\xe2\x80\xa6\n"
                   "\n"
                   "ID         2\n"
                   "CONNECTOR  c\n");
    table_deinit(&t);
}

/* ---- receipts ---- */

static void a_receipt_is_one_line_whatever_came(void **state)
{
    (void)state;
    struct receipt r = {.at_ms = NOW_MS,
                        .method = SLICE_LIT("POST"),
                        .path = SLICE_LIT("/a"),
                        .body = SLICE_LIT("two\nlines"),
                        .status = 200};
    struct buf out = {0};
    receipt_add_line(&out, &r);
    assert_string_equal(out.data, "18:56:15.042 POST /a 200  \"two\\nlines\"\n");

    char long_body[1000];
    memset(long_body, '7', sizeof(long_body));
    r.body = slice_of(long_body, sizeof(long_body));
    buf_clear(&out);
    receipt_add_line(&out, &r);
    assert_int_equal(out.len,
                     strlen("18:56:15.042 POST /a 200  ") + 300 + strlen("\xe2\x80\xa6\n"));

    r.body = SLICE_NULL;
    r.status = 0;
    buf_clear(&out);
    receipt_add_line(&out, &r);
    assert_string_equal(out.data, "18:56:15.042 POST /a never\n");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_alone_fails_every_request),
        cmocka_unit_test(a_number_fails_the_first_so_many),
        cmocka_unit_test(a_share_fails_about_so_many),
        cmocka_unit_test(what_says_nothing_of_failures_is_refused),
        cmocka_unit_test(addresses_become_urls),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(queries_are_encoded),
        cmocka_unit_test(a_time_is_a_date_or_an_age),
        cmocka_unit_test(elements_and_members_come_whole_and_in_order),
        cmocka_unit_test(what_is_no_container_has_no_items),
        cmocka_unit_test(absent_and_null_members_read_as_nothing),
        cmocka_unit_test(control_characters_are_made_harmless),
        cmocka_unit_test(rows_are_aligned_and_cut_to_the_line),
        cmocka_unit_test(room_is_counted_in_columns),
        cmocka_unit_test(wide_characters_stay_in_their_columns),
        cmocka_unit_test(the_widest_column_is_cut_first),
        cmocka_unit_test(rows_that_never_fit_are_told_a_line_a_cell),
        cmocka_unit_test(a_receipt_is_one_line_whatever_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
