/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a log line looks like, what it leaves out, and that it stays one line.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mask.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A log into a pipe, at 2026-11-23T18:56:15.042Z. */
struct fixture {
    int ends[2];
    struct clock_fake clock;
    struct mask *mask;
    struct log *log;
    struct buf read;
};

static void open_log(struct fixture *f, enum log_format format, bool color)
{
    *f = (struct fixture){.clock = {.wall_ms = INT64_C(1795460175042)}, .mask = mask_new()};
    assert_int_equal(pipe(f->ends), 0);
    fcntl(f->ends[0], F_SETFL, O_NONBLOCK);
    f->log = log_new(&(struct log_options){
        .fd = f->ends[1],
        .level = LOG_INFO,
        .format = format,
        .color = color,
        .mask = f->mask,
        .clock = clock_of_fake(&f->clock),
    });
}

/* What was written since the last time. */
static const char *read_lines(struct fixture *f)
{
    buf_clear(&f->read);
    buf_reserve(&f->read, 65536);
    ssize_t n = read(f->ends[0], f->read.data, 65536);
    f->read.len = n > 0 ? (size_t)n : 0;
    buf_truncate(&f->read, f->read.len);
    return f->read.data;
}

static void close_log(struct fixture *f)
{
    log_free(f->log);
    mask_free(f->mask);
    buf_deinit(&f->read);
    close(f->ends[0]);
    close(f->ends[1]);
}

static void text_is_time_level_message_and_fields(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_info(f.log, "delivered", LOG_STR("connector", "calendarApi"), LOG_INT("ms", 12));
    assert_string_equal(read_lines(&f),
                        "18:56:15.042 info  delivered connector=calendarApi ms=12\n");
    log_error(f.log, "cannot open the journal");
    assert_string_equal(read_lines(&f), "18:56:15.042 error cannot open the journal\n");
    close_log(&f);
}

static void gathered_lines_wait_for_the_flush(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_info(f.log, "before");
    assert_string_equal(read_lines(&f), "18:56:15.042 info  before\n");
    log_gather(f.log);
    log_info(f.log, "one");
    log_info(f.log, "two");
    assert_string_equal(read_lines(&f), "");
    log_flush(f.log);
    assert_string_equal(read_lines(&f), "18:56:15.042 info  one\n18:56:15.042 info  two\n");
    log_info(f.log, "three");
    log_gather_end(f.log);
    assert_string_equal(read_lines(&f), "18:56:15.042 info  three\n");
    log_info(f.log, "four");
    assert_string_equal(read_lines(&f), "18:56:15.042 info  four\n");
    close_log(&f);
}

static void *log_from_a_thread(void *ctx)
{
    log_info(ctx, "from a thread");
    return NULL;
}

static void other_lines_come_behind_what_was_gathered(void **state)
{
    (void)state;
    struct fixture f;
    pthread_t thread;
    open_log(&f, LOG_TEXT, false);
    log_gather(f.log);
    log_info(f.log, "one");
    log_warn(f.log, "look");
    assert_string_equal(read_lines(&f), "18:56:15.042 info  one\n18:56:15.042 warn  look\n");
    log_info(f.log, "two");
    assert_int_equal(pthread_create(&thread, NULL, log_from_a_thread, f.log), 0);
    pthread_join(thread, NULL);
    assert_string_equal(read_lines(&f),
                        "18:56:15.042 info  two\n18:56:15.042 info  from a thread\n");
    close_log(&f);
}

static void what_is_gathered_is_bounded_and_written_at_the_end(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_gather(f.log);
    size_t n = 0;
    while (read_lines(&f)[0] == '\0' && n++ < 2000)
        log_info(f.log, "a line");
    size_t line = strlen("18:56:15.042 info  a line\n");
    assert_int_equal(f.read.len, n * line);
    assert_true(f.read.len >= 32768 && f.read.len < 32768 + line);
    log_info(f.log, "last");
    log_free(f.log);
    f.log = NULL;
    assert_string_equal(read_lines(&f), "18:56:15.042 info  last\n");
    close_log(&f);
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_JSON, true);
    log_info(f.log, "delivered", LOG_STR("connector", "calendarApi"), LOG_INT("ms", -12),
             LOG_RAW("data", SLICE_LIT("{\"a\":\n[1, 2]}")));
    assert_string_equal(read_lines(&f),
                        "{\"time\":\"2026-11-23T18:56:15.042Z\",\"level\":\"info\",\"message\":"
                        "\"delivered\",\"connector\":\"calendarApi\",\"ms\":-12,\"data\":{\"a\":[1,"
                        "2]}}\n");
    close_log(&f);
}

