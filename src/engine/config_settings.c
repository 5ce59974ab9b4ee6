/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * `settings`: names of the users' own, and the variables that set them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/config_parts.h"

/* Gives `settings` the member `name`, in place of one it has. `json` is its value. */
static void set_setting(struct buf *settings, struct slice name, struct slice json)
{
    struct buf merged = {0};
    struct json_writer w = {.out = &merged};
    struct json_reader r;
    json_object_begin(&w, NULL);
    json_reader_init(&r, buf_slice(settings));
    for (enum json_token t; (t = json_next(&r)) != JSON_END && t != JSON_ERROR;) {
        if (t != JSON_KEY)
            continue;
        char *key = slice_dup(r.text);
        bool is_same = slice_is_equal(name, r.text);
        struct slice value;
        if (json_skip(&r, &value) == 0 && !is_same)
            json_member_raw(&w, key, value);
        free(key);
    }
    json_reader_deinit(&r);
    char *own = slice_dup(name);
    json_member_raw(&w, own, json);
    free(own);
    json_object_end(&w);
    buf_deinit(settings);
    *settings = merged;
}

void config_set_setting(struct config *config, const char *name, struct slice text)
{
    struct slice before;
    struct buf json = {0};
    struct err ignored;
    bool is_typed = json_get(buf_slice(&config->settings), name, &before) &&
                    !json_is_string(before) && json_check(text, &ignored) == 0;
    if (is_typed)
        buf_add_slice(&json, text);
    else
        json_add_string(&json, text);
    set_setting(&config->settings, slice_str(name), buf_slice(&json));
    buf_deinit(&json);
}

/* warehouseUrl for WAREHOUSE_URL. */
static void add_setting_name(struct buf *out, struct slice variable)
{
    bool upper = false;
    for (size_t i = 0; i < variable.len; i++) {
        char c = variable.data[i];
        if (c == '_') {
            upper = true;
            continue;
        }
        buf_add_char(out, (char)(upper ? toupper((unsigned char)c) : tolower((unsigned char)c)));
        upper = false;
    }
}

void config_load_settings(struct config *config, char *const *environment)
{
    const struct slice prefix = SLICE_LIT(CONFIG_VARIABLE_PREFIX "SETTINGS_");
    for (char *const *v = environment; v && *v; v++) {
        struct slice value = slice_str(*v);
        if (!slice_has_prefix(value, prefix))
            continue;
        struct slice variable = slice_split(&value, '=');
        struct buf name = {0};
        add_setting_name(&name, slice_from(variable, prefix.len));
        if (name.len > 0)
            config_set_setting(config, name.data, value.data ? value : SLICE_LIT(""));
        buf_deinit(&name);
    }
}
