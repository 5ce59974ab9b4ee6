/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/project.h"
#include "journal/journal.h"

struct fsck {
    struct json_writer *json; /* NULL: said in words */
};

static void tell(void *ctx, const struct journal_finding *finding)
{
    const struct fsck *fsck = ctx;
    if (!fsck->json) {
        printf("%s: %s\n", finding->code, finding->text);
        return;
    }
    json_object_begin(fsck->json, NULL);
    json_member_cstr(fsck->json, "code", finding->code);
    json_member_cstr(fsck->json, "text", finding->text);
    json_object_end(fsck->json);
}

static int check(const char *path, struct fsck *fsck, struct err *err)
{
    struct journal_reader *reader = journal_reader_open(path, err);
    if (!reader)
        return -1;
    int faults = journal_check(reader, tell, fsck, err);
    journal_reader_close(reader);
    return faults;
}

/* The journal that the operand names, else the one of the project here. */
static char *journal_path(const struct invocation *in, struct err *err)
{
    if (in->options.n_operands)
        return mem_strdup(in->options.operands[0]);
    struct project project;
    if (project_open(&project, in, err) < 0)
        return NULL;
    char *path = mem_strdup(project.config.journal);
    project_close(&project);
    return path;
}

static int run(const struct invocation *in)
{
    struct err err = {0};
    char *path = journal_path(in, &err);
    if (!path)
        return command_fail("%s", err.message);

    struct buf out = {0};
    struct json_writer w = {.out = &out};
    struct fsck fsck = {options_has(&in->options, "json") ? &w : NULL};
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "journal", path);
    json_array_begin(&w, "findings");
    int faults = check(path, &fsck, &err);
    json_array_end(&w);
    json_member_bool(&w, "ok", faults == 0);
    json_object_end(&w);

    if (faults < 0)
        command_fail("%s", err.message);
    else if (fsck.json)
        puts(out.data);
    else if (faults == 0)
        printf("%s: sound, the sums hold\n", path);
    else
        printf("%s: %d fault%s\n", path, faults, faults == 1 ? "" : "s");
    buf_deinit(&out);
    free(path);
    return faults == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct option_row options[] = {
    PROJECT_OPTIONS,
    {"json", 0, NULL, "print a JSON document"},
    {0},
};

const struct command command_fsck = {
    .name = "fsck",
    .summary = "check the journal and its sums",
    .usage = "fsck [JOURNAL] [--json]",
    .help =
        "Reads the whole journal (that of the project here unless one is named) and checks its\n"
        "pages, that rows fit each other, and that the sums hold: everything received is\n"
        "accounted for. A daemon may be running on it. Nothing is changed.",
    .options = options,
    .operands_max = 1,
    .run = run,
};
