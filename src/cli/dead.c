/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/dead.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/percent.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "cli/query.h"
#include "cli/table.h"

#define ROUTE "/api/dead-letters"
#define PAGE_MAX 500
#define BULK_TIMEOUT_MS (INT64_C(7) * 24 * 3600 * 1000) /* it takes what it takes */

/* ---- opening --------------------------------------------------------------------------------- */

int dead_open(struct dead *dead, const struct invocation *in)
{
    *dead = (struct dead){.in = in, .limit = SIZE_MAX};
    return client_open(&dead->client, in);
}

void dead_close(struct dead *dead)
{
    client_close(&dead->client);
    for (size_t i = 0; i < dead->n_filters; i++)
        buf_deinit(&dead->filters[i].value);
}

static int add_filter(struct dead *dead, const char *name, bool is_time, struct err *err)
{
    struct clock clock = clock_system();
    const char *given = options_get(&dead->in->options, name);
    if (!given)
        return 0;
    struct dead_filter *filter = &dead->filters[dead->n_filters++];
    *filter = (struct dead_filter){.name = name};
    if (is_time)
        return query_parse_when(given, clock_wall_ms(&clock), &filter->value, err);
    buf_add_str(&filter->value, given);
    return 0;
}

int dead_read_filters(struct dead *dead)
{
    static const struct {
        const char *name;
        bool is_time;
    } rows[DEAD_FILTERS_MAX] = {{"cause", false}, {"connector", false}, {"type", false},
                                {"key", false},   {"since", true},      {"until", true}};
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (add_filter(dead, rows[i].name, rows[i].is_time, &err) < 0)
            return command_misuse(dead->in, "--%s: %s", rows[i].name, err.message);
    }
    return EXIT_DONE;
}

/* Appends "/api/dead-letters/ID" and `rest`. */
static void add_target(struct buf *target, const char *id, const char *rest)
{
    buf_add_str(target, ROUTE "/");
    percent_add(target, slice_str(id), false);
    buf_add_str(target, rest);
}

int dead_find(struct dead *dead, const char *id, struct buf *letter)
{
    struct buf target = {0};
    add_target(&target, id, "");
    const struct client_request request = {
        .method = "GET", .target = target.data, .about = id, .members = {"id", "cause"}};
    int status = client_send(&dead->client, &request, letter);
    buf_deinit(&target);
    return status;
}

int dead_find_request(struct dead *dead, const char *id, struct buf *attempt)
{
    struct buf target = {0};
    add_target(&target, id, "/request");
    const struct client_request request = {.method = "GET",
                                           .target = target.data,
                                           .about = "what a retry would send",
                                           .members = {"requests", "outcome"}};
    int status = client_send(&dead->client, &request, attempt);
    buf_deinit(&target);
    return status;
}

static void begin_progress(struct dead *dead, const char *what)
{
    dead->client.progress = progress_new(stderr, what);
}

static void end_progress(struct dead *dead)
{
    progress_free(dead->client.progress);
    dead->client.progress = NULL;
}

/* ---- walking --------------------------------------------------------------------------------- */

typedef void (*letter_fn)(void *ctx, struct slice letter);

struct walk {
    struct dead *dead;
    letter_fn fn;
    void *ctx;
    size_t n;       /* letters seen */
    size_t n_stale; /* … of which so many a newer delivery has made void */
    bool has_more;
    struct buf cursor, answer;
};

/* One more was found. */
static void visit(struct walk *w, struct slice letter)
{
    w->n++;
    w->n_stale += view_member(letter, "staleBy").data != NULL;
    w->fn(w->ctx, letter);
}

static void visit_page(struct walk *w)
{
    struct json_items items;
    struct slice name, letter;
    json_items_begin(&items, view_member(buf_slice(&w->answer), "items"));
    while (json_items_next(&items, &name, &letter)) {
        if (w->n == w->dead->limit || ferror(stdout)) {
            w->has_more = true;
            break;
        }
        visit(w, letter);
    }
    progress_set(w->dead->client.progress, w->n, 0);
    json_items_end(&items);
}

/* One page; the cursor is empty after the last. */
static int walk_page(struct walk *w)
{
    const struct dead *dead = w->dead;
    struct buf target = {0};
    size_t left = dead->limit - w->n;
    buf_add_str(&target, ROUTE);
    for (size_t i = 0; i < dead->n_filters; i++)
        query_add(&target, dead->filters[i].name, buf_slice(&dead->filters[i].value));
    /* One more than is shown tells whether there are more. */
    buf_printf(&target, "%climit=%zu", dead->n_filters ? '&' : '?',
               left < PAGE_MAX ? left + 1 : (size_t)PAGE_MAX);
    if (w->cursor.len)
        query_add(&target, "cursor", buf_slice(&w->cursor));
    const struct client_request request = {
        .method = "GET", .target = target.data, .members = {"items"}, .absence = ABSENCE_AWAITED};
    int status = client_send(&w->dead->client, &request, &w->answer);
    buf_deinit(&target);
    if (status != EXIT_DONE)
        return status;
    visit_page(w);
    buf_clear(&w->cursor);
    view_add(&w->cursor, buf_slice(&w->answer), "next");
    return EXIT_DONE;
}

