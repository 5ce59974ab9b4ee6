/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Sees files change, by inotify(7), and tells of it once they have come to rest: a save is several
 * steps to an editor, which may write another file and rename it, and a deployment changes many files, or
 * turns one symbolic link. What inotify says is a hint only: what counts is whether the files that can
 * be reached by their names are others than before, links followed.
 *
 *     static const char *const files[] = {"liaison.lua", NULL};
 *     static const char *const folders[] = {"scripts", "lib", NULL};
 *     const struct watch_options options = {"/etc/liaison/shop", files, folders};
 *     struct watch *w = watch_new(loop, &options, on_change, self, &err);
 *
 * Linux only, and not where another machine changes the files (NFS).
 */
#ifndef LIAISON_LOOP_WATCH_H
#define LIAISON_LOOP_WATCH_H

#include "base/attr.h"
#include "base/err.h"
#include "loop/loop.h"

/* So long after the last change it is told of; and after the first at the latest. */
#define WATCH_REST_MS 100
#define WATCH_REST_MAX_MS 1000

/* The names are borrowed as long as the watch lives. */
struct watch_options {
    const char *root; /* a folder that is there, by its absolute path; links on it are followed */
    const char *const *files;   /* below it; none of them need be there. NULL behind the last */
    const char *const *folders; /* in it, with all that lies in them but hidden files */
};

struct watch;

/* `changed` is called from the loop. NULL with ERR_IO where the system doesn't let it watch. */
struct watch *watch_new(struct loop *loop, const struct watch_options *options, loop_fn changed,
                        void *ctx, struct err *err) must_check;
void watch_free(struct watch *w); /* accepts NULL */
/* What has changed up to now is known: it isn't told of. */
void watch_catch_up(struct watch *w);

#endif
