/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gmp.h>
#include <lauxlib.h>
#include <lualib.h>

#include "script/bindings.h"
#include "script/machine.h"
#include "script/secret.h"

#define TYPE_CDATA 10 /* LuaJIT's own, which lua.h doesn't name */
#define QUOTIENT_DIGITS 34
/* Zeros that are written out rather than as an exponent. */
#define ZEROS_MAX 40

/* digits × 10^exponent, in a userdata: counted by Lua's memory limit, freed without a finalizer. */
struct exact {
    int32_t exponent;
    int32_t n_limbs; /* negative for a negative number */
    mp_limb_t limbs[];
};

/* A number at work. */
struct number {
    mpz_t digits;
    long exponent;
};

/* Belongs to the machine: an error raised in the midst of arithmetic leaks nothing. */
struct exact_scratch {
    struct number a, b, result;
    mpz_t power, rest;
};

/* ---- between Lua and GMP ---- */

static struct exact *find_box(lua_State *L, int index)
{
    if (lua_type(L, index) != TYPE_CDATA)
        return NULL;
    lua_pushvalue(L, index);
    machine_push(L, REF_EXACT_BOXES);
    lua_insert(L, -2);
    lua_rawget(L, -2);
    struct exact *box = lua_touserdata(L, -1);
    lua_pop(L, 2);
    return box;
}

bool exact_is(lua_State *L, int index)
{
    return find_box(L, index) != NULL;
}

static int refuse_size(struct err *err)
{
    return err_set(err, ERR_INVALID, "a number has more than %d digits, or a larger exponent",
                   EXACT_DIGITS_MAX);
}

/* Pushes the cdata that stands for `n`. */
static int push_number(lua_State *L, const struct number *n, struct err *err)
{
    if (mpz_sizeinbase(n->digits, 10) > EXACT_DIGITS_MAX + 1 ||
        labs(n->exponent) > EXACT_DIGITS_MAX)
        return refuse_size(err);
    size_t n_limbs = mpz_size(n->digits);
    machine_push(L, REF_EXACT_NEW);
    lua_call(L, 0, 1);
    machine_push(L, REF_EXACT_BOXES);
    lua_pushvalue(L, -2);
    struct exact *box = lua_newuserdata(L, sizeof(*box) + n_limbs * sizeof(mp_limb_t));
    box->exponent = (int32_t)n->exponent;
    box->n_limbs = mpz_sgn(n->digits) * (int32_t)n_limbs;
    memcpy(box->limbs, mpz_limbs_read(n->digits), n_limbs * sizeof(mp_limb_t));
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return 0;
}

/* What stands behind the "e"; false when it is beyond all bounds. */
static bool read_exponent(struct slice text, long *exponent)
{
    bool is_negative = text.data[0] == '-';
    text = slice_from(text, is_negative || text.data[0] == '+');
    *exponent = 0;
    for (size_t i = 0; i < text.len && *exponent <= EXACT_DIGITS_MAX; i++)
        *exponent = *exponent * 10 + (text.data[i] - '0');
    bool is_bounded = *exponent <= EXACT_DIGITS_MAX;
    *exponent = is_negative ? -*exponent : *exponent;
    return is_bounded;
}

/* Reads sign, digits, fraction and exponent of a JSON number. */
static int parse(struct script_machine *m, struct slice text, struct number *n, struct err *err)
{
    struct buf *digits = &m->text;
    size_t i = 0;
    long fraction = 0;
    bool in_fraction = false;
    buf_clear(digits);
    if (text.len > EXACT_TEXT_MAX)
        return refuse_size(err);
    for (; i < text.len && text.data[i] != 'e' && text.data[i] != 'E'; i++) {
        if (text.data[i] == '.') {
            in_fraction = true;
            continue;
        }
        buf_add_char(digits, text.data[i]);
        fraction += in_fraction;
    }
    if (digits->len > EXACT_DIGITS_MAX + 1)
        return refuse_size(err);
    mpz_set_str(n->digits, digits->data, 10);
    n->exponent = -fraction;
    if (i >= text.len)
        return 0;
    long exponent;
    if (!read_exponent(slice_from(text, i + 1), &exponent))
        return refuse_size(err);
    n->exponent += exponent;
    return labs(n->exponent) > EXACT_DIGITS_MAX ? refuse_size(err) : 0;
}

int exact_push(lua_State *L, struct slice text, struct err *err)
{
    struct script_machine *m = machine_of(L);
    if (parse(m, text, &m->exact->result, err) < 0)
        return -1;
    return push_number(L, &m->exact->result, err);
}

/* ---- as text ---- */

