/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * For commands on a daemon: one request after another, each waited for. What goes wrong is said on
 * standard error here, once; the command returns the exit status it gets.
 *
 *     struct client client;
 *     struct buf answer = {0};
 *     int status = client_open(&client, in);
 *     if (status == EXIT_DONE)
 *         status = client_get(&client, "/api/status", &answer);
 *     …
 *     client_close(&client);
 */
#ifndef LIAISON_CLI_CLIENT_H
#define LIAISON_CLI_CLIENT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"
#include "cli/command.h"
#include "cli/daemon_url.h"
#include "http/client.h"
#include "loop/loop.h"

/* Rows for a command's table. */
#define CLIENT_OPTIONS                                                                             \
    {"url", 0, "URL", "the daemon: http://HOST:PORT or unix:PATH (or LIAISON_URL)"},               \
        {"token-file", 0, "FILE", "the file that holds its token (or LIAISON_TOKEN)"},             \
    {                                                                                              \
        "json", 0, NULL, "print a JSON document"                                                   \
    }

/* In place; to be closed in any case. */
struct client {
    struct daemon_url at;
    struct buf authorization; /* "Bearer …", empty without a token */
    struct loop *loop;
    struct http_client *http;
};

/* `in` has CLIENT_OPTIONS. Sends nothing. EXIT_DONE, or another status when it was said why. */
int client_open(struct client *client, const struct invocation *in) must_check;
void client_close(struct client *client);

/* Sends a request and waits for its answer. EXIT_DONE after a 2xx whose body, one JSON document, is
   then in `answer` (cleared first); EXIT_NO_DAEMON when nobody answered, EXIT_FAILED for any other
   answer. `body` is JSON, its data NULL for none. */
int client_send(struct client *client, const char *method, const char *target, struct slice body,
                struct buf *answer) must_check;
int client_get(struct client *client, const char *target, struct buf *answer) must_check;

#endif
