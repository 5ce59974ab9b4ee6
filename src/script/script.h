/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The host of what analysts write: a machine (one sandboxed LuaJIT state) with a project loaded
 * into it, its handlers and connectors, and runs of them that wait without blocking anything.
 *
 * Others see these verbs and never a lua_State. What a script may reach of the world (requests,
 * sends) is handed in as a table of functions, so that a test, a dry run or a simulation hands in
 * its own.
 *
 *     struct script_machine *m = script_load(&options, on_problem, self);
 *     if (!m) …                                             // problems were told, nothing runs
 *     script_handle(m, handler, event, key, on_handled, run); // sync:send calls ports.send meanwhile
 *     script_attempt(m, connector, &attempt, on_end, delivery);
 *
 * A run that waits for a request is parked, and script_answer wakes it; one that waits for the end of
 * a delivery, script_awaited. All on the loop thread.
 */
#ifndef LIAISON_SCRIPT_SCRIPT_H
#define LIAISON_SCRIPT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/slice.h"
#include "event/event.h"

struct script_machine;
struct script_run;
struct script_spec_options;
struct sources;

/* ---- what a script reaches of the world ---- */

struct script_header {
    struct slice name, value;
};

/* A client's certificate, all in PEM; absent parts weren't given. */
struct script_identity {
    struct slice cert, key, authorities;
    struct slice cert_path, key_path, authorities_path; /* as the script wrote them */
};

/* Who a request says that it comes from: what `auth` said. Absent parts weren't given; of bearer,
   user, token_url and aws_key one is there at most. See http/auth.h for what they mean. */
struct script_auth {
    struct slice bearer;
    struct slice user, password;
    struct slice token_url, client_id, client_secret, scope;
    const struct script_header *params;
    size_t n_params;
    bool is_in_body;
    struct slice aws_key, aws_secret, aws_token, aws_region, aws_service;
    const struct slice *secrets; /* that requests with a header webhook-id are signed by */
    size_t n_secrets;
    struct script_identity identity;
    unsigned char hash[16]; /* of all of it; a manager's alone */
};

/* An http.* call of a script; borrowed during the port's call. */
struct script_request {
    struct slice method, url;
    const struct script_header *headers;
    size_t n_headers;
    struct slice body;
    bool has_body;
    const struct script_auth *auth; /* NULL: none */
    int64_t timeout_ms;             /* never more than what is left of the attempt's own */
    unsigned follow;                /* redirects */
    bool compressed;
    int64_t max_age_ms; /* an answer to a request like it that is no older may be taken; 0: none */
};

/* How it ended; borrowed during script_answer. */
struct script_answer {
    const char *failure; /* NULL: an answer came; else connect dns tls timeout broken tooBig url
                            token */
    bool was_written;    /* with a failure: it may have reached the other side */
    int status;
    const struct script_header *headers;
    size_t n_headers;
    struct slice body;
    struct slice error; /* a sentence, with a failure */
};

/* A sync:send; borrowed. */
struct script_send {
    struct slice connector;
    struct slice data;        /* JSON; absent where it is the event's data as it came */
    struct slice key;         /* given, else that of the run; absent: none, and so no order */
    struct slice transformer; /* by name, absent: the connector's */
    int64_t delay_ms;
    int64_t expires_ms; /* from now; 0: never */
};

/* What became of it. */
struct script_sent {
    struct buf *id; /* its public id is appended */
};

struct script_ports {
    /* Starts a request for `run`; later, never from within, script_answer(run, …) is called once.
       The returned handle is for http_cancel. NULL with err raises an error in the script. */
    void *(*http_send)(void *ctx, struct script_run *run, const struct script_request *request,
                       struct err *err);
    void (*http_cancel)(void *ctx, void *handle);
    /* Takes over one delivery made by a handler's run (`run_ctx` as given to script_handle). -1 with
       err raises an error at the script's line. */
    int (*send)(void *ctx, void *run_ctx, const struct script_send *send, struct script_sent *sent,
                struct err *err);
    /* A handler's run waits for the end of a delivery of its own, by the public id: later, never
       from within, script_awaited is called once, unless the run is cancelled. -1 with err raises
       an error at the script's line. */
    int (*await)(void *ctx, void *run_ctx, struct slice id, struct err *err);
    /* Takes the lines that scripts log, in place of script_options.log; NULL: they go there. `fields`
       are the script's own. Nothing is masked yet. */
    void (*log)(void *ctx, enum log_level level, struct slice text, const struct log_field *fields,
                size_t n_fields);
    void *ctx;
};

