/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/config.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "base/text.h"
#include "engine/config_parts.h"
#include "script/script.h"

#define CONFIG_FILE_MAX (1 << 20)
#define AGE_MIN "1s"
#define ROOM_MIN "4MB"
#define SETTINGS_PREFIX "settings."

enum value_type {
    TYPE_TEXT,
    TYPE_PATH, /* relative to the project */
    TYPE_DURATION,
    TYPE_SIZE,
    TYPE_AGE,   /* a duration of AGE_MIN or more */
    TYPE_ROOM,  /* a size of ROOM_MIN or more */
    TYPE_COUNT, /* 1 or more */
    TYPE_LEVEL,
    TYPE_FORMAT,
    TYPE_RELOAD,
};

static const char *const type_names[] = {
    [TYPE_TEXT] = "text",         [TYPE_PATH] = "path",
    [TYPE_DURATION] = "duration", [TYPE_AGE] = "duration",
    [TYPE_ROOM] = "size",         [TYPE_SIZE] = "size",
    [TYPE_COUNT] = "number",      [TYPE_LEVEL] = "debug|info|warn|error",
    [TYPE_FORMAT] = "text|json",  [TYPE_RELOAD] = "watch|manual",
};

struct option {
    const char *path;
    enum value_type type;
    size_t offset;        /* in struct config */
    const char *fallback; /* as it would be written; NULL: none */
    const char *help;
};

#define AT(member) offsetof(struct config, member)
static const struct option options[] = {
    {"listen", TYPE_TEXT, AT(listen), "127.0.0.1:8750", "address of ingest and API, or unix:PATH"},
    {"token", TYPE_TEXT, AT(tokens[CONFIG_ADMIN]), NULL, "one token for everything"},
    {"tokens.ingest", TYPE_TEXT, AT(tokens[CONFIG_INGEST]), NULL, "token for POST /events"},
    {"tokens.read", TYPE_TEXT, AT(tokens[CONFIG_READ]), NULL, "token for reading"},
    {"tokens.admin", TYPE_TEXT, AT(tokens[CONFIG_ADMIN]), NULL, "token for everything"},
    {"tls.cert", TYPE_PATH, AT(tls_cert), NULL, "PEM file: serve HTTPS by this certificate"},
    {"tls.key", TYPE_PATH, AT(tls_key), NULL, "PEM file: the key of tls.cert"},
    {"journal", TYPE_PATH, AT(journal), "var/journal.db", "where events and deliveries are kept"},
    {"limits.handlerTime", TYPE_DURATION, AT(handler_time_ms), "100ms", "running time of one run"},
    {"limits.memory", TYPE_SIZE, AT(memory_max), "64MB", "memory of the scripts"},
    {"limits.inFlight", TYPE_COUNT, AT(in_flight), "10000", "attempts and runs at once"},
    {"limits.message", TYPE_SIZE, AT(message_max), "16MB", "one message of a bus"},
    {"limits.body", TYPE_SIZE, AT(body_max), "1MB", "one POST /events"},
    {"limits.drain", TYPE_DURATION, AT(drain_ms), "8s", "time to end what runs when stopped"},
    {"limits.journal", TYPE_ROOM, AT(journal_max), "10GB", "the journal's size"},
    {"limits.diskFree", TYPE_SIZE, AT(disk_free_min), "500MB", "left free on the journal's disk"},
    {"retain.delivered", TYPE_AGE, AT(retain_delivered_ms), "7d", "events that are over"},
    {"retain.dead", TYPE_AGE, AT(retain_dead_ms), "90d", "dead letters"},
    {"log.level", TYPE_LEVEL, AT(log_level), "info", "least level that is logged"},
    {"log.format", TYPE_FORMAT, AT(log_format), "text", "for people, or for machines"},
    {"reload", TYPE_RELOAD, AT(reload), "watch", "load the scripts anew when a file changes"},
};

/* What is being filled in, and where the value at hand comes from. */
struct loading {
    struct config *config;
    struct slice file; /* text of liaison.lua, to find lines in */
    const char *where; /* "liaison.lua", a variable's or a flag's name */
    bool has_stand_ins;
    struct err *err;
};