static void add_plain(struct buf *out, const char *digits, size_t len, long exponent)
{
    size_t whole = exponent >= 0 ? len : (size_t)-exponent < len ? len + (size_t)exponent : 0;
    buf_add(out, digits, whole);
    for (long i = 0; i < exponent; i++)
        buf_add_char(out, '0');
    if (exponent >= 0)
        return;
    buf_add_str(out, whole > 0 ? "." : "0.");
    for (size_t i = len; i < (size_t)-exponent; i++)
        buf_add_char(out, '0');
    buf_add(out, digits + whole, len - whole);
}

static void add_digits(struct buf *out, const char *digits, long exponent)
{
    size_t len = strlen(digits);
    long zeros = exponent > 0 ? exponent : -exponent - (long)len;
    if (zeros <= ZEROS_MAX)
        add_plain(out, digits, len, exponent);
    else
        buf_printf(out, "%se%ld", digits, exponent);
}

static void add_number(struct buf *out, mpz_srcptr digits, long exponent)
{
    char *text = mem_alloc(mpz_sizeinbase(digits, 10) + 2);
    mpz_get_str(text, 10, digits);
    bool is_negative = text[0] == '-';
    if (is_negative)
        buf_add_char(out, '-');
    add_digits(out, text + is_negative, exponent);
    free(text);
}

void exact_add(lua_State *L, int index, struct buf *out)
{
    const struct exact *box = find_box(L, index);
    mpz_t digits;
    add_number(out, mpz_roinit_n(digits, box->limbs, box->n_limbs), box->exponent);
}

/* ---- rounding ---- */

/* Drops the last digits of `n`; whether they were zeros. */
static bool drop_digits(struct exact_scratch *s, struct number *n, unsigned long drop,
                        enum exact_rounding how)
{
    mpz_ui_pow_ui(s->power, 10, drop);
    mpz_tdiv_qr(n->digits, s->rest, n->digits, s->power);
    n->exponent += (long)drop;
    int sign = mpz_sgn(s->rest);
    mpz_mul_2exp(s->rest, s->rest, 1);
    bool rounds_up = how == EXACT_HALF_UP && mpz_cmpabs(s->rest, s->power) >= 0;
    if (rounds_up && sign > 0)
        mpz_add_ui(n->digits, n->digits, 1);
    else if (rounds_up)
        mpz_sub_ui(n->digits, n->digits, 1);
    return sign == 0;
}

int exact_round(struct script_machine *m, struct slice text, long digits, enum exact_rounding how,
                struct buf *out, bool *is_same, struct err *err)
{
    struct exact_scratch *s = m->exact;
    struct number *n = &s->result;
    bool same = true;
    if (parse(m, text, n, err) < 0)
        return -1;
    if (-digits > n->exponent)
        same = drop_digits(s, n, (unsigned long)(-digits - n->exponent), how);
    add_number(out, n->digits, mpz_sgn(n->digits) == 0 ? 0 : n->exponent);
    if (is_same)
        *is_same = same;
    return 0;
}

/* ---- operands ---- */

/* Loads an operand; false when it is no number. A Lua number is what its shortest text says: 0.1 is
   a tenth. */
static bool load(lua_State *L, int index, struct number *n)
{
    struct script_machine *m = machine_of(L);
    const struct exact *box = find_box(L, index);
    if (box) {
        mpz_t view;
        mpz_set(n->digits, mpz_roinit_n(view, box->limbs, box->n_limbs));
        n->exponent = box->exponent;
        return true;
    }
    if (lua_type(L, index) != LUA_TNUMBER)
        return false;
    buf_clear(&m->json);
    return json_add_double(&m->json, lua_tonumber(L, index)) == 0 &&
           parse(m, buf_slice(&m->json), n, NULL) == 0;
}

static struct exact_scratch *load_both(lua_State *L)
{
    struct exact_scratch *s = machine_of(L)->exact;
    bool has_a = load(L, 1, &s->a), has_b = load(L, 2, &s->b);
    if (!has_a || !has_b)
        machine_raise(L, "arithmetic on an exact number and %s",
                      lua_type(L, has_a ? 2 : 1) == LUA_TNUMBER ? "a number that isn't finite"
                                                                : luaL_typename(L, has_a ? 2 : 1));
    return s;
}

static void scale(struct exact_scratch *s, struct number *n, long by)
{
    mpz_ui_pow_ui(s->power, 10, (unsigned long)by);
    mpz_mul(n->digits, n->digits, s->power);
    n->exponent -= by;
}

/* Gives both the smaller exponent. */
static void align(struct exact_scratch *s)
{
    if (s->a.exponent > s->b.exponent)
        scale(s, &s->a, s->a.exponent - s->b.exponent);
    else if (s->b.exponent > s->a.exponent)
        scale(s, &s->b, s->b.exponent - s->a.exponent);
}

