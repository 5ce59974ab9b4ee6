/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What specs came to see of a project: which handlers ran, and which lines of its scripts,
 * connectors, transformers and libraries never did.
 *
 *     struct spec_coverage coverage;
 *     spec_coverage_init(&coverage, sources);
 *     spec_coverage_add_handler(&coverage, name, 0);         // one that there is
 *     spec_coverage_add_handler(&coverage, name, 1);         // that ran
 *     spec_coverage_add_machine(&coverage, m);               // behind its last test
 */
#ifndef LIAISON_CLI_SPEC_COVERAGE_H
#define LIAISON_CLI_SPEC_COVERAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "script/lines.h"
#include "script/script.h"
#include "script/sources.h"

struct covered_file {
    const struct source *source;
    struct lines code, ran;
};

struct covered_handler {
    char *name;
    uint64_t runs;
};

/* In place. */
struct spec_coverage {
    struct covered_file *files;
    size_t n_files;
    struct covered_handler *handlers; /* as they were added first */
    size_t n_handlers, cap_handlers;
};

/* `sources` must outlive it. */
void spec_coverage_init(struct spec_coverage *coverage, const struct sources *sources);
void spec_coverage_deinit(struct spec_coverage *coverage);
void spec_coverage_add_handler(struct spec_coverage *coverage, struct slice name, uint64_t runs);
void spec_coverage_add_machine(struct spec_coverage *coverage, const struct script_machine *m);

/* Lines for people. */
void spec_coverage_print(const struct spec_coverage *coverage, FILE *out);
/* A member "coverage". */
void spec_coverage_add_json(const struct spec_coverage *coverage, struct json_writer *w);

#endif
