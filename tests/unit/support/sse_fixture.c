/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What tests of the channel of server-sent events have in common.
 */
#include "sse_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

int sse_setup(void **state)
{
    struct sse_fixture *f = mem_calloc(1, sizeof(*f));
    fake_host_init(&f->fake);
    f->log_fd = memfd_create("log", MFD_CLOEXEC);
    const struct log_options log = {.fd = f->log_fd, .clock = f->fake.host.clock};
    f->fake.host.log = log_new(&log);
    *state = f;
    return 0;
}

int sse_teardown(void **state)
{
    struct sse_fixture *f = *state;
    channel_close(f->channel);
    if (f->server)
        scripted_server_free(f->server);
    log_free(f->fake.host.log);
    close(f->log_fd);
    fake_host_deinit(&f->fake);
    free(f);
    return 0;
}

void will_answer(struct sse_fixture *f, const char *head, const char *body, size_t count,
                 enum script_end end)
{
    size_t n = f->n_answers++;
    f->parts[n] = (struct script_part){slice_str(body), count, 0};
    f->answers[n] = (struct script_answer){head, &f->parts[n], body ? 1 : 0, end};
}

void will_stream(struct sse_fixture *f, const char *body, enum script_end end)
{
    will_answer(f, HEAD, body, 1, end);
}

void serve(struct sse_fixture *f)
{
    f->server = scripted_server_new(f->fake.host.loop, f->answers, f->n_answers);
}

void open_with(struct sse_fixture *f, struct http_headers headers, const char *position)
{
    struct err err = {0};
    const struct channel_options options = {.name = "bus",
                                            .url = scripted_server_url(f->server),
                                            .headers = headers,
                                            .position = slice_str(position)};
    f->channel = channel_open(&options, &f->fake.host, &err);
    if (!f->channel)
        fail_msg("%s", err.message);
}

void open_bus(struct sse_fixture *f)
{
    serve(f);
    open_with(f, (struct http_headers){NULL, 0}, NULL);
}

struct channel_status status_of(const struct sse_fixture *f)
{
    struct channel_status status;
    channel_status(f->channel, &status);
    return status;
}

void wait_taken(struct sse_fixture *f, size_t n)
{
    fake_host_wait(&f->fake, f->fake.n_taken >= n);
    assert_int_equal(f->fake.n_taken, n);
}

void wait_requests(struct sse_fixture *f, size_t n)
{
    fake_host_wait(&f->fake, scripted_server_requests(f->server) >= n);
}

void assert_slice(struct slice s, const char *text)
{
    if (!slice_is_equal(s, slice_str(text)) || !s.data != !text)
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text ? text : "(absent)");
}

void assert_header(const struct sse_fixture *f, size_t request, const char *name, const char *value)
{
    assert_slice(scripted_server_header(f->server, request, name), value);
}

void assert_data(const struct sse_fixture *f, size_t n, const char *data)
{
    assert_non_null(f->fake.taken[n].event);
    assert_slice(f->fake.taken[n].event->data, data);
}

void assert_position(const struct sse_fixture *f, size_t n, const char *position)
{
    const struct taken *t = &f->fake.taken[n];
    assert_int_equal(t->has_position, position != NULL);
    if (position)
        assert_true(slice_is_equal(buf_slice(&t->told), slice_str(position)));
}

size_t logged(const struct sse_fixture *f, const char *words)
{
    struct err err = {0};
    struct buf text = {0}, path = {0};
    size_t n = 0;
    buf_printf(&path, "/proc/self/fd/%d", f->log_fd);
    assert_int_equal(buf_read_file(&text, path.data, 1 << 20, &err), 0);
    buf_add_char(&text, '\n');
    for (const char *at = text.data; (at = strstr(at, words)); at++)
        n++;
    buf_deinit(&text);
    buf_deinit(&path);
    return n;
}

void assert_malformed(const struct sse_fixture *f, size_t n, const char *bytes, const char *words)
{
    struct taken *t = &f->fake.taken[n];
    assert_null(t->event);
    assert_true(slice_is_equal(buf_slice(&t->malformed), slice_str(bytes)));
    buf_add_char(&t->error, '\0');
    if (!strstr(t->error.data, words))
        fail_msg("\"%s\" doesn't say \"%s\"", t->error.data, words);
}
