/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What was wrong with a project when it was loaded, kept to be shown; for reload.c.
 */
#ifndef LIAISON_ENGINE_FINDINGS_H
#define LIAISON_ENGINE_FINDINGS_H

#include <stddef.h>

#include "engine/engine.h"

/* In place, zero at first. */
struct findings {
    struct engine_finding *items;
    size_t len, cap;
};

/* All texts are copied. As a script_problem_fn, whose ctx is a struct findings. */
void findings_add(void *findings, const struct script_problem *problem);
/* An error that is about no file. */
void findings_add_err(struct findings *f, const struct err *err);
/* Appends "FILE:LINE: what", as check says it. */
void findings_format(const struct engine_finding *finding, struct buf *out);
/* The first that isn't a warning only, or NULL. */
const struct engine_finding *findings_first_error(const struct findings *f);
void findings_clear(struct findings *f);

#endif
