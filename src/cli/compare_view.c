/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/compare_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json_items.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/json_view.h"
#include "cli/table.h"

#define STRONG "\033[1m"
#define OLD "\033[31m"
#define NEW "\033[32m"
#define PLAIN "\033[0m"

#define VALUE_MAX 200
/* Of long texts, around the place where they part. */
#define AHEAD_MAX 20
#define BEHIND_MAX 60
#define SETTINGS_MAX 5 /* that are named */

static const char *const kinds[] = {"same", "changed", "new", "vanished"};

/* ---- counts ---------------------------------------------------------------------------------- */

static bool is_with_deliveries(struct slice report)
{
    return slice_is_equal(view_member(report, "with"), SLICE_LIT("\"deliveries\""));
}

static void print_counts(struct slice report)
{
    int64_t events = view_integer(report, "events", 0);
    printf("%" PRId64 " event%s; %s: %" PRId64 " the same, %" PRId64 " changed, %" PRId64
           " new, %" PRId64 " vanished\n",
           events, events == 1 ? "" : "s", is_with_deliveries(report) ? "deliveries" : "requests",
           view_integer(report, "same", 0), view_integer(report, "changed", 0),
           view_integer(report, "new", 0), view_integer(report, "vanished", 0));
}

static void print_rows(struct slice report)
{
    static const struct table_column columns[] = {
        {.title = "HANDLER", .is_flexible = true}, {.title = "CONNECTOR", .is_flexible = true},
        {.title = "SAME", .is_number = true},      {.title = "CHANGED", .is_number = true},
        {.title = "NEW", .is_number = true},       {.title = "VANISHED", .is_number = true}};
    struct slice rows = view_member(report, "rows"), unused, row;
    struct json_items items;
    struct table t;
    if (json_items_count(rows) == 0)
        return;
    table_init(&t, columns, ARRAY_LEN(columns));
    json_items_begin(&items, rows);
    while (json_items_next(&items, &unused, &row)) {
        view_add_cell(&t, row, "handler");
        view_add_cell(&t, row, "connector");
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
            table_add_integer(&t, view_integer(row, kinds[i], 0));
    }
    json_items_end(&items);
    putchar('\n');
    table_print(&t, stdout);
    table_deinit(&t);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void add_safe(struct buf *out, struct slice object, const char *name)
{
    struct buf text = {0};
    view_add(&text, object, name);
    view_add_safe(out, buf_slice(&text), false);
    buf_deinit(&text);
}

static void add_colored(struct buf *out, const char *color, struct slice text, bool has_color)
{
    buf_add_str(out, has_color ? color : "");
    view_add_safe(out, text, false);
    buf_add_str(out, has_color ? PLAIN : "");
}

/* A value as it is written, so that "1" isn't 1; the beginning of one that is long. */
static void add_value(struct buf *out, struct slice difference, const char *name, const char *color,
                      bool has_color)
{
    struct slice value;
    struct buf cut = {0};
    if (!json_get(difference, name, &value))
        value = SLICE_LIT("nothing");
    if (value.len > VALUE_MAX) {
        view_add_value(&cut, value);
        struct slice shown = utf8_cut(buf_slice(&cut), VALUE_MAX);
        add_colored(out, color, shown, has_color);
        buf_add_str(out, "…");
    } else {
        add_colored(out, color, value, has_color);
    }
    buf_deinit(&cut);
}

/* What stands around the place where one text parts from the other. */
static void add_around(struct buf *out, struct slice text, size_t parting, const char *color,
                       bool has_color)
{
    struct buf around = {0}, quoted = {0};
    utf8_add_around(&around, text, parting, AHEAD_MAX, BEHIND_MAX);
    json_add_string(&quoted, buf_slice(&around));
    add_colored(out, color, buf_slice(&quoted), has_color);
    buf_deinit(&around);
    buf_deinit(&quoted);
}

static void add_texts(struct buf *out, struct slice difference, bool has_color)
{
    struct buf before = {0}, after = {0};
    buf_reserve(&before, 0);
    buf_reserve(&after, 0);
    view_add(&before, difference, "before");
    view_add(&after, difference, "after");
    size_t parting = utf8_common(buf_slice(&before), buf_slice(&after));
    buf_add_str(out, ", from ");
    add_safe(out, difference, "at");
    buf_add_str(out, ": ");
    add_around(out, buf_slice(&before), parting, OLD, has_color);
    buf_add_str(out, " → ");
    add_around(out, buf_slice(&after), parting, NEW, has_color);
    buf_deinit(&before);
    buf_deinit(&after);
}

static void add_difference(struct buf *out, struct slice difference, bool has_color)
{
    buf_add_str(out, "    ");
    add_safe(out, difference, "path");
    if (view_member(difference, "at").data) {
        add_texts(out, difference, has_color);
    } else {
        buf_add_str(out, ": ");
        add_value(out, difference, "before", OLD, has_color);
        buf_add_str(out, " → ");
        add_value(out, difference, "after", NEW, has_color);
    }
    buf_add_char(out, '\n');
}

/* "changed: HANDLER to CONNECTOR, key K, of event ID" */
static void add_heading(struct buf *out, struct slice change, bool has_color)
{
    struct slice event = view_member(change, "event");
    buf_add_str(out, has_color ? STRONG : "");
    add_safe(out, change, "kind");
    buf_add_str(out, has_color ? PLAIN ": " : ": ");
    add_safe(out, change, "handler");
    if (view_member(change, "connector").data) {
        buf_add_str(out, " to ");
        add_safe(out, change, "connector");
    }
    if (view_member(change, "key").data) {
        buf_add_str(out, ", key ");
        add_safe(out, change, "key");
    }
    buf_add_str(out, ", event ");
    add_safe(out, event, "id");
    buf_add_str(out, " of type ");
    add_safe(out, event, "type");
    buf_add_char(out, '\n');
}

static void add_request(struct buf *out, struct slice request)
{
    buf_add_str(out, "  ");
    add_safe(out, request, "method");
    buf_add_char(out, ' ');
    add_safe(out, request, "url");
    buf_add_char(out, '\n');
}

static void add_change(struct buf *out, struct slice change, bool has_color)
{
    struct slice request = view_member(change, "request"), unused, difference;
    struct json_items items;
    add_heading(out, change, has_color);
    if (request.data)
        add_request(out, request);
    json_items_begin(&items, view_member(change, "differences"));
    while (json_items_next(&items, &unused, &difference))
        add_difference(out, difference, has_color);
    json_items_end(&items);
    int64_t n_more = view_integer(change, "more", 0);
    if (n_more > 0)
        buf_printf(out, "    and %" PRId64 " more\n", n_more);
    if (view_member(change, "reason").data) {
        buf_add_str(out, "    ");
        add_safe(out, change, "reason");
        buf_add_char(out, '\n');
    }
}

/* ---- what is to be known of it --------------------------------------------------------------- */

/* The requests that don't stay the same. */
static int64_t count_changes(struct slice report)
{
    return view_integer(report, "changed", 0) + view_integer(report, "new", 0) +
           view_integer(report, "vanished", 0);
}

static void add_more(struct buf *out, struct slice report)
{
    int64_t n = count_changes(report) - (int64_t)json_items_count(view_member(report, "changes"));
    if (n > 0)
        buf_printf(out, "\nand %" PRId64 " more: the first three of each row are shown\n", n);
}

/* Whether what is shown differs by its URLs alone, as by another setting of a host. */
static bool has_other_urls_alone(struct slice report)
{
    struct json_items changes, places;
    struct slice unused, change, place;
    size_t n = 0, n_urls = 0;
    json_items_begin(&changes, view_member(report, "changes"));
    while (json_items_next(&changes, &unused, &change)) {
        n += view_member(change, "differences").data == NULL; /* new, or vanished */
        json_items_begin(&places, view_member(change, "differences"));
        for (; json_items_next(&places, &unused, &place); n++)
            n_urls += slice_is_equal(view_member(place, "path"), SLICE_LIT("\"url\""));
        json_items_end(&places);
    }
    json_items_end(&changes);
    return n > 0 && n == n_urls;
}

/* The daemon may have been given others than those in the files: a flag, a variable. */
static void add_settings(struct buf *out, struct slice report, const char *why)
{
    struct json_items items;
    struct slice unused, name;
    size_t n = 0;
    buf_printf(out,
               "\n%s: settings that the daemon was given by flags or variables aren't known here; "
               "give them to check, too, --set settings.NAME=VALUE",
               why);
    json_items_begin(&items, view_member(report, "settings"));
    for (; n < SETTINGS_MAX && json_items_next(&items, &unused, &name); n++) {
        buf_add_str(out, n ? ", " : " (known here: ");
        view_add_value(out, name);
    }
    json_items_end(&items);
    buf_add_str(out, n ? ")\n" : "\n");
}

static void add_record_remarks(struct buf *out, struct slice report)
{
    int64_t n = view_integer(report, "leftOut", 0);
    buf_add_str(out,
                "\ncompared with the deliveries on record, before transformers and connectors\n");
    if (n > 0)
        buf_printf(out,
                   "%" PRId64
                   " event%s left out: a handler hasn't ended well, or a replay made its "
                   "deliveries anew\n",
                   n, n == 1 ? " is" : "s are");
}

static void add_remarks(struct buf *out, struct slice report)
{
    if (is_with_deliveries(report)) {
        add_record_remarks(out, report);
        return;
    }
    if (view_is_true(report, "sameFiles"))
        buf_add_str(out, "\nthe daemon has loaded these very files: compare before they are saved "
                         "into its folder, or with reload = \"manual\"\n");
    if (view_integer(report, "same", 0) == 0 && count_changes(report) > 0)
        add_settings(out, report, "no request stays the same");
    else if (has_other_urls_alone(report))
        add_settings(out, report, "only URLs differ");
}

void compare_view_print(struct slice report, bool has_color)
{
    struct json_items items;
    struct slice unused, change;
    struct buf out = {0};
    print_counts(report);
    print_rows(report);
    json_items_begin(&items, view_member(report, "changes"));
    while (json_items_next(&items, &unused, &change)) {
        buf_add_char(&out, '\n');
        add_change(&out, change, has_color);
    }
    json_items_end(&items);
    add_more(&out, report);
    add_remarks(&out, report);
    command_print(buf_slice(&out));
    buf_deinit(&out);
}
