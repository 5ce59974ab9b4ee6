/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/known.h"

#include <cmocka.h>

/* The reader gives the memory of a row's texts back as soon as it was told of it. */
static void a_row_that_is_carried_has_all_its_texts_for_itself(void **state)
{
    char room[] = "text";
    struct slice text = slice_of(room, strlen(room));
    const struct delivery_row row = {.id = text,
                                     .connector = text,
                                     .handler = text,
                                     .key = text,
                                     .has_key = true,
                                     .transformer = text,
                                     .batch = text,
                                     .data = text,
                                     .cause = text,
                                     .error = text,
                                     .stale_by = text,
                                     .result = text};
    struct list rows;
    (void)state;
    list_init(&rows);
    known_rows_add(&rows, &row);
    memset(room, '?', strlen(room));

    const struct delivery_row *known = known_row_of(rows.next);
    const struct slice texts[] = {known->id,     known->connector, known->handler,    known->key,
                                  known->batch,  known->data,      known->cause,      known->error,
                                  known->result, known->stale_by,  known->transformer};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_true(slice_is_equal(texts[i], SLICE_LIT("text")));
    known_rows_free(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_that_is_carried_has_all_its_texts_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
