/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A project of scripts in a folder of its own, loaded into a machine whose ports note down what
 * would leave it and answer when a test says so.
 *
 *     struct project *p = project_new();
 *     project_write(p, "connectors/out.lua", "return function(data) return http.post(…) end");
 *     assert_true(project_load(p));
 *     project_attempt(p, "out", "{}");
 *     project_answer(p, 200, "ok");
 *     assert_int_equal(p->result.end, SCRIPT_RETURNED);
 *     project_free(p);
 */
#ifndef LIAISON_TEST_SCRIPT_PROJECT_H
#define LIAISON_TEST_SCRIPT_PROJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mask.h"
#include "event/event.h"
#include "script/script.h"

#define PROJECT_MAX 64

/* Whether an endless loop can be stopped: under the thread sanitizer a signal waits for the next
   system call, which a loop never makes. */
#if defined(__SANITIZE_THREAD__)
#define PROJECT_CAN_STOP 0
#else
#define PROJECT_CAN_STOP 1
#endif

/* A request as "POST http://x\nName: value\n\nbody". */
struct project_request {
    struct buf text;
    struct buf auth; /* its parts as "bearer=t secrets=a,b"; empty: none */
    int64_t timeout_ms, max_age_ms;
    unsigned follow;
    bool compressed, has_body, is_cancelled, is_answered;
    struct script_run *run;
};

struct project_send {
    struct buf connector, data, key, transformer;
    bool has_data, has_key;
    int64_t delay_ms, expires_ms;
};

/* script_result, copied. */
struct project_result {
    unsigned count; /* how often one came */
    enum script_end end;
    struct buf error, failure, retry_after, date, answer, value;
    bool has_failure, unknown, has_value;
    int64_t after_ms;
    int status;
    enum script_said said;
};

struct project {
    char *dir;
    struct script_machine *machine;
    struct script_options options;
    struct clock_fake clock;
    struct mask *mask;
    struct script_ports ports;
    struct buf
        problems; /* "FILE:LINE: text", "finding FILE:…" or "warning FILE:…", details below */
    struct project_request requests[PROJECT_MAX];
    size_t n_requests;
    struct project_send sends[PROJECT_MAX];
    size_t n_sends;
    struct buf awaited; /* id of the delivery last awaited */
    struct project_result result;
    struct script_run *run;  /* what the last start returned */
    const char *key;         /* of the next runs; NULL: none */
    const char *refuse_send; /* makes the port for sends fail */
    const char *refuse_request;
    const char *refuse_await;
    bool keeps_value, was_unknown; /* of the attempts that are started */
    struct script_attempt row;     /* the last of a batch */
    struct event *row_event;
};

struct project *project_new(void);
void project_free(struct project *p);
/* Writes a file, and the folders that lead to it. */
void project_write(struct project *p, const char *path, const char *text);
/* Loads it; the problems are in p->problems. */
bool project_load(struct project *p);
/* Loads it, failing the test with the problems if that fails. */
void project_load_well(struct project *p);

/* Loads a new project whose first handler has the body `code`, which may send by `s` to the connector
   `out`; a second one sends to that. `memory_max` 0: project_new's own. */
struct project *project_of_handler(const char *code, int64_t time_ms, int64_t memory_max);
/* Asserts that the second handler of such a project runs to its end and sends, whatever the first
   has done. */
void project_assert_works(struct project *p);

/* An event of type `type`, whose data is JSON, or none when NULL; the caller's reference. */
struct event *project_event(const char *type, const char *data);
/* Runs the first handler for such an event; the result is in p->result unless it waits. */
void project_handle(struct project *p, const char *data);
void project_handle_at(struct project *p, size_t handler, const char *data);
/* An attempt of delivery "d1" with that data; the connector may be Liaison's own, too. Its event is
   of the channel of the project's first manager. */
void project_attempt(struct project *p, const char *connector, const char *data);
/* The same where the delivery has no data of its own, but the event's. */
void project_attempt_event(struct project *p, const char *connector, const char *event_data);
/* Answers the newest request that waits. */
void project_answer(struct project *p, int status, const char *body);
void project_answer_with(struct project *p, const struct script_answer *answer);

/* Ends the delivery that is awaited. */
void project_end_awaited(struct project *p, const struct script_awaited *end);

/* The error of the last result, or its text otherwise; never NULL. */
const char *project_error(const struct project *p);
/* Text of request i (0-based); fails the test when there is none. */
const char *project_request_text(const struct project *p, size_t i);

/* What `code`, the body of function(event), returns, as JSON; "ERROR: …" when it raises one. The
   caller frees it. */
char *project_eval(const char *code, const char *event_data);
#define assert_eval(code, json)                                                                    \
    do {                                                                                           \
        char *project_got = project_eval((code), "{}");                                            \
        assert_string_equal(project_got, (json));                                                  \
        free(project_got);                                                                         \
    } while (0)

/* Asserts that `code`, such a body, raises an error with `text` in it. */
void project_assert_error(const char *code, const char *text);

#endif
