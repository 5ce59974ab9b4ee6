/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "engine/config_parts.h"
#include "script/script.h"

#define SETTINGS_PREFIX CONFIG_SETTINGS "."

/* ---- saying what is wrong ---- */

int config_fail(struct config_loading *l, const char *path, const char *fmt, ...)
{
    char text[ERR_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (strcmp(l->where, SOURCES_CONFIG) == 0)
        return script_refuse_setting(buf_slice(&l->file), path, text, l->problem, l->ctx);
    struct err err = {0};
    err_set(&err, ERR_INVALID, "%s: %s", l->where, text);
    return config_fail_err(l, &err);
}

int config_fail_err(const struct config_loading *l, const struct err *err)
{
    l->problem(l->ctx, &(struct script_problem){.text = err->message});
    return -1;
}

int config_set_option(struct config_loading *l, const struct config_option *o, struct slice text)
{
    struct err why = {0};
    if (config_set_value(l->config, o, text, &why) == 0)
        return 0;
    return config_fail(l, o->path, "%s: %s", o->path, why.message);
}

/* ---- variables and flags ---- */

/* LIAISON_LIMITS_HANDLER_TIME for limits.handlerTime. */
static void add_variable_name(struct buf *out, const char *path)
{
    buf_add_str(out, CONFIG_VARIABLE_PREFIX);
    for (const char *p = path; *p; p++) {
        if (isupper((unsigned char)*p))
            buf_add_char(out, '_');
        buf_add_char(out, (char)(*p == '.' ? '_' : toupper((unsigned char)*p)));
    }
}

static const char *find_variable(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (char *const *v = environment; v && *v; v++) {
        if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
            return *v + len + 1;
    }
    return NULL;
}

/* LIAISON_TOKEN is what commands present to a daemon, too: it sets none here. */
static bool is_set_by_variable(const struct config_option *o)
{
    return strcmp(o->path, "token") != 0;
}

static int load_variables(struct config_loading *l, char *const *environment)
{
    const struct config_option *o;
    for (size_t i = 0; (o = config_option_at(i)); i++) {
        struct buf name = {0};
        add_variable_name(&name, o->path);
        const char *value = find_variable(environment, name.data);
        l->where = name.data;
        int result = value && is_set_by_variable(o) ? config_set_option(l, o, slice_str(value)) : 0;
        buf_deinit(&name);
        if (result < 0)
            return -1;
    }
    config_load_settings(l->config, environment);
    return 0;
}

static int load_set(struct config_loading *l, const char *set)
{
    struct slice value = slice_str(set);
    char *path = slice_dup(slice_split(&value, '='));
    const struct config_option *option = config_find_option(path);
    int result = 0;
    if (!strchr(set, '='))
        result = config_fail(l, path, "\"%s\" sets nothing: write --set limits.drain=20s", set);
    else if (strncmp(path, SETTINGS_PREFIX, strlen(SETTINGS_PREFIX)) == 0)
        config_set_setting(l->config, path + strlen(SETTINGS_PREFIX),
                           value.data ? value : SLICE_LIT(""));
    else if (!option)
        result = config_fail_unknown(l, path);
    else
        result = config_set_option(l, option, value.data ? value : SLICE_LIT(""));
    free(path);
    return result;
}

static int load_flags(struct config_loading *l, const struct config_source *source)
{
    l->where = "--listen";
    if (source->listen &&
        config_set_option(l, config_find_option("listen"), slice_str(source->listen)) < 0)
        return -1;
    if (source->journal) {
        /* A path typed at the prompt is relative to where it was typed. */
        char *absolute = source->journal[0] == '/' ? mem_strdup(source->journal) : NULL;
        if (!absolute) {
            char *here = realpath(".", NULL);
            struct buf path = {0};
            buf_printf(&path, "%s/%s", here ? here : ".", source->journal);
            free(here);
            absolute = buf_take(&path);
        }
        free(l->config->journal);
        l->config->journal = absolute;
    }
    l->where = "--set";
    for (size_t i = 0; i < source->n_sets; i++) {
        if (load_set(l, source->sets[i]) < 0)
            return -1;
    }
    return 0;
}

/* ---- all of it ---- */

static int set_defaults(struct config_loading *l, char *const *environment)
{
    l->where = "default";
    buf_add_str(&l->config->settings, "{}");
    const struct config_option *o;
    for (size_t i = 0; (o = config_option_at(i)); i++) {
        if (o->fallback && config_set_option(l, o, slice_str(o->fallback)) < 0)
            return -1;
    }
    const char *state = find_variable(environment, "STATE_DIRECTORY");
    if (state && *state) {
        struct buf path = {0};
        buf_printf(&path, "%s/journal.db", state);
        free(l->config->journal);
        l->config->journal = buf_take(&path);
    }
    return 0;
}

/* The journal stays the one that was opened, whatever links the project's path leads through then. */
static void resolve_journal(struct config *config)
{
    struct slice rest = slice_str(config->journal);
    struct slice project = slice_str(config->project);
    if (!slice_has_prefix(rest, project) || rest.data[project.len] != '/')
        return;
    char *resolved = path_resolve(config->journal);
    free(config->journal);
    config->journal = resolved;
}

/* 127.0.0.1:8750 and its like, and no name that only begins so. */
static bool is_loopback_ipv4(const char *listen)
{
    size_t len = strspn(listen, "0123456789.");
    return strncmp(listen, "127.", 4) == 0 && (listen[len] == ':' || listen[len] == '\0');
}

static bool is_local(const char *listen)
{
    static const char *const local[] = {"localhost:", "[::1]:", "unix:"};
    for (size_t i = 0; i < ARRAY_LEN(local); i++) {
        if (strncmp(listen, local[i], strlen(local[i])) == 0)
            return true;
    }
    return is_loopback_ipv4(listen);
}

/* Wider tokens open what narrower ones do; whoever can be reached from outside needs one. */
int config_check_tokens(const struct config *config, struct err *err)
{
    bool any = config->tokens[CONFIG_INGEST] || config->tokens[CONFIG_READ] ||
               config->tokens[CONFIG_ADMIN];
    if (!any && !is_local(config->listen))
        return err_set(
            err, ERR_INVALID,
            "listen %s can be reached from outside: set token = secret \"LIAISON_TOKEN\" in "
            "liaison.lua, or listen on 127.0.0.1",
            config->listen);
    return 0;
}

/* Where the value that stands of a key came from; of a variable its name, in `scratch`. */
static const char *find_where(const struct config_loading *l, const char *path, struct buf *scratch)
{
    const struct config_source *source = l->source;
    size_t len = strlen(path);
    if (strcmp(path, "listen") == 0 && source->listen)
        return "--listen";
    for (size_t i = 0; i < source->n_sets; i++) {
        if (strncmp(source->sets[i], path, len) == 0 && source->sets[i][len] == '=')
            return "--set";
    }
    add_variable_name(scratch, path);
    return find_variable(source->environment, scratch->data) ? scratch->data : SOURCES_CONFIG;
}

/* What is wrong with values that are right by themselves, told of one of them. */
static int fail_together(struct config_loading *l, const char *path, const char *words)
{
    struct buf variable = {0};
    l->where = find_where(l, path, &variable);
    int rc = config_fail(l, path, "%s", words);
    buf_deinit(&variable);
    return rc;
}

static int check_together(struct config_loading *l)
{
    const struct config *config = l->config;
    struct err why = {0};
    if (config_check_tokens(config, &why) < 0)
        return fail_together(l, "listen", why.message);
    if (config->tls_cert && !config->tls_key)
        return fail_together(l, "tls.cert",
                             "tls.key is missing: tls = { cert = FILE, key = FILE }");
    if (config->tls_key && !config->tls_cert)
        return fail_together(l, "tls.key",
                             "tls.cert is missing: tls = { cert = FILE, key = FILE }");
    return 0;
}

static int find_project(struct config *config, const struct config_source *source, struct err *err)
{
    return config_find_project(config, source->project ? source->project : ".", err);
}

static int load(struct config_loading *l, struct mask *mask)
{
    const struct config_source *source = l->source;
    if (set_defaults(l, source->environment) < 0 || config_load_file(l, mask) < 0 ||
        load_variables(l, source->environment) < 0 || load_flags(l, source) < 0 ||
        check_together(l) < 0)
        return -1;
    resolve_journal(l->config);
    return 0;
}

/* Of the project that find_project has put into `config`. */
static int load_found(struct config *config, const struct config_source *source, struct mask *mask,
                      config_problem_fn problem, void *ctx)
{
    struct config_loading l = {.config = config,
                               .source = source,
                               .where = SOURCES_CONFIG,
                               .problem = problem,
                               .ctx = ctx};
    int rc = load(&l, mask);
    buf_deinit(&l.file);
    if (rc < 0) {
        config_deinit(config);
        return -1;
    }
    for (size_t i = 0; i < CONFIG_ACCESS_COUNT; i++) {
        if (config->tokens[i])
            mask_add(mask, slice_str(config->tokens[i]));
    }
    return 0;
}

int config_load(struct config *config, const struct config_source *source, struct mask *mask,
                config_problem_fn problem, void *ctx)
{
    struct err err = {0};
    *config = (struct config){0};
    if (find_project(config, source, &err) == 0)
        return load_found(config, source, mask, problem, ctx);
    problem(ctx, &(struct script_problem){.text = err.message});
    config_deinit(config);
    return -1;
}

void config_note_problem(void *err, const struct script_problem *problem)
{
    struct err *noted = err;
    if (problem->is_warning || noted->code != ERR_NONE)
        return;
    if (problem->file && problem->line > 0)
        err_set(noted, ERR_INVALID, "%s:%d: %s", problem->file, problem->line, problem->text);
    else
        err_set(noted, ERR_INVALID, "%s%s%s", problem->file ? problem->file : "",
                problem->file ? ": " : "", problem->text);
}

void config_deinit(struct config *config)
{
    free(config->project);
    free(config->script);
    free(config->listen);
    free(config->journal);
    free(config->tls_cert);
    free(config->tls_key);
    for (size_t i = 0; i < CONFIG_ACCESS_COUNT; i++)
        free(config->tokens[i]);
    buf_deinit(&config->settings);
    *config = (struct config){0};
}

int config_find_address(const struct config_source *source, struct config_address *address,
                        struct err *err)
{
    struct config config = {0};
    if (find_project(&config, source, err) < 0) {
        config_deinit(&config);
        return -1;
    }
    struct mask *mask = mask_new();
    int rc = load_found(&config, source, mask, config_note_problem, err);
    if (rc == 0) {
        *address = (struct config_address){config.listen, config.tls_cert};
        config.listen = config.tls_cert = NULL;
        config_deinit(&config);
    }
    mask_free(mask);
    return rc;
}
