/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Settings, secrets, the log, and liaison.lua. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "script_project.h"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

static void assert_problem(const char *settings, const char *script, const char *problem)
{
    struct project *p = project_new();
    p->options.settings = slice_str(settings);
    project_write(p, "scripts/s.lua", script);
    assert_false(project_load(p));
    assert_contains(p->problems.data, problem);
    project_free(p);
}

/* What a handler sends that runs `code` under these settings. */
static void assert_sends(const char *settings, const char *code, const char *json)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script,
               "local s = SyncManager.new{}\ns:on('t', function(event)\n"
               "s:send{ connector = 'out', data = (function() %s end)() } end)\ns:start()",
               code);
    p->options.settings = slice_str(settings);
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/s.lua", script.data);
    project_load_well(p);
    project_handle(p, "7");
    if (p->n_sends == 0)
        fail_msg("%s", project_error(p));
    assert_string_equal(p->sends[0].data.data, json);
    buf_deinit(&script);
    project_free(p);
}

/* ---- setting ---- */

static void test_settings_have_their_values(void **state)
{
    (void)state;
    const char *settings = "{\"url\":\"http://x\",\"n\":5,\"t\":{\"a\":[]},\"off\":false}";
    assert_sends(
        settings,
        "return { setting 'url', setting 'n', setting 't', setting('off'), setting('none', 3), "
        "setting('none', false) }",
        "[\"http://x\",5,{\"a\":[]},false,3,false]");
}

static void test_a_missing_setting_names_the_nearest(void **state)
{
    (void)state;
    assert_problem("{\"warehouseUrl\":1}", "\nlocal u = setting 'warehouseURL'",
                   "scripts/s.lua:2: there is no setting \"warehouseURL\": did you mean "
                   "\"warehouseUrl\"? Else write "
                   "settings = { warehouseURL = … } in liaison.lua, or give a default");
    assert_problem("{}", "local u = setting 'x'",
                   "there is no setting \"x\": write settings = { x = … }");
    assert_problem("{\"hall\":{\"url\":1}}", "local u = setting 'hall.url'",
                   "there is no setting \"hall.url\": write setting(\"hall\").url");
    assert_problem("{}", "local u = setting()", "setting takes a name");
}

static void test_a_table_that_one_script_alters_stays_what_it_was(void **state)
{
    (void)state;
    assert_sends("{\"t\":{\"a\":1}}", "setting('t').a = 2 return setting 't'", "{\"a\":1}");
}

static void test_a_setting_is_the_same_each_time(void **state)
{
    (void)state;
    assert_sends("{\"url\":\"http://x\",\"off\":false,\"nothing\":null}",
                 "local function all() return { setting 'url', setting 'off', setting 'nothing', "
                 "setting('none', 1) } end "
                 "all() local again = all() again[5] = setting('none', 2) return again",
                 "[\"http://x\",false,null,1,2]");
}

static void test_a_secret_among_the_settings_is_one(void **state)
{
    (void)state;
    assert_sends("{\"key\":{\"secret\":\"hidden-value\"}}", "return tostring(setting 'key')",
                 "\"***\"");
}

/* ---- secret ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The secret's value, as a request would carry it. */
static void assert_secret(const char *expected)
{
    struct project *p = project_new();
    struct buf request = {0};
    project_write(
        p, "connectors/out.lua",
        "local s = secret 'LT_KEY'\nreturn function() http.put('http://h', { body = s }) end");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    buf_printf(&request, "PUT http://h\nIdempotency-Key: d1\n\n%s", expected);
    assert_string_equal(project_request_text(p, 0), request.data);
    buf_deinit(&request);
    project_free(p);
}

