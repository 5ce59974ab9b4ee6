/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * `auth` as scripts write it, in a connector, as an option of http.* and in SyncManager.new: one
 * table, read and checked here.
 */
#ifndef LIAISON_SCRIPT_AUTH_H
#define LIAISON_SCRIPT_AUTH_H

#include <stdbool.h>

#include <lua.h>

#include "base/attr.h"
#include "script/options.h"
#include "script/script.h"

struct script_machine;

#define AUTH_SECRETS_MAX 8
#define AUTH_PARAMS_MAX 16

/* What was read, and what it points into. Not to be copied by assignment. */
struct auth {
    struct script_auth public;
    struct slice secrets[AUTH_SECRETS_MAX];
    struct script_header params[AUTH_PARAMS_MAX];
};

/* [-0, +0, e] Reads the table at `index`, from which *auth borrows, as from the machine. Every offence
   is told, and false returned where there was one. */
bool auth_read(lua_State *L, int index, option_offence_fn offence, void *ctx, struct auth *auth);

/* A copy for as long as the machine lives, the caller's to free, with its hash; the machine's mask knows
   what is secret in it from now on. */
struct auth *auth_keep(struct script_machine *m, const struct auth *auth);

/* bind_bus.c: what the managers of a channel say, or NULL. */
const struct script_auth *bus_auth(const struct script_machine *m, struct slice channel);

/* ---- auth_identity.c ---- */

/* The certificate, the key and the authorities in these files of the project, by path; absent ones
   stay absent. They are read once in the machine's life, and where secrets have stand-ins not at all.
   -1 with err. */
int auth_read_identity(struct script_machine *m, struct slice cert, struct slice key,
                       struct slice authorities, struct script_identity *out,
                       struct err *err) must_check;
struct identity;
void auth_free_identities(struct identity *first);

#endif
