/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The hash map, and the reference vectors of its hash.
 */
#include "base/buf.h"
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct entry {
    struct map_node node;
    char key[16];
};

static struct entry *entries_new(struct map *m, int n)
{
    struct entry *entries = mem_calloc((size_t)n, sizeof(*entries));
    for (int i = 0; i < n; i++) {
        snprintf(entries[i].key, sizeof(entries[i].key), "key-%d", i);
        entries[i].node.key = slice_str(entries[i].key);
        map_insert(m, &entries[i].node);
    }
    return entries;
}

/* Appendix A of the paper, and vectors_sip64 of the reference implementation: key 00 01 … 0f,
   input the first n bytes of 00 01 02 …. */
static void siphash_gives_the_reference_vectors(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {2, 0x0d6c8009d9a94f5a},
        {3, 0x85676696d7fb7e2d}, {7, 0xab0200f58b01d137},  {8, 0x93f5f5799a932462},
        {9, 0x9e0082df0ba9e4b0}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
    };
    const uint64_t seed[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char input[64];
    for (int i = 0; i < 64; i++)
        input[i] = (char)i;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        assert_true(hash_siphash(seed, slice_of(input, vectors[i].len)) == vectors[i].hash);
}

static void siphash_takes_the_null_slice_as_empty(void **state)
{
    (void)state;
    const uint64_t seed[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    assert_true(hash_siphash(seed, SLICE_NULL) == 0x726fdb47dd0e0e31);
}

static void what_is_sought_in_vain_can_be_inserted_there(void **state)
{
    (void)state;
    struct map m;
    struct entry entry = {.key = "b"};
    uint64_t hash;
    map_init(&m);
    assert_null(map_seek(&m, SLICE_LIT("b"), &hash));
    entry.node.key = slice_str(entry.key);
    map_insert_sought(&m, &entry.node, hash);
    assert_ptr_equal(map_find(&m, SLICE_LIT("b")), &entry.node);
    assert_ptr_equal(map_seek(&m, SLICE_LIT("b"), &hash), &entry.node);
    assert_null(map_seek(&m, SLICE_LIT("c"), &hash));
    map_remove(&m, &entry.node);
    assert_null(map_find(&m, SLICE_LIT("b")));
    map_deinit(&m);
}

static void an_empty_map_finds_nothing(void **state)
{
    (void)state;
    struct map m;
    map_init(&m);
    assert_null(map_find(&m, SLICE_LIT("a")));
    assert_null(map_find(&m, SLICE_NULL));
    map_deinit(&m);
}

static void finds_what_was_inserted_and_nothing_else(void **state)
{
    (void)state;
    struct map m;
    map_init(&m);
    struct entry *entries = entries_new(&m, 1000);
    assert_int_equal(m.len, 1000);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key-%d", i);
        assert_ptr_equal(map_find(&m, slice_str(key)), &entries[i].node);
    }
    assert_null(map_find(&m, SLICE_LIT("key-1000")));
    assert_null(map_find(&m, SLICE_LIT("key-")));
    map_deinit(&m);
    free(entries);
}

static void keys_are_bytes_with_nul_and_empty_ones_too(void **state)
{
    (void)state;
    struct map m;
    map_init(&m);
    struct map_node nodes[] = {
        {.key = SLICE_LIT("a\0b")}, {.key = SLICE_LIT("a\0c")}, {.key = SLICE_NULL}};
    for (int i = 0; i < 3; i++)
        map_insert(&m, &nodes[i]);
    assert_ptr_equal(map_find(&m, SLICE_LIT("a\0c")), &nodes[1]);
    assert_ptr_equal(map_find(&m, SLICE_LIT("")), &nodes[2]);
    assert_null(map_find(&m, SLICE_LIT("a")));
    map_deinit(&m);
}

/* By a hash that is the caller's: all in one place, too. */
static void keys_may_be_hashed_by_who_chooses_them(void **state)
{
    (void)state;
    struct map m;
    struct entry entries[40];
    map_init(&m);
    for (int i = 0; i < 40; i++) {
        snprintf(entries[i].key, sizeof(entries[i].key), "key-%d", i);
        entries[i].node.key = slice_str(entries[i].key);
        map_insert_sought(&m, &entries[i].node, 7);
    }
    for (int i = 0; i < 40; i += 3)
        map_remove(&m, &entries[i].node);
    for (int i = 0; i < 40; i++)
        assert_ptr_equal(map_find_hashed(&m, slice_str(entries[i].key), 7),
                         i % 3 ? &entries[i].node : NULL);
    assert_null(map_find_hashed(&m, slice_str(entries[1].key), 8));
    map_deinit(&m);
}

