/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "modules/zones.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#define HEADER 44 /* bytes of a header in a zone's file */
#define DAY_S INT64_C(86400)
#define YEAR_S (366 * DAY_S)

struct zone {
    GTimeZone *table;  /* as its file lists it … */
    GTimeZone *rule;   /* … and what goes on behind that, or NULL */
    int64_t rule_from; /* Unix time */
};

static const char *folder(void)
{
    const char *dir = getenv("TZDIR");
    return dir ? dir : "/usr/share/zoneinfo";
}

/* Names of files that don't lead out of the folder; right/ counts leap seconds. */
static bool is_name(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");
    return len > 0 && name[len] == '\0' && name[0] != '/' && !g_str_has_prefix(name, "right/") &&
           !g_str_has_prefix(name, "posix/");
}

/* ---- a zone's file: RFC 8536 ---- */

static uint64_t read_be(const char *p, int len)
{
    uint64_t value = 0;
    for (int i = 0; i < len; i++)
        value = value << 8 | (unsigned char)p[i];
    return value;
}

/* The six counts of a header: of UT and standard indicators, leap seconds, transitions, types, and
   characters. */
enum count { UT, STANDARD, LEAPS, TRANSITIONS, TYPES, CHARACTERS };

static size_t count_of(const char *header, enum count which)
{
    return read_be(header + 20 + 4 * (size_t)which, 4);
}

static size_t data_size(const char *header, size_t time_size)
{
    return count_of(header, TRANSITIONS) * (time_size + 1) + count_of(header, TYPES) * 6 +
           count_of(header, CHARACTERS) + count_of(header, LEAPS) * (time_size + 4) +
           count_of(header, STANDARD) + count_of(header, UT);
}

/* The file's last change and the rule behind it; *rule is NULL where it has none. */
static void read_end(char *file, size_t len, int64_t *last, const char **rule)
{
    *rule = NULL;
    *last = INT64_MIN;
    if (len < HEADER || memcmp(file, "TZif", 4) != 0 || file[4] < '2')
        return;
    size_t second = HEADER + data_size(file, 4);
    if (second > len || len - second < HEADER)
        return;
    size_t data = second + HEADER, n = count_of(file + second, TRANSITIONS);
    size_t footer = data + data_size(file + second, 8);
    if (footer >= len || len - footer < 3 || file[footer] != '\n' || file[len - 1] != '\n')
        return;
    if (n > 0)
        *last = (int64_t)read_be(file + data + 8 * (n - 1), 8);
    file[len - 1] = '\0';
    *rule = file + footer + 1;
}

/* ---- zones ---- */

static int offset_at(GTimeZone *zone, int64_t unix_s)
{
    return g_time_zone_get_offset(zone,
                                  g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, unix_s));
}

/* Whether the rule says for the last year of the table what that says. */
static bool agrees(GTimeZone *rule, GTimeZone *table, int64_t last)
{
    for (int64_t at = last - YEAR_S; last != INT64_MIN && at < last; at += 7 * DAY_S)
        if (offset_at(rule, at) != offset_at(table, at))
            return false;
    return true;
}

static void add_rule(struct zone *zone, const char *text, int64_t last)
{
    zone->rule = g_time_zone_new_identifier(text);
    zone->rule_from = last;
    if (zone->rule && !agrees(zone->rule, zone->table, last)) {
        g_time_zone_unref(zone->rule);
        zone->rule = NULL;
    }
}

static struct zone *zone_open(const char *name)
{
    gchar *path = is_name(name) ? g_build_filename(folder(), name, NULL) : NULL, *file = NULL;
    gsize len = 0;
    struct zone *zone = NULL;
    GTimeZone *table = NULL;
    if (path && g_file_get_contents(path, &file, &len, NULL) && len > 4 &&
        memcmp(file, "TZif", 4) == 0)
        table = g_time_zone_new_identifier(name);
    if (table) {
        const char *rule;
        zone = g_new0(struct zone, 1);
        zone->table = table;
        read_end(file, len, &zone->rule_from, &rule);
        if (rule && *rule)
            add_rule(zone, rule, zone->rule_from);
    }
    g_free(file);
    g_free(path);
    return zone;
}

static void zone_close(struct zone *zone)
{
    if (!zone)
        return;
    g_time_zone_unref(zone->table);
    if (zone->rule)
        g_time_zone_unref(zone->rule);
    g_free(zone);
}

static struct zone_time zone_at(const struct zone *zone, int64_t unix_s)
{
    GTimeZone *z = zone->rule && unix_s >= zone->rule_from ? zone->rule : zone->table;
    int interval = g_time_zone_find_interval(z, G_TIME_TYPE_UNIVERSAL, unix_s);
    return (struct zone_time){g_time_zone_get_offset(z, interval),
                              g_time_zone_get_abbreviation(z, interval)};
}

/* tzdata.zi has a line "Z NAME …" for each zone, and "L TARGET NAME" for each link. */
static void zones_list(void (*each)(void *ctx, const char *name), void *ctx)
{
    gchar *path = g_build_filename(folder(), "tzdata.zi", NULL), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        text = g_strdup("");
    gchar **lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        gchar **words = g_strsplit(lines[i], " ", 4);
        size_t n = g_strv_length(words);
        if (n >= 2 && strcmp(words[0], "Z") == 0)
            each(ctx, words[1]);
        else if (n >= 3 && strcmp(words[0], "L") == 0)
            each(ctx, words[2]);
        g_strfreev(words);
    }
    g_strfreev(lines);
    g_free(text);
    g_free(path);
}

extern const struct zones_module liaison_module;
const struct zones_module liaison_module = {
    MODULE_HEAD(struct zones_module), zone_open, zone_close, zone_at, zones_list,
};
