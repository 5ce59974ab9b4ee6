/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The value of a key from the text that it is written as.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "engine/config_parts.h"
#include "http/listen.h"

#define COUNT_MAX 1000000

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const reloads[] = {"watch", "manual", NULL};

static const struct type {
    const char *name, *words;
    const char *const *choices; /* NULL: not one of a few words */
    bool is_number;
} types[] = {
    [CONFIG_ADDRESS] = {"text",
                        "an address with its port, as in \"127.0.0.1:8750\", or \"unix:PATH\"",
                        NULL, true},
    [CONFIG_TOKEN] = {"text", "a text, as in secret \"LIAISON_TOKEN\"", NULL, false},
    [CONFIG_PATH] = {"path", "a file's path, as in \"var/journal.db\"", NULL, false},
    [CONFIG_DURATION] = {"duration", "a duration, as in \"200ms\" or \"5m\"", NULL, true},
    [CONFIG_SIZE] = {"size", "a size, as in \"64KB\" or \"1.5GB\"", NULL, true},
    [CONFIG_COUNT] = {"number", "a whole number from 1 to 1000000", NULL, true},
    [CONFIG_LEVEL] = {"debug|info|warn|error", "\"debug\", \"info\", \"warn\" or \"error\"", levels,
                      false},
    [CONFIG_FORMAT] = {"text|json", "\"text\" or \"json\"", formats, false},
    [CONFIG_RELOAD] = {"watch|manual", "\"watch\" or \"manual\"", reloads, false},
};

const char *config_type_name(enum config_type type)
{
    return types[type].name;
}

const char *config_type_words(enum config_type type)
{
    return types[type].words;
}

bool config_type_is_number(enum config_type type)
{
    return types[type].is_number;
}

/* ---- one of a few words ---- */

static size_t count(const char *const *words)
{
    size_t n = 0;
    while (words[n])
        n++;
    return n;
}

/* A word that continues a choice, or is continued by one, is as near as one with a slip: `warning`. */
static const char *find_nearest(struct slice text, const char *const *choices)
{
    for (; text.len >= 3 && *choices; choices++) {
        struct slice choice = slice_str(*choices);
        if (slice_has_prefix_nocase(text, choice) || slice_has_prefix_nocase(choice, text))
            return *choices;
    }
    return NULL;
}

static int choose(const struct type *type, struct slice text, struct err *err)
{
    size_t n = count(type->choices);
    for (size_t i = 0; i < n; i++) {
        if (slice_is_equal(text, slice_str(type->choices[i])))
            return (int)i;
    }
    const char *nearest = text_nearest(text, type->choices, n);
    if (!nearest)
        nearest = find_nearest(text, type->choices);
    if (nearest)
        return err_set(err, ERR_INVALID, "it must be %s, not \"%.*s\": did you mean \"%s\"?",
                       type->words, SLICE_FMT(text), nearest);
    return err_set(err, ERR_INVALID, "it must be %s, not \"%.*s\"", type->words, SLICE_FMT(text));
}

/* ---- texts and numbers ---- */

static int refuse_empty(const struct config_option *o, struct err *err)
{
    return err_set(err, ERR_INVALID, "it is empty: write %s%s", config_type_words(o->type),
                   o->fallback ? "" : ", or leave it out");
}

static int set_text(char **place, const struct config_option *o, struct slice text, struct err *err)
{
    if (text.len == 0)
        return refuse_empty(o, err);
    free(*place);
    *place = slice_dup(text);
    return 0;
}

static int set_address(char **place, const struct config_option *o, struct slice text,
                       struct err *err)
{
    char *address = slice_dup(text);
    int rc = listener_check(address, err);
    free(address);
    return rc < 0 ? -1 : set_text(place, o, text, err);
}

static int set_path(struct config *config, char **place, const struct config_option *o,
                    struct slice text, struct err *err)
{
    struct buf path = {0};
    if (text.len > 0 && text.data[0] != '/')
        buf_printf(&path, "%s/", config->project);
    buf_add_slice(&path, text);
    int rc = text.len > 0 ? set_text(place, o, buf_slice(&path), err) : refuse_empty(o, err);
    buf_deinit(&path);
    return rc;
}

static int set_count(int64_t *place, const struct config_option *o, struct slice text,
                     struct err *err)
{
    int64_t n;
    if (json_get_integer(text, &n) < 0 || n < 1 || n > COUNT_MAX)
        return err_set(err, ERR_INVALID, "%.*s is no such number: write %s", SLICE_FMT(text),
                       config_type_words(o->type));
    *place = n;
    return 0;
}

typedef int (*parse_fn)(struct slice text, int64_t *place, struct err *err);

/* A duration or a size. */
static int set_amount(int64_t *place, const struct config_option *o, struct slice text,
                      struct err *err)
{
    bool is_size = o->type == CONFIG_SIZE;
    parse_fn parse = is_size ? text_parse_size : text_parse_duration;
    int64_t value, least = 0;
    if (parse(text, &value, err) < 0 || (o->least && parse(slice_str(o->least), &least, err) < 0))
        return -1;
    if (value < least)
        return err_set(err, ERR_INVALID, "\"%.*s\" is too %s: write %s%s or more", SLICE_FMT(text),
                       is_size ? "small" : "short", o->least, is_size && least == 1 ? " byte" : "");
    *place = value;
    return 0;
}

/* ---- all of them ---- */

int config_set_value(struct config *config, const struct config_option *o, struct slice text,
                     struct err *err)
{
    void *place = (char *)config + o->offset;
    const struct type *type = &types[o->type];
    int chosen = type->choices ? choose(type, text, err) : 0;
    if (chosen < 0)
        return -1;
    switch (o->type) {
    case CONFIG_ADDRESS:
        return set_address(place, o, text, err);
    case CONFIG_TOKEN:
        return set_text(place, o, text, err);
    case CONFIG_PATH:
        return set_path(config, place, o, text, err);
    case CONFIG_DURATION:
    case CONFIG_SIZE:
        return set_amount(place, o, text, err);
    case CONFIG_COUNT:
        return set_count(place, o, text, err);
    case CONFIG_LEVEL:
        *(enum log_level *)place = (enum log_level)chosen;
        return 0;
    case CONFIG_FORMAT:
        *(enum log_format *)place = (enum log_format)chosen;
        return 0;
    case CONFIG_RELOAD:
        *(enum config_reload *)place = (enum config_reload)chosen;
        return 0;
    }
    return 0;
}
