/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Completions for three shells, made of the commands' tables: what a table says is written into a
 * template of src/docs/completion. Each function appends one whole file.
 */
#ifndef LIAISON_DOCS_SHELLS_H
#define LIAISON_DOCS_SHELLS_H

#include "base/buf.h"

void bash_add(struct buf *out);
void zsh_add(struct buf *out);
void fish_add(struct buf *out);

#endif