static void lower_levels_are_left_out_until_they_are_asked_for(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_debug(f.log, "detail");
    assert_string_equal(read_lines(&f), "");
    assert_false(log_has_level(f.log, LOG_DEBUG));
    log_set(f.log, LOG_DEBUG, LOG_JSON);
    assert_true(log_has_level(f.log, LOG_DEBUG));
    log_debug(f.log, "detail");
    assert_string_equal(read_lines(&f),
                        "{\"time\":\"2026-11-23T18:56:15.042Z\",\"level\":\"debug\","
                        "\"message\":\"detail\"}\n");
    log_set(f.log, LOG_ERROR, LOG_TEXT);
    log_warn(f.log, "warning");
    assert_string_equal(read_lines(&f), "");
    close_log(&f);
}

static void fields_without_a_name_or_text_are_left_out(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_warn(f.log, "x", LOG_STR(NULL, "no"), LOG_INT("n", 1), LOG_STR("none", NULL),
             LOG_STR("empty", ""));
    assert_string_equal(read_lines(&f), "18:56:15.042 warn  x n=1 empty=\"\"\n");
    close_log(&f);
}

static void no_log_swallows_the_line(void **state)
{
    (void)state;
    log_info(NULL, "nobody hears", LOG_INT("n", 1));
    assert_false(log_has_level(NULL, LOG_ERROR));
    log_free(NULL);
}

static void text_quotes_what_is_not_one_plain_word(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_info(f.log, "x", LOG_STR("a", "two words"), LOG_STR("b", "say \"hi\""),
             LOG_STR("c", "a\nb"), LOG_STR("d", "\xC3\xA4=\\"), LOG_SLICE("e", slice_of("\xFF", 1)),
             LOG_STR("f g", "h"));
    assert_string_equal(read_lines(&f),
                        "18:56:15.042 info  x a=\"two words\" b=\"say \\\"hi\\\"\" c=\"a\\nb\" "
                        "d=\xC3\xA4=\\ e=\"\xEF\xBF\xBD\" \"f g\"=h\n");
    close_log(&f);
}

static void a_message_of_several_lines_stays_one(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_info(f.log, "one\ntwo \"three\"");
    assert_string_equal(read_lines(&f), "18:56:15.042 info  \"one\\ntwo \\\"three\\\"\"\n");
    log_info(f.log, "one \"two\"");
    assert_string_equal(read_lines(&f), "18:56:15.042 info  one \"two\"\n");
    log_set(f.log, LOG_INFO, LOG_JSON);
    log_info(f.log, "one\ntwo");
    assert_non_null(strstr(read_lines(&f), "\"message\":\"one\\ntwo\"}\n"));
    close_log(&f);
}

static void text_lets_nothing_through_that_terminals_obey(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    log_info(f.log, "\033[2J", LOG_STR("del", "\x7F"),
             LOG_STR("csi", "\xC2\x9B"
                            "2J\xC2\xA0"),
             LOG_RAW("raw", SLICE_LIT("[\"\xC2\x80\"]")));
    assert_string_equal(
        read_lines(&f),
        "18:56:15.042 info  \"\\u001b[2J\" del=\"\\u007f\" csi=\"\\u009b2J\xC2\xA0\" "
        "raw=[\"\\u0080\"]\n");
    close_log(&f);
}

static void an_error_of_several_lines_stands_below_its_line(void **state)
{
    (void)state;
    struct fixture f;
    static const char error[] =
        "a.lua:1: x is nil\n    1 | x.y\tz \033[31m\n18:00:00.000 info  forged";
    open_log(&f, LOG_TEXT, false);
    log_error(f.log, "dead letter", LOG_LINES("error", error), LOG_INT("ms", 1));
    assert_string_equal(read_lines(&f),
                        "18:56:15.042 error dead letter error=\"a.lua:1: x is nil\" "
                        "ms=1\n      1 | x.y z  [31m\n  18:00:00.000 info  forged\n");
    log_set(f.log, LOG_INFO, LOG_JSON);
    log_error(f.log, "dead letter", LOG_LINES("error", "a\nb"), LOG_LINES("none", NULL));
    assert_non_null(strstr(read_lines(&f), "\"error\":\"a\\nb\"}\n"));
    close_log(&f);
}

