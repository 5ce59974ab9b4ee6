/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A connector's option `auth`: who all its requests come from that don't say so themselves.
 */
#ifndef LIAISON_SCRIPT_CONNECTOR_AUTH_H
#define LIAISON_SCRIPT_CONNECTOR_AUTH_H

#include "script/connector_job.h"

/* [-0, +0, e] Reads the option at `index` into the job's connector. */
void connector_read_auth(struct connector_job *job, int index);

#endif
