/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What requests say in their bodies: members of a JSON object. One that isn't known is refused, lest
 * something else be done than was meant.
 */
#ifndef LIAISON_ADMIN_BODY_H
#define LIAISON_ADMIN_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

/* One member, the value as source text. -1 with ERR_INVALID to refuse it. */
typedef int (*body_member_fn)(void *ctx, struct slice name, struct slice value, struct err *err);

/* Calls `take` for each member of the object; an empty body has none. -1 with ERR_INVALID. */
int body_read(struct slice body, body_member_fn take, void *ctx, struct err *err) must_check;

/* Values of members; -1 with ERR_INVALID, which names the member. */
int body_take_flag(const char *name, struct slice value, bool *flag, struct err *err) must_check;
/* To be freed by the caller, and what was in *text before is. */
int body_take_string(const char *name, struct slice value, char **text, struct err *err) must_check;
/* "50/s": so many in so many ms. */
int body_take_rate(struct slice value, int64_t *n, int64_t *ms, struct err *err) must_check;
/* Refuses a name: "…: did you mean X?" of `names`. */
int body_refuse(struct slice name, const char *const *names, size_t n, struct err *err);

#endif
