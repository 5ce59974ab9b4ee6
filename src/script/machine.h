/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The machine: one LuaJIT state with its memory limit, its watchdog, its runs, and what was
 * registered while its project was loaded. For src/script alone; all others use script.h.
 *
 * Lua is entered by machine_resume, and by machine_protect for the host's own work. Everything that
 * a binding needs hangs off the machine, which it finds by machine_of(L).
 */
#ifndef LIAISON_SCRIPT_MACHINE_H
#define LIAISON_SCRIPT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rng.h"
#include "crypto/uuid.h"
#include "script/blame.h"
#include "script/keys.h"
#include "script/module.h"
#include "script/script.h"
#include "script/sources.h"

struct auth;
struct identity;
struct statuses;
struct watchdog;
struct script_batch_run;
struct exact_scratch;
struct lookups;

/* What the machine keeps in Lua's registry: metatables, tables, and the prelude's functions. */
enum machine_ref {
    REF_LIBRARY,        /* the opened subjects' globals, see library.h */
    REF_FILE_GLOBALS,   /* metatable of each file's environment */
    REF_GLOBALS,        /* what each file's environment is a copy of */
    REF_ENVIRONMENTS,   /* those, by the file's name */
    REF_ARRAY,          /* metatable that marks a table as an array */
    REF_UNREAD,         /* metatable of documents that nobody has looked into, see document.h */
    REF_TIME,           /* metatable of times, see instant.h */
    REF_ZONE,           /* metatable of their zones */
    REF_REGEX,          /* metatable of compiled patterns */
    REF_SECRET,         /* metatable of secrets */
    REF_SECRETS,        /* name -> secret, as read */
    REF_SETTINGS,       /* name -> setting, as asked for; not those that are tables */
    REF_SYNC,           /* metatable of SyncManagers */
    REF_SENT,           /* metatable of what sync:send returns */
    REF_ANSWER,         /* metatable of http's answers */
    REF_HEADERS,        /* metatable of their headers */
    REF_HTTP_ERROR,     /* metatable of http's errors */
    REF_DELIVERY,       /* metatable of a connector's second argument … */
    REF_BATCH,          /* … and of one's that takes batches */
    REF_EXACT_NEW,      /* function: makes the cdata that scripts see of an exact number */
    REF_EXACT_BOXES,    /* weak: that cdata -> its userdata */
    REF_LIBS,           /* name -> what lib/NAME.lua returned */
    REF_NATIVE_REQUIRE, /* Lua's own, for lua-cjson */
    REF_PROTECT,        /* Lua's own xpcall, that runs begin with, and its handler: blame.h */
    REF_NOTE,
    REF_RUN_HANDLER, /* the prelude's entries of the runs */
    REF_RUN_ATTEMPT,
    REF_RUN_ROW,
    REF_RUN_BATCH,
    REF_RUN_FUNCTION,
    REF_NEW_EVENT, /* … and what makes tables for scripts: prelude/tables.lua */
    REF_NEW_SENT,
    REF_NEW_ANSWER,
    REF_DEAD_LETTERS,  /* the prelude's connector */
    REF_FUNCTION_INFO, /* debug.getinfo, for machine_takes_second */
    REF_SPEC_GLOBALS, /* of machines for specs, see spec.h: what spec files have beside REF_GLOBALS … */
    REF_SPEC_HOST,    /* … what the host calls of spec/ … */
    REF_SPEC_FAILURE, /* … and the metatable of what unmet expectations raise */
    REF_LOOKUP,       /* metatable of what lookup returns */
    REF_LOOKUPS,      /* "NAME\nCOLUMN" -> that */
    REF_COUNT,
};

