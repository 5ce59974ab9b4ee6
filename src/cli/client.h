/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * For commands on a daemon: one request after another, each waited for. What goes wrong is said on
 * standard error here, once; the command returns the exit status it gets.
 *
 *     struct client client;
 *     struct buf answer = {0};
 *     const struct client_request request = {
 *         .method = "GET", .target = "/api/status", .members = {"version", "sums"}};
 *     int status = client_open(&client, in);
 *     if (status == EXIT_DONE)
 *         status = client_send(&client, &request, &answer);
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

/* Rows for the table of a command that asks a daemon … */
#define DAEMON_OPTIONS                                                                             \
    {"url", 0, "URL", "the daemon: http://HOST:PORT or unix:PATH (or LIAISON_URL)"},               \
    {                                                                                              \
        "token-file", 0, "FILE", "the file that holds its token (or LIAISON_TOKEN)"                \
    }
/* … and prints what it says. */
#define CLIENT_OPTIONS                                                                             \
    DAEMON_OPTIONS,                                                                                \
    {                                                                                              \
        "json", 0, NULL, "print a JSON document"                                                   \
    }

/* In place; to be closed in any case. */
struct client {
    struct daemon_url at;
    struct buf authorization; /* "Bearer …", empty without a token */
    struct loop *loop;
    struct http_client *http;
    struct progress
        *progress;       /* the caller's, shown while it waits; NULL: each request has its own */
    bool has_answered;   /* the daemon, once at least */
    unsigned n_absences; /* how often it was waited for since then */
};

/* `in` has CLIENT_OPTIONS. Sends nothing. EXIT_DONE, or another status when it was said why. */
int client_open(struct client *client, const struct invocation *in) must_check;
/* For the daemon of the project at `path` where none is named; NULL: the current folder's. */
int client_open_for(struct client *client, const struct invocation *in,
                    const char *path) must_check;
void client_close(struct client *client);

/* What is done where nobody answers, or no Liaison. Before one has answered for the first time the last two
   are as the first. */
enum client_absence {
    ABSENCE_SAID,  /* that is said */
    ABSENCE_FINE,  /* nothing, unless a stranger does */
    ABSENCE_SHOWN, /* nothing: the caller shows it */
    ABSENCE_AWAITED, /* that is said, and it is asked again until one does: for what may be asked twice */
};

#define CLIENT_MEMBERS_MAX 4

/* What is asked, and how a Liaison's answer is told from a stranger's. */
struct client_request {
    const char *method, *target;
    struct slice body;  /* JSON; its data NULL for none */
    const char *about;  /* what a refusal is about, named before its reason; may be NULL */
    int64_t timeout_ms; /* 0: five minutes */
    int success;        /* the one status that is one; 0: any 2xx */
    const char *members[CLIENT_MEMBERS_MAX]; /* that a success has, as many as are not NULL */
    struct buf *problem; /* a refusal's document is added to it; NULL: it is only said */
    enum client_absence absence;
};

/* Sends a request and waits for its answer. EXIT_DONE after a success, its body, one JSON document,
   being in `answer` (cleared first); EXIT_NO_DAEMON when nobody answered, or no Liaison; EXIT_FAILED
   after a refusal. */
int client_send(struct client *client, const struct client_request *asked,
                struct buf *answer) must_check;

/* Nothing happens meanwhile. */
void client_rest(int64_t ms);

/* Says each of a document's `findings` on standard error, as check does. */
void client_say_findings(struct slice document);

#endif
