/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "journal/journal.h"

struct fsck {
    struct json_writer *json; /* NULL: said in words */
    bool confirms;            /* what is to be confirmed is no fault then */
    int faults;
    const char *advised[16]; /* codes of which it was said what to do */
    size_t n_advised;
    struct progress *progress;
};

static void advise(struct fsck *fsck, const char *code)
{
    for (size_t i = 0; i < fsck->n_advised; i++) {
        if (strcmp(fsck->advised[i], code) == 0)
            return;
    }
    if (fsck->n_advised == ARRAY_LEN(fsck->advised))
        return;
    fsck->advised[fsck->n_advised++] = code;
    printf("    %s\n", journal_advice(code));
}

static void tell(void *ctx, const struct journal_finding *finding)
{
    struct fsck *fsck = ctx;
    if (fsck->confirms && strcmp(finding->code, "lost") == 0)
        return;
    fsck->faults++;
    progress_hide(fsck->progress);
    if (!fsck->json) {
        printf("%s: %s\n", finding->code, finding->text);
        advise(fsck, finding->code);
        return;
    }
    json_object_begin(fsck->json, NULL);
    json_member_cstr(fsck->json, "code", finding->code);
    json_member_cstr(fsck->json, "text", finding->text);
    json_member_cstr(fsck->json, "advice", journal_advice(finding->code));
    json_object_end(fsck->json);
}

/* What is sound but for the loss itself goes on. */
static int confirm(const char *path, struct fsck *fsck, struct err *err)
{
    if (!journal_is_unconfirmed(path))
        return err_set(err, ERR_NOT_FOUND, "nothing was lost of %s that is to be confirmed", path);
    if (fsck->faults > 0)
        return 0;
    return journal_confirm(path, err);
}

static void say_end(const struct fsck *fsck, const char *path)
{
    if (fsck->faults > 0)
        printf("%s: %d fault%s%s\n", path, fsck->faults, fsck->faults == 1 ? "" : "s",
               fsck->confirms ? ", not confirmed: see to them first, or confirm all the same by "
                                "POST /api/journal/confirm"
                              : "");
    else
        printf("%s: sound, the sums hold%s\n", path, fsck->confirms ? "; confirmed" : "");
}

static int run(const struct invocation *in)
{
    struct err err = {0};
    char *path = project_find_journal(in, in->options.n_operands ? in->options.operands[0] : NULL,
                                      "fsck JOURNAL");
    if (!path)
        return EXIT_FAILED;

    struct buf out = {0};
    struct json_writer w = {.out = &out};
    struct fsck fsck = {.json = options_has(&in->options, "json") ? &w : NULL,
                        .confirms = options_has(&in->options, "confirm")};
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "journal", path);
    json_array_begin(&w, "findings");
    fsck.progress = progress_new(stderr, "checking the journal");
    int rc = journal_fsck(path, tell, &fsck, &err) < 0 ? -1 : 0;
    progress_free(fsck.progress);
    json_array_end(&w);
    if (rc == 0 && fsck.confirms)
        rc = confirm(path, &fsck, &err);
    json_member_bool(&w, "ok", fsck.faults == 0);
    if (fsck.confirms)
        json_member_bool(&w, "confirmed", rc == 0 && fsck.faults == 0);
    json_object_end(&w);

    if (rc < 0)
        command_fail("%s", err.message);
    else if (fsck.json)
        puts(out.data);
    else
        say_end(&fsck, path);
    buf_deinit(&out);
    free(path);
    return rc == 0 && fsck.faults == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct option_row options[] = {
    PROJECT_OPTIONS,
    {"confirm", 0, NULL, "confirm that a new journal took a damaged one's place"},
    {"json", 0, NULL, "print a JSON document"},
    {0},
};

static const struct example_row examples[] = {
    {"liaison fsck", "the journal of the project here"},
    {"liaison fsck /var/lib/liaison/NAME/journal.db", "that of a service"},
    {0},
};

const struct command command_fsck = {
    .name = "fsck",
    .summary = "check the journal and its sums",
    .usage = "fsck [JOURNAL] [--confirm] [--json]",
    .operands = "JOURNAL",
    .help =
        "Reads the whole journal (that of the project here unless one is named) and checks its\n"
        "pages, that rows fit each other, and that the sums hold: everything received is\n"
        "accounted for. A daemon may be running on it. Nothing is changed.\n"
        "\n"
        "After a damaged journal was set aside, no events are taken until --confirm says that\n"
        "this was seen; a running daemon notices.",
    .options = options,
    .examples = examples,
    .operands_max = 1,
    .run = run,
};
