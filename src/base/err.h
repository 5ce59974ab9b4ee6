/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How failure travels: a function that can fail returns 0 or -1 (or a pointer or NULL) and takes a
 * `struct err *` last. Lower layers fill it in, the layer that handles it logs it, once.
 *
 *     struct err err = {0};
 *     if (journal_open(path, &err) < 0)
 *         log_error(log, "cannot start", LOG_STR("error", err.message));
 *
 * A message is one sentence without a full stop that says what failed, and what to do where that
 * isn't plain. It is meant for the operator who reads it.
 */
#ifndef LIAISON_BASE_ERR_H
#define LIAISON_BASE_ERR_H

#include <stddef.h>

#include "base/attr.h"

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID,   /* the input is wrong: configuration, a request, a document */
    ERR_NOT_FOUND, /* what was named does not exist */
    ERR_EXISTS,    /* it exists already, or somebody else holds it */
    ERR_IO,        /* the system refused: errno is in the message */
    ERR_FULL,      /* a limit or the disk is full */
    ERR_CORRUPT,   /* stored data can't be what was written */
    ERR_NEWER,     /* written by a newer version */
    ERR_SCRIPT,    /* a script failed to load or run */
    ERR_TIMEOUT,
    ERR_CANCELLED,
    ERR_NO_MEMORY,
};

#define ERR_MESSAGE_MAX 1024

/* In place, zero-initialised by its owner; holds no pointers, so it may be copied and dropped. */
struct err {
    enum err_code code;
    char message[ERR_MESSAGE_MAX]; /* NUL-terminated, cut at the end of a UTF-8 character */
};

/* No failure: as one that is zero-initialised, for who can't spare the time to clear all of it. */
static inline void err_clear(struct err *err)
{
    err->code = ERR_NONE;
    err->message[0] = '\0';
}

/* Fills `err` (which may be NULL) and returns -1, so that `return err_set(…)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) printf_like(3, 4);

/* As err_set, with ": " and the text of `errnum` (strerror) appended. */
int err_set_errno(struct err *err, enum err_code code, int errnum, const char *fmt, ...)
    printf_like(4, 5);

/* Puts "what: " before the message that stands in `err`; returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) printf_like(2, 3);

/* Ends the process with its reason: for broken invariants and memory that ran out, never for bad
   input. */
_Noreturn void die(const char *fmt, ...) printf_like(1, 2);

#endif
