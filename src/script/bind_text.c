/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* text.*: what mappings do to texts, in characters and not in bytes. */
#include <ctype.h>
#include <string.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "modules/unicode.h"
#include "script/argument.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/module.h"
#include "script/options.h"

/* Parts of a split, and what else is taken one by one, between two looks at whether to stop. */
#define PARTS_BETWEEN_LOOKS 1024
/* Bytes that are mapped between two looks. */
#define MAPPED_BETWEEN_LOOKS 65536
#define WIDTH_MAX 1000000

static int push_slice(lua_State *L, struct slice s)
{
    lua_pushlstring(L, s.data ? s.data : "", s.len);
    return 1;
}

/* ---- white space: Unicode's White_Space ---- */

static bool is_space(uint32_t c)
{
    switch (c) {
    case ' ':
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
        return true;
    default:
        return (c >= '\t' && c <= '\r') || (c >= 0x2000 && c <= 0x200A);
    }
}

/* Bytes of the white space at the start of `s`, 0 where there is none. */
static size_t space_len(struct slice s)
{
    size_t n = utf8_len(s);
    return n > 0 && is_space(utf8_decode(s)) ? n : 0;
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

static struct slice trim_start(lua_State *L, struct slice s)
{
    size_t i = 0;
    for (size_t n; (n = space_len(s)) > 0; s = slice_from(s, n))
        if (++i % PARTS_BETWEEN_LOOKS == 0)
            machine_check_stopping(L, "text.trim");
    return s;
}

static struct slice trim_end(lua_State *L, struct slice s)
{
    for (size_t i = 1; s.len > 0; i++) {
        size_t at = s.len - 1;
        while (at > 0 && !begins_character(s.data[at]))
            at--;
        struct slice last = slice_from(s, at);
        if (space_len(last) != last.len)
            break;
        s = slice_upto(s, at);
        if (i % PARTS_BETWEEN_LOOKS == 0)
            machine_check_stopping(L, "text.trim");
    }
    return s;
}

static int text_trim(lua_State *L)
{
    struct slice s = argument_text(L, 1, "text.trim", "s");
    return push_slice(L, trim_end(L, trim_start(L, s)));
}

/* ---- upper and lower case ---- */

static bool is_ascii(struct slice s)
{
    unsigned char any = 0;
    for (size_t i = 0; i < s.len; i++)
        any |= (unsigned char)s.data[i];
    return any < 0x80;
}

static void map_ascii(lua_State *L, struct slice s, enum unicode_case to, const char *what)
{
    for (size_t i = 0; i < s.len; i++) {
        int c = (unsigned char)s.data[i];
        buf_add_char(&machine_of(L)->json, (char)(to == UNICODE_UPPER ? toupper(c) : tolower(c)));
        if (i % MAPPED_BETWEEN_LOOKS == 0)
            machine_check_stopping(L, what);
    }
}

static void add_mapped(void *out, const char *data, size_t len)
{
    buf_add(out, data, len);
}

/* Where *s may be cut: some way on, and behind what is no letter, since what a letter becomes may
   depend on its neighbours. */
static struct slice take_stretch(struct slice *s)
{
    size_t len = MAPPED_BETWEEN_LOOKS;
    while (len < s->len && (unsigned char)s->data[len - 1] > '@')
        len++;
    struct slice stretch = slice_upto(*s, len);
    *s = slice_from(*s, len);
    return stretch;
}

static void map_unicode(lua_State *L, struct slice s, enum unicode_case to, const char *what)
{
    const struct unicode_module *unicode = module_find(L, MODULE_UNICODE, what);
    while (s.len > 0) {
        struct slice stretch = take_stretch(&s);
        unicode->map_case(stretch.data, stretch.len, to, add_mapped, &machine_of(L)->json);
        machine_check_stopping(L, what);
    }
}

/* [-0, +0, e] Replaces the text at `index` by what it is in that case. */
static struct slice map_case(lua_State *L, int index, enum unicode_case to, const char *what,
                             const char *name)
{
    struct slice s = argument_text(L, index, what, name);
    struct buf *out = &machine_of(L)->json;
    buf_clear(out);
    if (is_ascii(s)) {
        map_ascii(L, s, to, what);
    } else {
        argument_utf8(L, index, what, name);
        map_unicode(L, s, to, what);
    }
    lua_pushlstring(L, out->data ? out->data : "", out->len);
    lua_replace(L, index);
    return argument_text(L, index, what, name);
}

static int text_lower(lua_State *L)
{
    lua_settop(L, 1);
    map_case(L, 1, UNICODE_LOWER, "text.lower", "s");
    return 1;
}

static int text_upper(lua_State *L)
{
    lua_settop(L, 1);
    map_case(L, 1, UNICODE_UPPER, "text.upper", "s");
    return 1;
}

/* ---- beginnings, ends, parts ---- */

static int text_trim_prefix(lua_State *L)
{
    struct slice s = argument_text(L, 1, "text.trimPrefix", "s");
    struct slice prefix = argument_text(L, 2, "text.trimPrefix", "prefix");
    return push_slice(L, slice_from(s, slice_has_prefix(s, prefix) ? prefix.len : 0));
}

static int text_trim_suffix(lua_State *L)
{
    struct slice s = argument_text(L, 1, "text.trimSuffix", "s");
    struct slice suffix = argument_text(L, 2, "text.trimSuffix", "suffix");
    return push_slice(L, slice_upto(s, s.len - (slice_has_suffix(s, suffix) ? suffix.len : 0)));
}

/* Where `part`, which isn't empty, first stands in `s`; s.len where it doesn't. */
static size_t find(struct slice s, struct slice part)
{
    const char *found = s.len > 0 ? memmem(s.data, s.len, part.data, part.len) : NULL;
    return found ? (size_t)(found - s.data) : s.len;
}

/* ---- without regard to case ---- */

static const struct option case_rows[] = {{"ignoreCase", OPTION_BOOLEAN, NULL}};

/* [-0, +0, e] The two texts of a comparison, folded where its options, the third argument, say so. */
static void take_pair(lua_State *L, const struct option_set *set, const char *second,
                      struct slice *s, struct slice *part)
{
    lua_settop(L, 3);
    options_read_or_raise(L, 3, set);
    *s = argument_text(L, 1, set->what, "s");
    *part = argument_text(L, 2, set->what, second);
    if (!lua_toboolean(L, 4))
        return;
    *s = map_case(L, 1, UNICODE_FOLD, set->what, "s");
    *part = map_case(L, 2, UNICODE_FOLD, set->what, second);
}

static int text_starts_with(lua_State *L)
{
    static const struct option_set set = OPTION_SET("text.startsWith", case_rows);
    struct slice s, prefix;
    take_pair(L, &set, "prefix", &s, &prefix);
    lua_pushboolean(L, slice_has_prefix(s, prefix));
    return 1;
}

static int text_ends_with(lua_State *L)
{
    static const struct option_set set = OPTION_SET("text.endsWith", case_rows);
    struct slice s, suffix;
    take_pair(L, &set, "suffix", &s, &suffix);
    lua_pushboolean(L, slice_has_suffix(s, suffix));
    return 1;
}

static int text_contains(lua_State *L)
{
    static const struct option_set set = OPTION_SET("text.contains", case_rows);
    struct slice s, part;
    take_pair(L, &set, "part", &s, &part);
    lua_pushboolean(L, part.len == 0 || find(s, part) < s.len);
    return 1;
}

/* text.replace(s, old, new [, n]) */
static int text_replace(lua_State *L)
{
    struct slice s = argument_text(L, 1, "text.replace", "s");
    struct slice old = argument_text(L, 2, "text.replace", "old");
    struct slice new = argument_text(L, 3, "text.replace", "new");
    int64_t left = argument_whole_or(L, 4, INT64_MAX, "text.replace", "n");
    luaL_Buffer out;
    if (old.len == 0)
        machine_raise(L, "text.replace: old is empty: say what to replace");
    if (left < 0)
        machine_raise(L, "text.replace: n must be 0 or more; leave it out for all");
    luaL_buffinit(L, &out);
    for (size_t at; left > 0 && (at = find(s, old)) < s.len; left--) {
        if (left % PARTS_BETWEEN_LOOKS == 0)
            machine_check_stopping(L, "text.replace");
        luaL_addlstring(&out, s.data, at);
        luaL_addlstring(&out, new.data, new.len);
        s = slice_from(s, at + old.len);
    }
    luaL_addlstring(&out, s.data, s.len);
    luaL_pushresult(&out);
    return 1;
}

/* ---- split ---- */

/* The first part of *s, which is taken off it; *is_last where no other follows. */
static struct slice take_part(struct slice *s, struct slice sep, bool *is_last)
{
    size_t len = sep.len > 0 ? find(*s, sep) : utf8_len(*s);
    struct slice part = slice_upto(*s, len);
    *is_last = len == s->len;
    *s = slice_from(*s, len + sep.len);
    return part;
}

/* [-0, +0, e] Appends a part to the list on top. `empty` is the index of what stands for an empty
   one: a value; false for nothing; nil for "" itself. */
static void append_part(lua_State *L, struct slice part, int empty)
{
    size_t n = lua_objlen(L, -1);
    if (n % PARTS_BETWEEN_LOOKS == 0)
        machine_check_stopping(L, "text.split");
    if (part.len > 0 || lua_isnil(L, empty))
        push_slice(L, part);
    else if (lua_toboolean(L, empty))
        lua_pushvalue(L, empty);
    else
        return;
    lua_rawseti(L, -2, (int)n + 1);
}

/* text.split(s, sep [, {limit=, empty=}]) */
static int text_split(lua_State *L)
{
    static const struct option rows[] = {{"limit", OPTION_NUMBER, NULL},
                                         {"empty", OPTION_ANY, NULL}};
    static const struct option_set set = OPTION_SET("text.split", rows);
    struct slice s = argument_utf8(L, 1, "text.split", "s");
    struct slice sep = argument_text(L, 2, "text.split", "sep");
    lua_settop(L, 3);
    options_read_or_raise(L, 3, &set);
    int64_t limit = argument_whole_or(L, 4, INT64_MAX, "text.split", "limit");
    if (limit < 1)
        machine_raise(L, "text.split: limit must be 1 or more");
    lua_newtable(L);
    machine_mark(L, 6, REF_ARRAY);
    bool is_last = sep.len == 0 && s.len == 0;
    while (!is_last && (int64_t)lua_objlen(L, 6) + 1 < limit)
        append_part(L, take_part(&s, sep, &is_last), 5);
    if (!is_last)
        append_part(L, s, 5);
    return 1;
}

/* ---- characters ---- */

static int64_t count_characters(struct slice s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += begins_character(s.data[i]);
    return n;
}

static int text_length(lua_State *L)
{
    lua_pushinteger(L, count_characters(argument_utf8(L, 1, "text.length", "s")));
    return 1;
}

/* Where character `n`, from 0 on, begins; s.len where there are fewer. */
static size_t offset_of(struct slice s, int64_t n)
{
    size_t at = 0;
    for (; at < s.len; at++)
        if (begins_character(s.data[at]) && n-- == 0)
            break;
    return at;
}

/* text.sub(s, from [, to]): as string.sub, in characters. */
static int text_sub(lua_State *L)
{
    struct slice s = argument_utf8(L, 1, "text.sub", "s");
    int64_t from = argument_whole(L, 2, "text.sub", "from");
    int64_t to = argument_whole_or(L, 3, -1, "text.sub", "to");
    int64_t n = from < 0 || to < 0 ? count_characters(s) : INT64_MAX;
    from = from < 0 ? n + from + 1 : from;
    to = to < 0 ? n + to + 1 : to;
    from = from < 1 ? 1 : from;
    if (to < from)
        return push_slice(L, SLICE_NULL);
    s = slice_from(s, offset_of(s, from - 1));
    return push_slice(L, slice_upto(s, offset_of(s, to - from + 1)));
}

/* [-0, +0, e] Adds `fill`, again and again, until `n` characters are added. */
static void add_fill(luaL_Buffer *out, struct slice fill, int64_t n)
{
    int64_t each = count_characters(fill);
    for (; n >= each; n -= each)
        luaL_addlstring(out, fill.data, fill.len);
    luaL_addlstring(out, fill.data, offset_of(fill, n));
}

static int64_t share_at_start(lua_State *L, int index, int64_t n)
{
    static const char *const sides[] = {"right", "left", "both"};
    const char *side = lua_isnoneornil(L, index) ? "right" : lua_tostring(L, index);
    for (int i = 0; side && i < 3; i++)
        if (strcmp(side, sides[i]) == 0)
            return i == 0 ? 0 : n / i;
    machine_raise(L, "text.pad: side must be \"left\", \"right\" or \"both\": where to fill");
}

/* text.pad(s, width [, fill [, side]]) */
static int text_pad(lua_State *L)
{
    struct slice s = argument_utf8(L, 1, "text.pad", "s"), fill = SLICE_LIT(" ");
    int64_t width = argument_whole(L, 2, "text.pad", "width"), n = width - count_characters(s);
    luaL_Buffer out;
    if (width > WIDTH_MAX)
        machine_raise(L, "text.pad: width must be %d at most", WIDTH_MAX);
    if (!lua_isnoneornil(L, 3))
        fill = argument_utf8(L, 3, "text.pad", "fill");
    if (fill.len == 0)
        machine_raise(L, "text.pad: fill is empty");
    n = n > 0 ? n : 0;
    int64_t left = share_at_start(L, 4, n);
    lua_settop(L, 4);
    luaL_buffinit(L, &out);
    add_fill(&out, fill, left);
    luaL_addlstring(&out, s.data, s.len);
    add_fill(&out, fill, n - left);
    luaL_pushresult(&out);
    return 1;
}

/* ---- the table ---- */

static const char *const names[] = {
    "text.contains",   "text.endsWith",   "text.length",     "text.lower", "text.pad",
    "text.replace",    "text.split",      "text.startsWith", "text.sub",   "text.trim",
    "text.trimPrefix", "text.trimSuffix", "text.upper",      NULL,
};

static const luaL_Reg functions[] = {
    {"text.contains", text_contains},
    {"text.endsWith", text_ends_with},
    {"text.length", text_length},
    {"text.lower", text_lower},
    {"text.pad", text_pad},
    {"text.replace", text_replace},
    {"text.split", text_split},
    {"text.startsWith", text_starts_with},
    {"text.sub", text_sub},
    {"text.trim", text_trim},
    {"text.trimPrefix", text_trim_prefix},
    {"text.trimSuffix", text_trim_suffix},
    {"text.upper", text_upper},
    {NULL, NULL},
};

const struct subject subject_text = {"text", names, functions, NULL};