static void test_a_secret_is_a_credential_a_file_or_a_variable(void **state)
{
    (void)state;
    char folder[] = "/tmp/liaison-secret-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/by-file", folder);

    setenv("LT_KEY", "by-variable\n", 1);
    assert_secret("by-variable");
    write_file(folder, "by-file", "from a file\r\n");
    setenv("LT_KEY_FILE", path, 1);
    assert_secret("from a file");
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_secret("from a file");
    write_file(folder, "LT_KEY", "from the service manager");
    assert_secret("from the service manager");

    unsetenv("CREDENTIALS_DIRECTORY");
    unsetenv("LT_KEY_FILE");
    unsetenv("LT_KEY");
    unlink(path);
    snprintf(path, sizeof(path), "%s/LT_KEY", folder);
    unlink(path);
    rmdir(folder);
}

static void test_a_missing_secret_says_where_to_put_it(void **state)
{
    (void)state;
    assert_problem("{}", "\nlocal s = secret 'LT_NONE'",
                   "scripts/s.lua:2: secret \"LT_NONE\" is missing: set the variable LT_NONE, or "
                   "let LT_NONE_FILE name");
    assert_problem("{}", "local s = secret '../x'", "secret takes a name of letters");
    setenv("LT_GONE_FILE", "/nonexistent/file", 1);
    assert_problem("{}", "local s = secret 'LT_GONE'", "/nonexistent/file");
    unsetenv("LT_GONE_FILE");
}

static void test_a_secret_shows_and_tells_nothing(void **state)
{
    (void)state;
    setenv("LT_KEY", "hidden-value", 1);
    assert_sends(
        "{}",
        "local s = secret 'LT_KEY' return { tostring(s), tostring('a' .. s .. 1), "
        "('%s'):format(s), "
        "s == secret 'LT_KEY', ('x' .. s) == ('x' .. secret 'LT_KEY'), type(s), getmetatable(s), "
        "(pcall(function() return s.bytes end)), (pcall(string.len, s)) }",
        "[\"***\",\"***\",\"***\",true,true,\"userdata\",false,false,false]");
    char *got = project_eval("return { a = { secret 'LT_KEY' } }", "{}");
    assert_contains(got, "sync:send: data[1].a[1]: a secret can't be part of data");
    free(got);
    got = project_eval("return json.encode{ secret 'LT_KEY' }", "{}");
    assert_contains(got, "json.encode: [1]: a secret can't be part of data");
    free(got);
    got = project_eval("return 'x' .. secret 'LT_KEY' .. {}", "{}");
    assert_contains(got, "attempt to join a secret and a table");
    free(got);
    got = project_eval("return json.decode('9007199254740993') .. secret 'LT_KEY'", "{}");
    assert_contains(got, "a secret can't be part of data");
    free(got);
    unsetenv("LT_KEY");
}

/* ---- log ---- */

static char *log_of(const char *code)
{
    struct project *p = project_new();
    struct buf script = {0}, text = {0};
    char path[] = "/tmp/liaison-log-XXXXXX";
    int fd = mkstemp(path);
    const struct log_options options = {
        .fd = fd, .level = LOG_DEBUG, .format = LOG_TEXT, .clock = clock_of_fake(&p->clock)};
    struct log *log = log_new(&options);
    buf_printf(&script, "local s = SyncManager.new{}\ns:on('t', function(event) %s end)\ns:start()",
               code);
    project_write(p, "scripts/s.lua", script.data);
    p->options.log = log;
    project_load_well(p);
    project_handle(p, "{}");
    if (p->result.end != SCRIPT_RETURNED)
        fail_msg("%s", project_error(p));
    assert_int_equal(buf_read_file(&text, path, 65536, NULL), 0);
    project_free(p);
    log_free(log);
    close(fd);
    unlink(path);
    buf_deinit(&script);
    return buf_take(&text);
}

