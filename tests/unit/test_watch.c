/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* loop/watch: files of a real folder, changed as editors and deployments change them. */
#include "loop/watch.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"

#define DEADLINE_MS 10000
/* So long nothing is told where nothing should be: longer than changes take to come to rest. */
#define SILENCE_MS (3 * WATCH_REST_MS)

struct fixture {
    struct loop *loop;
    struct watch *watch;
    struct loop_timer *timer;
    char *dir;
    int told;
    bool is_over;
};

static const char *const files[] = {"liaison.lua", NULL};
static const char *const folders[] = {"scripts", "lib", NULL};

static void on_changed(void *ctx)
{
    struct fixture *f = ctx;
    f->told++;
}

static void on_timer(void *ctx)
{
    struct fixture *f = ctx;
    f->is_over = true;
}

static char *path_of(const struct fixture *f, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", f->dir, name);
    return buf_take(&path);
}

static void make_folder(const struct fixture *f, const char *name)
{
    char *path = path_of(f, name);
    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
}

static void write_file(const struct fixture *f, const char *name, const char *text)
{
    char *path = path_of(f, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static void move(const struct fixture *f, const char *from, const char *to)
{
    char *a = path_of(f, from), *b = path_of(f, to);
    assert_int_equal(rename(a, b), 0);
    free(a);
    free(b);
}

static void point(const struct fixture *f, const char *link, const char *target)
{
    char *path = path_of(f, link);
    assert_int_equal(symlink(target, path), 0);
    free(path);
}

static void remove_file(const struct fixture *f, const char *name)
{
    char *path = path_of(f, name);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void start(struct fixture *f)
{
    struct err err = {0};
    const struct watch_options options = {f->dir, files, folders};
    f->watch = watch_new(f->loop, &options, on_changed, f, &err);
    if (!f->watch)
        fail_msg("%s", err.message);
}

static void turn_for(struct fixture *f, int64_t ms, int until)
{
    f->is_over = false;
    loop_timer_start(f->timer, ms);
    while (!f->is_over && f->told < until)
        loop_turn(f->loop, true);
    loop_timer_stop(f->timer);
}

/* It is told of once, however many steps it took. */
static void assert_told(struct fixture *f)
{
    int before = f->told;
    turn_for(f, DEADLINE_MS, before + 1);
    assert_int_equal(f->told, before + 1);
    turn_for(f, SILENCE_MS, before + 2);
    assert_int_equal(f->told, before + 1);
}

static void assert_silent(struct fixture *f)
{
    int before = f->told;
    turn_for(f, SILENCE_MS, before + 1);
    assert_int_equal(f->told, before);
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err = {0};
    char template[] = "/tmp/liaison-watch-XXXXXX";
    f->loop = loop_new(&err);
    assert_non_null(f->loop);
    f->timer = loop_timer_new(f->loop, on_timer, f);
    f->dir = mem_strdup(mkdtemp(template));
    make_folder(f, "scripts");
    write_file(f, "scripts/a.lua", "1");
    *state = f;
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    watch_free(f->watch);
    loop_timer_free(f->timer);
    loop_free(f->loop);
    nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f->dir);
    free(f);
    return 0;
}

static void test_a_file_that_is_written_is_told_of(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_silent(f);
    write_file(f, "scripts/a.lua", "2");
    assert_told(f);
}

static void test_a_file_that_is_renamed_into_its_place_is_told_of(void **state)
{
    struct fixture *f = *state;
    start(f);
    for (int i = 0; i < 3; i++) { /* the watch must not stay with the file that was there */
        write_file(f, "scripts/.a.lua.tmp", "2");
        move(f, "scripts/.a.lua.tmp", "scripts/a.lua");
        assert_told(f);
    }
}

static void test_an_editor_that_keeps_a_backup_is_told_of(void **state)
{
    struct fixture *f = *state;
    start(f);
    move(f, "scripts/a.lua", "scripts/.a.lua.bak");
    write_file(f, "scripts/a.lua", "2");
    remove_file(f, "scripts/.a.lua.bak");
    assert_told(f);
}

static void test_what_leaves_the_files_as_they_were_is_not_told_of(void **state)
{
    struct fixture *f = *state;
    start(f);
    write_file(f, "scripts/.a.lua.swp", "x");
    write_file(f, "notes.txt", "x");
    make_folder(f, "var");
    write_file(f, "var/journal.db", "x");
    remove_file(f, "scripts/.a.lua.swp");
    assert_silent(f);
}

static void test_a_folder_that_comes_later_is_seen_with_all_that_lies_in_it(void **state)
{
    struct fixture *f = *state;
    start(f);
    make_folder(f, "lib");
    make_folder(f, "lib/deep");
    write_file(f, "lib/deep/b.lua", "1");
    assert_told(f);
    write_file(f, "lib/deep/b.lua", "22");
    assert_told(f);
}

static void test_a_folder_that_is_moved_into_place_is_seen(void **state)
{
    struct fixture *f = *state;
    start(f);
    make_folder(f, "new");
    write_file(f, "new/b.lua", "1");
    assert_silent(f);
    move(f, "new", "lib");
    assert_told(f);
    write_file(f, "lib/b.lua", "22");
    assert_told(f);
}

static void test_a_file_of_the_root_is_told_of_when_it_comes_and_goes(void **state)
{
    struct fixture *f = *state;
    start(f);
    write_file(f, "liaison.lua", "return {}");
    assert_told(f);
    remove_file(f, "liaison.lua");
    assert_told(f);
}

/* As Kubernetes mounts a ConfigMap. */
static void test_a_link_that_all_files_lead_through_is_swapped(void **state)
{
    struct fixture *f = *state;
    make_folder(f, "scripts/..1");
    write_file(f, "scripts/..1/b.lua", "1");
    point(f, "scripts/..data", "..1");
    point(f, "scripts/b.lua", "..data/b.lua");
    start(f);
    for (int i = 2; i < 5; i++) {
        char folder[32], file[64];
        snprintf(folder, sizeof(folder), "scripts/..%d", i);
        snprintf(file, sizeof(file), "%s/b.lua", folder);
        make_folder(f, folder);
        write_file(f, file, "1");
        point(f, "scripts/..data_tmp", strrchr(folder, '/') + 1);
        move(f, "scripts/..data_tmp", "scripts/..data");
        assert_told(f);
    }
}

static void test_a_whole_folder_behind_a_link_is_swapped(void **state)
{
    struct fixture *f = *state;
    make_folder(f, "one");
    make_folder(f, "two");
    write_file(f, "one/b.lua", "1");
    write_file(f, "two/b.lua", "1");
    point(f, "lib", "one");
    start(f);
    point(f, "lib_new", "two");
    move(f, "lib_new", "lib");
    assert_told(f);
    write_file(f, "two/b.lua", "22");
    assert_told(f);
    write_file(f, "one/b.lua", "22");
    assert_silent(f);
}

static void test_a_link_on_the_way_that_a_link_leads_is_swapped(void **state)
{
    struct fixture *f = *state;
    make_folder(f, "releases");
    for (int i = 1; i <= 2; i++) {
        char folder[] = "releases/0/lib", file[] = "releases/0/lib/b.lua";
        folder[9] = file[9] = (char)('0' + i);
        folder[10] = '\0';
        make_folder(f, folder);
        folder[10] = '/';
        make_folder(f, folder);
        write_file(f, file, "1");
    }
    point(f, "releases/current", "1");
    point(f, "lib", "releases/current/lib");
    start(f);
    point(f, "releases/new", "2");
    move(f, "releases/new", "releases/current");
    assert_told(f);
    write_file(f, "releases/2/lib/b.lua", "22");
    assert_told(f);
}

static void test_a_file_in_a_folder_of_its_own_is_told_of(void **state)
{
    static const char *const own[] = {"liaison.lua", "mine/own.lua", NULL};
    struct fixture *f = *state;
    struct err err = {0};
    const struct watch_options options = {f->dir, own, folders};
    make_folder(f, "mine");
    write_file(f, "mine/own.lua", "1");
    f->watch = watch_new(f->loop, &options, on_changed, f, &err);
    assert_non_null(f->watch);
    write_file(f, "mine/other.lua", "1");
    assert_silent(f);
    write_file(f, "mine/own.lua", "22");
    assert_told(f);
}

static void test_a_file_that_a_link_leads_to_is_seen_where_it_lies(void **state)
{
    struct fixture *f = *state;
    make_folder(f, "shared");
    write_file(f, "shared/b.lua", "1");
    point(f, "scripts/b.lua", "../shared/b.lua");
    start(f);
    write_file(f, "shared/b.lua", "22");
    assert_told(f);
}

static void test_what_was_caught_up_with_is_not_told_of(void **state)
{
    struct fixture *f = *state;
    start(f);
    write_file(f, "scripts/a.lua", "22");
    watch_catch_up(f->watch);
    assert_silent(f);
    write_file(f, "scripts/a.lua", "333");
    assert_told(f);
}

static void test_links_that_lead_round_in_a_circle_end(void **state)
{
    struct fixture *f = *state;
    point(f, "scripts/self", ".");
    start(f);
    write_file(f, "scripts/a.lua", "22");
    assert_told(f);
}

static void test_a_root_that_is_not_there_is_no_error_of_the_system(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    const struct watch_options options = {"/nowhere/at/all", files, folders};
    f->watch = watch_new(f->loop, &options, on_changed, f, &err);
    assert_non_null(f->watch);
    assert_silent(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_that_is_written_is_told_of),
        TEST(test_a_file_that_is_renamed_into_its_place_is_told_of),
        TEST(test_an_editor_that_keeps_a_backup_is_told_of),
        TEST(test_what_leaves_the_files_as_they_were_is_not_told_of),
        TEST(test_a_folder_that_comes_later_is_seen_with_all_that_lies_in_it),
        TEST(test_a_folder_that_is_moved_into_place_is_seen),
        TEST(test_a_file_of_the_root_is_told_of_when_it_comes_and_goes),
        TEST(test_a_link_that_all_files_lead_through_is_swapped),
        TEST(test_a_whole_folder_behind_a_link_is_swapped),
        TEST(test_a_link_on_the_way_that_a_link_leads_is_swapped),
        TEST(test_a_file_in_a_folder_of_its_own_is_told_of),
        TEST(test_a_file_that_a_link_leads_to_is_seen_where_it_lies),
        TEST(test_what_was_caught_up_with_is_not_told_of),
        TEST(test_links_that_lead_round_in_a_circle_end),
        TEST(test_a_root_that_is_not_there_is_no_error_of_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
