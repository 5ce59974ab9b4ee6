/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A project's settings: liaison.lua under the environment under flags, each value checked, an
 * unknown key refused with the nearest known one. Nothing else reads the environment or
 * liaison.lua.
 *
 *     struct config config;
 *     struct config_source source = {.project = ".", .listen = flag_listen};
 *     if (config_load(&config, &source, mask, tell, ctx) < 0) …   // liaison.lua, 3: "unknown key …"
 *     config_deinit(&config);
 */
#ifndef LIAISON_ENGINE_CONFIG_H
#define LIAISON_ENGINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mask.h"

/* How what is wrong is told: a script_problem_fn of script/script.h. */
struct script_problem;
typedef void (*config_problem_fn)(void *ctx, const struct script_problem *problem);

/* Where values come from besides liaison.lua; all borrowed during config_load. */
struct config_source {
    const char *project;     /* folder, or one script FILE.lua of a project */
    const char *listen;      /* --listen, or NULL */
    const char *journal;     /* --journal, or NULL */
    const char *const *sets; /* --set path=value */
    size_t n_sets;
    char *const *environment; /* as environ */
    bool has_stand_ins;       /* for secrets, none of which is read: for what sends nothing */
};

enum config_access { CONFIG_INGEST, CONFIG_READ, CONFIG_ADMIN, CONFIG_ACCESS_COUNT };

enum config_reload { CONFIG_WATCH, CONFIG_MANUAL };

/* In place, owned: config_deinit frees it. */
struct config {
    char
        *project; /* absolute path of the project's folder, with the links that it was given with */
    char *script; /* absolute path of the one script to run, or NULL: scripts/ */
    char *listen;
    char *journal;                     /* absolute path */
    char *tokens[CONFIG_ACCESS_COUNT]; /* NULL: none set */
    char *tls_cert, *tls_key;          /* absolute paths; both NULL: plain HTTP */
    struct buf settings;               /* a JSON object */
    int64_t handler_time_ms;
    int64_t memory_max;  /* bytes of the scripts' machine */
    int64_t in_flight;   /* attempts and handler runs at once */
    int64_t message_max; /* bytes */
    int64_t body_max;    /* bytes */
    int64_t drain_ms;
    int64_t retain_delivered_ms, retain_dead_ms;
    int64_t journal_max;   /* bytes */
    int64_t disk_free_min; /* bytes; 0: not looked at */
    enum log_level log_level;
    enum log_format log_format;
    enum config_reload reload;
};

/* Fills in `config`; on failure, which is told, it is empty. `mask` learns the secrets. What is told has no
   file where it isn't about liaison.lua. */
int config_load(struct config *config, const struct config_source *source, struct mask *mask,
                config_problem_fn problem, void *ctx) must_check;
void config_deinit(struct config *config);

/* For whoever tells in one line what was refused: a config_problem_fn whose ctx is a struct err, which
   becomes ERR_INVALID, "liaison.lua:3: what", of the first problem that is more than a warning. */
void config_note_problem(void *err, const struct script_problem *problem);

/* ---- read again while the daemon runs ---- */

/* Makes `next`, as config_load read it, what can follow `now` without a restart: what can't change while
   the daemon runs stays as it is, and its keys are named in `restart` ("listen, journal"). -1 with
   ERR_INVALID where the rest isn't sound with what stays. */
int config_follow(struct config *next, const struct config *now, struct buf *restart,
                  struct err *err) must_check;
/* `now` becomes what `next` is, which is empty after. Texts that stay don't move. */
void config_replace(struct config *now, struct config *next);

/* Appends the certificate and key of `tls`, PEM; nothing where it isn't set. -1 with ERR_INVALID,
   which names the files, when they can't be read or aren't a pair. */
int config_read_tls(const struct config *config, struct buf *cert, struct buf *key,
                    struct err *err) must_check;

/* Only what a command needs to find the daemon of a project, both to be freed. */
struct config_address {
    char *listen;
    char *tls_cert; /* NULL: it speaks plain HTTP */
};
/* -1 when the project's configuration can't be read; ERR_NOT_FOUND where there is no such project. */
int config_find_address(const struct config_source *source, struct config_address *address,
                        struct err *err) must_check;

/* A key of liaison.lua, for its documentation; all static. */
struct config_key {
    const char *path;
    const char *type;     /* "duration", "text|json"; empty: any */
    const char *fallback; /* as it would be written; NULL: none */
    const char *help;
};

/* The nth key (from 0), those that are known; false behind the last. */
bool config_key_at(size_t n, struct config_key *key);

#endif