static void test_a_line_has_its_fields_by_name(void **state)
{
    (void)state;
    setenv("LT_KEY", "hidden-value", 1);
    char *line =
        log_of("log.warn('hello', { b = 2, a = 'x', c = { 1, secret 'LT_KEY' }, d = print })");
    assert_contains(line, " warn  hello handler=s/t#1 a=x b=2 c=[1,\"***\"] d=");
    assert_contains(line, "a function can't be sent as JSON");
    free(line);
    line = log_of(
        "log.debug('one') log.info(2) log.error('three') print('four', 5, nil, secret 'LT_KEY')");
    assert_contains(line, "debug one");
    assert_contains(line, "info  2");
    assert_contains(line, "error three");
    assert_contains(line, "\"four\\t5\\tnil\\t***\"");
    free(line);
    line = log_of("print({ b = { 1, null } }, array{}, { f = print }, { secret 'LT_KEY' })");
    assert_contains(line, "{\\\"b\\\":[1,null]}\\t[]\\ttable: 0x");
    assert_null(strstr(line, "hidden-value"));
    free(line);
    unsetenv("LT_KEY");
}

static void test_wrong_lines_are_told(void **state)
{
    (void)state;
    assert_problem("{}", "\nlog.info({})", "scripts/s.lua:2: write log.info(text, fields)");
    assert_problem("{}", "log.info('x', 5)", "write log.info(text, fields)");
    assert_problem("{}", "log.info('x', { 5 })", "log: its names must be strings");
}

/* ---- liaison.lua ---- */

static void add_problem(void *ctx, const struct script_problem *problem)
{
    struct buf *told = ctx;
    buf_printf(told, "%s%s%s", told->len ? "\n" : "", problem->fails_check ? "finding " : "",
               problem->file);
    if (problem->line > 0)
        buf_printf(told, ":%d", problem->line);
    buf_printf(told, ": %s%s%s", problem->text, problem->detail ? "\n" : "",
               problem->detail ? problem->detail : "");
}

/* What a liaison.lua with that text is read as, and what is told of it. The caller frees it. */
static char *read_config(const char *text)
{
    struct buf out = {0}, told = {0};
    struct mask *mask = mask_new();
    if (script_read_config(slice_str(text), false, mask, &out, add_problem, &told) < 0)
        assert_int_equal(out.len, 0);
    buf_add_slice(&out, buf_slice(&told));
    buf_deinit(&told);
    mask_free(mask);
    return buf_take(&out);
}

static void assert_config(const char *text, const char *expected)
{
    char *got = read_config(text);
    assert_string_equal(got, expected);
    free(got);
}

static void assert_config_error(const char *text, const char *part)
{
    char *got = read_config(text);
    assert_contains(got, part);
    free(got);
}

static void test_liaison_lua_becomes_json(void **state)
{
    (void)state;
    setenv("LT_KEY", "hidden-value", 1);
    assert_config(
        "return { listen = 'x', settings = { a = { 1, 2 }, b = {} }, token = secret 'LT_KEY' }",
        "{\"listen\":\"x\",\"settings\":{\"a\":[1,2],\"b\":{}},\"token\":{\"secret\":\"hidden-"
        "value\"}}");
    assert_config("return {}", "{}");
    unsetenv("LT_KEY");
}

static void test_a_liaison_lua_that_is_no_lua_says_what_to_write(void **state)
{
    (void)state;
    assert_config_error("return {\n  a = = 1 }", "liaison.lua:2: unexpected symbol near '='");
    assert_config_error("return {\n  listen: '127.0.0.1:1',\n}",
                        "liaison.lua:2: in a table write listen = …, with = in place of the "
                        "colon\n    2 | listen: '127.0.0.1:1'");
    assert_config_error("{\n  listen = '127.0.0.1:1',\n}",
                        "liaison.lua:1: write return before the table");
    assert_config_error("return {}\nlocal x", "nothing may follow a `return`");
}

