/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What people have a hand in: dead letters edited, connectors paused, events replayed, scripts
 * loaded. For commit.c.
 */
#ifndef LIAISON_JOURNAL_STEER_H
#define LIAISON_JOURNAL_STEER_H

#include "base/attr.h"
#include "journal/commit.h"
#include "journal/op.h"

/* In the open transaction. What can't be done, since things stand otherwise, changes nothing and
   leaves was_done false. */
int steer_apply(struct committer *c, struct op_steer *steer, struct err *err) must_check;

#endif
