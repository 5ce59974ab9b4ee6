/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Error messages, put together from inside to outside.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

/* A message of what fits: formatted beside `err`, as the arguments may point into its message. */
struct message {
    char text[ERR_MESSAGE_MAX];
    size_t len;
};

static void message_vadd(struct message *m, const char *fmt, va_list args) printf_like(2, 0);
static void message_add(struct message *m, const char *fmt, ...) printf_like(2, 3);

static void message_vadd(struct message *m, const char *fmt, va_list args)
{
    /* The byte behind what fits tells whether a character would be halved. */
    char text[ERR_MESSAGE_MAX + UTF8_LEN_MAX];
    size_t room = sizeof(m->text) - 1 - m->len;
    int n = vsnprintf(text, sizeof(text), fmt, args);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len > room)
        len = utf8_cut(slice_of(text, strlen(text)), room).len;
    memcpy(m->text + m->len, text, len);
    m->len += len;
    m->text[m->len] = '\0';
}

static void message_add(struct message *m, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    message_vadd(m, fmt, args);
    va_end(args);
}

static int fill(struct err *err, enum err_code code, const struct message *m)
{
    if (err) {
        err->code = code;
        memcpy(err->message, m->text, m->len + 1);
    }
    return -1;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    struct message m = {.len = 0};
    va_list args;
    va_start(args, fmt);
    message_vadd(&m, fmt, args);
    va_end(args);
    return fill(err, code, &m);
}

int err_set_errno(struct err *err, enum err_code code, int errnum, const char *fmt, ...)
{
    struct message m = {.len = 0};
    va_list args;
    va_start(args, fmt);
    message_vadd(&m, fmt, args);
    va_end(args);
    /* strerror isn't safe in threads. */
    const char *why = strerrordesc_np(errnum);
    if (why)
        message_add(&m, ": %s", why);
    else
        message_add(&m, ": unknown error %d", errnum);
    return fill(err, code, &m);
}

int err_prefix(struct err *err, const char *fmt, ...)
{
    if (!err)
        return -1;
    struct message m = {.len = 0};
    va_list args;
    va_start(args, fmt);
    message_vadd(&m, fmt, args);
    va_end(args);
    message_add(&m, ": %s", err->message);
    return fill(err, err->code, &m);
}

_Noreturn void die(const char *fmt, ...)
{
    struct message m = {.len = 0};
    va_list args;
    va_start(args, fmt);
    message_vadd(&m, fmt, args);
    va_end(args);
    dprintf(STDERR_FILENO, "liaison: fatal: %s\n", m.text);
    abort();
}
