/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a start does about a journal's damage, with its lock held and nothing opened yet. What can't
 * be told from a sound journal isn't touched.
 */
#ifndef LIAISON_JOURNAL_MEND_H
#define LIAISON_JOURNAL_MEND_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"

/* Finishes what an earlier start left, looks at the log, and where damage was met in use, at the
   whole file. Where commits were lost it leaves NOTE_GAP. */
int mend_before_open(const char *path, int64_t now_ms, struct log *log, struct err *err) must_check;
/* After an open that failed with ERR_CORRUPT: sets the journal aside, and leaves a new one. */
int mend_damaged(const char *path, const char *why, int64_t now_ms, struct log *log,
                 struct err *err) must_check;
/* Damage was met in use: the next mend_before_open looks. */
void mend_suspect(const char *path, const char *why, struct log *log);

#endif
