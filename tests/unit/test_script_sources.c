/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "script_project.h"

static struct sources *read_all(const struct project *p)
{
    return sources_read(&(struct sources_options){.project = p->dir, .data_dir = NULL});
}

static void assert_names(const struct sources *s, const char *expected)
{
    struct buf names = {0};
    buf_add_str(&names, "");
    for (size_t i = 0; i < sources_count(s); i++) {
        const struct source *source = sources_at(s, i);
        buf_printf(&names, "%s=%s ", source->module.data, source->name.data);
    }
    assert_string_equal(names.data, expected);
    buf_deinit(&names);
}

static void test_each_folder_s_files_are_read_in_order(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/b.lua", "b");
    project_write(p, "scripts/a.lua", "a");
    project_write(p, "scripts/.hidden.lua", "no");
    project_write(p, "scripts/deep/c.lua", "no");
    project_write(p, "scripts/notes.txt", "no");
    project_write(p, "connectors/out.lua", "o");
    project_write(p, "connectors/in/init.lua", "i");
    project_write(p, "connectors/in/more.lua", "no");
    project_write(p, "transformers/t.lua", "t");
    project_write(p, "lib/l.lua", "l");
    project_write(p, "lib/x/init.lua", "x");
    project_write(p, "lib/x/y.lua", "xy");
    project_write(p, "lib/x/y/z.lua", "xyz");
    project_write(p, "data/rooms.csv", "id,name\n");
    project_write(p, "data/staff.json", "{}");
    struct sources *s = read_all(p);
    assert_names(s, "t=transformers/t.lua in=connectors/in/init.lua out=connectors/out.lua "
                    "a=scripts/a.lua b=scripts/b.lua l=lib/l.lua x=lib/x/init.lua "
                    "x.y=lib/x/y.lua x.y.z=lib/x/y/z.lua rooms=data/rooms.csv "
                    "staff=data/staff.json ");
    const struct source *found = sources_find(s, SOURCE_LIB, SLICE_LIT("x.y.z"));
    assert_string_equal(found->text.data, "xyz");
    assert_ptr_equal(sources_find_name(s, SLICE_LIT("lib/x/y/z.lua")), found);
    assert_null(sources_find(s, SOURCE_LIB, SLICE_LIT("z")));
    sources_unref(s);
    project_free(p);
}

static void test_what_was_read_stays_when_the_file_changes(void **state)
{
    (void)state;
    struct project *p = project_new();
    char before[SOURCES_HASH_SIZE], after[SOURCES_HASH_SIZE];
    project_write(p, "data/rooms.csv", "id\n1\n");
    struct sources *old = read_all(p);
    project_write(p, "data/rooms.csv", "id\n2\n");
    struct sources *new = read_all(p);
    assert_string_equal(sources_at(old, 0)->text.data, "id\n1\n");
    assert_string_equal(sources_at(new, 0)->text.data, "id\n2\n");
    sources_hash(old, before);
    sources_hash(new, after);
    assert_string_not_equal(before, after);
    source_hash(sources_at(old, 0), before);
    source_hash(sources_at(new, 0), after);
    assert_string_not_equal(before, after);
    sources_unref(old);
    sources_unref(new);
    project_free(p);
}

static void test_a_file_behind_links_keeps_the_name_it_is_found_by(void **state)
{
    (void)state;
    struct project *p = project_new();
    struct buf link = {0};
    project_write(p, "scripts/..2026_1/a.lua", "a");
    buf_printf(&link, "%s/scripts/..data", p->dir);
    assert_int_equal(symlink("..2026_1", link.data), 0);
    buf_clear(&link);
    buf_printf(&link, "%s/scripts/a.lua", p->dir);
    assert_int_equal(symlink("..data/a.lua", link.data), 0);
    struct sources *s = read_all(p);
    assert_names(s, "a=scripts/a.lua ");
    sources_unref(s);
    buf_deinit(&link);
    project_free(p);
}

