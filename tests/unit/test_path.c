/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * base/path: a folder of its own with the folders one/, two/in and the link turn, which leads to two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"

#include <cmocka.h>

struct fixture {
    char root[64];
    char *before;
};

static char *in_root(const struct fixture *f, const char *rest)
{
    struct buf path = {0};
    buf_printf(&path, "%s%s", f->root, rest);
    return buf_take(&path);
}

static void make_folder(const struct fixture *f, const char *rest)
{
    char *path = in_root(f, rest);
    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    f->before = realpath(".", NULL);
    snprintf(f->root, sizeof(f->root), "/tmp/liaison-path-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    make_folder(f, "/one");
    make_folder(f, "/two");
    make_folder(f, "/two/in");
    char *link = in_root(f, "/turn");
    assert_int_equal(symlink("two", link), 0);
    free(link);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    static const char *const folders[] = {"/one", "/two/in", "/two", ""};
    char *link = in_root(f, "/turn");
    int rc = chdir(f->before) | unlink(link);
    free(link);
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char *path = in_root(f, folders[i]);
        rc |= rmdir(path);
        free(path);
    }
    free(f->before);
    free(f);
    return rc;
}

static void assert_path(const struct fixture *f, char *found, const char *rest)
{
    char *wanted = in_root(f, rest);
    assert_string_equal(found, wanted);
    free(wanted);
    free(found);
}

static void assert_absolute(const struct fixture *f, const char *given, const char *rest)
{
    char *path = in_root(f, given);
    assert_path(f, path_absolute(path), rest);
    free(path);
}

static void enter(const struct fixture *f, const char *rest)
{
    char *path = in_root(f, rest);
    assert_int_equal(path_enter(path), 0);
    free(path);
}

static void test_links_stay_in_a_path_that_is_made_absolute(void **state)
{
    const struct fixture *f = *state;
    assert_absolute(f, "/turn", "/turn");
    assert_absolute(f, "//turn/./in/", "/turn/in");
    enter(f, "/turn");
    assert_path(f, path_absolute("."), "/turn");
    assert_path(f, path_absolute("in"), "/turn/in");
    assert_path(f, path_here(), "/turn");
}

static void test_up_is_meant_from_where_a_link_leads(void **state)
{
    const struct fixture *f = *state;
    assert_absolute(f, "/turn/in/..", "/two");
    assert_absolute(f, "/one/../turn", "/turn");
    char *root = path_absolute("/..");
    assert_string_equal(root, "/");
    free(root);
}

static void
test_a_name_that_leads_elsewhere_by_now_is_not_that_of_the_working_directory(void **state)
{
    const struct fixture *f = *state;
    enter(f, "/turn");
    char *link = in_root(f, "/turn");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("one", link), 0);
    free(link);
    assert_path(f, path_here(), "/two");
}

static void test_links_are_resolved_as_far_as_the_path_is_there(void **state)
{
    const struct fixture *f = *state;
    char *path = in_root(f, "/turn/var/journal.db");
    assert_path(f, path_resolve(path), "/two/var/journal.db");
    free(path);
    path = in_root(f, "/turn/in");
    assert_path(f, path_resolve(path), "/two/in");
    free(path);
    path = path_resolve("nothing-here");
    assert_string_equal(path, "nothing-here");
    free(path);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_links_stay_in_a_path_that_is_made_absolute),
        TEST(test_up_is_meant_from_where_a_link_leads),
        TEST(test_a_name_that_leads_elsewhere_by_now_is_not_that_of_the_working_directory),
        TEST(test_links_are_resolved_as_far_as_the_path_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
