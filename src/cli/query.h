/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The targets of requests, and times as users give them.
 */
#ifndef LIAISON_CLI_QUERY_H
#define LIAISON_CLI_QUERY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Appends "?name=value", "&name=value" where there is a query already. */
void query_add(struct buf *target, const char *name, struct slice value);

/* A time as RFC 3339 (any offset) or an age ("2h") before `now_ms`, to RFC 3339 in UTC. */
int query_parse_when(const char *text, int64_t now_ms, struct buf *out, struct err *err) must_check;

#endif
