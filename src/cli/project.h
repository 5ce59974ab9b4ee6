/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What `run`, `check` and commands on a daemon share: the project that a command is about, its
 * configuration by the options given, and its problems told as FILE:LINE.
 */
#ifndef LIAISON_CLI_PROJECT_H
#define LIAISON_CLI_PROJECT_H

#include <stddef.h>

#include "cli/command.h"
#include "engine/config.h"
#include "script/script.h"

/* Rows for a command's table. */
#define PROJECT_OPTIONS                                                                            \
    {"listen", 0, "ADDRESS", "listen on ADDRESS, or unix:PATH"},                                   \
        {"journal", 0, "FILE", "keep the journal in FILE"},                                        \
    {                                                                                              \
        "set", 0, "KEY=VALUE", "set a key of liaison.lua, such as limits.drain=20s"                \
    }

/* In place; project_close frees it. */
struct project {
    struct config config;
    struct mask *mask;
    char *data_dir, *module_dir;
    char *path; /* as it was given, absolute */
    const char **sets;
    struct config_source
        source; /* what the configuration was read from, and is again by a reload */
};

/* Loads the configuration of the project that the first operand names, or of the current folder. What is
   wrong with it is told. */
int project_open(struct project *p, const struct invocation *in, script_problem_fn problem,
                 void *ctx) must_check;
/* The same of the project at `path`, NULL: the current folder, for what sends nothing: secrets have
   stand-ins, and certificates aren't looked at. */
int project_open_dry(struct project *p, const struct invocation *in, const char *path,
                     script_problem_fn problem, void *ctx) must_check;
void project_close(struct project *p);

/* The journal that is `named`, wherever its project is, or else, for NULL, that of the project in the current
   folder; the caller's. NULL when it was said why there is none, and that it is named by `liaison HOW`. */
char *project_find_journal(const struct invocation *in, const char *named, const char *how);

/* A script_problem_fn that says each on standard error; ctx is NULL, or what counts them. */
struct problem_count {
    size_t errors, warnings;
};
void project_say_problem(void *ctx, const struct script_problem *problem);

#endif
