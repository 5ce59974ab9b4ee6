/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What scripts can reach, and what they can't do to each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script/library.h"
#include "script_project.h"

/* Appends `local declared = {…}`: the library's names, each of which is looked up. */
static void add_name(void *ctx, const char *name)
{
    buf_printf(ctx, "[\"%s\"] = %.*s, ", name, (int)strcspn(name, "."), name);
}

static void add_declared(struct buf *code)
{
    buf_add_str(code, "local declared = { ");
    library_each(add_name, code);
    buf_add_str(code, "}\n");
}

/* Everything a script finds by walking from _G, metatables included, but for what the library
   declares, which has to be functions, and nothing beside them. */
static const char walk[] =
    "local seen, names = {}, {}\n"
    "local awaited = {}\n"
    "for name in pairs(declared) do\n"
    "  local subject = name:match('^(.*)%.')\n"
    "  awaited[name] = name .. ':function'\n"
    "  if subject then awaited[subject] = subject .. ':table' end\n"
    "end\n"
    "local function visit(path, value)\n"
    "  local found = path .. ':' .. type(value)\n"
    "  if awaited[path] ~= found then names[#names + 1] = found end\n"
    "  awaited[path] = nil\n"
    "  local mt = getmetatable(value)\n"
    "  if type(mt) == 'table' then visit(path .. '<mt>', mt) end\n"
    "  if type(value) ~= 'table' or seen[value] then return end\n"
    "  seen[value] = true\n"
    "  for k, v in pairs(value) do visit(path == '_G' and k or path .. '.' .. k, v) end\n"
    "end\n"
    "visit('_G', _G)\n"
    "for name in pairs(awaited) do names[#names + 1] = 'not there: ' .. name end\n"
    "table.sort(names)\n"
    "return table.concat(names, ' ')\n";

static const char allowed[] =
    "SyncManager.new:function SyncManager:table _G:table _G:table _VERSION:string array:function "
    "assert:function bit.arshift:function bit.band:function bit.bnot:function bit.bor:function "
    "bit.bswap:function bit.bxor:function bit.lshift:function bit.rol:function bit.ror:function "
    "bit.rshift:function bit.tobit:function bit.tohex:function bit:table error:function "
    "get:function getmetatable:function http.delete:function http.get:function "
    "http.patch:function http.post:function http.put:function http.request:function http:table "
    "ipairs:function json.decode:function json.encode:function json.lines:function json:table "
    "log.debug:function "
    "log.error:function log.info:function log.warn:function log:table math.abs:function "
    "math.acos:function math.asin:function math.atan2:function math.atan:function "
    "math.ceil:function math.cos:function math.cosh:function math.deg:function math.exp:function "
    "math.floor:function math.fmod:function math.frexp:function math.huge:number "
    "math.ldexp:function math.log10:function math.log:function math.max:function "
    "math.min:function math.modf:function math.pi:number math.pow:function math.rad:function "
    "math.random:function math.randomseed:function math.sin:function math.sinh:function "
    "math.sqrt:function math.tan:function math.tanh:function math:table next:function "
    "null:userdata os.clock:function os.date:function os.difftime:function os.time:function "
    "os:table pairs:function pcall:function print:function rawequal:function rawget:function "
    "rawset:function reject:function require:function retry:function secret:function "
    "select:function setmetatable:function setting:function skip:function string.byte:function "
    "string.char:function string.find:function string.format:function string.gmatch:function "
    "string.gsub:function string.len:function string.lower:function string.match:function "
    "string.rep:function string.reverse:function string.sub:function string.upper:function "
    "string:table table.concat:function table.insert:function table.maxn:function "
    "table.move:function table.remove:function table.sort:function table:table tonumber:function "
    "tostring:function type:function unpack:function xpcall:function";

static void test_a_script_finds_the_allow_list_and_no_more(void **state)
{
    (void)state;
    struct buf expected = {0}, code = {0};
    add_declared(&code);
    buf_add_str(&code, walk);
    char *got = project_eval(code.data, "{}");
    buf_printf(&expected, "\"%s\"", allowed);
    assert_string_equal(got, expected.data);
    buf_deinit(&expected);
    buf_deinit(&code);
    free(got);
}

