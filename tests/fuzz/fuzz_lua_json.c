/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Documents through scripts, in a machine with the project beside this file: what a handler passes
 * on untouched leaves as it came, whether or not it has looked into it, in place of the event's data
 * and inside of other data, and json.decode takes what is JSON and nothing else.
 */
#include "base/json.h"
#include "fuzz.h"
#include "script/script.h"

#define PROJECT LIAISON_SOURCE_DIR "/tests/fuzz/project"
#define HANDLER_TIME_MS 10000 /* beyond what any input takes */

/* The handlers of the project, in their order. */
enum { UNTOUCHED, LOOKED_INTO, WRAPPED, DECODED };

static struct script_machine *machine;

/* What a handler sent. */
static struct {
    size_t n;
    bool has_data;
    struct buf data;
} sent;

static int on_send(void *ctx, void *run_ctx, const struct script_send *send,
                   struct script_sent *told, struct err *err)
{
    (void)ctx;
    (void)run_ctx;
    (void)err;
    sent.n++;
    sent.has_data = send->data.data != NULL;
    buf_add_slice(&sent.data, send->data);
    buf_add_str(told->id, "1");
    return 0;
}

static void on_problem(void *ctx, const struct script_problem *problem)
{
    (void)ctx;
    die("%s:%d: %s", problem->file, problem->line, problem->text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct script_ports ports = {.send = on_send};
    static struct clock_fake clock = {.wall_ms = 1700000000000, .mono_ms = 5000};
    const struct script_options options = {
        .project = PROJECT,
        .handler_time_ms = HANDLER_TIME_MS,
        .memory_max = (int64_t)256 << 20,
        .ports = &ports,
        .clock = clock_of_fake(&clock),
    };
    (void)argc;
    (void)argv;
    machine = script_load(&options, on_problem, NULL);
    require(machine && script_handler_count(machine) == 4);
    return 0;
}

static void on_result(void *ctx, const struct script_result *result)
{
    struct buf *error = ctx;
    require(result->end == SCRIPT_RETURNED || result->end == SCRIPT_ERROR);
    if (result->end == SCRIPT_ERROR)
        buf_printf(error, "%.*s", SLICE_FMT(result->error));
}

/* Runs a handler; false, with the error, when it failed. */
static bool run(size_t handler, struct slice data, enum event_data kind, struct buf *error)
{
    const struct event_parts parts = {
        .channel = SLICE_LIT("embedded"),
        .id = SLICE_LIT("1"),
        .type = SLICE_LIT("t"),
        .source = SLICE_LIT("/s"),
        .data = data,
        .data_kind = kind,
    };
    struct event *event = event_new(&parts);
    sent.n = 0;
    buf_clear(&sent.data);
    buf_clear(error);
    require(!script_handle(machine, handler, event, SLICE_NULL, on_result, error));
    event_unref(event);
    return error->len == 0;
}

/* Numbers and nesting have limits of their own, which the error names. */
static bool is_limit(const struct buf *error)
{
    return strstr(error->data, "more than 10000 digits") || strstr(error->data, "nested");
}

static void try_document(struct slice text, struct buf *error)
{
    struct slice wrapped;
    for (size_t handler = UNTOUCHED; handler <= LOOKED_INTO; handler++) {
        if (!run(handler, text, EVENT_DATA_JSON, error)) {
            require(is_limit(error));
            return;
        }
        require(sent.n == 1);
        require(!sent.has_data || json_is_same(buf_slice(&sent.data), text));
        require(!sent.has_data || handler != UNTOUCHED || !json_is_object(text));
    }
    if (!run(WRAPPED, text, EVENT_DATA_JSON, error)) {
        require(is_limit(error));
        return;
    }
    require(sent.n == 1 && json_get(buf_slice(&sent.data), "wrapped", &wrapped));
    require(json_is_same(wrapped, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size), decoded;
    struct buf error = {0};
    bool is_json = json_check(text, NULL) == 0;
    if (is_json)
        try_document(text, &error);
    if (run(DECODED, text, EVENT_DATA_BYTES, &error)) {
        require(is_json && json_get(buf_slice(&sent.data), "decoded", &decoded));
        require(json_is_same(decoded, text));
    } else {
        require(!is_json || is_limit(&error));
    }
    buf_deinit(&error);
    return 0;
}
