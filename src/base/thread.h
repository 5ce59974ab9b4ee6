/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Threads that leave the process's signals to the one that handles them.
 */
#ifndef LIAISON_BASE_THREAD_H
#define LIAISON_BASE_THREAD_H

#include <pthread.h>

#include "base/attr.h"
#include "base/err.h"

/* Starts a thread that takes no signals; `name` is what top shows, 15 bytes at most. -1 with err when
   there can be none. */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *ctx), void *ctx,
                 struct err *err) must_check;

#endif