/* ---- saying what is wrong ---- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The line of liaison.lua where the last part of `path` is named first; 0 when it isn't. */
static int line_of(struct slice file, const char *path)
{
    const char *dot = strrchr(path, '.');
    struct slice name = slice_str(dot ? dot + 1 : path);
    int line = 1;
    for (size_t i = 0; i + name.len <= file.len; i++) {
        bool starts = i == 0 || !is_name_char(file.data[i - 1]);
        bool ends = i + name.len == file.len || !is_name_char(file.data[i + name.len]);
        if (starts && ends && memcmp(file.data + i, name.data, name.len) == 0)
            return line;
        line += file.data[i] == '\n';
    }
    return 0;
}

static int fail(struct loading *l, const char *path, const char *fmt, ...) printf_like(3, 4);
static int fail(struct loading *l, const char *path, const char *fmt, ...)
{
    char text[ERR_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    int line = strcmp(l->where, CONFIG_FILE) == 0 ? line_of(l->file, path) : 0;
    if (line > 0)
        return err_set(l->err, ERR_INVALID, "%s:%d: %s", l->where, line, text);
    return err_set(l->err, ERR_INVALID, "%s: %s", l->where, text);
}

static int fail_unknown(struct loading *l, const char *path)
{
    const char *names[ARRAY_LEN(options)];
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        names[i] = options[i].path;
    const char *nearest = text_nearest(slice_str(path), names, ARRAY_LEN(options));
    if (nearest)
        return fail(l, path, "unknown key `%s`: did you mean `%s`?", path, nearest);
    return fail(l, path, "unknown key `%s`: `liaison run --help` lists the keys", path);
}

/* ---- one value ---- */

static int parse_word(struct slice text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_is_equal(text, slice_str(words[i])))
            return (int)i;
    }
    return -1;
}

static int parse_level(struct slice text, void *place)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};
    int level = parse_word(text, words, ARRAY_LEN(words));
    if (level >= 0)
        *(enum log_level *)place = (enum log_level)level;
    return level;
}

static int parse_format(struct slice text, void *place)
{
    static const char *const words[] = {"text", "json"};
    int format = parse_word(text, words, ARRAY_LEN(words));
    if (format >= 0)
        *(enum log_format *)place = (enum log_format)format;
    return format;
}

static int parse_reload(struct slice text, void *place)
{
    static const char *const words[] = {"watch", "manual"};
    int reload = parse_word(text, words, ARRAY_LEN(words));
    if (reload >= 0)
        *(enum config_reload *)place = (enum config_reload)reload;
    return reload;
}

static int parse_count(struct slice text, int64_t *place)
{
    int64_t n;
    if (json_get_integer(text, &n) < 0 || n < 1 || n > 1000000)
        return -1;
    *place = n;
    return 0;
}

static int parse_age(struct slice text, int64_t *ms, struct err *err)
{
    int64_t least;
    if (text_parse_duration(text, ms, err) < 0 ||
        text_parse_duration(SLICE_LIT(AGE_MIN), &least, err) < 0)
        return -1;
    if (*ms < least)
        return err_set(err, ERR_INVALID, "\"%.*s\" is too short: write " AGE_MIN " or more",
                       SLICE_FMT(text));
    return 0;
}

static int parse_room(struct slice text, int64_t *bytes, struct err *err)
{
    int64_t least;
    if (text_parse_size(text, bytes, err) < 0 ||
        text_parse_size(SLICE_LIT(ROOM_MIN), &least, err) < 0)
        return -1;
    if (*bytes < least)
        return err_set(err, ERR_INVALID, "\"%.*s\" is too small: write " ROOM_MIN " or more",
                       SLICE_FMT(text));
    return 0;
}

static void set_text(char **place, struct slice text)
{
    free(*place);
    *place = slice_dup(text);
}

static void set_path(const struct config *config, char **place, struct slice text)
{
    struct buf path = {0};
    if (text.len > 0 && text.data[0] != '/')
        buf_printf(&path, "%s/", config->project);
    buf_add_slice(&path, text);
    free(*place);
    *place = buf_take(&path);
}

