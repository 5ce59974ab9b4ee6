/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Runs a project's specs: each file in a machine of its own, into which the project is loaded anew,
 * so that no file sees what another has done. What a test hands to handle or deliver is dry-run there.
 *
 *     struct spec_runner runner = {.project = &project, .filter = filter, .report = &report};
 *     if (spec_runner_open(&runner) == 0)
 *         for (…)
 *             spec_runner_run(&runner, path);
 *     spec_runner_close(&runner);
 */
#ifndef LIAISON_CLI_SPEC_RUNNER_H
#define LIAISON_CLI_SPEC_RUNNER_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "cli/project.h"
#include "cli/spec_coverage.h"
#include "cli/spec_report.h"
#include "dryrun/dryrun.h"
#include "script/script.h"
#include "script/sources.h"

/* In place, zero but for its first members, which are borrowed. */
struct spec_runner {
    struct project *project;
    const char *filter; /* only tests whose name or file holds this, letters' case aside; or NULL */
    struct spec_report *report;
    struct spec_coverage *coverage; /* to be filled, or NULL */

    struct sources *sources; /* of the project, read once */
    struct dryrun *dryrun;
    struct script_machine *machine; /* of the file that runs */
    struct slice file;
    int64_t now_ms; /* of the test's clock */
    size_t n_ran;
    struct err failure; /* of a fake, while an event is handled */
};

/* Loads the project by itself: -1 when it can't be, which is reported as tests that failed. */
int spec_runner_open(struct spec_runner *runner) must_check;
/* Reports each of its tests; one that can't be loaded as a test that failed. */
void spec_runner_run(struct spec_runner *runner, const char *path);
void spec_runner_close(struct spec_runner *runner);

#endif
