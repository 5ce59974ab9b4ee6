/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* hash.* and hmac.*: digests of texts, as hex, base64 or bytes. */
#include <string.h>

#include <lauxlib.h>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "script/argument.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/secret.h"

/* Bytes between two looks at whether to stop. */
#define PIECE (1u << 20)

/* ---- the digest's form ---- */

typedef void (*form_fn)(struct buf *out, struct slice bytes);

static void add_hex(struct buf *out, struct slice bytes)
{
    text_add_hex(out, bytes.data, bytes.len);
}

/* The form that the argument at `index` names. */
static form_fn check_form(lua_State *L, int index, const char *what)
{
    static const struct {
        const char *name;
        form_fn add;
    } forms[] = {{"hex", add_hex}, {"base64", base64_add}, {"bytes", buf_add_slice}};
    if (lua_isnoneornil(L, index))
        return add_hex;
    for (size_t i = 0; lua_type(L, index) == LUA_TSTRING && i < ARRAY_LEN(forms); i++)
        if (strcmp(lua_tostring(L, index), forms[i].name) == 0)
            return forms[i].add;
    machine_raise(L, "%s: as must be \"hex\", \"base64\" or \"bytes\"", what);
}

/* ---- the work ---- */

/* Without a key: that is an absent slice. */
static void make(lua_State *L, const char *what, enum digest_algorithm algorithm, struct slice key,
                 struct slice text, form_fn add)
{
    unsigned char bytes[DIGEST_LEN_MAX];
    struct buf *out = &machine_of(L)->json;
    struct digest *d = digest_new(algorithm, key);
    if (!d)
        machine_raise(L, "%s: this machine's OpenSSL doesn't offer it", what);
    for (; text.len > 0; text = slice_from(text, PIECE)) {
        digest_add(d, slice_upto(text, PIECE));
        if (machine_is_stopping(L)) {
            digest_free(d);
            machine_raise(L, "%s: stopped", what);
        }
    }
    size_t len = digest_end(d, bytes);
    buf_clear(out);
    add(out, slice_of((const char *)bytes, len));
}

/* hash.NAME(text [, as]): of a secret it is one, too. */
static int digest_plain(lua_State *L, const char *what, enum digest_algorithm algorithm)
{
    lua_settop(L, 2);
    struct slice text = argument_bytes(L, 1, what, "text");
    make(L, what, algorithm, SLICE_NULL, text, check_form(L, 2, what));
    if (secret_is(L, 1))
        secret_push_joined(L, buf_slice(&machine_of(L)->json));
    else
        lua_pushlstring(L, machine_of(L)->json.data, machine_of(L)->json.len);
    return 1;
}

/* hmac.NAME(key, text [, as]): a signature is there to be shown. */
static int digest_keyed(lua_State *L, const char *what, enum digest_algorithm algorithm)
{
    lua_settop(L, 3);
    struct slice key = argument_bytes(L, 1, what, "key");
    struct slice text = argument_bytes(L, 2, what, "text");
    make(L, what, algorithm, slice_present(key), text, check_form(L, 3, what));
    lua_pushlstring(L, machine_of(L)->json.data, machine_of(L)->json.len);
    return 1;
}

static int hash_md5(lua_State *L)
{
    return digest_plain(L, "hash.md5", DIGEST_MD5);
}

static int hash_sha1(lua_State *L)
{
    return digest_plain(L, "hash.sha1", DIGEST_SHA1);
}

static int hash_sha256(lua_State *L)
{
    return digest_plain(L, "hash.sha256", DIGEST_SHA256);
}

static int hash_sha512(lua_State *L)
{
    return digest_plain(L, "hash.sha512", DIGEST_SHA512);
}

static int hash_sha512_256(lua_State *L)
{
    return digest_plain(L, "hash.sha512_256", DIGEST_SHA512_256);
}

static int hmac_sha1(lua_State *L)
{
    return digest_keyed(L, "hmac.sha1", DIGEST_SHA1);
}

static int hmac_sha256(lua_State *L)
{
    return digest_keyed(L, "hmac.sha256", DIGEST_SHA256);
}

static int hmac_sha512(lua_State *L)
{
    return digest_keyed(L, "hmac.sha512", DIGEST_SHA512);
}

/* ---- the subject ---- */

static const char *const names[] = {
    "hash.md5",  "hash.sha1",   "hash.sha256", "hash.sha512", "hash.sha512_256",
    "hmac.sha1", "hmac.sha256", "hmac.sha512", NULL,
};
static const luaL_Reg functions[] = {
    {"hash.md5", hash_md5},
    {"hash.sha1", hash_sha1},
    {"hash.sha256", hash_sha256},
    {"hash.sha512", hash_sha512},
    {"hmac.sha1", hmac_sha1},
    {"hash.sha512_256", hash_sha512_256},
    {"hmac.sha256", hmac_sha256},
    {"hmac.sha512", hmac_sha512},
    {NULL, NULL},
};
const struct subject subject_hash = {"hash", names, functions, NULL};
