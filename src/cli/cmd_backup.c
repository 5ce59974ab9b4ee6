/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "journal/journal.h"

static void say_done(const struct invocation *in, const char *journal, const char *file, int faults)
{
    struct stat st = {0};
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    int64_t bytes = stat(file, &st) == 0 ? (int64_t)st.st_size : 0;
    if (!options_has(&in->options, "json")) {
        printf("%s: a copy of %s, %lld bytes, ", file, journal, (long long)bytes);
        if (faults > 0)
            printf("with %d fault%s of the journal: see liaison fsck\n", faults,
                   faults == 1 ? "" : "s");
        else
            puts("sound");
        return;
    }
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "journal", journal);
    json_member_cstr(&w, "file", file);
    json_member_integer(&w, "bytes", bytes);
    json_member_integer(&w, "faults", faults);
    json_object_end(&w);
    puts(out.data);
    buf_deinit(&out);
}

static int run(const struct invocation *in)
{
    struct err err = {0};
    const char *file = in->options.operands[0];
    char *path = project_find_journal(in, options_get(&in->options, "journal"),
                                      "backup FILE --journal FILE");
    if (!path)
        return EXIT_FAILED;
    struct progress *progress = progress_new(stderr, "copying the journal");
    int faults = journal_backup(path, file, &err);
    progress_free(progress);
    if (faults < 0)
        command_fail("%s", err.message);
    else
        say_done(in, path, file, faults);
    free(path);
    return faults < 0 ? EXIT_FAILED : EXIT_DONE;
}

static const struct option_row options[] = {
    PROJECT_OPTIONS,
    {"json", 0, NULL, "print a JSON document"},
    {0},
};

static const struct example_row examples[] = {
    {"liaison backup monday.db", "of the project here"},
    {"liaison backup monday.db --journal /var/lib/liaison/NAME/journal.db", "of a service"},
    {0},
};

const struct command command_backup = {
    .name = "backup",
    .summary = "copy the journal, while the daemon runs",
    .usage = "backup FILE [--journal FILE] [--json]",
    .operands = "FILE",
    .help =
        "Copies the journal of the project here into FILE, as it stands at one moment; a daemon\n"
        "may be running on it, or none. The copy is checked as by fsck, and made unless it\n"
        "is damaged. FILE must not exist.\n"
        "To go back to it: stop the daemon, move the journal and its -wal and -shm away, put\n"
        "FILE in its place, start.",
    .options = options,
    .examples = examples,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
