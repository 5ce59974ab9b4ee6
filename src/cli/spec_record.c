/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/spec_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/recorded.h"
#include "cli/spec_text.h"
#include "dryrun/dryrun.h"
#include "dryrun/given.h"
#include "engine/project.h"
#include "event/envelope.h"

#define FOLDER "tests/recorded"

/* ---- secrets ---- */

static void pass_over(void *ctx, const struct script_problem *problem)
{
    (void)ctx, (void)problem;
}

/* Loads what secrets there are, for the mask to know them; those that are missing are missed by
   nobody here. */
static void learn_secrets(struct project *p)
{
    const struct project_options options = {
        .config = &p->config,
        .data_dir = p->data_dir,
        .module_dir = p->module_dir,
        .clock = clock_system(),
        .mask = p->mask,
    };
    script_free(project_load(&options, pass_over, NULL));
}

/* ---- the event ---- */

static void take_event(void *ctx, struct slice event)
{
    buf_add_slice(ctx, event);
}

static int find(const struct invocation *in, struct project *p, const char *path, const char *id,
                struct buf *json)
{
    struct recorded recorded;
    int status = recorded_open(&recorded, in, path, &p->config);
    if (status == EXIT_DONE)
        status = recorded_find(&recorded, id, take_event, json);
    recorded_close(&recorded);
    return status;
}

/* As a spec has it: its secrets masked, of no channel. `json` is what the spec says of it; `handle`
   makes a CloudEvent of that, as is done here. */
static struct event *as_in_spec(const struct event *recorded, const struct mask *mask,
                                struct buf *json, struct err *err)
{
    const struct envelope_context context = {.received_ms = recorded->received_ms};
    struct event *event = NULL;
    struct buf whole = {0};
    struct slice version;
    envelope_add_json(json, recorded);
    mask_apply(mask, json, 0);
    if (!json_get(buf_slice(json), "specversion", &version))
        buf_add_str(&whole, "{\"specversion\":\"1.0\",");
    else
        buf_add_char(&whole, '{');
    buf_add_slice(&whole, slice_from(buf_slice(json), 1));
    if (envelope_parse(&context, buf_slice(&whole), &event, err) < 0)
        event = NULL;
    buf_deinit(&whole);
    return event;
}

/* ---- the file ---- */

static void add_file_name(struct buf *path, const struct event *event)
{
    buf_add_str(path, FOLDER "/");
    for (size_t i = 0; i < event->type.len; i++) {
        char c = event->type.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || (c == '.' && i > 0);
        buf_add_char(path, (char)(is_plain ? c : '_'));
    }
    buf_printf(path, "-%" PRId64 ".spec.lua", event->seq);
}

static int make_folders(const char *project)
{
    static const char *const folders[] = {"tests", FOLDER};
    int rc = 0;
    for (size_t i = 0; i < ARRAY_LEN(folders) && rc == 0; i++) {
        struct buf path = {0};
        buf_printf(&path, "%s/%s", project, folders[i]);
        if (mkdir(path.data, 0777) < 0 && errno != EEXIST)
            rc = command_fail("can't make %s: %s", path.data, strerror(errno));
        buf_deinit(&path);
    }
    return rc;
}

static int write_file(const char *project, const char *name, struct slice text)
{
    struct buf path = {0};
    int status = make_folders(project);
    buf_printf(&path, "%s/%s", project, name);
    FILE *out = status == EXIT_DONE ? fopen(path.data, "wxe") : NULL;
    if (out) {
        size_t written = fwrite(text.data, 1, text.len, out);
        if (fclose(out) != 0 || written != text.len)
            status = command_fail("can't write %s: %s", path.data, strerror(errno));
    } else if (status == EXIT_DONE) {
        status = errno == EEXIST
                     ? command_fail("%s is there already: move it away to record anew", path.data)
                     : command_fail("can't write %s: %s", path.data, strerror(errno));
    }
    buf_deinit(&path);
    return status;
}

/* ---- recording ---- */

static int write_spec(struct project *p, const struct event *recorded, const struct event *event,
                      struct slice json, const struct dryrun_result *result)
{
    struct buf name = {0}, text = {0};
    add_file_name(&name, recorded);
    spec_text_add(&text, recorded, event, json, result);
    int status = write_file(p->config.project, name.data, buf_slice(&text));
    if (status == EXIT_DONE)
        printf("%s\n", name.data);
    buf_deinit(&name);
    buf_deinit(&text);
    return status;
}

static int play(struct project *p, const struct event *recorded)
{
    struct dryrun *dryrun = dryrun_new(&(struct dryrun_options){.mask = p->mask});
    const struct project_options options = {
        .config = &p->config,
        .data_dir = p->data_dir,
        .module_dir = p->module_dir,
        .ports = dryrun_ports(dryrun),
        .clock = dryrun_clock(dryrun),
        .mask = p->mask,
        .has_stand_ins = true,
    };
    struct buf json = {0};
    struct err err = {0};
    int status = EXIT_FAILED;
    struct script_machine *m = project_load(&options, project_say_problem, NULL);
    struct event *event = m ? as_in_spec(recorded, p->mask, &json, &err) : NULL;
    if (event) {
        struct dryrun_result *result = dryrun_event(dryrun, m, event);
        if (result->handlers)
            status = write_spec(p, recorded, event, buf_slice(&json), result);
        else
            status = command_fail("no handler takes \"%.*s\"", SLICE_FMT(event->type));
        dryrun_result_free(result);
    } else if (m) {
        status = command_fail("the event can't be told in a spec: %s", err.message);
    }
    event_unref(event);
    script_free(m);
    dryrun_free(dryrun);
    buf_deinit(&json);
    return status;
}

int spec_record(const struct invocation *in, struct project *p, const char *path, const char *id)
{
    const struct clock clock = clock_system();
    struct buf json = {0};
    struct err err = {0};
    learn_secrets(p);
    int status = find(in, p, path, id, &json);
    if (status == EXIT_DONE) {
        struct event *recorded = given_event(buf_slice(&json), clock_wall_ms(&clock), &err);
        status = recorded ? play(p, recorded) : command_fail("%s", err.message);
        event_unref(recorded);
    }
    buf_deinit(&json);
    return status;
}
