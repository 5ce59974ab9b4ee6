/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What came of a dry run, for people to read, and as command lines that send the same.
 */
#ifndef LIAISON_CLI_DRYRUN_VIEW_H
#define LIAISON_CLI_DRYRUN_VIEW_H

#include <stdbool.h>

#include "base/buf.h"
#include "dryrun/dryrun.h"

/* Appends it handler by handler: each request as it would be sent, how each send would end, and why
   nothing was sent. */
void dryrun_view_add(struct buf *out, const struct dryrun_result *result, bool has_color);

/* Appends a call of curl for each request, quoted for a POSIX shell, what else there is to say as
   comments. Secrets are masked in it: who runs it puts them in. */
void dryrun_view_add_curl(struct buf *out, const struct dryrun_result *result);

#endif