/* Lua's memory, counted by the allocator. */
struct memory {
    size_t used;
    size_t max;            /* a script that wants more gets Lua's "not enough memory" */
    size_t collect_at;     /* a run starts with a full collection when more is used */
    size_t loaded;         /* held when all files were loaded */
    int64_t full_since_ms; /* as in script_memory */
    bool is_lifted;        /* the host is at work: only the system's own limit counts */
    size_t refused;        /* what was asked for last and would have passed the limit; 0: nothing,
                          or more than LuaJIT has room for in any case */
};

enum run_kind {
    RUN_FILE,     /* a file of the project while it is loaded */
    RUN_FUNCTION, /* a handler's key or filter: may not wait */
    RUN_HANDLER,
    RUN_ATTEMPT,
    RUN_SPEC, /* a test */
};

/* Why a coroutine gave control back, besides returning or failing. */
enum run_pause {
    PAUSE_NONE,
    PAUSE_REQUEST, /* http.*: script_answer goes on */
    PAUSE_AWAIT,   /* delivery:await(): script_awaited goes on */
    PAUSE_ASK,     /* a test's handle or deliver: script_spec_run goes on */
    PAUSE_VERDICT, /* skip, retry, reject: it never goes on */
};

/* One coroutine at work. Pooled: an ended run is used again with its coroutine, unless that was
   left in the middle; then it gets a new one. */
struct script_run {
    struct list link; /* in machine.busy or machine.idle */
    struct script_machine *m;
    lua_State *co;
    int co_ref;
    enum run_kind kind;
    enum run_pause pause;
    bool is_cancelled;  /* from within itself: it ends without its callback */
    bool has_begun;     /* its coroutine was resumed before */
    struct blame blame; /* of its error, once that came */

    /* Its budget. */
    int64_t time_ms; /* of running time */
    int64_t ran_us;
    ptrdiff_t grown;  /* bytes that there were more of after it had run than before, in all */
    size_t held;      /* bytes outside of Lua that count as its own, see machine_hold */
    size_t requested; /* of these, for its request */

    /* What skip, retry or reject said; `verdict` is SCRIPT_RETURNED without one. */
    enum script_end verdict;
    int64_t after_ms;
    struct buf reason;

    /* Its requests. */
    void *request; /* the port's handle while it waits */
    bool is_writing;
    /* What it asks is whether something is there: its requests carry no Idempotency-Key, and the
       connector's `statuses` accept nothing. */
    bool is_verifying;
    const struct script_answer *answer; /* while script_answer runs */
    const char *last_source;            /* last_line.h; NULL: none */
    int last_line;
    int stop_line;   /* the one that the watchdog stopped it before; 0: it didn't */
    int last_status; /* of the last request; 0: it got no answer, or there was none */
    bool is_unknown;
    unsigned n_writes;                    /* those that carried an Idempotency-Key */
    unsigned n_signed;                    /* those that carried a webhook-id of ours */
    int64_t deadline_ms;                  /* of an attempt, by the clock's mono time */
    const struct script_awaited *awaited; /* while script_awaited runs */
    bool keeps_value;                     /* what an attempt returns is part of its result */

    /* What it is about. */
    const char *what; /* handler or connector, or file; borrowed from the machine */
    const struct handler *handler;
    struct slice key; /* of a handler's run, and of what it sends; borrowed from who started it */
    const struct connector *connector;
    struct event *event;                  /* a reference */
    const struct script_attempt *attempt; /* only while it is being started */
    const void *data; /* the table that the script got as its event's, to be compared; not kept */
    struct script_batch_run *batch; /* that it is part of, or NULL */
    struct slice given; /* the JSON that an attempt's data were read from, while it is there */
    struct buf delivery_id;
    int function_ref; /* RUN_FUNCTION */

    script_result_fn done;
    void *ctx;
};

/* A handler and its functions, as registry references (LUA_NOREF: none). */
struct handler {
    struct script_handler public;
    const char *script; /* SCRIPT of its name */
    int run_ref, key_ref, filter_ref;
};

struct manager {
    struct script_manager public;
    struct script_header *headers;
    struct auth *auth;
};

