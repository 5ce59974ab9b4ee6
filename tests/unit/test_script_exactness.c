/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Documents of all kinds, from a seed: what is decoded and encoded is the same, byte for byte; and
 * where lua-cjson is exact (no empty lists and objects, numbers of 14 digits at most), both see the
 * same in a document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/rng.h"
#include "script_project.h"

#define DOCUMENTS 400
#define DEPTH_MAX 4

/* Each text is canonical: names sorted, no white space, numbers as they are written. */
static const char script[] =
    "local function same(text, encoded, how)\n"
    "  if encoded ~= text then error(how .. ': ' .. text .. ' became ' .. encoded) end\n"
    "end\n"
    "local sync = SyncManager.new {}\n"
    "sync:on('t', function(event)\n"
    "  local text = event.data.text\n"
    "  local doc = json.decode(text)\n"
    "  same(text, json.encode(doc), 'decoded and encoded')\n"
    "  same(text, json.encode(json.decode(json.encode(doc))), 'twice')\n"
    "  if text:sub(1, 1) == '{' then\n"
    "    local copy = {}\n"
    "    for name, value in pairs(doc) do copy[name] = value end\n"
    "    same(text, json.encode(copy), 'its members in a new table')\n"
    "  end\n"
    "  same('[' .. text .. ']', json.encode { doc }, 'in a list')\n"
    "end)\n"
    "sync:start()\n";

/* What lua-cjson makes of a text is the same, value by value, and either encodes what the other has
   decoded. */
static const char oracle[] =
    "local cjson = require 'cjson'\n"
    "local function same(a, b)\n"
    "  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end\n"
    "  for name, value in pairs(a) do if not same(value, b[name]) then return false end end\n"
    "  for name in pairs(b) do if a[name] == nil then return false end end\n"
    "  return true\n"
    "end\n"
    "local sync = SyncManager.new {}\n"
    "sync:on('t', function(event)\n"
    "  local text = event.data.text\n"
    "  local ours, theirs = json.decode(text), cjson.decode(text)\n"
    "  if not same(ours, theirs) then error('decoded otherwise: ' .. text) end\n"
    "  if json.encode(theirs) ~= text then error('encoded otherwise: ' .. text) end\n"
    "  if json.encode(json.decode(cjson.encode(ours))) ~= text then error('by cjson: ' .. text) "
    "end\n"
    "end)\n"
    "sync:start()\n";

/* Documents that a test draws. */
struct source {
    struct rng rng;
    bool is_plain; /* only what lua-cjson is exact with */
};

static void add_digits(struct buf *out, struct rng *rng, uint64_t max)
{
    buf_add_char(out, (char)('1' + rng_upto(rng, 8)));
    for (uint64_t n = rng_upto(rng, max); n > 0; n--)
        buf_add_char(out, (char)('0' + rng_upto(rng, 9)));
}

static void add_number(struct buf *out, struct source *s)
{
    struct rng *rng = &s->rng;
    if (rng_upto(rng, 2) == 0)
        buf_add_char(out, '-');
    add_digits(out, rng, s->is_plain ? 8 : 40);
    if (rng_upto(rng, 2) > 0)
        return;
    buf_add_char(out, '.');
    add_digits(out, rng, s->is_plain ? 2 : 25);
    buf_add_char(out, '7');
}

static void add_text(struct buf *out, struct rng *rng)
{
    static const char *const parts[] = {
        "a",    "Z", "0",        " ", "\"",           "\\",   "\n",
        "\x01", "/", "\xc3\xa4", "é", "\xe2\x82\xac", "null", "\xf0\x9f\x98\x80"};
    struct buf text = {0};
    buf_add_str(&text, "");
    for (uint64_t n = rng_upto(rng, 6); n > 0; n--)
        buf_add_str(&text, parts[rng_upto(rng, ARRAY_LEN(parts) - 1)]);
    json_add_string(out, buf_slice(&text));
    buf_deinit(&text);
}

static void add_value(struct buf *out, struct source *s, int depth);

static void add_members(struct buf *out, struct source *s, int depth, bool has_names)
{
    uint64_t n = rng_upto(&s->rng, 40) == 0 ? 50 : rng_upto(&s->rng, 5);
    if (s->is_plain && n == 0)
        n = 1;
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        if (has_names)
            buf_printf(out, "\"n%02d\":", (int)i);
        add_value(out, s, depth + 1);
    }
}

static void add_value(struct buf *out, struct source *s, int depth)
{
    static const char *const words[] = {"null", "true", "false", "0", "[]", "{}", "-0.0"};
    const size_t n_words = s->is_plain ? 4 : ARRAY_LEN(words);
    struct rng *rng = &s->rng;
    uint64_t kind = rng_upto(rng, depth < DEPTH_MAX ? 5 : 3);
    if (kind == 0) {
        buf_add_str(out, words[rng_upto(rng, n_words - 1)]);
    } else if (kind == 1) {
        add_number(out, s);
    } else if (kind <= 3) {
        add_text(out, rng);
    } else {
        buf_add_char(out, kind == 4 ? '[' : '{');
        add_members(out, s, depth, kind == 5);
        buf_add_char(out, kind == 4 ? ']' : '}');
    }
}

static void handle_documents(const char *code, bool is_plain)
{
    struct source s = {.is_plain = is_plain};
    struct project *p = project_new();
    rng_init(&s.rng, 20261126);
    p->options.handler_time_ms = 20000;
    project_write(p, "scripts/main.lua", code);
    project_load_well(p);
    for (int i = 0; i < DOCUMENTS; i++) {
        struct buf text = {0}, data = {0};
        add_value(&text, &s, i % 2 == 0 ? 0 : DEPTH_MAX);
        buf_add_str(&data, "{\"text\":");
        json_add_string(&data, buf_slice(&text));
        buf_add_char(&data, '}');
        project_handle(p, data.data);
        if (p->result.end != SCRIPT_RETURNED)
            fail_msg("%s", project_error(p));
        buf_deinit(&text);
        buf_deinit(&data);
    }
    project_free(p);
}

static void test_documents_are_encoded_as_they_were_decoded(void **state)
{
    (void)state;
    handle_documents(script, false);
}

static void test_lua_cjson_sees_the_same_where_it_is_exact(void **state)
{
    (void)state;
    handle_documents(oracle, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_are_encoded_as_they_were_decoded),
        cmocka_unit_test(test_lua_cjson_sees_the_same_where_it_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