static int walk_ids(struct walk *w)
{
    const struct options *options = &w->dead->in->options;
    int worst = EXIT_DONE;
    for (size_t i = 0; i < options->n_operands && worst != EXIT_NO_DAEMON; i++) {
        int status = dead_find(w->dead, options->operands[i], &w->answer);
        if (status == EXIT_DONE) {
            visit(w, buf_slice(&w->answer));
        } else {
            worst = status;
        }
    }
    return worst;
}

/* Calls `fn` for each letter that the ids, or else the filters, name. */
static int walk(struct walk *w)
{
    int status = EXIT_DONE;
    begin_progress(w->dead, "reading dead letters");
    if (w->dead->in->options.n_operands) {
        status = walk_ids(w);
    } else {
        do
            status = walk_page(w);
        while (status == EXIT_DONE && w->cursor.len && !w->has_more);
    }
    end_progress(w->dead);
    buf_deinit(&w->cursor);
    buf_deinit(&w->answer);
    return status;
}

/* ---- showing --------------------------------------------------------------------------------- */

struct rows {
    struct table table;
    bool tells_stale;
};

static void add_row(void *ctx, struct slice letter)
{
    struct rows *rows = ctx;
    struct table *t = &rows->table;
    static const char *const names[] = {"id", "at", "connector", "cause"};
    struct buf text = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        buf_clear(&text);
        if (strcmp(names[i], "at") == 0)
            view_add_time(&text, letter, names[i]);
        else
            view_add(&text, letter, names[i]);
        table_add(t, buf_slice(&text));
    }
    buf_clear(&text);
    if (rows->tells_stale && view_member(letter, "staleBy").data) {
        buf_add_str(&text, "would be refused: it is stale by ");
        view_add(&text, letter, "staleBy");
    } else {
        view_add(&text, letter, "error");
    }
    if (text.len)
        table_add_note(t, slice_upto(buf_slice(&text), slice_find(buf_slice(&text), '\n')));
    buf_deinit(&text);
}

static void tell_stale(const struct walk *w)
{
    if (w->dead->tells_stale && w->n_stale > 0)
        fprintf(stderr,
                "%zu of these %zu would be refused, since something newer of their key has "
                "succeeded: --force retries them, too\n",
                w->n_stale, w->n);
}

static int print_table(struct dead *dead)
{
    static const struct table_column columns[] = {
        {.title = "ID"},
        {.title = "DEAD SINCE (UTC)"},
        {.title = "CONNECTOR", .is_flexible = true},
        {.title = "CAUSE"},
    };
    struct rows rows = {.tells_stale = dead->tells_stale};
    table_init(&rows.table, columns, ARRAY_LEN(columns));
    struct walk w = {.dead = dead, .fn = add_row, .ctx = &rows};
    int status = walk(&w);
    if (w.n > 0)
        table_print(&rows.table, stdout);
    else if (status == EXIT_DONE && dead->n_filters)
        puts("no dead letters match: without filters, `liaison dead list` shows all");
    else if (status == EXIT_DONE)
        puts("no dead letters");
    if (w.has_more)
        fprintf(stderr, "there are more than these %zu: --limit shows more, filters fewer\n", w.n);
    tell_stale(&w);
    table_deinit(&rows.table);
    return status;
}

static void print_line(void *ctx, struct slice letter)
{
    (void)ctx;
    struct buf line = {0};
    json_compact(&line, letter);
    printf("%s\n", line.data);
    buf_deinit(&line);
}

int dead_export(struct dead *dead)
{
    struct walk w = {.dead = dead, .fn = print_line};
    return walk(&w);
}

static void add_element(void *ctx, struct slice letter)
{
    struct buf *out = ctx;
    buf_add_str(out, out->len > 1 ? ",\n" : "");
    buf_add_slice(out, slice_trim(letter));
}

/* Collected first: half a list would pass for a whole one. */
static int print_json(struct dead *dead)
{
    struct buf out = {0};
    struct walk w = {.dead = dead, .fn = add_element, .ctx = &out};
    buf_add_char(&out, '[');
    int status = walk(&w);
    if (status == EXIT_DONE) {
        buf_add_str(&out, "]\n");
        command_print(buf_slice(&out));
        tell_stale(&w);
    }
    buf_deinit(&out);
    return status;
}

