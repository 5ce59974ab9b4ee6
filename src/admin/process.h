/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the system says of this process.
 */
#ifndef LIAISON_ADMIN_PROCESS_H
#define LIAISON_ADMIN_PROCESS_H

#include <stdint.h>

/* -1: the system doesn't say. */
struct process_figures {
    int64_t cpu_us; /* of all threads, in the kernel, too */
    int64_t virtual_bytes, resident_bytes;
    int64_t open_fds;
    int64_t max_fds; /* -1: no limit */
};

void process_look(struct process_figures *figures);

#endif
