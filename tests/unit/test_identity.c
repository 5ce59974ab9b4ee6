/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/identity.h"

#include <cmocka.h>

static struct identity example(unsigned replay, unsigned n)
{
    return (struct identity){.journal = SLICE_LIT("journal"),
                             .event = 7,
                             .replay = replay,
                             .handler = SLICE_LIT("handler"),
                             .connector = SLICE_LIT("warehouse"),
                             .key = SLICE_LIT("k"),
                             .has_key = true,
                             .n = n};
}

static void an_id_tells_the_replay_and_the_send_that_it_is_of(void **state)
{
    (void)state;
    for (unsigned replay = 0; replay < 3; replay++) {
        for (unsigned n = 0; n < 3; n++) {
            char id[DELIVERY_ID_SIZE];
            struct identity made = example(replay, n), found = example(0, 1);
            identity_format(&made, id);
            assert_true(identity_find(&found, slice_str(id), 3, 3));
            assert_int_equal(found.replay, replay);
            assert_int_equal(found.n, n);
        }
    }
}

static void an_id_is_of_no_other_send(void **state)
{
    (void)state;
    char id[DELIVERY_ID_SIZE];
    struct identity made = example(2, 1), wanted = example(0, 0);
    identity_format(&made, id);
    assert_false(identity_find(&wanted, slice_str(id), 2, 9));
    assert_false(identity_find(&wanted, slice_str(id), 9, 1));
    assert_false(identity_find(&wanted, SLICE_LIT("7-malformed"), 9, 9));
    wanted.key = SLICE_LIT("j");
    assert_false(identity_find(&wanted, slice_str(id), 9, 9));
    wanted = example(0, 0);
    wanted.has_key = false;
    assert_false(identity_find(&wanted, slice_str(id), 9, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_tells_the_replay_and_the_send_that_it_is_of),
        cmocka_unit_test(an_id_is_of_no_other_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