static void test_a_liaison_lua_that_fails_says_where(void **state)
{
    (void)state;
    assert_config_error("\n\nlocal t\nreturn t.x",
                        "liaison.lua:4: t.x: t is nil: line 3 gives it no value");
    assert_config_error("error{ 1 }", "liaison.lua:1: [1]");
    assert_config_error("return error()", "liaison.lua:1: an error that is nil");
    assert_config_error("\nreturn { token = secret 'LT_NONE' }",
                        "liaison.lua:2: secret \"LT_NONE\" is missing");
    assert_config_error("return { token = secret.LT_NONE }", "secret is a function; call it");
    if (PROJECT_CAN_STOP)
        assert_config_error("\nwhile true do end",
                            "liaison.lua:2: stopped: its top level ran longer than 2s");
}

static void test_what_liaison_lua_has_not_says_where_that_belongs(void **state)
{
    (void)state;
    assert_config_error("return {\n x = setting 'y' }",
                        "liaison.lua:2: liaison.lua has no `setting`: settings are given here");
    assert_config_error("return { x = http.get('http://x') }", "in connectors/NAME.lua");
    assert_config_error("return { x = os.getenv('X') }", "liaison.lua has no `os.getenv`: "
                                                         "LIAISON_SETTINGS_NAME");
    assert_config_error("local m = SyncManager.new {}", "in scripts/NAME.lua");
    assert_config_error("return {\n settings = { a = log } }",
                        "liaison.lua:2: settings.a: a userdata can't stand in liaison.lua");
}

static void test_a_name_without_a_value_in_liaison_lua_is_a_finding(void **state)
{
    (void)state;
    assert_config("return {\n listen = adress }",
                  "{}finding liaison.lua:2: there is no `adress`: nothing gives it a value; write "
                  "local adress = … above, or quotes around it if it is a text\n    2 | listen = "
                  "adress }\n      |          ^^^^^^");
    assert_config_error("return { a = text.trimm }", "finding liaison.lua:1: text has no `trimm`");
    assert_config("local a = 1 return { b = a }", "{\"b\":1}");
}

static void test_what_liaison_lua_returns_must_be_a_table_of_names(void **state)
{
    (void)state;
    assert_config_error("", "liaison.lua: it returns nothing; it must return a table");
    assert_config_error("\nlisten = '127.0.0.1:1'",
                        "liaison.lua:2: it returns nothing, and listen = … alone sets no key: "
                        "write return { listen = … }");
    assert_config_error("\nreturn 5", "liaison.lua:2: it returns a number; it must return a table");
    assert_config_error("return nul", "liaison.lua:1: it returns nul, which is nil");
    assert_config_error("return {\n reload = 'watch',\n 'x', 2 }",
                        "liaison.lua:3: this has no name: write listen = …");
    assert_config_error("local t = {}\nt[1] = 2\nreturn t",
                        "liaison.lua:3: the table that it returns must have names");
    assert_config_error("return {\n limits = {\n  memory = type } }",
                        "liaison.lua:3: limits.memory: a function can't stand in liaison.lua");
    assert_config_error("return { settings = {\n a = { 1, 0/0 } } }",
                        "liaison.lua:2: settings.a[2]: NaN can't stand in liaison.lua");
}

/* ---- where a key stands ---- */

static void assert_key(const char *text, const char *key, const char *told)
{
    struct buf got = {0};
    assert_int_equal(script_refuse_setting(slice_str(text), key, "no", add_problem, &got), -1);
    assert_string_equal(got.data, told);
    buf_deinit(&got);
}

static void test_a_key_is_found_where_it_stands(void **state)
{
    (void)state;
    assert_key("-- b\nreturn {\n  b = {\n    a = 1 },\n  [\"a\"] = 2 }", "b.a",
               "liaison.lua:4: no\n    4 | a = 1 },\n      | ^");
    assert_key("-- b\nreturn {\n  b = {\n    a = 1 },\n  [\"a\"] = 2 }", "a",
               "liaison.lua:5: no\n    5 | [\"a\"] = 2 }\n      |  ^^^");
    assert_key("local b = {\n  a = 1 }\nreturn { b = b }", "b.a",
               "liaison.lua:2: no\n    2 | a = 1 }\n      | ^");
    assert_key("local c = { b = {} }\nc.b.a = 1\nreturn c", "b.a",
               "liaison.lua:2: no\n    2 | c.b.a = 1\n      |     ^");
    assert_key("if x then return { a = 0 } end\nreturn { a = 1 }", "a",
               "liaison.lua:2: no\n    2 | return { a = 1 }\n      |          ^");
}

