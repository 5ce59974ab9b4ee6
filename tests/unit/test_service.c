/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * cli/service: what a service manager is told, and when.
 */
#include "cli/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct loop *loop;
    struct log *log;
    struct service *service;
    int manager; /* the service manager's socket */
    char message[512];
    /* What describe answers. */
    const char *status;
    bool can_take;
};

/* An abstract socket, whose name the kernel chooses. */
static void listen_as_manager(struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t len = sizeof(address);
    char name[sizeof(address.sun_path) + 1] = "@";
    f->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(f->manager >= 0);
    assert_int_equal(bind(f->manager, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    assert_int_equal(getsockname(f->manager, (struct sockaddr *)&address, &len), 0);
    memcpy(name + 1, address.sun_path + 1, len - sizeof(sa_family_t) - 1);
    setenv("NOTIFY_SOCKET", name, 1);
}

static int setup(void **state)
{
    static struct fixture fixture;
    struct err err = {0};
    fixture = (struct fixture){.loop = loop_new(&err), .manager = -1, .status = "fine"};
    fixture.log = log_new(&(struct log_options){.fd = STDERR_FILENO, .clock = clock_system()});
    assert_non_null(fixture.loop);
    listen_as_manager(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    service_free(f->service);
    loop_free(f->loop);
    log_free(f->log);
    close(f->manager);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    return 0;
}

static bool describe(void *ctx, struct buf *out)
{
    const struct fixture *f = ctx;
    buf_add_str(out, f->status);
    return f->can_take;
}

static void start(struct fixture *f)
{
    f->service = service_new(&(struct service_options){
        .loop = f->loop, .log = f->log, .describe = describe, .ctx = f, .tick_ms = 1});
    assert_non_null(f->service);
}

/* The next message that is there already; NULL without one. */
static const char *next_message(struct fixture *f)
{
    ssize_t len = recv(f->manager, f->message, sizeof(f->message) - 1, MSG_DONTWAIT);
    if (len < 0)
        return NULL;
    f->message[len] = '\0';
    return f->message;
}

/* The next one, turning the loop until it comes. */
static const char *wait_message(struct fixture *f)
{
    const char *message;
    while (!(message = next_message(f)))
        loop_turn(f->loop, true);
    return message;
}

static void turn_ticks(struct fixture *f, int ticks)
{
    while (ticks-- > 0)
        loop_turn(f->loop, true);
}

static void nobody_is_told_who_did_not_ask(void **state)
{
    struct fixture *f = *state;
    unsetenv("NOTIFY_SOCKET");
    f->service = service_new(
        &(struct service_options){.loop = f->loop, .log = f->log, .describe = describe, .ctx = f});
    assert_null(f->service);
    service_stopping(f->service, "stopping", 1);
    assert_null(next_message(f));
}

static void a_socket_that_is_none_is_left_alone(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"", "@", "relative", "vsock:2:1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        f->service = service_new(&(struct service_options){
            .loop = f->loop, .log = f->log, .describe = describe, .ctx = f});
        assert_null(f->service);
    }
}

/* More than the queue of a socket holds, 512 where systemd has set it (net.unix.max_dgram_qlen). */
#define TURNS 1000

static void a_manager_that_does_not_read_is_told_later(void **state)
{
    struct fixture *f = *state;
    char texts[2][8] = {"a", "b"};
    int told = 0;
    start(f);
    for (int i = 0; i < TURNS; i++) {
        f->status = texts[i % 2];
        loop_turn(f->loop, true);
    }
    f->status = "the last";
    f->can_take = true;
    loop_turn(f->loop, true);
    while (next_message(f))
        told++;
    assert_true(told < TURNS);
    assert_non_null(strstr(wait_message(f), "STATUS=the last"));
}

static void it_is_ready_when_events_can_be_taken(void **state)
{
    struct fixture *f = *state;
    f->can_take = true;
    start(f);
    assert_string_equal(next_message(f), "READY=1\nSTATUS=fine");
}

static void it_is_not_ready_before_but_says_why(void **state)
{
    struct fixture *f = *state;
    f->status = "takes no events: not yet";
    start(f);
    assert_string_equal(next_message(f), "STATUS=takes no events: not yet");
    turn_ticks(f, SERVICE_READY_TICKS / 2);
    assert_null(next_message(f));
    f->status = "fine";
    f->can_take = true;
    assert_string_equal(wait_message(f), "READY=1\nSTATUS=fine");
}

static void a_start_that_waits_for_a_person_is_over_some_time(void **state)
{
    struct fixture *f = *state;
    start(f);
    assert_string_equal(next_message(f), "STATUS=fine");
    turn_ticks(f, SERVICE_READY_TICKS - 1);
    assert_null(next_message(f));
    assert_string_equal(wait_message(f), "READY=1\nSTATUS=fine");
}

static void a_status_is_told_once_and_ready_is_too(void **state)
{
    struct fixture *f = *state;
    f->can_take = true;
    start(f);
    assert_non_null(next_message(f));
    turn_ticks(f, 5);
    assert_null(next_message(f));
    f->status = "worse";
    f->can_take = false;
    assert_string_equal(wait_message(f), "STATUS=worse");
    f->status = "fine";
    f->can_take = true;
    assert_string_equal(wait_message(f), "STATUS=fine");
}

static void signs_of_life_come_while_the_loop_turns(void **state)
{
    struct fixture *f = *state;
    setenv("WATCHDOG_USEC", "4000", 1);
    start(f);
    assert_non_null(next_message(f));
    assert_null(next_message(f));
    for (int i = 0; i < 3; i++)
        assert_string_equal(wait_message(f), "WATCHDOG=1");
}

static void a_watchdog_of_another_process_is_not_ours(void **state)
{
    struct fixture *f = *state;
    setenv("WATCHDOG_USEC", "2000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    start(f);
    unsetenv("WATCHDOG_PID");
    assert_non_null(next_message(f));
    turn_ticks(f, 10);
    assert_null(next_message(f));
}

static void the_end_is_told_with_its_time_and_stays(void **state)
{
    struct fixture *f = *state;
    setenv("WATCHDOG_USEC", "4000", 1);
    start(f);
    assert_non_null(next_message(f));
    service_stopping(f->service, "stopping", 8000);
    service_stopping(f->service, "stopping again", 1);
    f->status = "changed";
    assert_string_equal(next_message(f),
                        "STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=8000000");
    for (int i = 0; i < 3; i++)
        assert_string_equal(wait_message(f), "WATCHDOG=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_is_told_who_did_not_ask, setup, teardown),
        cmocka_unit_test_setup_teardown(a_socket_that_is_none_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_manager_that_does_not_read_is_told_later, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(it_is_ready_when_events_can_be_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_not_ready_before_but_says_why, setup, teardown),
        cmocka_unit_test_setup_teardown(a_start_that_waits_for_a_person_is_over_some_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_status_is_told_once_and_ready_is_too, setup, teardown),
        cmocka_unit_test_setup_teardown(signs_of_life_come_while_the_loop_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(a_watchdog_of_another_process_is_not_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_is_told_with_its_time_and_stays, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