/* A connector or transformer, and where it comes from. */
struct connector {
    struct script_connector public; /* first: script_connector_at gives it out */
    struct map_node node;
    int send_ref;
    int verify_ref;                               /* LUA_NOREF: none */
    int transformer_ref;                          /* a table of functions, LUA_NOREF: none */
    bool takes_delivery, transformer_takes_event; /* their second arguments */
    struct statuses *statuses;                    /* NULL: the table of outcomes holds */
    struct auth *auth;                            /* of its requests; NULL: none */
};

struct transformer {
    struct map_node node;
    const char *name;
    int list_ref; /* a table with the one function */
    bool takes_event;
};

/* Levels of nesting whose objects' sizes are remembered; deeper ones share the last. */
#define DECODE_LEVELS 8

struct script_machine {
    lua_State *L;
    struct memory memory;
    struct watchdog *watchdog;
    struct script_run *current; /* whose coroutine runs just now, or NULL */
    const char *stack_base;     /* where the C stack stood when it was entered */
    struct list busy, idle;
    size_t n_idle;

    /* From script_options. */
    const struct script_ports *ports;
    struct clock clock;
    struct log *log;
    struct mask *mask;
    struct buf settings; /* a JSON object */
    int64_t handler_time_ms;
    const char *module_dir;
    bool notes_lines;
    bool has_stand_ins;

    /* What was registered. */
    struct manager *managers;
    size_t n_managers, cap_managers;
    struct handler *handlers;
    size_t n_handlers, cap_handlers;
    struct connector **connectors; /* by name */
    size_t n_connectors;
    const char **connector_names;
    struct connector *dead_letters; /* the prelude's own, which scripts can't name */
    struct map connector_map, transformer_map;
    const void *modules[MODULE_COUNT]; /* those that were loaded, see module.h */
    struct loader *loader;             /* while the project is being loaded */
    struct spec *spec;                 /* of a machine for specs, else NULL */
    char hash[SOURCES_HASH_SIZE];
    struct sources *sources;
    struct identity *identities; /* that were read, see auth.h */
    struct lookups *lookups;     /* of data/, see bind_lookup.c; NULL where there is none */

    int refs[REF_COUNT];
    const void *metatables[REF_COUNT]; /* identity of those refs that are tables */

    /* Scratch of the bindings, kept here so that an error raised through them leaks nothing. */
    struct json_reader reader;
    struct json_reader filler; /* of documents, perhaps while `reader` is at work */
    unsigned char n_passed_on; /* documents in a row that nobody looked into, as far as counted */
    unsigned char object_sizes[DECODE_LEVELS]; /* members that the last object of a level had */
    struct buf json, text, url, body, id;
    struct buf trace, message_id; /* header values */
    struct uuid_source uuids;
    struct rng rng; /* of spans */
    struct keys keys;
    struct script_header *headers;
    size_t cap_headers;
    struct exact_scratch *exact;

    struct kept *kept; /* see machine_keep */
};

/* ---- life ---- */

/* An empty machine with all bindings open. NULL with err. `options` is read, its strings copied. */
struct script_machine *machine_new(const struct script_options *options,
                                   struct err *err) must_check;
void machine_free(struct script_machine *m);

/* A NUL-terminated copy of `s` that lives as long as the machine. */
struct slice machine_keep(struct script_machine *m, struct slice s);

static inline struct script_machine *machine_of(lua_State *L)
{
    void *m;
    lua_getallocf(L, &m);
    return m;
}

/* ---- the registry ---- */

/* [-1, +0] Keeps the value on top as `ref`. */
void machine_set(lua_State *L, enum machine_ref ref);
/* [-0, +1] Pushes it; never allocates. */
void machine_push(lua_State *L, enum machine_ref ref);
/* [-0, +0] Whether the value's metatable is the one kept as `ref`. */
bool machine_is(lua_State *L, int index, enum machine_ref ref);
/* [-0, +0] Gives the value at `index`, from the bottom, that metatable. */
void machine_mark(lua_State *L, int index, enum machine_ref ref);

