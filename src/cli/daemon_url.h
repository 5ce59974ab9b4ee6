/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Where the daemon is that a command is meant for: --url, LIAISON_URL, else `listen` of the project
 * here.
 */
#ifndef LIAISON_CLI_DAEMON_URL_H
#define LIAISON_CLI_DAEMON_URL_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"

/* In place; daemon_url_deinit frees it. */
struct daemon_url {
    struct buf url;    /* without a slash at its end: "http://127.0.0.1:8750" */
    struct buf socket; /* the path of its socket; empty when it listens on a port */
    struct buf
        certificate; /* the path of its own; empty: authorities vouch for it, if it has one */
};

/* `options` has --url; `project` is the path of the project meant by "here", NULL: the current
   folder. */
int daemon_url_find(struct daemon_url *at, const struct options *options, const char *project,
                    struct err *err) must_check;
/* From a URL or an address as in `listen`: "127.0.0.1:8750", "*:8750", "unix:PATH"; with the path of
   the daemon's certificate where it speaks HTTPS there, else NULL. */
int daemon_url_parse(struct daemon_url *at, const char *text, const char *certificate,
                     struct err *err) must_check;
void daemon_url_deinit(struct daemon_url *at);
/* For messages: the URL, or "unix:PATH". Appended to `out`. */
void daemon_url_add_name(const struct daemon_url *at, struct buf *out);

#endif
