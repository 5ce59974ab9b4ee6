/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A line that says that something still goes on, for a person at a terminal, where it takes more
 * than a second: "checking the journal, 12 s". A thread of its own draws it, for those who wait
 * can't.
 *
 *     struct progress *p = progress_new(stderr, "retrying");
 *     for (size_t i = 0; i < n; i++) {
 *         progress_set(p, i, n);                          // "retrying, 120 of 500, 12 s"
 *         …
 *     }
 *     progress_free(p);                                   // the line is gone
 *
 * Who writes to the same terminal meanwhile hides it before.
 */
#ifndef LIAISON_CLI_PROGRESS_H
#define LIAISON_CLI_PROGRESS_H

#include <stddef.h>
#include <stdio.h>

/* `what` is borrowed. NULL where `out` is no terminal that takes controls; the others accept that. */
struct progress *progress_new(FILE *out, const char *what);
/* How far it is; `total` 0: nobody knows. */
void progress_set(struct progress *p, size_t done, size_t total);
/* Until the next second. */
void progress_hide(struct progress *p);
void progress_free(struct progress *p);

#endif