/* How an awaited delivery ended; borrowed during script_awaited. */
struct script_awaited {
    bool is_delivered;
    struct slice value;        /* delivered: script_result.value of its last attempt */
    struct slice cause, error; /* else: why it wasn't, and in words */
    unsigned attempts;
    struct slice refusal; /* where given, instead: raised as an error at the script's line */
};

/* ---- loading ---- */

struct script_options {
    const char *project; /* the project's folder */
    /* Only these of its scripts, by path; NULL: those of scripts/ (*.lua), by name. */
    const char *const *scripts;
    size_t n_scripts;
    const char *data_dir;    /* what ships with Liaison: connectors/, transformers/; may be NULL */
    struct sources *sources; /* load these, in place of what those say; a reference is taken */
    const char *module_dir;  /* the modules of src/modules; NULL: there are none */
    struct slice settings;   /* a JSON object: what `setting` reads */
    int64_t handler_time_ms; /* a run's limit of running time */
    int64_t memory_max;      /* bytes of the machine */
    const struct script_ports *ports; /* kept; may be NULL where nothing is run (check) */
    struct clock clock;
    struct log *log;
    struct mask *mask;  /* learns what `secret` returns */
    bool has_stand_ins; /* `secret` gives stand-ins, and reads nothing: for what sends nothing */
    const struct script_spec_options *spec; /* for specs alone, see spec.h; else NULL */
};

/* Something wrong in a project. `file` is relative to the project where it lies in it. */
struct script_problem {
    bool is_warning;    /* the project would run nevertheless … */
    bool fails_check;   /* … and does; but `check` finds it wrong */
    const char *file;   /* NULL: it is about none */
    int line;           /* 0: the file as a whole */
    const char *text;   /* what, and what to write instead; one line */
    const char *detail; /* more lines, indented: the line it is about, the way there; NULL: none */
};
typedef void (*script_problem_fn)(void *ctx, const struct script_problem *problem);

/* Loads all scripts, connectors and transformers of a project into a new machine. Tells every
   problem it can find, not only the first; NULL when one was more than a warning. */
struct script_machine *script_load(const struct script_options *options, script_problem_fn problem,
                                   void *ctx) must_check;
/* Cancels all its runs without callbacks. Accepts NULL. */
void script_free(struct script_machine *m);
/* SHA-256 prefix over all that was loaded, hex: tells versions apart. */
const char *script_hash(const struct script_machine *m);
/* All that was loaded (script/sources.h); the machine's reference. */
struct sources *script_sources(const struct script_machine *m);
/* From now on what is random in it (math.random, UUIDs, spans) is what this seed gives: a dry run
   repeats itself. */
void script_seed(struct script_machine *m, uint64_t seed);

/* liaison.lua, by its text: runs it in a machine of its own that has `secret` and helpers only, and appends
   what it returns to `out` as one JSON object. A secret's value appears as {"secret":"value"}; the mask
   knows it then. `has_stand_ins` as in script_options. -1 where something is more than a warning. */
int script_read_config(struct slice text, bool has_stand_ins, struct mask *mask, struct buf *out,
                       script_problem_fn problem, void *ctx) must_check;
/* Tells what is wrong with `key`, "limits.drain", of that text, at the line where the key stands; where it
   can't be seen, that of the table around it. Returns -1. */
int script_refuse_setting(struct slice text, const char *key, const char *words,
                          script_problem_fn problem, void *ctx);

/* The connectors in `data_dir` that are made by options, which say of themselves what they are for and
   what they take: appends a JSON array of { name, about, options: [{ name, type, required, default, help }] },
   by name. -1 where one can't be read, which is told. */
int script_describe_connectors(const char *data_dir, struct buf *out, script_problem_fn problem,
                               void *ctx) must_check;

/* A SyncManager.new{…}. */
struct script_manager {
    struct slice channel; /* its name: `name`, else the URL without credentials, else "embedded" */
    struct slice url;     /* empty: embedded */
    const struct script_header *headers;
    size_t n_headers;
    const struct script_auth *auth; /* NULL: none */
    bool is_started;                /* sync:start was called */
    bool dead_letters;              /* are to be published on it */
    struct slice file;              /* where it was made */
    int line;
};
size_t script_manager_count(const struct script_machine *m);
const struct script_manager *script_manager_at(const struct script_machine *m, size_t i);

/* A sync:on(…), in the order of registration. */
struct script_handler {
    struct slice name;    /* SCRIPT/TYPE#n unless given */
    struct slice pattern; /* see event/pattern.h */
    struct slice channel;
    struct slice file;        /* of the script that registered it; absent: none did */
    bool has_key, has_filter; /* its own functions */
};
size_t script_handler_count(const struct script_machine *m);
const struct script_handler *script_handler_at(const struct script_machine *m, size_t i);