static void message_and_values_pass_the_mask(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    mask_add(f.mask, SLICE_LIT("hunter 22"));
    log_info(f.log, "got hunter 22", LOG_STR("a", "=hunter 22="),
             LOG_RAW("b", SLICE_LIT("[\"hunter 22\"]")));
    assert_string_equal(read_lines(&f), "18:56:15.042 info  got *** a==***= b=[\"***\"]\n");
    log_set(f.log, LOG_INFO, LOG_JSON);
    log_info(f.log, "got hunter 22", LOG_STR("a", "hunter 22"),
             LOG_RAW("b", SLICE_LIT("[\"hunter 22\"]")));
    assert_non_null(
        strstr(read_lines(&f), "\"message\":\"got ***\",\"a\":\"***\",\"b\":[\"***\"]}\n"));
    close_log(&f);
}

static void a_masked_number_leaves_the_line_well_formed(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_JSON, false);
    mask_add(f.mask, SLICE_LIT("12345678"));
    log_info(f.log, "x", LOG_RAW("pin", SLICE_LIT("[12345678]")));
    const char *line = read_lines(&f);
    assert_non_null(strstr(line, "\"pin\":\"[***]\"}\n"));
    struct err err = {0};
    assert_int_equal(json_check(slice_str(line), &err), 0);
    close_log(&f);
}

static void colours_mark_level_and_message_in_text_only(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, true);
    log_error(f.log, "no", LOG_INT("n", 1));
    assert_string_equal(read_lines(&f), "18:56:15.042 \033[31merror\033[0m \033[1mno\033[0m n=1\n");
    log_set(f.log, LOG_INFO, LOG_JSON);
    log_error(f.log, "no");
    assert_null(strchr(read_lines(&f), '\033'));
    close_log(&f);
}

#define WRITERS 4
#define LINES 50
#define VALUE_LEN 9000 /* more than a pipe takes at once */

static void *write_lines(void *arg)
{
    struct log *log = arg;
    char value[VALUE_LEN + 1];
    memset(value, 'v', VALUE_LEN);
    value[VALUE_LEN] = '\0';
    for (int i = 0; i < LINES; i++)
        log_info(log, "x", LOG_STR("value", value));
    return NULL;
}

static void long_lines_of_several_threads_stay_whole(void **state)
{
    (void)state;
    struct fixture f;
    open_log(&f, LOG_TEXT, false);
    fcntl(f.ends[0], F_SETFL, 0);
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, f.log), 0);
    FILE *in = fdopen(dup(f.ends[0]), "r");
    char *line = NULL;
    size_t cap = 0;
    for (int i = 0; i < WRITERS * LINES; i++) {
        ssize_t len = getline(&line, &cap, in);
        assert_int_equal(len, (ssize_t)strlen("18:56:15.042 info  x value=") + VALUE_LEN + 1);
        assert_memory_equal(line, "18:56:15.042 info  x value=vvv", 30);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    free(line);
    fclose(in);
    close_log(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_time_level_message_and_fields),
        cmocka_unit_test(gathered_lines_wait_for_the_flush),
        cmocka_unit_test(other_lines_come_behind_what_was_gathered),
        cmocka_unit_test(what_is_gathered_is_bounded_and_written_at_the_end),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(lower_levels_are_left_out_until_they_are_asked_for),
        cmocka_unit_test(fields_without_a_name_or_text_are_left_out),
        cmocka_unit_test(no_log_swallows_the_line),
        cmocka_unit_test(text_quotes_what_is_not_one_plain_word),
        cmocka_unit_test(a_message_of_several_lines_stays_one),
        cmocka_unit_test(text_lets_nothing_through_that_terminals_obey),
        cmocka_unit_test(an_error_of_several_lines_stands_below_its_line),
        cmocka_unit_test(message_and_values_pass_the_mask),
        cmocka_unit_test(a_masked_number_leaves_the_line_well_formed),
        cmocka_unit_test(colours_mark_level_and_message_in_text_only),
        cmocka_unit_test(long_lines_of_several_threads_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
