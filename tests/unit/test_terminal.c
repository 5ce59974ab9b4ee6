/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * cli/terminal and cli/progress: what is for a terminal, and for no other file.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cli/progress.h"
#include "cli/terminal.h"

/* A terminal, and who looks at it. */
struct fixture {
    int screen;
    FILE *out;
    struct buf shown;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.screen = posix_openpt(O_RDWR | O_NOCTTY)};
    assert_true(fixture.screen >= 0);
    assert_int_equal(grantpt(fixture.screen), 0);
    assert_int_equal(unlockpt(fixture.screen), 0);
    fixture.out = fopen(ptsname(fixture.screen), "we");
    assert_non_null(fixture.out);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    unsetenv("COLUMNS");
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    fclose(f->out);
    close(f->screen);
    buf_deinit(&f->shown);
    return 0;
}

/* Reads until `text` is shown. */
static void wait_shown(struct fixture *f, const char *text)
{
    char chunk[256];
    while (!f->shown.data || !strstr(f->shown.data, text)) {
        ssize_t n = read(f->screen, chunk, sizeof(chunk));
        assert_true(n > 0);
        buf_add(&f->shown, chunk, (size_t)n);
    }
    buf_clear(&f->shown);
}

static void colours_are_for_terminals_that_want_them(void **state)
{
    struct fixture *f = *state;
    int fd = fileno(f->out);
    assert_true(terminal_has_color(fd));
    setenv("NO_COLOR", "", 1);
    assert_true(terminal_has_color(fd));
    setenv("NO_COLOR", "1", 1);
    assert_false(terminal_has_color(fd));
    assert_true(terminal_takes_controls(fd));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    assert_false(terminal_has_color(fd));
    unsetenv("TERM");
    assert_false(terminal_has_color(fd));
    setenv("TERM", "xterm", 1);
    FILE *file = tmpfile();
    assert_false(terminal_has_color(fileno(file)));
    fclose(file);
}

static void the_line_is_as_wide_as_the_terminal(void **state)
{
    struct fixture *f = *state;
    struct winsize size = {.ws_row = 24, .ws_col = 57};
    FILE *file = tmpfile();
    assert_int_equal(ioctl(f->screen, TIOCSWINSZ, &size), 0);
    assert_int_equal(terminal_line_width(f->out), 57);
    assert_true(terminal_line_width(file) == SIZE_MAX);
    setenv("COLUMNS", "33", 1);
    assert_int_equal(terminal_line_width(f->out), 33);
    assert_int_equal(terminal_line_width(file), 33);
    fclose(file);
}

static void no_progress_is_shown_in_a_file(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    struct progress *p = progress_new(file, "reading");
    assert_null(p);
    progress_set(p, 1, 2);
    progress_hide(p);
    progress_free(p);
    fclose(file);
}

static void progress_is_shown_until_it_ends(void **state)
{
    struct fixture *f = *state;
    struct progress *p = progress_new(f->out, "reading");
    assert_non_null(p);
    wait_shown(f, "\r\033[Kreading, 1 s");
    progress_set(p, 120, 500);
    wait_shown(f, "\r\033[Kreading, 120 of 500, ");
    progress_hide(p);
    wait_shown(f, "\r\033[K");
    progress_set(p, 130, 0);
    wait_shown(f, "\r\033[Kreading, 130 so far, ");
    progress_free(p);
    wait_shown(f, "\r\033[K");
}

static void a_line_is_never_longer_than_the_terminal(void **state)
{
    struct fixture *f = *state;
    setenv("COLUMNS", "6", 1);
    struct progress *p = progress_new(f->out, "reading");
    wait_shown(f, "\r\033[Kreadi");
    progress_free(p);
    wait_shown(f, "\r\033[K");
    assert_null(f->shown.len ? strstr(f->shown.data, "reading") : NULL);
}

/* What ends within a second leaves no trace. */
static void a_short_wait_shows_nothing(void **state)
{
    struct fixture *f = *state;
    progress_free(progress_new(f->out, "reading"));
    fputs("end", f->out);
    fflush(f->out);
    char shown[16] = {0};
    assert_int_equal(read(f->screen, shown, sizeof(shown) - 1), 3);
    assert_string_equal(shown, "end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(colours_are_for_terminals_that_want_them, setup, teardown),
        cmocka_unit_test_setup_teardown(the_line_is_as_wide_as_the_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(no_progress_is_shown_in_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(progress_is_shown_until_it_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_is_never_longer_than_the_terminal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_short_wait_shows_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
