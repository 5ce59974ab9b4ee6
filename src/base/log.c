/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Log lines are put together, under the lock, where they are to be written from: behind those that
 * were gathered, if any.
 */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mask.h"
#include "base/text.h"
#include "base/utf8.h"

#define GATHERED_MAX ((size_t)32768)
#define BLOCKED_WAIT_MS 100 /* for a full pipe that somebody made non-blocking */

struct log {
    int fd;
    bool color;
    const struct mask *mask;
    struct clock clock;
    atomic_int level, format;
    pthread_mutex_t lock; /* a pipe takes no more than 4 KiB at once whole */
    /* Under the lock: */
    struct buf out;
    struct buf value; /* the one at hand, where something in it is masked */
    bool gathers;
    pthread_t gatherer;
};

static const struct {
    const char *name, *padded, *color;
} levels[] = {
    [LOG_DEBUG] = {"debug", "debug", "\033[2m"},
    [LOG_INFO] = {"info", "info ", "\033[32m"},
    [LOG_WARN] = {"warn", "warn ", "\033[33m"},
    [LOG_ERROR] = {"error", "error", "\033[31m"},
};

#define COLOR_STRONG "\033[1m"
#define COLOR_OFF "\033[0m"

struct log *log_new(const struct log_options *options)
{
    struct log *log = mem_calloc(1, sizeof(*log));
    log->fd = options->fd;
    log->color = options->color;
    log->mask = options->mask;
    log->clock = options->clock;
    pthread_mutex_init(&log->lock, NULL);
    log_set(log, options->level, options->format);
    return log;
}

void log_free(struct log *log)
{
    if (!log)
        return;
    log_gather_end(log);
    buf_deinit(&log->out);
    buf_deinit(&log->value);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void log_set(struct log *log, enum log_level level, enum log_format format)
{
    atomic_store(&log->level, (int)level);
    atomic_store(&log->format, (int)format);
}

bool log_has_level(const struct log *log, enum log_level level)
{
    return log && (int)level >= atomic_load_explicit(&log->level, memory_order_relaxed);
}

/* Masked, and valid until the next call. */
static struct slice mask_value(struct log *log, struct slice s)
{
    if (!mask_may_change(log->mask, s))
        return s;
    buf_clear(&log->value);
    buf_add_slice(&log->value, s);
    mask_apply(log->mask, &log->value, 0);
    return buf_slice(&log->value);
}

/* As mask_value, of a JSON text, on one line. What is none, or stopped being one because a secret
   stood in it bare, becomes a string. */
static struct slice mask_json(struct log *log, struct slice json)
{
    struct slice masked = mask_value(log, json);
    struct buf made = {0};
    if (json_check(masked, NULL) == 0)
        json_compact(&made, masked);
    else
        json_add_string(&made, masked);
    buf_deinit(&log->value);
    log->value = made;
    return buf_slice(&made);
}

/* DEL and U+0080 to U+009F: JSON lets them stand, terminals obey them. */
static size_t invisible_width(struct slice s, size_t at)
{
    unsigned char c = (unsigned char)s.data[at];
    if (c == 0x7F)
        return 1;
    return c == 0xC2 && at + 1 < s.len && (unsigned char)s.data[at + 1] < 0xA0 ? 2 : 0;
}

static bool is_on_one_line(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.data[i] < ' ' || invisible_width(s, i) > 0)
            return false;
    }
    return slice_is_utf8(s);
}

/* Visible ASCII without quotes, as most words are. Eight bytes are looked at together: a top bit is
   left where one of them isn't. */
static bool is_plain_word(struct slice s)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
    size_t i = 0;
    for (uint64_t word; s.len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, s.data + i, sizeof(word));
        if (((word - '!' * ones) | (word + ones) | ((word ^ '"' * ones) - ones) | word) & tops)
            return false;
    }
    for (; i < s.len; i++) {
        if (s.data[i] <= ' ' || s.data[i] >= 0x7F || s.data[i] == '"')
            return false;
    }
    return s.len > 0;
}

static bool is_one_word(struct slice s)
{
    return s.len > 0 && slice_find(s, ' ') == s.len && slice_find(s, '"') == s.len &&
           is_on_one_line(s);
}

static void add_visible_json(struct buf *out, struct slice json)
{
    for (size_t i = 0, width; i<json.len; i += width> 0 ? width : 1) {
        width = invisible_width(json, i);
        if (width > 0)
            buf_printf(out, "\\u00%02x", (unsigned char)json.data[i + width - 1]);
        else
            buf_add_char(out, json.data[i]);
    }
}

static void add_quoted(struct buf *out, struct slice s)
{
    struct buf json = {0};
    json_add_string(&json, s);
    add_visible_json(out, buf_slice(&json));
    buf_deinit(&json);
}

static void add_word(struct buf *out, struct slice s)
{
    if (is_plain_word(s) || is_one_word(s))
        buf_add_slice(out, s);
    else
        add_quoted(out, s);
}

static bool is_given(const struct log_field *field)
{
    bool is_text = field->kind == LOG_KIND_STRING || field->kind == LOG_KIND_LINES;
    return field->name && (!is_text || field->text.data);
}

static struct slice first_line(struct slice s)
{
    return slice_upto(s, slice_find(s, '\n'));
}

/* One that can't be taken for a line of the log, nor steer a terminal. */
static void add_further_line(struct buf *out, struct slice s)
{
    struct buf repaired = {0};
    buf_add_str(out, "\n  ");
    utf8_add_repaired(&repaired, s);
    s = buf_slice(&repaired);
    for (size_t i = 0, width; i<s.len; i += width> 0 ? width : 1) {
        width = invisible_width(s, i);
        if (width > 0 || (unsigned char)s.data[i] < ' ')
            buf_add_char(out, ' ');
        else
            buf_add_char(out, s.data[i]);
    }
    buf_deinit(&repaired);
}

