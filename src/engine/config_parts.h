/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the files of config share. Nobody else includes this.
 */
#ifndef LIAISON_ENGINE_CONFIG_PARTS_H
#define LIAISON_ENGINE_CONFIG_PARTS_H

#include "engine/config.h"
#include "script/sources.h"

#define CONFIG_VARIABLE_PREFIX "LIAISON_"
#define CONFIG_SETTINGS "settings"

/* ---- the keys: config_options.c ---- */

enum config_type {
    CONFIG_ADDRESS,
    CONFIG_TOKEN,
    CONFIG_PATH, /* relative to the project */
    CONFIG_DURATION,
    CONFIG_SIZE,
    CONFIG_COUNT, /* 1 or more */
    CONFIG_LEVEL,
    CONFIG_FORMAT,
    CONFIG_RELOAD,
};

struct config_option {
    const char *path; /* "limits.drain" */
    enum config_type type;
    size_t offset;        /* in struct config */
    const char *fallback; /* as it would be written; NULL: none */
    const char *help;
    const char *least; /* of a duration or a size; NULL: 0 */
};

/* NULL where there is none. */
const struct config_option *config_find_option(const char *path);
/* The nth, from 0; NULL behind the last. */
const struct config_option *config_option_at(size_t n);

/* A table of keys, such as `limits`. */
struct config_group {
    const char *name;
    const char *example; /* how it is written */
};
const struct config_group *config_find_group(const char *name);
const struct config_group *config_group_at(size_t n);

/* ---- a value: config_value.c ---- */

/* What it is called where keys are listed: "duration", "text|json". */
const char *config_type_name(enum config_type type);
/* What has to be written: "a duration, as in \"5m\"". */
const char *config_type_words(enum config_type type);
/* Whether a number may stand for it. */
bool config_type_is_number(enum config_type type);
/* Sets the option from a text. -1 with `err`, without the key's name. */
int config_set_value(struct config *config, const struct config_option *o, struct slice text,
                     struct err *err) must_check;

/* ---- what is being read ---- */

struct config_loading {
    struct config *config;
    const struct config_source *source;
    struct buf file; /* text of liaison.lua */
    const char
        *where; /* the value at hand comes from: "liaison.lua", a variable's or a flag's name */
    config_problem_fn problem;
    void *ctx; /* of that */
};

/* What is wrong with the key `path`; with its line where it comes from liaison.lua. */
int config_fail(struct config_loading *l, const char *path, const char *fmt, ...) printf_like(3, 4);
/* What is wrong, and about no key. */
int config_fail_err(const struct config_loading *l, const struct err *err);
/* There is no key of that name (config_unknown.c). */
int config_fail_unknown(struct config_loading *l, const char *path);
/* As config_set_value; what is wrong is told of the key. */
int config_set_option(struct config_loading *l, const struct config_option *o,
                      struct slice text) must_check;

/* liaison.lua, where there is one (config_file.c). */
int config_load_file(struct config_loading *l, struct mask *mask) must_check;

/* ---- the project, tokens, settings ---- */

/* Fills in config->project, and config->script where `path` names one. */
int config_find_project(struct config *config, const char *path, struct err *err) must_check;

/* -1 where whoever can reach `listen` from outside would need no token. */
int config_check_tokens(const struct config *config, struct err *err) must_check;

/* Sets `name` of config->settings from a text: it takes the type of the value whose place it takes,
   a number or a truth value where liaison.lua has one; else it is text. */
void config_set_setting(struct config *config, const char *name, struct slice text);
/* From LIAISON_SETTINGS_WAREHOUSE_URL to the setting warehouseUrl, for all there are. */
void config_load_settings(struct config *config, char *const *environment);

#endif