static int set_option(struct loading *l, const struct option *o, struct slice text)
{
    void *place = (char *)l->config + o->offset;
    int result = 0;
    struct err why = {0};
    switch (o->type) {
    case TYPE_TEXT:
        set_text(place, text);
        break;
    case TYPE_PATH:
        set_path(l->config, place, text);
        break;
    case TYPE_DURATION:
        result = text_parse_duration(text, place, &why);
        break;
    case TYPE_SIZE:
        result = text_parse_size(text, place, &why);
        break;
    case TYPE_AGE:
        result = parse_age(text, place, &why);
        break;
    case TYPE_ROOM:
        result = parse_room(text, place, &why);
        break;
    case TYPE_COUNT:
        result = parse_count(text, place);
        break;
    case TYPE_LEVEL:
        result = parse_level(text, place);
        break;
    case TYPE_FORMAT:
        result = parse_format(text, place);
        break;
    case TYPE_RELOAD:
        result = parse_reload(text, place);
        break;
    }
    if (result >= 0)
        return 0;
    if (why.code != ERR_NONE)
        return fail(l, o->path, "%s: %s", o->path, why.message);
    return fail(l, o->path, "%s: \"%.*s\" is none; write %s", o->path, SLICE_FMT(text),
                o->type == TYPE_COUNT ? "a whole number from 1 to 1000000" : type_names[o->type]);
}

static const struct option *find_option(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strcmp(options[i].path, path) == 0)
            return &options[i];
    }
    return NULL;
}

/* ---- liaison.lua ---- */

static int take_value(struct loading *l, const char *path, struct slice value);

/* A secret's value is told as {"secret":"…"}. */
static bool get_secret(struct slice value, struct buf *out)
{
    struct slice secret;
    return json_get(value, "secret", &secret) && json_get_string(secret, out) == 0;
}

static int take_object(struct loading *l, const char *prefix, struct slice object)
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

static int take_settings(struct loading *l, struct slice value)
{
    if (json_is_array(value) && value.len == 2)
        return 0; /* an empty table has no shape */
    if (!json_is_object(value))
        return fail(l, "settings", "`settings` must be a table of names and values");
    buf_clear(&l->config->settings);
    buf_add_slice(&l->config->settings, value);
    return 0;
}

static bool is_group(const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strncmp(options[i].path, path, len) == 0 && options[i].path[len] == '.')
            return true;
    }
    return false;
}

static int take_value(struct loading *l, const char *path, struct slice value)
{
    struct buf text = {0};
    int result;
    if (strcmp(path, "settings") == 0)
        return take_settings(l, value);
    const struct option *option = find_option(path);
    if (!option && is_group(path)) {
        struct buf prefix = {0};
        buf_printf(&prefix, "%s.", path);
        result = json_is_object(value) || json_is_array(value)
                     ? take_object(l, prefix.data, value)
                     : fail(l, path, "`%s` must be a table", path);
        buf_deinit(&prefix);
        return result;
    }
    if (!option)
        return fail_unknown(l, path);
    if (json_is_string(value) ? json_get_string(value, &text) < 0 : !get_secret(value, &text))
        buf_add_slice(&text, value);
    bool is_scalar = !json_is_array(value) && (!json_is_object(value) || text.data[0] != '{');
    result = is_scalar
                 ? set_option(l, option, buf_slice(&text))
                 : fail(l, path, "`%s` must be %s, not a table", path, type_names[option->type]);
    buf_deinit(&text);
    return result;
}

static int load_file(struct loading *l, struct mask *mask)
{
    struct buf path = {0}, text = {0}, json = {0};
    struct err unread = {0};
    int result = -1;
    buf_printf(&path, "%s/" CONFIG_FILE, l->config->project);
    if (buf_read_file(&text, path.data, CONFIG_FILE_MAX, &unread) < 0) {
        if (unread.code != ERR_NOT_FOUND) {
            *l->err = unread;
            goto out;
        }
        result = 0;
        goto out;
    }
    if (script_read_config(path.data, l->has_stand_ins, mask, &json, l->err) < 0)
        goto out;
    l->file = buf_slice(&text);
    l->where = CONFIG_FILE;
    result = take_object(l, "", buf_slice(&json));
out:
    buf_deinit(&path);
    buf_deinit(&text);
    buf_deinit(&json);
    return result;
}