static void add_further_lines(struct log *log, const struct log_field *field)
{
    struct slice rest = mask_value(log, field->text);
    slice_split(&rest, '\n');
    while (rest.len > 0)
        add_further_line(&log->out, slice_split(&rest, '\n'));
}

static void add_text_field(struct log *log, const struct log_field *field)
{
    struct buf *out = &log->out;
    buf_add_char(out, ' ');
    add_word(out, slice_str(field->name));
    buf_add_char(out, '=');
    switch (field->kind) {
    case LOG_KIND_STRING:
        add_word(out, mask_value(log, field->text));
        break;
    case LOG_KIND_LINES:
        add_word(out, first_line(mask_value(log, field->text)));
        break;
    case LOG_KIND_INT:
        json_add_integer(out, field->number);
        break;
    case LOG_KIND_JSON:
        add_visible_json(out, mask_json(log, field->text));
        break;
    }
}

static void begin_text(struct log *log, enum log_level level, const char *message, int64_t now_ms)
{
    struct buf *out = &log->out;
    bool color = log->color;
    text_add_time_of_day(out, now_ms);
    buf_add_char(out, ' ');
    buf_add_str(out, color ? levels[level].color : "");
    buf_add_str(out, levels[level].padded);
    buf_add_str(out, color ? COLOR_OFF " " COLOR_STRONG : " ");
    struct slice masked = mask_value(log, slice_str(message));
    if (is_plain_word(masked) || is_on_one_line(masked))
        buf_add_slice(out, masked);
    else
        add_quoted(out, masked);
    buf_add_str(out, color ? COLOR_OFF : "");
}

static void make_text(struct log *log, enum log_level level, const char *message, int64_t now_ms,
                      const struct log_field *fields, size_t n_fields)
{
    begin_text(log, level, message, now_ms);
    for (size_t i = 0; i < n_fields; i++) {
        if (is_given(&fields[i]))
            add_text_field(log, &fields[i]);
    }
    for (size_t i = 0; i < n_fields; i++) {
        if (is_given(&fields[i]) && fields[i].kind == LOG_KIND_LINES)
            add_further_lines(log, &fields[i]);
    }
}

static void add_json_field(struct log *log, struct json_writer *w, const struct log_field *field)
{
    switch (field->kind) {
    case LOG_KIND_STRING:
    case LOG_KIND_LINES:
        json_member_string(w, field->name, mask_value(log, field->text));
        break;
    case LOG_KIND_INT:
        json_member_integer(w, field->name, field->number);
        break;
    case LOG_KIND_JSON:
        json_member_raw(w, field->name, mask_json(log, field->text));
        break;
    }
}

static void make_json(struct log *log, enum log_level level, const char *message, int64_t now_ms,
                      const struct log_field *fields, size_t n_fields)
{
    struct json_writer w = {.out = &log->out};
    char time[TEXT_TIME_LEN + 1];
    text_format_time(time, now_ms);
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "time", time);
    json_member_cstr(&w, "level", levels[level].name);
    json_member_string(&w, "message", mask_value(log, slice_str(message)));
    for (size_t i = 0; i < n_fields; i++) {
        if (is_given(&fields[i]))
            add_json_field(log, &w, &fields[i]);
    }
    json_object_end(&w);
}

/* What can't be written has nowhere to be reported: it is dropped. */
static void write_out(struct log *log)
{
    struct slice rest = buf_slice(&log->out);
    while (rest.len > 0) {
        ssize_t n = write(log->fd, rest.data, rest.len);
        if (n >= 0) {
            rest = slice_from(rest, (size_t)n);
            continue;
        }
        struct pollfd writable = {.fd = log->fd, .events = POLLOUT};
        if (errno != EINTR && (errno != EAGAIN || poll(&writable, 1, BLOCKED_WAIT_MS) <= 0))
            break;
    }
    if (log->out.cap > 2 * GATHERED_MAX)
        buf_deinit(&log->out);
    buf_clear(&log->out);
}

static void set_gathers(struct log *log, bool gathers)
{
    pthread_mutex_lock(&log->lock);
    write_out(log);
    log->gathers = gathers;
    log->gatherer = pthread_self();
    pthread_mutex_unlock(&log->lock);
}

void log_gather(struct log *log)
{
    set_gathers(log, true);
}

void log_gather_end(struct log *log)
{
    set_gathers(log, false);
}

void log_flush(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    write_out(log);
    pthread_mutex_unlock(&log->lock);
}

static bool waits(const struct log *log, enum log_level level)
{
    return log->gathers && level <= LOG_INFO && log->out.len < GATHERED_MAX &&
           pthread_equal(log->gatherer, pthread_self());
}

void log_write(struct log *log, enum log_level level, const char *message,
               const struct log_field *fields, size_t n_fields)
{
    if (!log_has_level(log, level))
        return;
    int64_t now_ms = clock_wall_ms(&log->clock);
    pthread_mutex_lock(&log->lock);
    if (atomic_load_explicit(&log->format, memory_order_relaxed) == LOG_JSON)
        make_json(log, level, message, now_ms, fields, n_fields);
    else
        make_text(log, level, message, now_ms, fields, n_fields);
    buf_add_char(&log->out, '\n');
    if (!waits(log, level))
        write_out(log);
    pthread_mutex_unlock(&log->lock);
}