int dead_print(struct dead *dead)
{
    return options_has(&dead->in->options, "json") ? print_json(dead) : print_table(dead);
}

/* "error      first line", the lines that follow below it. */
static void print_member(struct slice letter, const char *name)
{
    struct buf text = {0}, safe = {0};
    if (strcmp(name, "at") == 0)
        view_add_time(&text, letter, name);
    else
        view_add(&text, letter, name);
    view_add_safe(&safe, buf_slice(&text), true);
    struct slice rest = buf_slice(&safe);
    for (const char *label = name; rest.len > 0; label = "") {
        struct slice line = slice_split(&rest, '\n');
        printf("%-10s %.*s\n", label, SLICE_FMT(line));
    }
    buf_deinit(&text);
    buf_deinit(&safe);
}

static void print_event(struct slice event)
{
    struct buf text = {0}, safe = {0};
    view_add(&text, event, "type");
    if (view_member(event, "id").data) {
        buf_add_str(&text, text.len ? ", id " : "id ");
        view_add(&text, event, "id");
    }
    view_add_safe(&safe, buf_slice(&text), false);
    if (safe.len)
        printf("%-10s %s\n", "event", safe.data);
    buf_deinit(&text);
    buf_deinit(&safe);
}

static void add_attempt(struct table *t, struct slice attempt)
{
    struct buf text = {0};
    view_add_time(&text, attempt, "at");
    table_add(t, buf_slice(&text));
    buf_clear(&text);
    view_add(&text, attempt, "code");
    table_add(t, buf_slice(&text));
    table_add_integer(t, view_integer(attempt, "ms", 0));
    buf_clear(&text);
    view_add(&text, attempt, "error");
    table_add(t, slice_upto(buf_slice(&text), slice_find(buf_slice(&text), '\n')));
    buf_clear(&text);
    view_add(&text, attempt, "answer");
    if (text.len)
        table_add_note(t, buf_slice(&text));
    buf_deinit(&text);
}

static void print_attempts(struct slice attempts)
{
    static const struct table_column columns[] = {
        {.title = "ATTEMPT (UTC)"},
        {.title = "CODE"},
        {.title = "MS", .is_number = true},
        {.title = "ERROR", .is_flexible = true},
    };
    struct table t;
    struct json_items items;
    struct slice name, attempt;
    table_init(&t, columns, ARRAY_LEN(columns));
    json_items_begin(&items, attempts);
    while (json_items_next(&items, &name, &attempt))
        add_attempt(&t, attempt);
    json_items_end(&items);
    if (t.n_cells) {
        putchar('\n');
        table_print(&t, stdout);
    }
    table_deinit(&t);
}

/* What it had before, where it was edited. */
static void print_edits(struct slice edits)
{
    struct json_items items;
    struct slice name, edit;
    json_items_begin(&items, edits);
    while (json_items_next(&items, &name, &edit)) {
        struct buf at = {0}, data = {0}, safe = {0};
        view_add_time(&at, edit, "at");
        view_add(&data, edit, "data");
        view_add_safe(&safe, data.len ? buf_slice(&data) : SLICE_LIT("the event's"), false);
        printf("%-10s %s, before: %s\n", "edited", at.data, safe.data);
        buf_deinit(&at);
        buf_deinit(&data);
        buf_deinit(&safe);
    }
    json_items_end(&items);
}

void dead_print_letter(struct slice letter)
{
    static const char *const before[] = {"id", "cause", "at", "connector", "handler", "key"};
    static const char *const after[] = {"error", "staleBy", "data"};
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        print_member(letter, before[i]);
    print_event(view_member(letter, "event"));
    for (size_t i = 0; i < ARRAY_LEN(after); i++)
        print_member(letter, after[i]);
    print_edits(view_member(letter, "edits"));
    print_attempts(view_member(letter, "attempts"));
}

/* ---- acting ---------------------------------------------------------------------------------- */

/* One request for one letter. A refusal has been said and doesn't stop the others. */
static int act_on_id(struct dead *dead, const char *id, bool is_retry, struct dead_result *result)
{
    struct buf target = {0}, answer = {0};
    add_target(&target, id, is_retry ? "/retry" : "");
    if (dead->every_ms && result->done + result->refused > 0)
        client_rest(dead->every_ms);
    const struct client_request request = {
        .method = is_retry ? "POST" : "DELETE",
        .target = target.data,
        .body = !is_retry         ? SLICE_NULL
                : dead->is_forced ? SLICE_LIT("{\"force\":true}")
                                  : SLICE_LIT("{}"),
        .about = id,
        .members = {"ok"},
        .absence = ABSENCE_AWAITED,
    };
    int status = client_send(&dead->client, &request, &answer);
    if (status == EXIT_DONE)
        result->done++;
    else if (status == EXIT_FAILED)
        result->refused++;
    buf_deinit(&target);
    buf_deinit(&answer);
    return status == EXIT_NO_DAEMON ? status : EXIT_DONE;
}