static void test_a_file_that_cannot_be_read_says_so_and_the_others_are_read(void **state)
{
    (void)state;
    struct project *p = project_new();
    struct buf path = {0};
    project_write(p, "lib/a.lua", "");
    project_write(p, "lib/b.lua", "b");
    buf_printf(&path, "%s/lib/a.lua", p->dir);
    assert_int_equal(truncate(path.data, 32 << 20), 0);
    struct sources *s = read_all(p);
    assert_int_equal(sources_count(s), 2);
    assert_non_null(strstr(sources_at(s, 0)->failure, "lib/a.lua"));
    assert_int_equal(sources_at(s, 0)->text.len, 0);
    assert_null(sources_at(s, 1)->failure);
    sources_unref(s);
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    assert_false(project_load(p));
    assert_non_null(strstr(p->problems.data, "lib/a.lua:0: "));
    buf_deinit(&path);
    project_free(p);
}

static void test_what_ships_is_read_when_it_is_asked_for(void **state)
{
    (void)state;
    struct project *p = project_new(), *ships = project_new();
    struct buf name = {0};
    project_write(p, "connectors/own.lua", "mine");
    project_write(ships, "connectors/own.lua", "theirs");
    project_write(ships, "connectors/house/init.lua", "house");
    struct sources *s =
        sources_read(&(struct sources_options){.project = p->dir, .data_dir = ships->dir});
    assert_int_equal(sources_count(s), 1);
    assert_string_equal(sources_find(s, SOURCE_CONNECTOR, SLICE_LIT("own"))->text.data, "mine");
    assert_null(sources_find_own(s, SOURCE_CONNECTOR, SLICE_LIT("house")));
    assert_null(sources_find(s, SOURCE_CONNECTOR, SLICE_LIT("../connectors/house")));
    const struct source *house = sources_find(s, SOURCE_CONNECTOR, SLICE_LIT("house"));
    assert_string_equal(house->text.data, "house");
    assert_true(house->is_shipped);
    buf_printf(&name, "%s/connectors/house/init.lua", ships->dir);
    assert_string_equal(house->name.data, name.data);
    assert_ptr_equal(sources_find(s, SOURCE_CONNECTOR, SLICE_LIT("house")), house);
    assert_null(sources_find_own(s, SOURCE_CONNECTOR, SLICE_LIT("house")));
    sources_unref(s);
    buf_deinit(&name);
    project_free(ships);
    project_free(p);
}

static void test_one_script_takes_the_place_of_all(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/a.lua", "a");
    project_write(p, "scripts/b.lua", "b");
    struct sources *s = read_all(p);
    struct sources *tried = sources_with_script(s, SLICE_LIT("try"), SLICE_LIT("x"));
    sources_unref(s);
    assert_names(tried, "out=connectors/out.lua try=scripts/try.lua ");
    assert_string_equal(sources_at(tried, 0)->text.data, "return function() end");
    sources_unref(tried);
    project_free(p);
}

static void test_a_machine_is_loaded_from_what_another_was(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "lib/l.lua", "return { 'from lib' }");
    project_write(p, "scripts/s.lua",
                  "local l = require 'l' SyncManager.new{ name = l[1] }:start()");
    project_load_well(p);
    struct sources *s = sources_ref(script_sources(p->machine));
    project_write(p, "lib/l.lua", "not Lua");
    p->options.sources = s;
    char *hash = mem_strdup(script_hash(p->machine));
    project_load_well(p);
    assert_string_equal(script_hash(p->machine), hash);
    assert_string_equal(script_manager_at(p->machine, 0)->channel.data, "from lib");
    free(hash);
    sources_unref(s);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_folder_s_files_are_read_in_order),
        cmocka_unit_test(test_what_was_read_stays_when_the_file_changes),
        cmocka_unit_test(test_a_file_behind_links_keeps_the_name_it_is_found_by),
        cmocka_unit_test(test_a_file_that_cannot_be_read_says_so_and_the_others_are_read),
        cmocka_unit_test(test_what_ships_is_read_when_it_is_asked_for),
        cmocka_unit_test(test_one_script_takes_the_place_of_all),
        cmocka_unit_test(test_a_machine_is_loaded_from_what_another_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