static void test_a_key_that_is_made_elsewhere_is_told_of_what_is_around_it(void **state)
{
    (void)state;
    assert_key("return {\n  b = make() }", "b.a",
               "liaison.lua:2: no\n    2 | b = make() }\n      | ^");
    assert_key("\nreturn make()", "a",
               "liaison.lua:2: no\n    2 | return make()\n      |        ^^^^^^");
    assert_key("make()", "a", "liaison.lua: no");
}

/* ---- stand-ins for secrets ---- */

static void test_stand_ins_take_the_place_of_secrets(void **state)
{
    (void)state;
    struct project *p = project_new();
    setenv("LIAISON_TEST_REAL", "really-secret", 1);
    p->options.has_stand_ins = true;
    p->options.settings = SLICE_LIT("{\"hook\":{\"secret\":\"really-secret\"}}");
    project_write(p, "connectors/out.lua",
                  "local token = secret 'LIAISON_TEST_REAL'\n"
                  "local nowhere, hook = secret 'NOWHERE_AT_ALL', setting 'hook'\n"
                  "return function() return http.post(nowhere .. '/x',\n"
                  "  { query = { t = token }, headers = { H = hook } }) end");
    project_write(p, "scripts/s.lua",
                  "local s = SyncManager.new{ eventBusUrl = secret 'BUS' }\ns:start()");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    const char *text = project_request_text(p, 0);
    assert_contains(
        text, "POST https://stand-in-for-NOWHERE_AT_ALL/x?t=stand-in-for-LIAISON_TEST_REAL\n");
    assert_contains(text, "H: stand-in-for-hook\n");
    struct slice channel = script_manager_at(p->machine, 0)->channel;
    assert_true(slice_is_equal(channel, SLICE_LIT("https://stand-in-for-BUS")));
    struct buf shown = {0};
    buf_add_str(&shown, text);
    mask_apply(p->mask, &shown, 0);
    assert_contains(shown.data, "POST https://***/x?t=***\n");
    buf_deinit(&shown);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stand_ins_take_the_place_of_secrets),
        cmocka_unit_test(test_settings_have_their_values),
        cmocka_unit_test(test_a_missing_setting_names_the_nearest),
        cmocka_unit_test(test_a_table_that_one_script_alters_stays_what_it_was),
        cmocka_unit_test(test_a_setting_is_the_same_each_time),
        cmocka_unit_test(test_a_secret_among_the_settings_is_one),
        cmocka_unit_test(test_a_secret_is_a_credential_a_file_or_a_variable),
        cmocka_unit_test(test_a_missing_secret_says_where_to_put_it),
        cmocka_unit_test(test_a_secret_shows_and_tells_nothing),
        cmocka_unit_test(test_a_line_has_its_fields_by_name),
        cmocka_unit_test(test_wrong_lines_are_told),
        cmocka_unit_test(test_liaison_lua_becomes_json),
        cmocka_unit_test(test_a_liaison_lua_that_is_no_lua_says_what_to_write),
        cmocka_unit_test(test_a_liaison_lua_that_fails_says_where),
        cmocka_unit_test(test_what_liaison_lua_has_not_says_where_that_belongs),
        cmocka_unit_test(test_a_name_without_a_value_in_liaison_lua_is_a_finding),
        cmocka_unit_test(test_what_liaison_lua_returns_must_be_a_table_of_names),
        cmocka_unit_test(test_a_key_is_found_where_it_stands),
        cmocka_unit_test(test_a_key_that_is_made_elsewhere_is_told_of_what_is_around_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
