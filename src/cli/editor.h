/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A JSON document in the user's own editor.
 */
#ifndef LIAISON_CLI_EDITOR_H
#define LIAISON_CLI_EDITOR_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

/* Opens $VISUAL or $EDITOR (else vi, on a terminal) on a temporary file that holds `json`, and adds what
   was saved to `edited`: nothing where that means the same as before. EXIT_DONE, or EXIT_FAILED when it
   was said why; text that is no JSON stays in its file then, which is named. */
int editor_edit(struct slice json, struct buf *edited) must_check;

#endif