/* Compares what .luacheckrc, run before it, lists with what there is. */
static const char compare[] =
    "local listed, wrong = {}, {}\n"
    "local function list(prefix, names)\n"
    "  for k, v in pairs(names) do\n"
    "    listed[prefix .. (type(k) == 'number' and v or k)] = true\n"
    "    if type(k) == 'string' then list(k .. '.', v.fields) end\n"
    "  end\n"
    "end\n"
    "local function check(prefix, t)\n"
    "  for k, v in pairs(t) do\n"
    "    local name = prefix .. k\n"
    "    if not listed[name] then wrong[#wrong + 1] = 'not listed: ' .. name end\n"
    "    listed[name] = nil\n"
    "    if type(v) == 'table' and v ~= _G then check(name .. '.', v) end\n"
    "  end\n"
    "end\n"
    "list('', stds.liaison.read_globals)\n"
    "for _, own in ipairs { 'stds', 'files', 'std', 'max_line_length', 'unused_args' } do\n"
    "  _G[own] = nil\n"
    "end\n"
    "check('', _G)\n"
    "for name in pairs(listed) do wrong[#wrong + 1] = 'not there: ' .. name end\n"
    "table.sort(wrong)\n"
    "return table.concat(wrong, ', ')\n";

static void test_luacheck_is_told_of_what_there_is_and_no_more(void **state)
{
    (void)state;
    struct buf code = {0};
    struct err err = {0};
    add_declared(&code);
    buf_add_str(&code, "stds, files = {}, {}\n");
    assert_int_equal(buf_read_file(&code, LIAISON_SOURCE_DIR "/.luacheckrc", 65536, &err), 0);
    buf_add_str(&code, compare);
    assert_eval(code.data, "\"\"");
    buf_deinit(&code);
}

static void test_metatables_are_out_of_reach(void **state)
{
    (void)state;
    assert_eval("return { getmetatable(''), getmetatable(null), getmetatable(array{}), "
                "getmetatable(json.decode('9007199254740993')), getmetatable(1) == nil }",
                "[\"string\",\"null\",\"array\",\"ffi\",true]");
    assert_eval("return { (pcall(setmetatable, array{}, {})), type(getmetatable(event.data)) }",
                "[false,\"nil\"]");
}

static void test_bytecode_is_not_loaded(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/a.lua", "\x1bLJ\x02");
    assert_false(project_load(p));
    assert_non_null(strstr(p->problems.data, "scripts/a.lua:1: this is compiled Lua"));
    project_free(p);
}

static void test_modules_of_the_system_are_not_required(void **state)
{
    (void)state;
    static const char *const names[] = {"ffi",   "io",  "os",   "jit",
                                        "debug", "lfs", "../x", "package"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct project *p = project_new();
        struct buf text = {0};
        buf_printf(&text, "local x = require '%s'", names[i]);
        project_write(p, "x.lua", "return {}");
        project_write(p, "scripts/a.lua", text.data);
        assert_false(project_load(p));
        assert_non_null(strstr(p->problems.data, "scripts/a.lua:1: require"));
        buf_deinit(&text);
        project_free(p);
    }
}

static void test_altering_a_library_harms_only_oneself(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/a.lua",
                  "string.upper = nil; json.encode = nil; http.post = nil; tostring = nil\n"
                  "table.insert = function() error('evil') end; leaked = 1\n"
                  "SyncManager.new{}:start()");
    project_write(p, "scripts/b.lua",
                  "local sync = SyncManager.new{}\n"
                  "sync:on('t', function(event)\n"
                  "  local t = {} table.insert(t, ('x'):upper())\n"
                  "  sync:send{ connector = 'out', data = { tostring(leaked), json.encode(t) } }\n"
                  "end)\nsync:start()");
    project_load_well(p);
    project_handle(p, "{}");
    assert_string_equal(p->sends[0].data.data, "[\"nil\",\"[\\\"X\\\"]\"]");
    project_free(p);
}

static void test_cjson_settings_are_each_files_own(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/a.lua", "local cjson = require 'cjson'\ncjson.encode_max_depth(1)");
    project_write(p, "scripts/b.lua",
                  "local cjson, safe = require 'cjson', require 'cjson.safe'\n"
                  "local sync = SyncManager.new{}\n"
                  "sync:on('t', function(event)\n"
                  "  sync:send{ connector = 'out', data = { cjson.encode{{{{}}}}, safe.decode('{') "
                  "== nil } }\n"
                  "end)\nsync:start()");
    project_load_well(p);
    project_handle(p, "{}");
    assert_string_equal(p->sends[0].data.data, "[\"[[[{}]]]\",true]");
    project_free(p);
}

static void test_each_handler_gets_its_own_copy_of_the_event(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(
        p, "scripts/a.lua",
        "local sync = SyncManager.new{}\n"
        "sync:on('t', function(event) event.data.x = 'spoilt' end)\n"
        "sync:on('t', function(event) sync:send{ connector = 'out', data = { event.data } } end)\n"
        "sync:start()");
    project_load_well(p);
    project_handle(p, "{\"x\":1}");
    project_handle_at(p, 1, "{\"x\":1}");
    assert_string_equal(p->sends[0].data.data, "[{\"x\":1}]");
    project_free(p);
}

