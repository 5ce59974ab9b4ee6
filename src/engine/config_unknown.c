/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A key that there isn't: what was meant, or where that is said. What people look for in vain is a table,
 * of which each row is one name: to know another, add a row.
 */
#include <string.h>

#include "base/text.h"
#include "engine/config_parts.h"

#define NAMES_MAX 40
#define ADDRESS "listen = \"127.0.0.1:8750\" says both address and port"
#define BUS "a bus is named in a script: SyncManager.new{ eventBusUrl = \"…\" }"
#define CONNECTOR "each connector is a file: connectors/NAME.lua"
#define JOURNAL "events and deliveries are kept in one file: journal = \"var/journal.db\""
#define LEVEL "write log = { level = \"debug\" }"
#define LOG_FILE "the log goes to standard error, for the service manager or the shell to keep"
#define RELOAD "write reload = \"watch\""
#define SCRIPTS                                                                                    \
    "handlers are registered in scripts/NAME.lua: sync:on(\"TYPE\", function(event) … end)"
#define SECRET "a secret is read where it is used, as in token = secret \"LIAISON_TOKEN\""
#define TLS "write tls = { cert = \"FILE\", key = \"FILE\" }"
#define TOKEN "who may ask the daemon says token = secret \"LIAISON_TOKEN\""
#define TRANSFORMER "each transformer is a file: transformers/NAME.lua"
#define VALUES                                                                                     \
    "values for scripts stand in settings = { name = … }, and setting \"name\" reads them"

static const struct {
    const char *name;  /* the whole key, in any letters */
    const char *words; /* NULL: it is a connector's */
} slips[] = {
    {"address", ADDRESS},
    {"apiKey", TOKEN},
    {"auth", NULL},
    {"batch", NULL},
    {"bind", ADDRESS},
    {"breaker", NULL},
    {"broker", BUS},
    {"bus", BUS},
    {"busUrl", BUS},
    {"channel", BUS},
    {"channels", BUS},
    {"coalesce", NULL},
    {"concurrency", NULL},
    {"config", VALUES},
    {"connector", CONNECTOR},
    {"connectors", CONNECTOR},
    {"database", JOURNAL},
    {"db", JOURNAL},
    {"debug", LEVEL},
    {"env", VALUES},
    {"eventBusUrl", BUS},
    {"handlers", SCRIPTS},
    {"host", ADDRESS},
    {"hostname", ADDRESS},
    {"https", TLS},
    {"log.file", LOG_FILE},
    {"log.output", LOG_FILE},
    {"log.path", LOG_FILE},
    {"logFile", LOG_FILE},
    {"logLevel", LEVEL},
    {"onDead", NULL},
    {"order", NULL},
    {"password", TOKEN},
    {"port", ADDRESS},
    {"rate", NULL},
    {"retries", "it belongs to a connector: connectors/NAME.lua returns { send = …, retry = { "
                "attempts = 3 } }"},
    {"retry", NULL},
    {"scripts", SCRIPTS},
    {"secret", SECRET},
    {"secrets", SECRET},
    {"server", ADDRESS},
    {"ssl", TLS},
    {"statuses", NULL},
    {"storage", JOURNAL},
    {"store", JOURNAL},
    {"timeout", NULL},
    {"transformer", TRANSFORMER},
    {"transformers", TRANSFORMER},
    {"url", ADDRESS},
    {"variables", VALUES},
    {"verbose", LEVEL},
    {"watch", RELOAD},
};

static bool add_slip(struct buf *out, const char *path)
{
    size_t i = 0;
    while (i < ARRAY_LEN(slips) &&
           !slice_is_equal_nocase(slice_str(path), slice_str(slips[i].name)))
        i++;
    if (i == ARRAY_LEN(slips))
        return false;
    if (slips[i].words)
        buf_add_str(out, slips[i].words);
    else
        buf_printf(out,
                   "it belongs to a connector: connectors/NAME.lua returns { send = …, %s = … }",
                   slips[i].name);
    return true;
}

/* ---- the names that there are ---- */

struct names {
    const char *items[NAMES_MAX];
    size_t n;
};

static void add(struct names *names, const char *name)
{
    if (names->n < NAMES_MAX)
        names->items[names->n++] = name;
}

static void list_all(struct names *names)
{
    const struct config_option *o;
    const struct config_group *g;
    for (size_t i = 0; (o = config_option_at(i)); i++)
        add(names, o->path);
    for (size_t i = 0; (g = config_group_at(i)); i++)
        add(names, g->name);
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* Those of one table: "limits." has handlerTime, and "" has listen. */
static void list_beside(struct names *names, struct slice prefix)
{
    struct names all = {.n = 0};
    list_all(&all);
    for (size_t i = 0; i < all.n; i++) {
        const char *rest = all.items[i] + prefix.len;
        if (slice_has_prefix(slice_str(all.items[i]), prefix) && !strchr(rest, '.'))
            add(names, rest);
    }
}

/* One of that name in another table: `drain` is limits.drain. */
static const char *find_elsewhere(const struct names *all, const char *path)
{
    struct names parts = {.n = all->n};
    for (size_t i = 0; i < all->n; i++)
        parts.items[i] = last_part(all->items[i]);
    struct slice word = slice_str(last_part(path));
    const char *nearest = text_nearest(word, parts.items, parts.n);
    bool is_near = nearest && slice_has_prefix_nocase(slice_str(nearest), slice_upto(word, 1));
    for (size_t i = 0; i < all->n && is_near; i++) /* a short name is near to too many */
        if (parts.items[i] == nearest)
            return all->items[i];
    return NULL;
}

static const char *find_nearest(const char *path)
{
    struct names all = {.n = 0};
    list_all(&all);
    for (size_t i = 0; i < all.n; i++) /* the same name goes before one that is near */
        if (strcmp(last_part(all.items[i]), last_part(path)) == 0)
            return all.items[i];
    const char *nearest = text_nearest(slice_str(path), all.items, all.n);
    return nearest ? nearest : find_elsewhere(&all, path);
}

static void add_names(struct buf *out, const char *path)
{
    struct names names = {.n = 0};
    struct slice prefix = slice_of(path, (size_t)(last_part(path) - path));
    list_beside(&names, prefix);
    if (prefix.len > 0)
        buf_printf(out, "%.*s has ", SLICE_FMT(slice_upto(prefix, prefix.len - 1)));
    else
        buf_add_str(out, VALUES "; the keys here are ");
    text_add_names(out, names.items, names.n, NAMES_MAX);
}

static void add_nearest(struct buf *out, const char *path)
{
    const char *nearest = find_nearest(path);
    if (nearest)
        buf_printf(out, "did you mean `%s`?", nearest);
    else
        add_names(out, path);
}

int config_fail_unknown(struct config_loading *l, const char *path)
{
    struct buf words = {0};
    if (!add_slip(&words, path))
        add_nearest(&words, path);
    int rc = config_fail(l, path, "unknown key `%s`: %s", path, words.data);
    buf_deinit(&words);
    return rc;
}
