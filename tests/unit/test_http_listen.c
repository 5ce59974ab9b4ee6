/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/server: the addresses that it listens on.
 */
#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/listen.h"
#include "server_fixture.h"

#include <cmocka.h>

static void reply_echo(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    http_exchange_reply(x, 200, "application/octet-stream", http_exchange_body(x));
}

static const struct http_route routes[] = {{"POST", "/echo", reply_echo}};

static int setup(void **state)
{
    struct server_fixture *f = mem_calloc(1, sizeof(*f));
    server_setup(f, routes, ARRAY_LEN(routes), NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct server_fixture *f = *state;
    server_teardown(f);
    free(f);
    return 0;
}

/* Whether it answers the client. */
static void expect_echo(struct server_fixture *f)
{
    server_ask(f, POST("/echo", "Content-Length: 1\r\n", "x"), "\r\n\r\nx");
}

static void expect_no_server(struct server_fixture *f, const char *address, enum err_code code,
                             const char *message)
{
    struct http_server_options options = f->options;
    options.listen = address;
    struct err err = {0};
    assert_null(http_server_new(f->loop, &options, &err));
    assert_int_equal(err.code, code);
    if (!strstr(err.message, message))
        fail_msg("\"%s\" doesn't say \"%s\"", err.message, message);
}

static void test_an_address_in_use_says_what_to_do(void **state)
{
    struct server_fixture *f = *state;
    const char *address = http_server_address(f->server);
    char message[160];
    snprintf(message, sizeof(message),
             "%s is in use by another program; stop it or choose another address with --listen",
             address);
    expect_no_server(f, address, ERR_EXISTS, message);
    char any[32];
    snprintf(any, sizeof(any), "*%s", strchr(address, ':'));
    expect_no_server(f, any, ERR_EXISTS, "is in use by another program");
}

static void test_what_is_no_address_is_refused(void **state)
{
    struct server_fixture *f = *state;
    static const char *const cases[] = {"",      "8750",        ":8750",          "127.0.0.1",
                                        "1:2:3", "127.0.0.1:x", "127.0.0.1:",     "::1:8750",
                                        "[]:1",  "[::1]",       "127.0.0.1:65536"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_no_server(f, cases[i], ERR_INVALID, "is no address to listen on");
    expect_no_server(f, "192.0.2.1:0", ERR_INVALID, "this machine has no such address");
    expect_no_server(f, "unix:", ERR_INVALID, "must have 1 to 107 bytes");
}

static void test_what_is_no_address_says_what_to_write(void **state)
{
    (void)state;
    static const struct {
        const char *address, *advice;
    } cases[] = {
        {"9000", "write \"127.0.0.1:9000\""},
        {":9000", "write \"127.0.0.1:9000\", or \"*:9000\" for all"},
        {"localhost", "it has no port: write \"localhost:8750\""},
        {"http://127.0.0.1:8750", "leave http:// out"},
        {"127.0.0.1:99999", "ports end at 65535"},
        {"127.0.0.1:123456789012345678901", "ports end at 65535"},
        {"", "write it as 127.0.0.1:8750"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = {0};
        assert_int_equal(listener_check(cases[i].address, &err), -1);
        if (!strstr(err.message, cases[i].advice))
            fail_msg("\"%s\" doesn't say \"%s\"", err.message, cases[i].advice);
    }
    static const char *const well[] = {"127.0.0.1:0", "[::1]:8750", "*:1", "h:65535", "unix:/x"};
    for (size_t i = 0; i < ARRAY_LEN(well); i++)
        assert_int_equal(listener_check(well[i], NULL), 0);
}

/* Whether a server on `address` answers at `name`, its address behind the port. */
static void expect_serves(struct server_fixture *f, const char *address, const char *shown)
{
    struct http_server *server = server_open(f, address);
    assert_memory_equal(http_server_address(server), shown, strlen(shown));
    assert_true(atoi(http_server_address(server) + strlen(shown)) > 0);
    http_server_free(server);
}

static void test_the_kinds_of_addresses_are_listened_on(void **state)
{
    struct server_fixture *f = *state;
    expect_serves(f, "127.0.0.1:0", "127.0.0.1:");
    expect_serves(f, "localhost:0", "localhost:");
    expect_serves(f, "*:0", "*:");
    if (access("/proc/net/if_inet6", R_OK) == 0)
        expect_serves(f, "[::1]:0", "[::1]:");
}

static void test_all_addresses_include_ipv4(void **state)
{
    struct server_fixture *f = *state;
    f->options.listen = "*:0";
    server_restart(f);
    expect_echo(f);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    strcpy(sa.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    return fd;
}

static void test_a_socket_file_is_listened_on_and_removed_at_the_end(void **state)
{
    struct server_fixture *f = *state;
    char dir[] = "/tmp/liaison-test-XXXXXX", path[64], address[80];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    snprintf(address, sizeof(address), "unix:%s", path);
    struct http_server *server = server_open(f, address);
    assert_string_equal(http_server_address(server), address);
    expect_no_server(f, address, ERR_EXISTS, "is in use by another program");

    close(f->fd);
    f->fd = connect_unix(path);
    expect_echo(f);
    http_server_free(server);
    assert_int_equal(access(path, F_OK), -1);
    rmdir(dir);
}

static void test_a_socket_file_is_its_owner_s(void **state)
{
    struct server_fixture *f = *state;
    char dir[] = "/tmp/liaison-test-XXXXXX", address[64];
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof(address), "unix:%s/socket", dir);
    struct http_server *server = server_open(f, address);
    assert_int_equal(stat(address + strlen("unix:"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    http_server_free(server);
    rmdir(dir);
}

static void test_a_socket_file_left_over_is_replaced_and_another_file_is_not(void **state)
{
    struct server_fixture *f = *state;
    char dir[] = "/tmp/liaison-test-XXXXXX", path[64], address[80];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    snprintf(address, sizeof(address), "unix:%s", path);
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    strcpy(sa.sun_path, path);
    int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&sa, sizeof(sa)), 0);
    close(dead);

    http_server_free(server_open(f, address));
    FILE *file = fopen(path, "w");
    fclose(file);
    expect_no_server(f, address, ERR_EXISTS, "the file exists and is no socket");
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    rmdir(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_address_in_use_says_what_to_do),
        TEST(test_what_is_no_address_is_refused),
        cmocka_unit_test(test_what_is_no_address_says_what_to_write),
        TEST(test_the_kinds_of_addresses_are_listened_on),
        TEST(test_all_addresses_include_ipv4),
        TEST(test_a_socket_file_is_listened_on_and_removed_at_the_end),
        TEST(test_a_socket_file_is_its_owner_s),
        TEST(test_a_socket_file_left_over_is_replaced_and_another_file_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