static void removed_entries_are_gone_and_their_keys_free(void **state)
{
    (void)state;
    struct map m;
    map_init(&m);
    struct entry *entries = entries_new(&m, 100);
    for (int i = 0; i < 100; i += 2)
        map_remove(&m, &entries[i].node);
    assert_int_equal(m.len, 50);
    for (int i = 0; i < 100; i++) {
        struct map_node *found = map_find(&m, slice_str(entries[i].key));
        assert_ptr_equal(found, i % 2 ? &entries[i].node : NULL);
    }
    map_insert(&m, &entries[0].node);
    assert_ptr_equal(map_find(&m, SLICE_LIT("key-0")), &entries[0].node);
    map_deinit(&m);
    free(entries);
}

static void gives_memory_back_when_mostly_empty(void **state)
{
    (void)state;
    struct map m;
    map_init(&m);
    struct entry *entries = entries_new(&m, 4096);
    assert_true(m.n_buckets >= 4096);
    for (int i = 0; i < 4090; i++)
        map_remove(&m, &entries[i].node);
    assert_true(m.n_buckets <= 64);
    for (int i = 4090; i < 4096; i++)
        assert_ptr_equal(map_find(&m, slice_str(entries[i].key)), &entries[i].node);
    map_deinit(&m);
    free(entries);
}

struct walk {
    struct map *map;
    int next;
    int step;
    bool removes;
};

static void expect_next(void *ctx, struct map_node *node)
{
    struct walk *walk = ctx;
    struct entry *entry = container_of(node, struct entry, node);
    assert_int_equal(atoi(entry->key + 4), walk->next);
    walk->next += walk->step;
    if (walk->removes) {
        map_remove(walk->map, node);
        memset(entry, 0xAA, sizeof(*entry));
    }
}

static void each_walks_in_the_order_of_insertion(void **state)
{
    (void)state;
    struct map m;
    map_init(&m);
    struct entry *entries = entries_new(&m, 300);
    for (int i = 0; i < 300; i += 2)
        map_remove(&m, &entries[i].node);
    struct walk walk = {.map = &m, .next = 1, .step = 2};
    map_each(&m, expect_next, &walk);
    assert_int_equal(walk.next, 301);
    map_deinit(&m);
    free(entries);
}

static void each_may_remove_and_free_the_entry_it_is_given(void **state)
{
    (void)state;
    struct map m;
    map_init(&m);
    struct entry *entries = entries_new(&m, 1000);
    struct walk walk = {.map = &m, .step = 1, .removes = true};
    map_each(&m, expect_next, &walk);
    assert_int_equal(walk.next, 1000);
    assert_int_equal(m.len, 0);
    assert_null(m.oldest);
    assert_null(m.newest);
    map_deinit(&m);
    free(entries);
}

static void two_maps_hash_by_different_seeds(void **state)
{
    (void)state;
    struct map a, b;
    map_init(&a);
    map_init(&b);
    assert_true(a.seed[0] != b.seed[0] || a.seed[1] != b.seed[1]);
    map_deinit(&a);
    map_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_gives_the_reference_vectors),
        cmocka_unit_test(siphash_takes_the_null_slice_as_empty),
        cmocka_unit_test(what_is_sought_in_vain_can_be_inserted_there),
        cmocka_unit_test(an_empty_map_finds_nothing),
        cmocka_unit_test(finds_what_was_inserted_and_nothing_else),
        cmocka_unit_test(keys_are_bytes_with_nul_and_empty_ones_too),
        cmocka_unit_test(keys_may_be_hashed_by_who_chooses_them),
        cmocka_unit_test(removed_entries_are_gone_and_their_keys_free),
        cmocka_unit_test(gives_memory_back_when_mostly_empty),
        cmocka_unit_test(each_walks_in_the_order_of_insertion),
        cmocka_unit_test(each_may_remove_and_free_the_entry_it_is_given),
        cmocka_unit_test(two_maps_hash_by_different_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
