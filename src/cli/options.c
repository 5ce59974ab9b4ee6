/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define NAMES_MAX 64

/* The words that are still to be read. */
struct scanner {
    struct options *o;
    const struct options_scan *scan;
    int at;
    struct err *err;
};

/* The nth row of both tables; NULL behind the last. */
static const struct option_row *row_at(const struct options *o, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(o->tables); i++) {
        for (const struct option_row *row = o->tables[i]; row && row->name; row++) {
            if (n-- == 0)
                return row;
        }
    }
    return NULL;
}

static const struct option_row *find_name(const struct options *o, struct slice name)
{
    const struct option_row *row;
    for (size_t i = 0; (row = row_at(o, i)); i++) {
        if (slice_is_equal(slice_str(row->name), name))
            return row;
    }
    return NULL;
}

static const struct option_row *find_letter(const struct options *o, char letter)
{
    const struct option_row *row;
    for (size_t i = 0; (row = row_at(o, i)); i++) {
        if (row->letter == letter)
            return row;
    }
    return NULL;
}

static const char *find_nearest(const struct options *o, struct slice name)
{
    const char *names[NAMES_MAX];
    const struct option_row *row;
    size_t n = 0;
    for (; n < NAMES_MAX && (row = row_at(o, n)); n++)
        names[n] = row->name;
    return text_nearest(name, names, n);
}

static void add_value(struct options *o, const struct option_row *row, const char *text)
{
    o->values[o->n_values++] = (struct option_value){row, text};
}

/* The value of an option that takes one: what stood behind it in the same word, else the next. */
static int take_argument(struct scanner *s, const struct option_row *row, const char *attached)
{
    if (!attached && s->at == s->scan->argc)
        return err_set(s->err, ERR_INVALID, "--%s needs a value: --%s %s", row->name, row->name,
                       row->argument);
    add_value(s->o, row, attached ? attached : s->scan->argv[s->at++]);
    return 0;
}

static int take_long(struct scanner *s, const char *word)
{
    struct slice rest = slice_str(word);
    struct slice name = slice_split(&rest, '=');
    const struct option_row *row = find_name(s->o, name);
    if (!row) {
        const char *nearest = find_nearest(s->o, name);
        return err_set(s->err, ERR_INVALID, "unknown option --%.*s%s%s%s", SLICE_FMT(name),
                       nearest ? ": did you mean --" : "", nearest ? nearest : "",
                       nearest ? "?" : "");
    }
    if (row->argument)
        return take_argument(s, row, rest.data);
    if (rest.data)
        return err_set(s->err, ERR_INVALID, "--%s takes no value", row->name);
    add_value(s->o, row, NULL);
    return 0;
}

/* -q, -qv, -p 80, -p80: flags may share a word, a value ends it. */
static int take_letters(struct scanner *s, const char *letters)
{
    for (; *letters; letters++) {
        const struct option_row *row = find_letter(s->o, *letters);
        if (!row)
            return err_set(s->err, ERR_INVALID, "unknown option -%c", *letters);
        if (row->argument)
            return take_argument(s, row, letters[1] ? letters + 1 : NULL);
        add_value(s->o, row, NULL);
    }
    return 0;
}

static int take_word(struct scanner *s, bool *has_ended)
{
    const char *word = s->scan->argv[s->at];
    bool is_option = !*has_ended && word[0] == '-' && word[1] != '\0';
    if (!is_option && s->scan->stops_at_operand) {
        *has_ended = true;
        return 0;
    }
    s->at++;
    if (!is_option) {
        s->o->operands[s->o->n_operands++] = word;
        return 0;
    }
    if (strcmp(word, "--") == 0) {
        *has_ended = true;
        return 0;
    }
    return word[1] == '-' ? take_long(s, word + 2) : take_letters(s, word + 1);
}

static size_t count_bytes(const struct options_scan *scan)
{
    size_t n = 1;
    for (int i = 0; i < scan->argc; i++)
        n += strlen(scan->argv[i]);
    return n;
}

int options_parse(struct options *o, const struct options_scan *scan, struct err *err)
{
    *o = (struct options){.tables = {scan->own, scan->common}};
    /* A word of letters is several options, but never more than it has bytes. */
    o->values = mem_calloc(count_bytes(scan), sizeof(*o->values));
    o->operands = mem_calloc((size_t)scan->argc + 1, sizeof(*o->operands));

    struct scanner s = {.o = o, .scan = scan, .err = err};
    bool has_ended = false;
    while (s.at < scan->argc && !(has_ended && scan->stops_at_operand)) {
        if (take_word(&s, &has_ended) < 0)
            return -1;
    }
    o->n_words = s.at;
    return 0;
}

void options_deinit(struct options *o)
{
    free(o->values);
    free(o->operands);
    *o = (struct options){0};
}

static const struct option_row *known_row(const struct options *o, const char *name)
{
    const struct option_row *row = find_name(o, slice_str(name));
    if (!row)
        die("the command has no option --%s", name);
    return row;
}

bool options_has(const struct options *o, const char *name)
{
    const struct option_row *row = known_row(o, name);
    for (size_t i = 0; i < o->n_values; i++) {
        if (o->values[i].row == row)
            return true;
    }
    return false;
}

const char *options_get(const struct options *o, const char *name)
{
    const struct option_row *row = known_row(o, name);
    for (size_t i = o->n_values; i-- > 0;) {
        if (o->values[i].row == row)
            return o->values[i].text;
    }
    return NULL;
}

const char *options_at(const struct options *o, const char *name, size_t n)
{
    const struct option_row *row = known_row(o, name);
    for (size_t i = 0; i < o->n_values; i++) {
        if (o->values[i].row == row && n-- == 0)
            return o->values[i].text;
    }
    return NULL;
}
