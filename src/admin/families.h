/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The families of metrics: which there are, and what they show.
 */
#ifndef LIAISON_ADMIN_FAMILIES_H
#define LIAISON_ADMIN_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

#include "admin/figures.h"
#include "admin/process.h"
#include "base/buf.h"
#include "engine/engine.h"

/* All that an answer shows, of one moment; borrowed. */
struct metrics_view {
    struct engine *engine;
    const struct config *config;
    struct engine_channel_view *channels;
    struct engine_target_view *targets;
    size_t n_channels, n_targets;
    int64_t now_ms;
    struct process_figures process;
    const struct figures *figures; /* families of what wasn't read stay empty */
    const struct letters_count *letters;
};

/* In Prometheus' text format. */
void families_add(struct buf *out, const struct metrics_view *v);

#endif
