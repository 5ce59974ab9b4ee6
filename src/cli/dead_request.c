/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a retry of a dead letter would send, as `GET /api/dead-letters/ID/request` tells it.
 */
#include <stdio.h>

#include "cli/dead.h"
#include "cli/json_view.h"

#define MARGIN 4

/* The lines of a text from outside, each behind the margin. */
static void print_lines(struct slice text)
{
    struct buf safe = {0};
    view_add_safe(&safe, text, true);
    for (struct slice rest = buf_slice(&safe); rest.len > 0;) {
        struct slice line = slice_split(&rest, '\n');
        printf("%*s%.*s\n", line.len > 0 ? MARGIN : 0, "", SLICE_FMT(line));
    }
    buf_deinit(&safe);
}

static void print_headers(struct slice headers)
{
    struct json_items items;
    struct slice name, value;
    json_items_begin(&items, headers);
    while (json_items_next(&items, &name, &value)) {
        struct buf line = {0};
        buf_printf(&line, "%.*s: ", SLICE_FMT(name));
        view_add_value(&line, value);
        print_lines(buf_slice(&line));
        buf_deinit(&line);
    }
    json_items_end(&items);
}

static void print_body(struct slice request)
{
    struct buf text = {0};
    struct slice json;
    if (json_get(request, "json", &json))
        json_pretty(&text, json, 0);
    else if (view_member(request, "base64").data)
        buf_add_str(&text, "(bytes that are no text)");
    else
        view_add(&text, request, "body");
    if (text.len > 0)
        putchar('\n');
    print_lines(buf_slice(&text));
    buf_deinit(&text);
}

static void print_one(struct slice request)
{
    struct buf line = {0};
    view_add(&line, request, "method");
    buf_add_char(&line, ' ');
    view_add(&line, request, "url");
    putchar('\n');
    print_lines(buf_slice(&line));
    print_headers(view_member(request, "headers"));
    print_body(request);
    buf_deinit(&line);
}

/* Where it comes to no end that is good. */
static void print_end(struct slice attempt)
{
    struct buf outcome = {0}, reason = {0};
    view_add(&outcome, attempt, "outcome");
    view_add(&reason, attempt, "reason");
    if (!slice_is_equal(buf_slice(&outcome), SLICE_LIT("delivered"))) {
        buf_add_str(&outcome, reason.len > 0 ? ": " : "");
        buf_add_slice(&outcome, buf_slice(&reason));
        putchar('\n');
        print_lines(buf_slice(&outcome));
    }
    buf_deinit(&outcome);
    buf_deinit(&reason);
}

void dead_print_request(struct slice attempt)
{
    struct slice requests = view_member(attempt, "requests"), unused, request;
    struct json_items items;
    puts("\nA RETRY WOULD SEND, BY THE SCRIPTS AT WORK");
    if (json_items_count(requests) == 0)
        puts("\n    nothing");
    json_items_begin(&items, requests);
    while (json_items_next(&items, &unused, &request))
        print_one(request);
    json_items_end(&items);
    print_end(attempt);
}
