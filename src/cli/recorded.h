/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Recorded events, for commands that try scripts on them: from the daemon where one answers, else from
 * the project's journal, which is only read.
 *
 *     struct recorded recorded;
 *     int status = recorded_open(&recorded, in, path, &project.config);
 *     if (status == EXIT_DONE)
 *         status = recorded_newest(&recorded, 500, take_event, self);
 *     recorded_close(&recorded);
 */
#ifndef LIAISON_CLI_RECORDED_H
#define LIAISON_CLI_RECORDED_H

#include <stddef.h>

#include "base/attr.h"
#include "cli/client.h"
#include "cli/command.h"
#include "engine/config.h"

/* In place; to be closed in any case. */
struct recorded {
    struct client client;
    struct journal_reader *reader; /* NULL: a daemon answers */
};

/* `in` has CLIENT_OPTIONS; the daemon is that of the project at `path`, as in client_open_for. All
   functions return EXIT_DONE, or another status when it was said why. */
int recorded_open(struct recorded *r, const struct invocation *in, const char *path,
                  const struct config *config) must_check;
/* … from the journal in any case. */
int recorded_open_journal(struct recorded *r, const struct config *config) must_check;
void recorded_close(struct recorded *r);

/* Events as the HTTP interface shows them, borrowed. */
typedef void (*recorded_fn)(void *ctx, struct slice event);
/* The newest `n`, the last one first. */
int recorded_newest(struct recorded *r, size_t n, recorded_fn fn, void *ctx) must_check;
/* The daemon's alone, of `type`, or of types that begin so, where that isn't NULL. */
int recorded_ask_newest(struct client *client, const char *type, size_t n, recorded_fn fn,
                        void *ctx) must_check;
/* EVENT-HASH, the id of a delivery, begins with its event's number: that, borrowed; others as they are. */
struct slice recorded_event_of(const char *id);
/* One by Liaison's number or the sender's id, or by the id of a delivery or dead letter of it. */
int recorded_find(struct recorded *r, const char *id, recorded_fn fn, void *ctx) must_check;

#endif