/* Drops zeros behind the decimal point. */
static void strip_zeros(struct exact_scratch *s, struct number *n)
{
    if (n->exponent >= 0 || mpz_sgn(n->digits) == 0) {
        n->exponent = mpz_sgn(n->digits) == 0 ? 0 : n->exponent;
        return;
    }
    mpz_set_ui(s->power, 10);
    n->exponent += (long)mpz_remove(n->digits, n->digits, s->power);
    if (n->exponent > 0)
        scale(s, n, n->exponent);
}

static int push_result(lua_State *L, struct exact_scratch *s)
{
    struct err err = {0};
    strip_zeros(s, &s->result);
    if (push_number(L, &s->result, &err) < 0)
        machine_raise_err(L, &err);
    return 1;
}

/* ---- arithmetic ---- */

static int exact_sum(lua_State *L)
{
    struct exact_scratch *s = load_both(L);
    align(s);
    mpz_add(s->result.digits, s->a.digits, s->b.digits);
    s->result.exponent = s->a.exponent;
    return push_result(L, s);
}

static int exact_sub(lua_State *L)
{
    struct exact_scratch *s = load_both(L);
    align(s);
    mpz_sub(s->result.digits, s->a.digits, s->b.digits);
    s->result.exponent = s->a.exponent;
    return push_result(L, s);
}

static int exact_mul(lua_State *L)
{
    struct exact_scratch *s = load_both(L);
    mpz_mul(s->result.digits, s->a.digits, s->b.digits);
    s->result.exponent = s->a.exponent + s->b.exponent;
    return push_result(L, s);
}

/* How many digits x has; GMP's own answer may be one too many. */
static size_t count_digits(struct exact_scratch *s, const mpz_t x)
{
    size_t n = mpz_sizeinbase(x, 10);
    mpz_ui_pow_ui(s->power, 10, n - 1);
    return mpz_cmpabs(x, s->power) < 0 ? n - 1 : n;
}

/* Rounds a quotient that goes on behind its last digit (`has_rest`) to its first digits. A half is
   more than a half then. */
static void round_quotient(struct exact_scratch *s, bool has_rest)
{
    size_t n_digits = count_digits(s, s->result.digits);
    if (has_rest && n_digits > QUOTIENT_DIGITS)
        drop_digits(s, &s->result, n_digits - QUOTIENT_DIGITS, EXACT_HALF_UP);
}

static int exact_div(lua_State *L)
{
    struct exact_scratch *s = load_both(L);
    if (mpz_sgn(s->b.digits) == 0)
        machine_raise(L, "division of an exact number by zero");
    long more = QUOTIENT_DIGITS + 3 + (long)mpz_sizeinbase(s->b.digits, 10) -
                (long)mpz_sizeinbase(s->a.digits, 10);
    if (more > 0)
        scale(s, &s->a, more);
    mpz_tdiv_qr(s->result.digits, s->rest, s->a.digits, s->b.digits);
    s->result.exponent = s->a.exponent - s->b.exponent;
    round_quotient(s, mpz_sgn(s->rest) != 0);
    return push_result(L, s);
}

/* The sign is the divisor's, as with Lua's numbers. */
static int exact_mod(lua_State *L)
{
    struct exact_scratch *s = load_both(L);
    if (mpz_sgn(s->b.digits) == 0)
        machine_raise(L, "division of an exact number by zero");
    align(s);
    mpz_fdiv_r(s->result.digits, s->a.digits, s->b.digits);
    s->result.exponent = s->a.exponent;
    return push_result(L, s);
}

static int exact_pow(lua_State *L)
{
    struct exact_scratch *s = load_both(L);
    lua_Number n = lua_type(L, 2) == LUA_TNUMBER ? lua_tonumber(L, 2) : -1;
    if (!(n >= 0 && n == floor(n)))
        machine_raise(L, "an exact number can be raised to whole powers only, from 0 up");
    double size = (double)mpz_sizeinbase(s->a.digits, 10) + (double)labs(s->a.exponent);
    if (n * size > 2.0 * EXACT_DIGITS_MAX)
        machine_raise(L, "the power of an exact number has more than %d digits", EXACT_DIGITS_MAX);
    mpz_pow_ui(s->result.digits, s->a.digits, (unsigned long)n);
    s->result.exponent = s->a.exponent * (long)n;
    return push_result(L, s);
}

static int exact_neg(lua_State *L)
{
    struct exact_scratch *s = machine_of(L)->exact;
    load(L, 1, &s->a);
    mpz_neg(s->result.digits, s->a.digits);
    s->result.exponent = s->a.exponent;
    return push_result(L, s);
}