/* ---- variables and flags ---- */

/* LIMITS_HANDLER_TIME for limits.handlerTime. */
static void add_variable_name(struct buf *out, const char *path)
{
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

static int load_variables(struct loading *l, char *const *environment)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        struct buf name = {0};
        buf_add_str(&name, CONFIG_VARIABLE_PREFIX);
        add_variable_name(&name, options[i].path);
        const char *value = find_variable(environment, name.data);
        l->where = name.data;
        /* LIAISON_TOKEN is what commands present to a daemon, too: it sets none here. */
        int result = value && strcmp(options[i].path, "token") != 0
                         ? set_option(l, &options[i], slice_str(value))
                         : 0;
        buf_deinit(&name);
        if (result < 0)
            return -1;
    }
    config_load_settings(l->config, environment);
    return 0;
}

static int load_set(struct loading *l, const char *set)
{
    struct slice value = slice_str(set);
    char *path = slice_dup(slice_split(&value, '='));
    const struct option *option = find_option(path);
    int result = 0;
    if (!strchr(set, '='))
        result = fail(l, path, "\"%s\" sets nothing: write --set limits.drain=20s", set);
    else if (strncmp(path, SETTINGS_PREFIX, strlen(SETTINGS_PREFIX)) == 0)
        config_set_setting(l->config, path + strlen(SETTINGS_PREFIX),
                           value.data ? value : SLICE_LIT(""));
    else if (!option)
        result = fail_unknown(l, path);
    else
        result = set_option(l, option, value.data ? value : SLICE_LIT(""));
    free(path);
    return result;
}

static int load_flags(struct loading *l, const struct config_source *source)
{
    l->where = "--listen";
    if (source->listen && set_option(l, find_option("listen"), slice_str(source->listen)) < 0)
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

static int set_defaults(struct loading *l, char *const *environment)
{
    l->where = "default";
    buf_add_str(&l->config->settings, "{}");
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (options[i].fallback && set_option(l, &options[i], slice_str(options[i].fallback)) < 0)
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

static int check_tls(const struct config *config, struct err *err)
{
    if (!config->tls_cert == !config->tls_key)
        return 0;
    return err_set(err, ERR_INVALID, "tls.%s is missing: tls = { cert = FILE, key = FILE }",
                   config->tls_cert ? "key" : "cert");
}

int config_load(struct config *config, const struct config_source *source, struct mask *mask,
                struct err *err)
{
    static_assert(ARRAY_LEN(type_names) == TYPE_RELOAD + 1, "each type has its name");
    *config = (struct config){0};
    struct loading l = {
        .config = config, .err = err, .where = CONFIG_FILE, .has_stand_ins = source->has_stand_ins};
    if (config_find_project(config, source->project ? source->project : ".", err) < 0 ||
        set_defaults(&l, source->environment) < 0 || load_file(&l, mask) < 0 ||
        load_variables(&l, source->environment) < 0 || load_flags(&l, source) < 0 ||
        config_check_tokens(config, err) < 0 || check_tls(config, err) < 0) {
        config_deinit(config);
        return -1;
    }
    resolve_journal(config);
    for (size_t i = 0; i < CONFIG_ACCESS_COUNT; i++) {
        if (config->tokens[i])
            mask_add(mask, slice_str(config->tokens[i]));
    }
    return 0;
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
    struct mask *mask = mask_new();
    struct config config;
    int rc = config_load(&config, source, mask, err);
    if (rc == 0) {
        *address = (struct config_address){config.listen, config.tls_cert};
        config.listen = config.tls_cert = NULL;
        config_deinit(&config);
    }
    mask_free(mask);
    return rc;
}

bool config_key_at(size_t n, struct config_key *key)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option *o = &options[i];
        if (n-- > 0)
            continue;
        *key = (struct config_key){o->path, type_names[o->type], o->fallback, o->help};
        return true;
    }
    *key = (struct config_key){SETTINGS_PREFIX "NAME", "", NULL, "what setting \"NAME\" reads"};
    return n == 0;
}
