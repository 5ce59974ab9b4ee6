/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Data given on the command line: JSON as it stands, @FILE, or - for standard input.
 */
#ifndef LIAISON_CLI_OPERAND_H
#define LIAISON_CLI_OPERAND_H

#include "base/attr.h"
#include "base/buf.h"
#include "cli/command.h"

/* Appends what `given` means to `data`, one JSON value. EXIT_DONE, or another status when it was said
   why. */
int operand_read(const struct invocation *in, const char *given, struct buf *data) must_check;
/* What was read is called by this: the file's name, or "standard input". Borrowed. */
const char *operand_name(const char *given);
/* The same of a file's name, or - for standard input, whatever stands there. */
int operand_read_file(const char *path, struct buf *data) must_check;

#endif
