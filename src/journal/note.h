/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Notes beside the journal, for its next start and for people: small files of text, since a damaged
 * journal can't be trusted to hold them itself.
 */
#ifndef LIAISON_JOURNAL_NOTE_H
#define LIAISON_JOURNAL_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum note {
    NOTE_SUSPECT,     /* damage was met while it was in use: PATH.suspect */
    NOTE_UNCONFIRMED, /* something was lost, and nobody has confirmed it yet: PATH.unconfirmed */
    NOTE_ASIDE,       /* the name under which it is being set aside, and what is lost: PATH.aside */
    NOTE_GAP,         /* commits were lost, and numbers not left out yet: PATH.gap */
};

/* Stands before what was noted earlier; on disk when it returns. */
int note_add(const char *path, enum note note, const char *text, struct err *err) must_check;
/* Its text, to be freed; NULL when there is none. */
char *note_read(const char *path, enum note note);
bool note_exists(const char *path, enum note note);
/* When it was added to last, wall ms; 0 when there is none. */
int64_t note_written_ms(const char *path, enum note note);
/* ERR_NOT_FOUND when there is none. */
int note_remove(const char *path, enum note note, struct err *err) must_check;

#endif