enum script_growth { SCRIPT_GROWTH_CONSTANT, SCRIPT_GROWTH_LINEAR, SCRIPT_GROWTH_EXPONENTIAL };

/* A connector and its policy, all defaults filled in. */
struct script_connector {
    struct slice name;
    struct slice file;
    int64_t timeout_ms;
    unsigned attempts; /* 0: as many as the age allows */
    int64_t base_ms, cap_ms, age_ms;
    enum script_growth growth;
    double factor;
    bool jitter;
    unsigned batch_size; /* rows; 0: each delivery is sent by itself */
    int64_t batch_bytes; /* of JSON */
    int64_t batch_wait_ms;
    bool is_ordered; /* order = "key" */
    bool parks;      /* onDead = "park" */
    bool coalesces;
    unsigned concurrency;      /* 0: auto */
    unsigned breaker_failures; /* 0: none */
    int64_t breaker_open_ms;
    int64_t rate_n, rate_ms; /* attempts in so much time; 0: as many as may be */
};
size_t script_connector_count(const struct script_machine *m);
const struct script_connector *script_connector_at(const struct script_machine *m, size_t i);
/* NULL when there is none of that name. */
const struct script_connector *script_connector_find(const struct script_machine *m,
                                                     struct slice name);
/* The connector that publishes dead letters on the bus their event came from. It is Liaison's own:
   not among those above, nothing that a script can send to. Its data is the dead letter as JSON; it
   ends with SCRIPT_SKIP where the bus takes none. */
#define SCRIPT_DEAD_LETTERS "deadLetters"
const struct script_connector *script_dead_letters(const struct script_machine *m);
/* Whether a channel has a bus that dead letters are to be published on. */
bool script_publishes(const struct script_machine *m, struct slice channel);
/* The name nearest to `name`, or NULL. */
const char *script_connector_nearest(const struct script_machine *m, struct slice name);

/* ---- memory ---- */

struct script_memory {
    size_t used, max;      /* bytes; where it is full without garbage */
    int64_t full_since_ms; /* wall time since when little is left for runs; 0: there is enough */
};
void script_memory(struct script_machine *m, struct script_memory *out);
/* The file whose variables hold most of it, as far as a short look tells: appends its name and how much
   that is, or nothing. */
void script_add_hoarder(struct script_machine *m, struct buf *out);

/* ---- running ---- */

enum script_end {
    SCRIPT_RETURNED,
    SCRIPT_SKIP,    /* skip "reason" in a transformer or handler */
    SCRIPT_RETRY,   /* retry(reason, {after=}) */
    SCRIPT_REJECT,  /* reject(reason) */
    SCRIPT_HTTP,    /* an http error that nobody caught: status, or failure */
    SCRIPT_ERROR,   /* any other error */
    SCRIPT_LIMIT,   /* stopped: over its time or memory */
    SCRIPT_STARVED, /* stopped: the memory ran out that others hold */
};

/* What a connector's `statuses` say of an answer that ends its attempt, in place of the table of
   outcomes. */
enum script_said {
    SCRIPT_SAID_NOTHING,
    SCRIPT_SAID_ACCEPT, /* it ends nothing: of no result */
    SCRIPT_SAID_RETRY,
    SCRIPT_SAID_REFUSE,
    SCRIPT_SAID_PAUSE,
};

/* Borrowed during the callback. */
struct script_result {
    enum script_end end;
    /* For SKIP RETRY REJECT the reason; RETURNED, a handler's, where lines are noted: the one that ran
       last, "FILE:LINE" and its text; else with file, line, traceback. */
    struct slice error;
    int64_t after_ms; /* RETRY: -1 where none was given */
    int status; /* SCRIPT_HTTP: of the answer, 0 with a failure; RETURNED: of the last answer, 0
                   where there was none */
    const char *failure;            /* SCRIPT_HTTP: as in script_answer, or NULL */
    enum script_said said;          /* SCRIPT_HTTP: of that answer */
    struct slice retry_after, date; /* SCRIPT_HTTP: those headers of the answer */
    struct slice answer;            /* SCRIPT_HTTP: the answer's body, its first KiB */
    /* A writing request was sent and its answer never came, or none was taken notice of: the other
       side may have it. */
    bool unknown;
    /* RETURNED, where script_attempt.keeps_value: what the connector returned, in a form that
       script_awaited takes (see script/returned.h), secrets masked; absent: nothing. */
    struct slice value;
};
typedef void (*script_result_fn)(void *ctx, const struct script_result *result);

/* Runs a handler for an event, on its own copy. `key` is the run's (see script_handler_ask), borrowed
   while it lasts: what it sends has it, unless it gives another. `done` is called exactly once, perhaps
   before this returns, unless the run is cancelled; `run_ctx` is what ports.send gets. Returns the run
   while it waits, NULL when it has ended. */
