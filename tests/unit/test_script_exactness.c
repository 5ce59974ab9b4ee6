/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Documents of all kinds, from a seed: what is decoded and encoded is the same, byte for byte. */
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

static void add_digits(struct buf *out, struct rng *rng, uint64_t max)
{
    buf_add_char(out, (char)('1' + rng_upto(rng, 8)));
    for (uint64_t n = rng_upto(rng, max); n > 0; n--)
        buf_add_char(out, (char)('0' + rng_upto(rng, 9)));
}

static void add_number(struct buf *out, struct rng *rng)
{
    if (rng_upto(rng, 2) == 0)
        buf_add_char(out, '-');
    add_digits(out, rng, 40);
    if (rng_upto(rng, 2) > 0)
        return;
    buf_add_char(out, '.');
    add_digits(out, rng, 25);
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

static void add_value(struct buf *out, struct rng *rng, int depth);

static void add_members(struct buf *out, struct rng *rng, int depth, bool has_names)
{
    uint64_t n = rng_upto(rng, 40) == 0 ? 50 : rng_upto(rng, 5);
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        if (has_names)
            buf_printf(out, "\"n%02d\":", (int)i);
        add_value(out, rng, depth + 1);
    }
}

static void add_value(struct buf *out, struct rng *rng, int depth)
{
    static const char *const words[] = {"null", "true", "false", "0", "[]", "{}", "-0.0"};
    uint64_t kind = rng_upto(rng, depth < DEPTH_MAX ? 5 : 3);
    if (kind == 0) {
        buf_add_str(out, words[rng_upto(rng, ARRAY_LEN(words) - 1)]);
    } else if (kind == 1) {
        add_number(out, rng);
    } else if (kind <= 3) {
        add_text(out, rng);
    } else {
        buf_add_char(out, kind == 4 ? '[' : '{');
        add_members(out, rng, depth, kind == 5);
        buf_add_char(out, kind == 4 ? ']' : '}');
    }
}

static void test_documents_are_encoded_as_they_were_decoded(void **state)
{
    (void)state;
    struct rng rng;
    struct project *p = project_new();
    rng_init(&rng, 20261126);
    p->options.handler_time_ms = 20000;
    project_write(p, "scripts/main.lua", script);
    project_load_well(p);
    for (int i = 0; i < DOCUMENTS; i++) {
        struct buf text = {0}, data = {0};
        add_value(&text, &rng, i % 2 == 0 ? 0 : DEPTH_MAX);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_are_encoded_as_they_were_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
