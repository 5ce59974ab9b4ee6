/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Each command's row, one line a file cmd_NAME.c. For the array in command.c.
 */
#ifndef LIAISON_CLI_COMMANDS_H
#define LIAISON_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_backup;
extern const struct command command_check;
extern const struct command command_connectors;
extern const struct command command_dead;
extern const struct command command_emit;
extern const struct command command_explain;
extern const struct command command_fsck;
extern const struct command command_help;
extern const struct command command_new;
extern const struct command command_pause;
extern const struct command command_reload;
extern const struct command command_replay;
extern const struct command command_resume;
extern const struct command command_run;
extern const struct command command_sink;
extern const struct command command_status;
extern const struct command command_tail;
extern const struct command command_test;
extern const struct command command_top;
extern const struct command command_try;
extern const struct command command_types;
extern const struct command command_version;

#endif