struct script_run *script_handle(struct script_machine *m, size_t handler,
                                 const struct event *event, struct slice key, script_result_fn done,
                                 void *run_ctx);

/* From now on, whether runs note the line that ran last; that makes scripts slower. Not while one runs. */
void script_note_lines(struct script_machine *m, bool notes);

/* The key function's or filter's answer, where the handler has them. -1 with err when it failed or
   gave no string, number or nil (key): ERR_TIMEOUT where it was stopped over its limits, ERR_NO_MEMORY
   where others hold the memory. */
int script_handler_key(struct script_machine *m, size_t handler, const struct event *event,
                       struct buf *key, bool *has_key, struct err *err) must_check;
int script_handler_filter(struct script_machine *m, size_t handler, const struct event *event,
                          bool *passes, struct err *err) must_check;

/* What a handler makes of an event before it runs. */
struct script_asked {
    bool passes; /* else its filter lets the event pass by, and the rest says nothing */
    /* Of the run, and of what it sends: what the handler's key function returned, absent where that
       was nil; the event's where it has none, or where one of its functions failed. */
    struct slice key;
    struct buf own_key;
    struct err err; /* of the function that failed, as above: how the run ends */
};

/* Asks the handler's functions, where it has any. The caller gives `asked` to script_asked_deinit; the
   event has to outlive it. */
void script_handler_ask(struct script_machine *m, size_t handler, const struct event *event,
                        struct script_asked *asked);
void script_asked_deinit(struct script_asked *asked);

/* One attempt: the transformer reshapes the data, the connector sends it. */
struct script_attempt {
    const struct event *event;
    struct slice id;  /* of the delivery: also the Idempotency-Key of its first writing request */
    unsigned attempt; /* 1 for the first */
    struct slice key;
    bool has_key;
    struct slice handler;
    int64_t created_ms;
    struct slice last_error; /* of the attempt before, or absent */
    struct slice data;       /* JSON, borrowed during the call; absent: the event's */
    struct slice transformer;
    bool was_unknown; /* an earlier attempt was never answered: the connector's `verify` is asked */
    bool keeps_value; /* somebody may await it: what the connector returns is told */
};

/* As script_handle, for a connector that exists. */
struct script_run *script_attempt(struct script_machine *m,
                                  const struct script_connector *connector,
                                  const struct script_attempt *attempt, script_result_fn done,
                                  void *ctx);

/* One attempt at several deliveries, of a connector with batch_size: each is reshaped by its transformer
   alone, and what is left is sent at once. `rows` and what they point to must stand until it has ended;
   what they say of `keeps_value` is of no account. */
struct script_batch {
    unsigned attempt;
    int64_t created_ms;
    struct slice last_error;
    const struct script_attempt *rows;
    size_t n_rows;
    bool keeps_value;
    /* A row has an end of its own: by its transformer, or since retry or reject named it. NULL: it has
       none, and isn't sent now, since the rows before it took all of the connector's timeout. */
    void (*row_ended)(void *ctx, size_t row, const struct script_result *result);
    /* Asked before each row: whether it isn't to be sent now. It has no end then. */
    bool (*is_left_out)(void *ctx, size_t row);
    /* Asked when it is known which rows are sent: appends the id that it has with these, the
       Idempotency-Key of its first writing request. */
    void (*add_id)(void *ctx, struct buf *id);
};

struct script_batch_run;

/* As script_attempt; the functions above get `ctx`, too. `done` is told the end of all rows that
   have none of their own; NULL: there is no such row that was to be sent. */
struct script_batch_run *script_attempt_batch(struct script_machine *m,
                                              const struct script_connector *connector,
                                              const struct script_batch *batch,
                                              script_result_fn done, void *ctx);
/* As script_cancel. */
void script_cancel_batch(struct script_batch_run *run);

/* The request that `run` waits for has ended; may run the script on, and end the run. */
void script_answer(struct script_run *run, const struct script_answer *answer);
/* The same for the delivery that `run` awaits. */
void script_awaited(struct script_run *run, const struct script_awaited *end);
/* The connector that is attempted; absent of a handler's run. */
struct slice script_run_connector(const struct script_run *run);
/* Ends a run without its callback, and its request. Accepts NULL. */
void script_cancel(struct script_run *run);

/* Whether no run is on its way: nothing is lost when the machine is freed. */
bool script_is_idle(const struct script_machine *m);
/* Calls fn with `run_ctx`, as given to script_handle or script_attempt, for each run on its way; it
   may cancel that run, and nothing else of this machine. */
typedef void (*script_run_fn)(void *ctx, void *run_ctx);
void script_each_run(struct script_machine *m, script_run_fn fn, void *ctx);

#endif
