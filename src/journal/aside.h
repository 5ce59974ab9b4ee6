/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A damaged journal is set aside, under a name that tells when, and a new one takes its place with
 * what could be salvaged. Nothing is deleted, and whenever the process or the power ends meanwhile,
 * the next start either finds the damaged journal as it was or finishes:
 *
 *     PATH.new            the new one, whole before anything else is touched
 *     PATH.aside          the note of the name, and of what is lost by it
 *     PATH ─▶ PATH.damaged-TIME, its -wal and -shm with it
 *     PATH.unconfirmed    the note of what was lost, for people
 *     PATH.new ─▶ PATH
 *
 * So PATH.new without PATH is to be finished, PATH.new beside PATH is thrown away, and then nothing
 * was lost that would have to be confirmed.
 */
#ifndef LIAISON_JOURNAL_ASIDE_H
#define LIAISON_JOURNAL_ASIDE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* Finishes what was interrupted, if anything. */
int aside_resume(const char *path, int64_t now_ms, struct err *err) must_check;
/* `why` is what was found damaged. */
int aside_replace(const char *path, const char *why, int64_t now_ms, struct err *err) must_check;
/* Keeps a copy of a write-ahead log of which SQLite is about to forget a part, and notes that, and
   that numbers are to be left out: NOTE_GAP stands when the copy does. */
int aside_keep_log(const char *path, const char *why, int64_t now_ms, struct err *err) must_check;

#endif
