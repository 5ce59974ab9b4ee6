/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Manual pages, made of the commands' tables, in man(7)'s language. Each function appends one whole
 * page.
 */
#ifndef LIAISON_DOCS_MAN_H
#define LIAISON_DOCS_MAN_H

#include "base/buf.h"
#include "cli/command.h"

/* liaison(1): what all commands share. */
void man_add_overview(struct buf *out);
/* liaison-NAME(1), its verbs included. */
void man_add_command(struct buf *out, const struct command *command);

#endif
