/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A connector's option `batch`: how many deliveries are sent at once.
 *
 *     batch = { size = 500, bytes = "1MB", wait = "200ms" }
 */
#ifndef LIAISON_SCRIPT_CONNECTOR_BATCH_H
#define LIAISON_SCRIPT_CONNECTOR_BATCH_H

#include "script/connector_job.h"

/* [-0, +0, e] Reads the option at `index` into the job's connector; what is wrong is told. `true` is all
   defaults. */
void connector_read_batch(struct connector_job *job, int index);

#endif
