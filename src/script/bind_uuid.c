/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* uuid.v4, v5 and v7. */
#include "crypto/uuid.h"
#include "script/argument.h"
#include "script/library.h"
#include "script/machine.h"

static int push_uuid(lua_State *L, const char text[static UUID_LEN + 1])
{
    lua_pushlstring(L, text, UUID_LEN);
    return 1;
}

static int uuid_random(lua_State *L)
{
    char text[UUID_LEN + 1];
    uuid_v4(&machine_of(L)->uuids, text);
    return push_uuid(L, text);
}

static int uuid_timed(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    char text[UUID_LEN + 1];
    uuid_v7(&m->uuids, text, clock_wall_ms(&m->clock));
    return push_uuid(L, text);
}

/* The namespaces of RFC 9562, 6.6: all of them but for their fourth byte the same. */
static const struct {
    struct slice name;
    unsigned char fourth;
} spaces[] = {
    {SLICE_LIT("dns"), 0x10},
    {SLICE_LIT("url"), 0x11},
    {SLICE_LIT("oid"), 0x12},
    {SLICE_LIT("x500"), 0x14},
};

static int read_space(struct slice text, unsigned char out[static UUID_SIZE])
{
    for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
        if (!slice_is_equal(text, spaces[i].name))
            continue;
        int rc = uuid_parse(SLICE_LIT("6ba7b800-9dad-11d1-80b4-00c04fd430c8"), out);
        out[3] = spaces[i].fourth;
        return rc;
    }
    return uuid_parse(text, out);
}

/* uuid.v5(namespace, name) */
static int uuid_named(lua_State *L)
{
    unsigned char space[UUID_SIZE];
    char text[UUID_LEN + 1];
    struct slice given = argument_text(L, 1, "uuid.v5", "namespace");
    struct slice name = argument_text(L, 2, "uuid.v5", "name");
    if (read_space(given, space) < 0)
        machine_raise(L,
                      "uuid.v5: namespace must be a UUID, or \"dns\", \"url\", \"oid\" or "
                      "\"x500\", not \"%.*s\"",
                      given.len < 60 ? (int)given.len : 60, given.data);
    if (uuid_v5(space, name, text) < 0)
        machine_raise(L, "uuid.v5: this system's OpenSSL allows no SHA-1");
    return push_uuid(L, text);
}

static const char *const names[] = {"uuid.v4", "uuid.v5", "uuid.v7", NULL};

static const luaL_Reg functions[] = {
    {"uuid.v4", uuid_random},
    {"uuid.v5", uuid_named},
    {"uuid.v7", uuid_timed},
    {NULL, NULL},
};

const struct subject subject_uuid = {"uuid", names, functions, NULL};