/* ---- comparison and text ---- */

static int compare(struct exact_scratch *s)
{
    int a = mpz_sgn(s->a.digits), b = mpz_sgn(s->b.digits);
    if (a != b)
        return a < b ? -1 : 1;
    align(s);
    return mpz_cmp(s->a.digits, s->b.digits);
}

/* Infinities are larger, or smaller, than every exact number; NaN is neither. Returns whether the
   operand at `index` is one of these, and which. */
static bool is_not_finite(lua_State *L, int index, lua_Number *n)
{
    *n = lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : 0;
    return !isfinite(*n);
}

static int push_comparison(lua_State *L, bool or_equal)
{
    lua_Number n;
    if (is_not_finite(L, 1, &n)) {
        lua_pushboolean(L, n < 0);
    } else if (is_not_finite(L, 2, &n)) {
        lua_pushboolean(L, n > 0);
    } else {
        struct exact_scratch *s = machine_of(L)->exact;
        if (!load(L, 1, &s->a) || !load(L, 2, &s->b))
            machine_raise(L, "attempt to compare an exact number with %s",
                          luaL_typename(L, exact_is(L, 1) ? 2 : 1));
        int order = compare(s);
        lua_pushboolean(L, order < 0 || (or_equal && order == 0));
    }
    return 1;
}

static int exact_lt(lua_State *L)
{
    return push_comparison(L, false);
}

static int exact_le(lua_State *L)
{
    return push_comparison(L, true);
}

static int exact_eq(lua_State *L)
{
    struct exact_scratch *s = machine_of(L)->exact;
    lua_pushboolean(L, load(L, 1, &s->a) && load(L, 2, &s->b) && compare(s) == 0);
    return 1;
}

static int exact_tostring(lua_State *L)
{
    struct buf *text = &machine_of(L)->text;
    if (!exact_is(L, 1))
        machine_raise(L, "not an exact number");
    buf_clear(text);
    exact_add(L, 1, text);
    lua_pushlstring(L, text->data, text->len);
    return 1;
}

static void add_operand(lua_State *L, int index, struct buf *out)
{
    if (exact_is(L, index)) {
        exact_add(L, index, out);
        return;
    }
    struct slice text = secret_or_text(L, index);
    if (!text.data)
        machine_raise(L, "attempt to join an exact number and a %s", luaL_typename(L, index));
    buf_add_slice(out, text);
}

static int exact_concat(lua_State *L)
{
    struct buf *text = &machine_of(L)->json;
    buf_clear(text);
    add_operand(L, 1, text);
    add_operand(L, 2, text);
    if (secret_is(L, 1) || secret_is(L, 2))
        secret_push_joined(L, buf_slice(text));
    else
        lua_pushlstring(L, text->data, text->len);
    return 1;
}

/* ---- opening ---- */

static const luaL_Reg metamethods[] = {
    {"__add", exact_sum}, {"__sub", exact_sub},       {"__mul", exact_mul},
    {"__div", exact_div}, {"__mod", exact_mod},       {"__pow", exact_pow},
    {"__unm", exact_neg}, {"__lt", exact_lt},         {"__le", exact_le},
    {"__eq", exact_eq},   {"__concat", exact_concat}, {"__tostring", exact_tostring},
    {NULL, NULL},
};

static void make_scratch(struct script_machine *m)
{
    struct exact_scratch *s = mem_calloc(1, sizeof(*s));
    mpz_inits(s->a.digits, s->b.digits, s->result.digits, s->power, s->rest, NULL);
    m->exact = s;
}

void exact_close(struct exact_scratch *s)
{
    if (!s)
        return;
    mpz_clears(s->a.digits, s->b.digits, s->result.digits, s->power, s->rest, NULL);
    free(s);
}

/* The ffi library serves to make the type; scripts never see it. A struct without members leaves
   them nothing to read or write. */
void exact_open(lua_State *L)
{
    make_scratch(machine_of(L));
    lua_newtable(L);
    lua_newtable(L);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    machine_set(L, REF_EXACT_BOXES);

    lua_pushcfunction(L, luaopen_ffi);
    lua_pushliteral(L, LUA_FFILIBNAME);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "cdef");
    lua_pushliteral(L, "struct exact_number {};");
    lua_call(L, 1, 0);
    lua_getfield(L, -1, "metatype");
    lua_pushliteral(L, "struct exact_number");
    lua_newtable(L);
    luaL_setfuncs(L, metamethods, 0);
    lua_call(L, 2, 1);
    machine_set(L, REF_EXACT_NEW);
    lua_pop(L, 1);
}
