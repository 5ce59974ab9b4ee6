/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>

#include "base/json.h"
#include "cli/commands.h"
#include "version.h"

static int run(const struct invocation *in)
{
    if (!options_has(&in->options, "json")) {
        puts("liaison " LIAISON_VERSION);
        return EXIT_DONE;
    }
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "version", LIAISON_VERSION);
    json_object_end(&w);
    puts(out.data);
    buf_deinit(&out);
    return EXIT_DONE;
}

static const struct option_row options[] = {
    {"json", 0, NULL, "print a JSON document"},
    {0},
};

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .usage = "version [--json]",
    .options = options,
    .run = run,
};
