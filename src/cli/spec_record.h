/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A recorded event as a spec: the event, and what the scripts send for it today.
 */
#ifndef LIAISON_CLI_SPEC_RECORD_H
#define LIAISON_CLI_SPEC_RECORD_H

#include "base/attr.h"
#include "cli/command.h"
#include "cli/project.h"

/* Writes tests/recorded/TYPE-N.spec.lua of the project at `path` (NULL: the current folder), which `p`
   is, for the event that `id` names as in recorded_find: from the daemon where one answers, else from
   the journal. What secrets hold is masked in it. An exit status. */
int spec_record(const struct invocation *in, struct project *p, const char *path,
                const char *id) must_check;

#endif
