/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * admin/tape: events as blocks of a stream, and the newest of them.
 */
#include "admin/tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include <cmocka.h>

static struct event *make_event(int64_t seq, const char *type, const char *json)
{
    struct event *event = event_new(&(struct event_parts){
        .channel = SLICE_LIT("embedded"),
        .id = SLICE_LIT("a-1"),
        .type = slice_str(type),
        .source = SLICE_LIT("/x"),
        .data = slice_str(json),
        .data_kind = json ? EVENT_DATA_JSON : EVENT_DATA_NONE,
    });
    event->seq = seq;
    return event;
}

static struct frame *make_frame(int64_t seq, const char *type, const char *json)
{
    struct event *event = make_event(seq, type, json);
    struct frame *frame = frame_new(SLICE_LIT("cafe"), event);
    event_unref(event);
    return frame;
}

#define ENVELOPE(type)                                                                             \
    "{\"id\":\"a-1\",\"type\":\"" type "\",\"source\":\"/x\",\"specversion\":\"1.0\""

static void test_a_frame_is_a_block_of_server_sent_events(void **state)
{
    (void)state;
    static const struct {
        const char *type, *json, *text;
    } rows[] = {
        {"a.b", "{\"n\":1}",
         "event: a.b\nid: cafe-7\ndata: " ENVELOPE("a.b") ",\"data\":{\"n\":1}}\n\n"},
        {"a.b", NULL, "event: a.b\nid: cafe-7\ndata: " ENVELOPE("a.b") "}\n\n"},
        /* Line breaks would end a field. */
        {"a.b", "{\n\"n\":\r\n1\r}",
         "event: a.b\nid: cafe-7\ndata: " ENVELOPE(
             "a.b") ",\"data\":{\ndata: \"n\": \ndata: 1 }}\n\n"},
        {"a\nb", "1", "id: cafe-7\ndata: " ENVELOPE("a\\nb") ",\"data\":1}\n\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct frame *frame = make_frame(7, rows[i].type, rows[i].json);
        char *text = slice_dup(frame->text);
        assert_string_equal(text, rows[i].text);
        assert_true(slice_is_equal(frame->type, slice_str(rows[i].type)));
        assert_int_equal(frame->seq, 7);
        free(text);
        frame_unref(frame);
    }
}

static void test_what_was_pushed_is_found_behind_a_number(void **state)
{
    (void)state;
    static const int64_t seqs[] = {3, 5, 6, 9};
    struct tape tape;
    tape_init(&tape, 2);
    assert_int_equal(tape.lost_seq, 2);
    assert_null(tape_at(&tape, tape_find(&tape, 2)));
    for (size_t i = 0; i < ARRAY_LEN(seqs); i++)
        tape_push(&tape, make_frame(seqs[i], "t", "1"));
    for (int64_t seq = 0; seq < 12; seq++) {
        const struct frame *frame = tape_at(&tape, tape_find(&tape, seq));
        int64_t next = seq < 3 ? 3 : seq < 5 ? 5 : seq < 6 ? 6 : seq < 9 ? 9 : 0;
        assert_int_equal(frame ? frame->seq : 0, next);
    }
    tape_deinit(&tape);
}

static void test_the_oldest_go_when_there_are_too_many(void **state)
{
    (void)state;
    struct tape tape;
    tape_init(&tape, 0);
    for (int64_t seq = 1; seq <= TAPE_FRAMES_MAX + 10; seq++)
        tape_push(&tape, make_frame(seq, "t", "1"));
    assert_int_equal(tape.end - tape.begin, TAPE_FRAMES_MAX);
    assert_int_equal(tape.lost_seq, 10);
    assert_null(tape_at(&tape, tape.begin - 1));
    assert_int_equal(tape_at(&tape, tape.begin)->seq, 11);
    assert_int_equal(tape_find(&tape, 0), tape.begin);
    tape_deinit(&tape);
}

static void test_the_oldest_go_when_they_are_too_long(void **state)
{
    (void)state;
    struct tape tape;
    struct buf json = {0};
    buf_add_char(&json, '"');
    buf_reserve(&json, TAPE_BYTES_MAX);
    for (size_t i = 0; i < TAPE_BYTES_MAX / 2; i++)
        buf_add_char(&json, 'x');
    buf_add_char(&json, '"');
    tape_init(&tape, 0);
    for (int64_t seq = 1; seq <= 3; seq++)
        tape_push(&tape, make_frame(seq, "t", json.data));
    assert_int_equal(tape.end - tape.begin, 1); /* two would pass the limit by their heads */
    assert_int_equal(tape.lost_seq, 2);
    assert_in_range(tape.bytes, TAPE_BYTES_MAX / 2, TAPE_BYTES_MAX);
    buf_deinit(&json);
    tape_deinit(&tape);
}

static void test_a_frame_lives_as_long_as_somebody_has_it(void **state)
{
    (void)state;
    struct tape tape;
    tape_init(&tape, 0);
    tape_push(&tape, make_frame(1, "t", "1"));
    struct frame *mine = frame_ref(tape_at(&tape, 0));
    tape_deinit(&tape);
    assert_int_equal(mine->refs, 1);
    assert_int_equal(mine->seq, 1);
    frame_unref(mine);
    frame_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_is_a_block_of_server_sent_events),
        cmocka_unit_test(test_what_was_pushed_is_found_behind_a_number),
        cmocka_unit_test(test_the_oldest_go_when_there_are_too_many),
        cmocka_unit_test(test_the_oldest_go_when_they_are_too_long),
        cmocka_unit_test(test_a_frame_lives_as_long_as_somebody_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
