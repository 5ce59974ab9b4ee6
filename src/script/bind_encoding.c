/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* base64.* and hex.*: bytes as text. What is made of a secret is one. */
#include <ctype.h>

#include <lauxlib.h>

#include "base/base64.h"
#include "base/text.h"
#include "script/argument.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/options.h"
#include "script/secret.h"

/* Bytes between two looks at whether to stop: whole groups of three and of four. */
#define PIECE ((size_t)3 << 18)
#define PIECE_BYTES (PIECE / 4 * 3) /* in such a piece of base64 */

/* [-0, +1, e] Pushes the result of a function whose argument is at 1. */
static int push_result(lua_State *L, const struct buf *out)
{
    if (secret_is(L, 1))
        secret_push_joined(L, buf_slice(out));
    else
        lua_pushlstring(L, out->data ? out->data : "", out->len);
    return 1;
}

/* "the character "!" at 5" or "the byte 0xFF at 5", for what has no place in an encoding. */
_Noreturn static void refuse_byte(lua_State *L, const char *what, char c, size_t at)
{
    if (isprint((unsigned char)c) && !secret_is(L, 1))
        machine_raise(L, "%s: the character %c at position %zu doesn't belong there", what, c, at);
    machine_raise(L, "%s: the byte at position %zu doesn't belong there", what, at);
}

/* ---- base64 ---- */

enum { BASE64_URL, BASE64_PADDING };
static const struct option base64_rows[] = {
    {"url", OPTION_BOOLEAN, NULL},
    {"padding", OPTION_BOOLEAN, NULL},
};
static const struct option_set base64_options = OPTION_SET("base64.encode", base64_rows);

/* RFC 4648, section 5. */
static void make_url_safe(struct buf *out)
{
    for (size_t i = 0; i < out->len; i++) {
        if (out->data[i] == '+')
            out->data[i] = '-';
        else if (out->data[i] == '/')
            out->data[i] = '_';
    }
}

static int base64_encode(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    lua_settop(L, 2);
    options_read_or_raise(L, 2, &base64_options);
    bool is_url = lua_toboolean(L, 3 + BASE64_URL);
    bool is_padded =
        lua_isnil(L, 3 + BASE64_PADDING) ? !is_url : lua_toboolean(L, 3 + BASE64_PADDING);
    struct slice bytes = argument_bytes(L, 1, "base64.encode", "bytes");
    buf_clear(out);
    for (; bytes.len > 0; bytes = slice_from(bytes, PIECE)) {
        base64_add(out, slice_upto(bytes, PIECE));
        machine_check_stopping(L, "base64.encode");
    }
    if (is_url)
        make_url_safe(out);
    while (!is_padded && out->len > 0 && out->data[out->len - 1] == '=')
        buf_truncate(out, out->len - 1);
    return push_result(L, out);
}

/* Appends a piece of either alphabet in the plain one, without white space. */
static void add_plain(lua_State *L, struct buf *plain, struct slice text, size_t from)
{
    for (size_t i = from; i < text.len && i < from + PIECE; i++) {
        char c = text.data[i];
        if (c == '-')
            c = '+';
        else if (c == '_')
            c = '/';
        if (isalnum((unsigned char)c) || c == '+' || c == '/' || c == '=')
            buf_add_char(plain, c);
        else if (!isspace((unsigned char)c))
            refuse_byte(L, "base64.decode", c, i + 1);
    }
    machine_check_stopping(L, "base64.decode");
}

/* Takes both alphabets, with padding or without it. */
static int base64_decode(lua_State *L)
{
    struct buf *plain = &machine_of(L)->body, *out = &machine_of(L)->json;
    lua_settop(L, 1);
    struct slice text = argument_bytes(L, 1, "base64.decode", "text");
    buf_clear(plain);
    for (size_t at = 0; at < text.len; at += PIECE)
        add_plain(L, plain, text, at);
    while (plain->len % 4 != 0)
        buf_add_char(plain, '=');
    buf_clear(out);
    for (struct slice rest = buf_slice(plain), piece; rest.len > 0;) {
        size_t before = out->len;
        piece = slice_upto(rest, PIECE);
        rest = slice_from(rest, PIECE);
        bool is_cut = base64_parse(piece, out) < 0;
        if (is_cut || (rest.len > 0 && out->len - before < PIECE_BYTES)) /* padded within */
            machine_raise(L, "base64.decode: this is not base64: its end is missing or too much");
        machine_check_stopping(L, "base64.decode");
    }
    return push_result(L, out);
}

/* ---- hex ---- */

static int hex_encode(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    lua_settop(L, 1);
    struct slice bytes = argument_bytes(L, 1, "hex.encode", "bytes");
    buf_clear(out);
    for (; bytes.len > 0; bytes = slice_from(bytes, PIECE)) {
        struct slice piece = slice_upto(bytes, PIECE);
        text_add_hex(out, piece.data, piece.len);
        machine_check_stopping(L, "hex.encode");
    }
    return push_result(L, out);
}

static int hex_decode(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    lua_settop(L, 1);
    struct slice text = argument_bytes(L, 1, "hex.decode", "text");
    if (text.len % 2 != 0)
        machine_raise(L, "hex.decode: the text has an odd number of digits");
    buf_clear(out);
    for (size_t i = 0; i < text.len; i += 2) {
        int high = text_hex_digit(text.data[i]), low = text_hex_digit(text.data[i + 1]);
        if (high < 0 || low < 0)
            refuse_byte(L, "hex.decode", text.data[high < 0 ? i : i + 1], high < 0 ? i + 1 : i + 2);
        buf_add_char(out, (char)(high << 4 | low));
        if (i % PIECE == 0)
            machine_check_stopping(L, "hex.decode");
    }
    return push_result(L, out);
}

/* ---- the subject ---- */

static const char *const names[] = {
    "base64.encode", "base64.decode", "hex.encode", "hex.decode", NULL,
};
static const luaL_Reg functions[] = {
    {"base64.encode", base64_encode},
    {"base64.decode", base64_decode},
    {"hex.encode", hex_encode},
    {"hex.decode", hex_decode},
    {NULL, NULL},
};
const struct subject subject_encoding = {"encoding", names, functions, NULL};
