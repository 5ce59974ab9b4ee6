/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * liaison.lua: what it returned, as JSON, into the configuration.
 */
#include <string.h>

#include "base/json.h"
#include "engine/config_parts.h"
#include "script/script.h"

#define FILE_MAX (1 << 20)

static int take_value(struct config_loading *l, const char *path, struct slice value);

/* A secret's value is told as {"secret":"…"}. */
static bool get_secret(struct slice value, struct buf *out)
{
    struct slice secret;
    return json_get(value, "secret", &secret) && json_get_string(secret, out) == 0;
}

static bool is_table(struct slice value)
{
    return json_is_object(value) || json_is_array(value);
}

static bool is_number(struct slice value)
{
    return value.len > 0 && (*value.data == '-' || (*value.data >= '0' && *value.data <= '9'));
}

/* What stands there, for an error; no value is shown of what may be secret. */
static const char *name_of(struct slice value)
{
    if (is_table(value))
        return "a table";
    if (json_is_string(value))
        return "a text";
    if (is_number(value))
        return "a number";
    return slice_is_equal(value, SLICE_LIT("true"))    ? "true"
           : slice_is_equal(value, SLICE_LIT("false")) ? "false"
                                                       : "null: leave it out for its default";
}

static int take_object(struct config_loading *l, const char *prefix, struct slice object)
{
    struct json_reader r;
    json_reader_init(&r, object);
    int result = 0;
    for (enum json_token t; result == 0 && (t = json_next(&r)) != JSON_END && t != JSON_ERROR;) {
        if (t != JSON_KEY)
            continue;
        struct buf path = {0};
        struct slice value;
        buf_printf(&path, "%s%.*s", prefix, SLICE_FMT(r.text));
        if (json_skip(&r, &value) == 0)
            result = take_value(l, path.data, value);
        buf_deinit(&path);
    }
    json_reader_deinit(&r);
    return result;
}

static int take_settings(struct config_loading *l, struct slice object)
{
    buf_clear(&l->config->settings);
    buf_add_slice(&l->config->settings, object);
    return 0;
}

/* An empty table has no shape: it is an object. */
static int take_group(struct config_loading *l, const struct config_group *group,
                      struct slice value)
{
    struct buf prefix = {0};
    if (!json_is_object(value))
        return config_fail(
            l, group->name, "`%s` must be a table of names and values, not %s: write %s",
            group->name, json_is_array(value) ? "a list" : name_of(value), group->example);
    if (strcmp(group->name, CONFIG_SETTINGS) == 0)
        return take_settings(l, value);
    buf_printf(&prefix, "%s.", group->name);
    int result = take_object(l, prefix.data, value);
    buf_deinit(&prefix);
    return result;
}

static int take_option(struct config_loading *l, const struct config_option *o, struct slice value)
{
    struct buf text = {0};
    bool is_text =
        json_is_string(value) ? json_get_string(value, &text) == 0 : get_secret(value, &text);
    if (!is_text && is_number(value) && config_type_is_number(o->type)) {
        buf_add_slice(&text, value);
        is_text = true;
    }
    int result = is_text ? config_set_option(l, o, buf_slice(&text))
                         : config_fail(l, o->path, "%s must be %s, not %s", o->path,
                                       config_type_words(o->type), name_of(value));
    buf_deinit(&text);
    return result;
}

static int take_value(struct config_loading *l, const char *path, struct slice value)
{
    const struct config_option *option = config_find_option(path);
    const struct config_group *group = config_find_group(path);
    if (group)
        return take_group(l, group, value);
    return option ? take_option(l, option, value) : config_fail_unknown(l, path);
}

int config_load_file(struct config_loading *l, struct mask *mask)
{
    struct buf path = {0}, json = {0};
    struct err unread = {0};
    int result = -1;
    buf_printf(&path, "%s/" SOURCES_CONFIG, l->config->project);
    if (buf_read_file(&l->file, path.data, FILE_MAX, &unread) < 0) {
        if (unread.code == ERR_NOT_FOUND)
            result = 0;
        else
            config_fail_err(l, &unread);
        goto out;
    }
    if (script_read_config(buf_slice(&l->file), l->source->has_stand_ins, mask, &json, l->problem,
                           l->ctx) < 0)
        goto out;
    l->where = SOURCES_CONFIG;
    result = take_object(l, "", buf_slice(&json));
out:
    buf_deinit(&path);
    buf_deinit(&json);
    return result;
}
