/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/compare_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json_items.h"
#include "cli/json_view.h"
#include "cli/table.h"

#define STRONG "\033[1m"
#define OLD "\033[31m"
#define NEW "\033[32m"
#define PLAIN "\033[0m"

static const char *const kinds[] = {"same", "changed", "new", "vanished"};

/* ---- counts ---------------------------------------------------------------------------------- */

static void print_counts(struct slice report)
{
    int64_t events = view_integer(report, "events", 0);
    printf("%" PRId64 " event%s; requests: %" PRId64 " the same, %" PRId64 " changed, %" PRId64
           " new, %" PRId64 " vanished\n",
           events, events == 1 ? "" : "s", view_integer(report, "same", 0),
           view_integer(report, "changed", 0), view_integer(report, "new", 0),
           view_integer(report, "vanished", 0));
}

static void add_cell(struct table *t, struct slice row, const char *name)
{
    struct buf cell = {0};
    view_add(&cell, row, name);
    table_add(t, buf_slice(&cell));
    buf_deinit(&cell);
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
        add_cell(&t, row, "handler");
        add_cell(&t, row, "connector");
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

/* A value as it is written, so that "1" isn't 1. */
static struct slice value_of(struct slice difference, const char *name)
{
    struct slice value;
    return json_get(difference, name, &value) ? value : SLICE_LIT("nothing");
}

static void add_difference(struct buf *out, struct slice difference, bool has_color)
{
    buf_add_str(out, "    ");
    add_safe(out, difference, "path");
    buf_add_str(out, ": ");
    add_colored(out, OLD, value_of(difference, "before"), has_color);
    buf_add_str(out, " → ");
    add_colored(out, NEW, value_of(difference, "after"), has_color);
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

static void add_change(struct buf *out, struct slice change, bool has_color)
{
    struct slice request = view_member(change, "request"), unused, difference;
    struct json_items items;
    add_heading(out, change, has_color);
    buf_add_str(out, "  ");
    add_safe(out, request, "method");
    buf_add_char(out, ' ');
    add_safe(out, request, "url");
    buf_add_char(out, '\n');
    json_items_begin(&items, view_member(change, "differences"));
    while (json_items_next(&items, &unused, &difference))
        add_difference(out, difference, has_color);
    json_items_end(&items);
    if (view_member(change, "reason").data) {
        buf_add_str(out, "    ");
        add_safe(out, change, "reason");
        buf_add_char(out, '\n');
    }
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
    fwrite(out.data, 1, out.len, stdout);
    buf_deinit(&out);
}