/* [-0, +0, e] Whether the function at `index` can see a second argument: one written in Lua with one
   parameter can't, and nothing needs to be made for it. */
bool machine_takes_second(lua_State *L, int index);

/* ---- entering Lua ---- */

/* How machine_resume came back. */
enum machine_result {
    MACHINE_RETURNED,
    MACHINE_PAUSED, /* run->pause says why */
    MACHINE_ERROR,  /* the error is on top of run->co */
    MACHINE_TIME,   /* stopped by the watchdog */
    MACHINE_MEMORY, /* it wanted more than there is */
};

/* A run from the pool, with an empty coroutine; never fails. Half of the memory that isn't held, by
   what scripts keep and by the runs that wait, is free then. */
struct script_run *machine_take_run(struct script_machine *m, enum run_kind kind);
/* Gives it back; a coroutine that hasn't ended is dropped. */
void machine_return_run(struct script_run *run, bool has_ended);

/* Bytes that the host keeps for the run count like Lua's own, so that many that wait can't hold more
   than one that runs. Raises as machine_raise_memory where there is no room for them. They are
   given back by machine_release, and what is left of them with the run. */
void machine_hold(lua_State *L, struct script_run *run, size_t bytes);
void machine_release(struct script_run *run, size_t bytes);

/* Drops the coroutine of a run that met the memory limit, and collects what nobody holds any more.
   Whether it is itself to blame: it wanted more than all others hold beyond what the files did when they
   were loaded, or more than there would be without them. */
bool machine_drop_hungry(struct script_run *run);
/* All files are loaded: what is held by now is no run's growth. */
void machine_note_loaded(struct script_machine *m);

/* The one way in: resumes run->co with the `n_args` values on top of it (at first the function
   below them), within what is left of `limit_ms`. */
enum machine_result machine_resume(struct script_run *run, int n_args, int64_t limit_ms);

/* Runs fn(L) with `ctx` as light userdata on its stack in protected mode, without limits: the
   host's own work, not a script's. -1 with err. */
int machine_protect(struct script_machine *m, lua_CFunction fn, void *ctx, struct err *err);

/* ---- errors ---- */

/* Raises an error that begins with the place of the innermost frame of a script ("FILE:LINE: "). */
_Noreturn void machine_raise(lua_State *L, const char *fmt, ...) printf_like(2, 3);
_Noreturn void machine_raise_err(lua_State *L, const struct err *err);
/* As Lua does where so many bytes can't be had: a run that doesn't catch it has met its limit. */
_Noreturn void machine_raise_memory(lua_State *L, size_t bytes);
/* Appends "FILE:LINE: " of that frame, where there is one; else of the function the
   run began with. */
void machine_add_place(lua_State *L, struct buf *out);
/* Appends the frames of scripts, each as "\n  FILE:LINE: in function 'name'". `out` begins with the
   error's own text. */
void machine_add_traceback(const struct script_run *run, struct buf *out);
/* Appends the error at `index` as text: strings as they are, others by what they are. */
void machine_add_error(lua_State *L, int index, struct buf *out);

/* The run that is a handler's or an attempt's; raises the error "WHAT works …" elsewhere. */
struct script_run *machine_waiting_run(lua_State *L, const char *what);

/* The run that a function which waits belongs to; raises an error where none can wait. */
struct script_run *machine_check_can_wait(lua_State *L, const char *what);

/* Before a function of ours calls back into Lua: raises an error when such calls are nested so deep
   that the C stack would run out. */
void machine_check_nesting(lua_State *L);

/* A long-running function of ours asks this, and gives up when it is so … */
bool machine_is_stopping(lua_State *L);
/* … as this does, by an error "WHAT: stopped" that nobody sees: the run is at its end. */
void machine_check_stopping(lua_State *L, const char *what);

#endif