int dead_edit(struct dead *dead, const char *id, struct slice data)
{
    struct buf target = {0}, body = {0}, answer = {0};
    struct json_writer w = {.out = &body};
    add_target(&target, id, "");
    json_object_begin(&w, NULL);
    json_member_raw(&w, "data", data);
    json_object_end(&w);
    const struct client_request request = {.method = "PATCH",
                                           .target = target.data,
                                           .body = buf_slice(&body),
                                           .about = id,
                                           .members = {"ok"},
                                           .absence = ABSENCE_AWAITED};
    int status = client_send(&dead->client, &request, &answer);
    buf_deinit(&target);
    buf_deinit(&body);
    buf_deinit(&answer);
    return status;
}

/* {"ok":true}, as one letter's end is told, is what many a stranger says to anything; and who has answered
   is waited for. */
static int check_daemon(struct dead *dead)
{
    static const struct client_request request = {
        .method = "GET", .target = ROUTE "?limit=1", .members = {"items"}};
    struct buf answer = {0};
    int status = client_send(&dead->client, &request, &answer);
    buf_deinit(&answer);
    return status;
}

static int act_on_ids(struct dead *dead, bool is_retry, struct dead_result *result)
{
    const struct options *options = &dead->in->options;
    int status = check_daemon(dead);
    begin_progress(dead, is_retry ? "retrying" : "dropping");
    for (size_t i = 0; i < options->n_operands && status == EXIT_DONE; i++) {
        progress_set(dead->client.progress, i, options->n_operands);
        status = act_on_id(dead, options->operands[i], is_retry, result);
    }
    end_progress(dead);
    return status;
}

/* The daemon finds and retries them by itself: one request for however many. Where it goes away in the middle,
   it is asked again, for those that are still dead. */
static int retry_matching(struct dead *dead, struct dead_result *result)
{
    struct buf body = {0}, answer = {0};
    struct json_writer w = {.out = &body};
    json_object_begin(&w, NULL);
    json_object_begin(&w, "filter");
    for (size_t i = 0; i < dead->n_filters; i++)
        json_member_string(&w, dead->filters[i].name, buf_slice(&dead->filters[i].value));
    json_object_end(&w);
    if (dead->is_forced)
        json_member_bool(&w, "force", true);
    if (dead->rate)
        json_member_cstr(&w, "rate", dead->rate);
    json_object_end(&w);
    const struct client_request request = {.method = "POST",
                                           .target = ROUTE "/retry",
                                           .timeout_ms = BULK_TIMEOUT_MS,
                                           .body = buf_slice(&body),
                                           .members = {"retried"},
                                           .absence = ABSENCE_AWAITED};
    int status = check_daemon(dead);
    begin_progress(dead, "retrying");
    if (status == EXIT_DONE)
        status = client_send(&dead->client, &request, &answer);
    end_progress(dead);
    if (status == EXIT_DONE && dead->client.n_absences)
        fputs("those that were retried before the daemon went away aren't counted here\n", stderr);
    if (status == EXIT_DONE) {
        result->done = view_integer(buf_slice(&answer), "retried", 0);
        result->refused = view_integer(buf_slice(&answer), "refused", 0);
    }
    buf_deinit(&body);
    buf_deinit(&answer);
    return status;
}

int dead_retry(struct dead *dead, struct dead_result *result)
{
    return dead->in->options.n_operands ? act_on_ids(dead, true, result)
                                        : retry_matching(dead, result);
}

/* Ids, each ended by a NUL. */
static void collect_id(void *ctx, struct slice letter)
{
    struct buf *ids = ctx;
    view_add(ids, letter, "id");
    buf_add_char(ids, '\0');
}

/* All are found before the first is dropped: a list that shrinks while it is read loses rows. */
static int drop_matching(struct dead *dead, struct dead_result *result)
{
    struct buf ids = {0};
    struct walk w = {.dead = dead, .fn = collect_id, .ctx = &ids};
    int status = walk(&w);
    size_t n = 0;
    begin_progress(dead, "dropping");
    for (size_t at = 0; at < ids.len && status == EXIT_DONE; at += strlen(ids.data + at) + 1) {
        progress_set(dead->client.progress, n++, w.n);
        status = act_on_id(dead, ids.data + at, false, result);
    }
    end_progress(dead);
    buf_deinit(&ids);
    return status;
}

int dead_drop(struct dead *dead, struct dead_result *result)
{
    return dead->in->options.n_operands ? act_on_ids(dead, false, result)
                                        : drop_matching(dead, result);
}
