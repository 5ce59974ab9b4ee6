/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * `check --against last:N`: what the scripts in the folder would send for the newest recorded events,
 * compared with what the scripts would that the daemon has loaded; or, where none answers, with what was
 * sent when they were handled.
 */
#ifndef LIAISON_CLI_AGAINST_H
#define LIAISON_CLI_AGAINST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/project.h"
#include "dryrun/dryrun.h"
#include "script/script.h"

#define AGAINST_MAX 100000

/* Reads "last:500". -1 with ERR_INVALID. */
int against_parse(const char *text, size_t *n, struct err *err) must_check;

/* The scripts in the folder, loaded to be run dry. */
struct against {
    const struct invocation *in; /* has CLIENT_OPTIONS */
    const char *path;            /* of the project, NULL: the current folder */
    const struct project *project;
    struct dryrun *dryrun;
    struct script_machine *machine;
    bool is_recorded; /* compares with the record also where a daemon answers */
};

/* Compares over the newest `n` events; `report` is what dryrun/compare.h says as a JSON object,
   with `with`: "scripts", those of the daemon, or "deliveries", those on record; of scripts with
   `sameFiles`, whether the daemon has loaded these very files, and `settings`, the names of those that
   are known here; of deliveries with `leftOut`, the events whose record doesn't tell. EXIT_DONE, or another status when it was said why. */
int against_compare(const struct against *a, size_t n, struct buf *report,
                    bool *has_changes) must_check;

#endif
