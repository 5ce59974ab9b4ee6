/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One line for each thing that happened, to standard error: readable in a terminal, JSON for
 * machines. Each is logged once, by the layer that handles it, with the ids it is known by.
 *
 *     log_info(log, "delivered", LOG_STR("connector", name), LOG_INT("ms", 12));
 *
 *     18:56:15.042 info  delivered connector=calendarApi ms=12
 *     {"time":"2026-11-23T18:56:15.042Z","level":"info","message":"delivered","connector":"calendarApi","ms":12}
 *
 * Safe from any thread, and written at once: a line is one write. One thread may have its own gathered
 * instead (log_gather); lines stay in the order in which they were logged. The message and values pass the mask; in text form an
 * empty value, and one with white space, quotes, control characters or bytes that aren't UTF-8, is
 * shown as a JSON string, so that a line stays a line. Only LOG_LINES has more: what follows its first
 * line stands below, indented.
 */
#ifndef LIAISON_BASE_LOG_H
#define LIAISON_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/slice.h"

struct mask;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

enum log_kind { LOG_KIND_STRING, LOG_KIND_LINES, LOG_KIND_INT, LOG_KIND_JSON };

struct log_field {
    const char *name;
    enum log_kind kind;
    struct slice text; /* LOG_KIND_STRING, LOG_KIND_LINES, and LOG_KIND_JSON: encoded already */
    int64_t number;    /* LOG_KIND_INT */
};

#define LOG_STR(name, s) ((struct log_field){(name), LOG_KIND_STRING, slice_str(s), 0})
#define LOG_SLICE(name, s) ((struct log_field){(name), LOG_KIND_STRING, (s), 0})
/* A text of several lines: an error with the excerpt of a script. */
#define LOG_LINES(name, s) ((struct log_field){(name), LOG_KIND_LINES, slice_str(s), 0})
#define LOG_RAW(name, json) ((struct log_field){(name), LOG_KIND_JSON, (json), 0})
#define LOG_INT(name, i) ((struct log_field){(name), LOG_KIND_INT, SLICE_NULL, (i)})

struct log;

struct log_options {
    int fd; /* written to, never closed */
    enum log_level level;
    enum log_format format;
    bool color;              /* text only: the level and the message stand out on a terminal */
    const struct mask *mask; /* borrowed, may be NULL */
    struct clock clock;
};

struct log *log_new(const struct log_options *options);
void log_free(struct log *log); /* writes what was gathered */
/* What a reload may change. */
void log_set(struct log *log, enum log_level level, enum log_format format);
/* From now on the calling thread's lines of levels info and debug are written together: by log_flush,
   before any other line, or when there are 32 KiB. What is gathered when the process is aborted is
   lost. */
void log_gather(struct log *log);
/* Writes what was gathered. */
void log_flush(struct log *log);
/* Flushes, and gathers no more. */
void log_gather_end(struct log *log);
bool log_has_level(const struct log *log, enum log_level level);

/* Fields with a NULL name or an absent text are left out. A NULL log swallows the line (tests). */
void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t n_fields);

#define log_at(log, level, message, ...)                                                           \
    log_write(                                                                                     \
        (log), (level), (message),                                                                 \
        (const struct log_field[]){{NULL, LOG_KIND_INT, SLICE_NULL, 0}, ##__VA_ARGS__},            \
        sizeof((const struct log_field[]){{NULL, LOG_KIND_INT, SLICE_NULL, 0}, ##__VA_ARGS__}) /   \
            sizeof(struct log_field))
#define log_debug(log, ...) log_at(log, LOG_DEBUG, __VA_ARGS__)
#define log_info(log, ...) log_at(log, LOG_INFO, __VA_ARGS__)
#define log_warn(log, ...) log_at(log, LOG_WARN, __VA_ARGS__)
#define log_error(log, ...) log_at(log, LOG_ERROR, __VA_ARGS__)

#endif
