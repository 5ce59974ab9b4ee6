/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Error messages, put together from inside to outside.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Where to cut `s`, `len` bytes being kept at most, so that no UTF-8 character is halved. */
static size_t cut_at(const char *s, size_t len)
{
    size_t end = len;
    while (end > 0 && is_continuation(s[end]))
        end--;
    return end;
}

/* A message of what fits: formatted beside `err`, as the arguments may point into its message. */
struct message {
    char text[ERR_MESSAGE_MAX];
    size_t len;
};

static void message_vadd(struct message *m, const char *fmt, va_list args) printf_like(2, 0);
static void message_add(struct message *m, const char *fmt, ...) printf_like(2, 3);

static void message_vadd(struct message *m, const char *fmt, va_list args)
{
    /* Room for a whole character more than fits tells where one would be halved. */
    char text[ERR_MESSAGE_MAX + 4];
    size_t room = sizeof(m->text) - 1 - m->len;
    int n = vsnprintf(text, sizeof(text), fmt, args);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len > room)
        len = cut_at(text, room);
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