static void test_xpcall_calls_its_handler_with_the_error(void **state)
{
    (void)state;
    assert_eval("return { xpcall(function(a) return a + 1 end, print, 1) }", "[true,2]");
    assert_eval("return { xpcall(error, function() error('again') end, 'x') }",
                "[false,\"error in error handling\"]");
    assert_eval("return { xpcall(error, function(e) return e, 2, 3 end, 'x') }", "[false,\"x\"]");
    assert_eval("return select('#', xpcall(error, function() end, 'x'))", "2");
    assert_eval("return select(2, pcall(function() xpcall(error, nil) end))",
                "\"scripts/main.lua:3: bad argument #2 to 'xpcall' (function expected, got nil)\"");
    assert_eval("return { xpcall(function() error('x', 0) end, function(e) return e .. '!' end) }",
                "[false,\"x!\"]");
}

static void test_table_functions_are_luas(void **state)
{
    (void)state;
    assert_eval("local t = { 3, 1, 2 } table.sort(t) return t", "[1,2,3]");
    assert_eval("local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) return t",
                "[3,2,1]");
    assert_eval("local t = { 'b', 'a' } table.sort(t, rawequal) return #t", "2");
    assert_eval("local t = { 1, 3 } table.insert(t, 2, 2) table.insert(t, 4) table.insert(t, 1, 0) "
                "return t",
                "[0,1,2,3,4]");
    assert_eval("return { os.date('!%Y', 0), os.date('!*t', 0).year }", "[\"1970\",1970]");
}

static void test_libs_are_shared_and_loaded_once(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "lib/shared.lua",
                  "local n = 0\nreturn { next = function() n = n + 1 return n end }");
    project_write(p, "lib/deep/init.lua", "return { name = 'deep' }");
    project_write(p, "lib/deep/er.lua", "return 'deeper'");
    project_write(p, "connectors/out.lua", "require('shared').next()\nreturn function() end");
    project_write(p, "scripts/a.lua",
                  "local n = require('shared').next()\nlocal sync = SyncManager.new{}\n"
                  "local deep, deeper = require 'deep', require 'deep.er'\n"
                  "sync:on('t', function() sync:send{ connector = 'out', data = { n, "
                  "require('shared').next(), "
                  "deep.name, deeper } } end)\nsync:start()");
    project_load_well(p);
    project_handle(p, "{}");
    assert_string_equal(p->sends[0].data.data, "[2,3,\"deep\",\"deeper\"]");
    project_free(p);
}

static void test_libs_that_require_each_other_are_told(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "lib/a.lua", "require 'b'");
    project_write(p, "lib/b.lua", "require 'a'");
    project_write(p, "scripts/s.lua", "require 'a'");
    assert_false(project_load(p));
    assert_non_null(
        strstr(p->problems.data, "lib/b.lua:1: require \"a\": this file is being loaded"));
    project_free(p);
}

static void test_a_lib_by_a_path_or_another_name_is_told_its_name(void **state)
{
    (void)state;
    static const char *const asked[] = {"lib/rooms.lua", "./lib/rooms", "lib.rooms", "rooms.lua",
                                        "roms"};
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct project *p = project_new();
        struct buf script = {0};
        buf_printf(&script, "require '%s'", asked[i]);
        project_write(p, "lib/rooms.lua", "return {}");
        project_write(p, "scripts/s.lua", script.data);
        assert_false(project_load(p));
        if (!strstr(p->problems.data, ": there is no such file in lib/; did you mean \"rooms\"?"))
            fail_msg("%s: %s", asked[i], p->problems.data);
        buf_deinit(&script);
        project_free(p);
    }
}

static void test_require_in_a_handler_finds_only_what_was_loaded(void **state)
{
    (void)state;
    char *got = project_eval("return require 'late'", "{}");
    assert_non_null(strstr(got, "require \"late\" belongs at the top of a file"));
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_script_finds_the_allow_list_and_no_more),
        cmocka_unit_test(test_luacheck_is_told_of_what_there_is_and_no_more),
        cmocka_unit_test(test_metatables_are_out_of_reach),
        cmocka_unit_test(test_bytecode_is_not_loaded),
        cmocka_unit_test(test_modules_of_the_system_are_not_required),
        cmocka_unit_test(test_altering_a_library_harms_only_oneself),
        cmocka_unit_test(test_cjson_settings_are_each_files_own),
        cmocka_unit_test(test_each_handler_gets_its_own_copy_of_the_event),
        cmocka_unit_test(test_xpcall_calls_its_handler_with_the_error),
        cmocka_unit_test(test_table_functions_are_luas),
        cmocka_unit_test(test_libs_are_shared_and_loaded_once),
        cmocka_unit_test(test_libs_that_require_each_other_are_told),
        cmocka_unit_test(test_a_lib_by_a_path_or_another_name_is_told_its_name),
        cmocka_unit_test(test_require_in_a_handler_finds_only_what_was_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
