/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/places.h"

#include "base/buf.h"
#include "base/json_diff.h"
#include "base/utf8.h"

#define PLACES_MAX 20
#define VALUE_MAX 1000
/* Of a text that is cut, so much stands ahead of the difference. */
#define AHEAD_MAX 100
/* From here on a text is long. */
#define LONG 40

struct places {
    struct json_writer *w;
    struct slice prefix; /* of each path; absent: none */
    size_t n;
};

/* ---- values ---- */

/* A value as source text; what is long is cut, and is a string then. */
static void add_value(struct json_writer *w, const char *name, struct slice value)
{
    struct buf cut = {0};
    if (value.data && value.len <= VALUE_MAX) {
        json_member_raw(w, name, value);
    } else if (value.data) {
        buf_add_slice(&cut, utf8_cut(value, VALUE_MAX));
        buf_add_str(&cut, "…");
        json_member_string(w, name, buf_slice(&cut));
    }
    buf_deinit(&cut);
}

static void add_text(struct json_writer *w, const char *name, struct slice text, size_t parting)
{
    struct buf cut = {0};
    if (text.len > VALUE_MAX) {
        utf8_add_around(&cut, text, parting, AHEAD_MAX, VALUE_MAX - AHEAD_MAX);
        text = buf_slice(&cut);
    }
    json_member_string(w, name, text);
    buf_deinit(&cut);
}

/* "line 3, column 5", both from 1, columns in bytes. */
static void add_at(struct json_writer *w, struct slice text, size_t parting)
{
    size_t line = 1, start = 0;
    struct buf at = {0};
    for (size_t i = 0; i < parting; i++) {
        if (text.data[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    buf_printf(&at, "line %zu, column %zu", line, parting - start + 1);
    json_member_string(w, "at", buf_slice(&at));
    buf_deinit(&at);
}

/* ---- places ---- */

static void add_path(struct json_writer *w, const struct places *p, struct slice path)
{
    struct buf whole = {0};
    buf_add_slice(&whole, p->prefix);
    if (p->prefix.len > 0 && path.len > 0 && path.data[0] != '[')
        buf_add_char(&whole, '.');
    buf_add_slice(&whole, path);
    json_member_string(w, "path", buf_slice(&whole));
    buf_deinit(&whole);
}

static bool add_place(void *ctx, struct slice path, struct slice before, struct slice after);

static bool is_document(struct slice text)
{
    text = slice_trim(text);
    return (json_is_object(text) || json_is_array(text)) && json_check(text, NULL) == 0;
}

/* What differs within texts that are JSON themselves. They hold none that is looked into again. */
static void look_into(struct places *p, struct slice path, struct slice before, struct slice after)
{
    struct buf prefix = {0};
    buf_printf(&prefix, "%.*s (as JSON)", SLICE_FMT(path));
    struct places inner = {p->w, buf_slice(&prefix), p->n};
    (void)json_diff(before, after, add_place, &inner);
    p->n = inner.n;
    buf_deinit(&prefix);
}

static void add_texts(struct json_writer *w, struct slice before, struct slice after)
{
    size_t parting = utf8_common(before, after);
    if (before.len > LONG || after.len > LONG)
        add_at(w, before, parting);
    add_text(w, "before", before, parting);
    add_text(w, "after", after, parting);
}

/* The two decoded where both are strings; false where one isn't. */
static bool decode(struct slice before, struct slice after, struct buf texts[static 2])
{
    for (int i = 0; i < 2; i++)
        buf_reserve(&texts[i], 0);
    return before.data && after.data && json_is_string(before) && json_is_string(after) &&
           json_get_string(before, &texts[0]) == 0 && json_get_string(after, &texts[1]) == 0;
}

static bool add_place(void *ctx, struct slice path, struct slice before, struct slice after)
{
    struct places *p = ctx;
    struct buf texts[2] = {{0}, {0}};
    bool are_texts = decode(before, after, texts);
    struct slice old = buf_slice(&texts[0]), new = buf_slice(&texts[1]);
    bool are_documents = are_texts && !p->prefix.data && is_document(old) && is_document(new);
    if (are_documents && !json_is_same(slice_trim(old), slice_trim(new))) {
        look_into(p, path, old, new);
    } else if (p->n++ < PLACES_MAX) {
        json_object_begin(p->w, NULL);
        add_path(p->w, p, path);
        if (are_texts) {
            add_texts(p->w, old, new);
        } else {
            add_value(p->w, "before", before);
            add_value(p->w, "after", after);
        }
        json_object_end(p->w);
    }
    buf_deinit(&texts[0]);
    buf_deinit(&texts[1]);
    return true;
}

size_t places_add_json(struct json_writer *w, struct slice before, struct slice after)
{
    struct places p = {.w = w};
    (void)json_diff(before, after, add_place, &p);
    return p.n > PLACES_MAX ? p.n - PLACES_MAX : 0;
}
