/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* url.encode and url.decode; the rest of url is in library/url.lua. */
#include <lauxlib.h>

#include "base/percent.h"
#include "script/argument.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/secret.h"

/* Bytes between two looks at whether to stop. */
#define PIECE (1u << 18)

static int url_encode(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    lua_settop(L, 1);
    struct slice text = argument_bytes(L, 1, "url.encode", "s");
    buf_clear(out);
    for (; text.len > 0; text = slice_from(text, PIECE)) {
        percent_add(out, slice_upto(text, PIECE), false);
        machine_check_stopping(L, "url.encode");
    }
    if (secret_is(L, 1))
        secret_push_joined(L, buf_slice(out));
    else
        lua_pushlstring(L, out->data ? out->data : "", out->len);
    return 1;
}

/* The end of a piece: no escape is cut in two. */
static size_t piece_len(struct slice text)
{
    size_t len = text.len < PIECE ? text.len : PIECE;
    for (size_t back = 1; len < text.len && back <= 2; back++)
        if (text.data[len - back] == '%')
            return len - back;
    return len;
}

static int url_decode(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    size_t at, before = 0;
    lua_settop(L, 1);
    struct slice text = argument_text(L, 1, "url.decode", "s");
    buf_clear(out);
    while (text.len > 0) {
        struct slice piece = slice_upto(text, piece_len(text));
        if (percent_parse(out, piece, &at) < 0)
            machine_raise(L,
                          "url.decode: the %% at position %zu isn't followed by two hex digits; by "
                          "itself it is %%25",
                          before + at + 1);
        before += piece.len;
        text = slice_from(text, piece.len);
        machine_check_stopping(L, "url.decode");
    }
    lua_pushlstring(L, out->data ? out->data : "", out->len);
    return 1;
}

/* ---- the subject ---- */

static const char *const names[] = {"url.encode", "url.decode", "url.parse", "url.build", NULL};
static const luaL_Reg functions[] = {
    {"url.encode", url_encode},
    {"url.decode", url_decode},
    {NULL, NULL},
};
const struct subject subject_url = {"url", names, functions, NULL};
