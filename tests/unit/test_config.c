/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "script/script.h"

#include <cmocka.h>

/* A project in a folder of its own, and what loading it gave. */
struct fixture {
    char folder[64];
    struct mask *mask;
    struct config config;
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    strcpy(f->folder, "/tmp/liaison-config-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    f->mask = mask_new();
    *state = f;
    return 0;
}

static void path_in(const struct fixture *f, const char *name, char out[static 256])
{
    snprintf(out, 256, "%s/%s", f->folder, name);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"liaison.lua", "scripts/one.lua", "scripts"};
    char path[256];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        path_in(f, names[i], path);
        remove(path);
    }
    rmdir(f->folder);
    config_deinit(&f->config);
    mask_free(f->mask);
    free(f);
    return 0;
}

static void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[256];
    path_in(f, name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int load(struct fixture *f, struct config_source source)
{
    char *const nothing[] = {NULL};
    if (!source.project)
        source.project = f->folder;
    if (!source.environment)
        source.environment = nothing;
    config_deinit(&f->config);
    f->err = (struct err){0};
    return config_load(&f->config, &source, f->mask, config_note_problem, &f->err);
}

static void assert_refused(struct fixture *f, const char *text, const char *said)
{
    write_file(f, "liaison.lua", text);
    assert_int_equal(load(f, (struct config_source){0}), -1);
    if (!strstr(f->err.message, said))
        fail_msg("\"%s\" isn't in \"%s\"", said, f->err.message);
}

static void assert_setting(const struct fixture *f, const char *name, const char *json)
{
    struct slice value;
    assert_true(json_get(buf_slice(&f->config.settings), name, &value));
    assert_int_equal(value.len, strlen(json));
    assert_memory_equal(value.data, json, value.len);
}

/* ---- values and where they come from ---- */

static void an_empty_file_gives_the_defaults(void **state)
{
    struct fixture *f = *state;
    char journal[256];
    write_file(f, "liaison.lua", "return {}");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    path_in(f, "var/journal.db", journal);
    assert_string_equal(f->config.journal, journal);
    assert_string_equal(f->config.listen, "127.0.0.1:8750");
    assert_int_equal(f->config.handler_time_ms, 100);
    assert_int_equal(f->config.memory_max, 64 << 20);
    assert_int_equal(f->config.in_flight, 10000);
    assert_int_equal(f->config.message_max, 16 << 20);
    assert_int_equal(f->config.body_max, 1 << 20);
    assert_int_equal(f->config.drain_ms, 8000);
    assert_int_equal(f->config.log_level, LOG_INFO);
    assert_int_equal(f->config.log_format, LOG_TEXT);
    assert_null(f->config.script);
}

static void the_file_sets_values(void **state)
{
    struct fixture *f = *state;
    write_file(f, "liaison.lua",
               "return { listen = '127.0.0.1:1', journal = '/j.db', limits = { drain = 0.5,\n"
               "inFlight = 7, memory = '8MB' }, log = { level = 'debug', format = 'json' } }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_string_equal(f->config.listen, "127.0.0.1:1");
    assert_string_equal(f->config.journal, "/j.db");
    assert_int_equal(f->config.drain_ms, 500);
    assert_int_equal(f->config.in_flight, 7);
    assert_int_equal(f->config.memory_max, 8 << 20);
    assert_int_equal(f->config.log_level, LOG_DEBUG);
    assert_int_equal(f->config.log_format, LOG_JSON);
}

static void flags_go_before_variables_and_these_before_the_file(void **state)
{
    struct fixture *f = *state;
    char *const environment[] = {"LIAISON_LISTEN=127.0.0.1:2", "LIAISON_LIMITS_HANDLER_TIME=2s",
                                 "LIAISON_LIMITS_DRAIN=3s", NULL};
    const char *const sets[] = {"limits.drain=4s"};
    write_file(f, "liaison.lua", "return { listen = '127.0.0.1:1', limits = { drain = '1s' } }");
    assert_int_equal(load(f, (struct config_source){.environment = environment}), 0);
    assert_string_equal(f->config.listen, "127.0.0.1:2");
    assert_int_equal(f->config.handler_time_ms, 2000);
    assert_int_equal(f->config.drain_ms, 3000);
    assert_int_equal(load(f, (struct config_source){.environment = environment,
                                                    .listen = "127.0.0.1:3",
                                                    .sets = sets,
                                                    .n_sets = 1}),
                     0);
    assert_string_equal(f->config.listen, "127.0.0.1:3");
    assert_int_equal(f->config.drain_ms, 4000);
}

static void the_state_directory_holds_the_journal_where_it_is_set(void **state)
{
    struct fixture *f = *state;
    char *const environment[] = {"STATE_DIRECTORY=/var/lib/liaison/x", NULL};
    write_file(f, "liaison.lua", "return {}");
    assert_int_equal(load(f, (struct config_source){.environment = environment}), 0);
    assert_string_equal(f->config.journal, "/var/lib/liaison/x/journal.db");
}

/* ---- settings ---- */

static void settings_come_from_all_places(void **state)
{
    struct fixture *f = *state;
    char *const environment[] = {"LIAISON_SETTINGS_WAREHOUSE_URL=http://v", NULL};
    const char *const sets[] = {"settings.calendarUrl=http://f"};
    write_file(f, "liaison.lua",
               "return { settings = { warehouseUrl = 'http://l', other = 'kept' } }");
    assert_int_equal(
        load(f, (struct config_source){.environment = environment, .sets = sets, .n_sets = 1}), 0);
    assert_setting(f, "warehouseUrl", "\"http://v\"");
    assert_setting(f, "calendarUrl", "\"http://f\"");
    assert_setting(f, "other", "\"kept\"");
}

static void a_text_takes_the_type_of_the_value_in_whose_place_it_comes(void **state)
{
    struct fixture *f = *state;
    const char *const sets[] = {"settings.size=20", "settings.name=20", "settings.on=false"};
    write_file(f, "liaison.lua", "return { settings = { size = 10, name = 'ten', on = true } }");
    assert_int_equal(load(f, (struct config_source){.sets = sets, .n_sets = ARRAY_LEN(sets)}), 0);
    assert_setting(f, "size", "20");
    assert_setting(f, "name", "\"20\"");
    assert_setting(f, "on", "false");
}

/* ---- what is refused ---- */

static void an_unknown_key_names_line_and_nearest(void **state)
{
    assert_refused(*state, "return {\n  listne = '127.0.0.1:1',\n}",
                   "liaison.lua:2: unknown key `listne`: did you mean `listen`?");
    assert_refused(*state, "return {\n limits = {\n  handlerTme = 1 } }",
                   "liaison.lua:3: unknown key `limits.handlerTme`: did you mean "
                   "`limits.handlerTime`?");
}

static void a_key_of_another_table_is_named_where_it_stands(void **state)
{
    assert_refused(*state, "return {\n drain = '1s' }",
                   "liaison.lua:2: unknown key `drain`: did you mean `limits.drain`?");
    assert_refused(*state, "return { limits = {\n retain = '7d' } }",
                   "liaison.lua:2: unknown key `limits.retain`: did you mean `retain`?");
    assert_refused(*state, "return { setting = {} }", "did you mean `settings`?");
    assert_refused(*state, "return { handler_time = 1 }", "did you mean `limits.handlerTime`?");
}

static void a_key_from_elsewhere_says_what_to_write(void **state)
{
    assert_refused(*state, "return {\n  port = 9000,\n}",
                   "liaison.lua:2: unknown key `port`: listen = \"127.0.0.1:8750\" says both");
    assert_refused(*state, "return { retry = 5 }",
                   "connectors/NAME.lua returns { send = …, retry = … }");
    assert_refused(*state, "return { eventBusUrl = 'x' }", "SyncManager.new{ eventBusUrl");
    assert_refused(*state, "return { log = { file = 'x' } }", "the log goes to standard error");
}

static void a_key_that_resembles_none_is_told_which_there_are(void **state)
{
    assert_refused(*state, "return { warehouse = 'x' }",
                   "stand in settings = { name = … }, and setting \"name\" reads them; the keys "
                   "here are journal, limits, listen, log, reload, retain, settings, tls, token, "
                   "tokens");
    assert_refused(*state, "return { sort = 'x' }", "unknown key `sort`: values for scripts");
    assert_refused(*state, "return { retain = { everything = 1 } }", "retain has dead, delivered");
}

static void wrong_values_are_refused_with_what_to_write(void **state)
{
    assert_refused(*state, "return {\n limits = { drain = 'soon' } }",
                   "liaison.lua:2: limits.drain: \"soon\" is no duration: write a number with");
    assert_refused(*state, "return { limits = { inFlight = 0 } }", "a whole number from 1 to");
    assert_refused(*state, "return { log = { level = 'loud' } }",
                   "log.level: it must be \"debug\", \"info\", \"warn\" or \"error\", not "
                   "\"loud\"");
    assert_refused(*state, "return { log = { level = 'warning' } }", "did you mean \"warn\"?");
    assert_refused(*state, "return { log = { format = 'JSON' } }", "did you mean \"json\"?");
    assert_refused(*state, "return { limits = { memory = '4KB' } }",
                   "\"4KB\" is too small: write 1MB or more");
    assert_refused(*state, "return { limits = { handlerTime = 0 } }",
                   "\"0\" is too short: write 1ms or more");
    assert_refused(*state, "return { token = '' }", "token: it is empty: write a text");
}

static void values_of_a_wrong_kind_are_told_of_what_has_to_stand_there(void **state)
{
    assert_refused(*state, "return {\n retain = '7d' }",
                   "liaison.lua:2: `retain` must be a table of names and values, not a text: write "
                   "retain = { delivered = \"7d\", dead = \"90d\" }");
    assert_refused(*state, "return { settings = { 'a' } }", "names and values, not a list");
    assert_refused(*state, "return { listen = {} }", "\"unix:PATH\", not a table");
    assert_refused(*state, "return { journal = 5 }", "must be a file's path");
    assert_refused(*state, "return { token = 12345 }", "must be a text");
    assert_refused(*state, "return { reload = true }", "\"watch\" or \"manual\", not true");
    assert_refused(*state, "return { limits = { drain = null } }", "not null: leave it out");
}

static void an_address_is_looked_at_before_it_is_bound(void **state)
{
    struct fixture *f = *state;
    char *const environment[] = {"LIAISON_LISTEN=localhost", NULL};
    assert_refused(f, "return {\n listen = 9000 }",
                   "liaison.lua:2: listen: \"9000\" is no address to listen on: write "
                   "\"127.0.0.1:9000\"");
    write_file(f, "liaison.lua", "return {}");
    assert_int_equal(load(f, (struct config_source){.environment = environment}), -1);
    assert_string_equal(f->err.message, "LIAISON_LISTEN: listen: \"localhost\" is no address to "
                                        "listen on: it has no port: write \"localhost:8750\"");
}

/* ---- what was refused, as a problem of the file ---- */

static void add_problem(void *ctx, const struct script_problem *problem)
{
    buf_printf(ctx, "%s|%s|%d|%s|%s\n", problem->is_warning ? "warning" : "error",
               problem->file ? problem->file : "", problem->line, problem->text,
               problem->detail ? problem->detail : "");
}

/* What is told of the project in `folder`, whether it loads or not. */
static void assert_told(struct fixture *f, const char *folder, bool loads, const char *told)
{
    char *const nothing[] = {NULL};
    const struct config_source source = {.project = folder, .environment = nothing};
    struct buf got = {0};
    buf_add_str(&got, "");
    config_deinit(&f->config);
    assert_int_equal(config_load(&f->config, &source, f->mask, add_problem, &got), loads ? 0 : -1);
    assert_string_equal(got.data, told);
    buf_deinit(&got);
}

static void what_is_refused_is_told_with_its_line(void **state)
{
    struct fixture *f = *state;
    write_file(f, "liaison.lua", "return {\n listen = 9000 }");
    assert_told(f, f->folder, false,
                "error|liaison.lua|2|listen: \"9000\" is no address to listen on: write "
                "\"127.0.0.1:9000\"|    2 | listen = 9000 }\n      | ^^^^^^\n");
    write_file(f, "liaison.lua", "");
    assert_told(f, f->folder, false,
                "error|liaison.lua|0|it returns nothing; it must return a table: return { listen "
                "= \"127.0.0.1:8750\" }|\n");
    assert_told(f, "/nowhere/at/all", false,
                "error||0|no project at /nowhere/at/all: No such file or directory|\n");
}

static void a_name_that_has_no_value_is_a_finding_alone(void **state)
{
    struct fixture *f = *state;
    write_file(f, "liaison.lua", "return { listen = adress }");
    assert_told(f, f->folder, true,
                "warning|liaison.lua|1|there is no `adress`: nothing gives it a value; write local "
                "adress = … above, or quotes around it if it is a text|    1 | return { listen = "
                "adress }\n      |                   ^^^^^^\n");
    assert_string_equal(f->config.listen, "127.0.0.1:8750");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_int_equal(f->err.code, ERR_NONE);
}

static void a_certificate_needs_its_key(void **state)
{
    struct fixture *f = *state;
    assert_refused(f, "return { tls = {\n cert = 'a' } }", "liaison.lua:2: tls.key is missing");
    assert_refused(f, "return { tls = { key = 'a' } }", "tls.cert is missing");
    write_file(f, "liaison.lua", "return { tls = { cert = 'a.pem', key = '/b.pem' } }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_true(slice_has_suffix(slice_str(f->config.tls_cert), SLICE_LIT("/a.pem")));
    assert_true(f->config.tls_cert[0] == '/');
    assert_string_equal(f->config.tls_key, "/b.pem");
}

static void files_are_watched_unless_the_settings_say_otherwise(void **state)
{
    struct fixture *f = *state;
    write_file(f, "liaison.lua", "return {}");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_int_equal(f->config.reload, CONFIG_WATCH);
    config_deinit(&f->config);
    write_file(f, "liaison.lua", "return { reload = 'manual' }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_int_equal(f->config.reload, CONFIG_MANUAL);
    config_deinit(&f->config);
    assert_refused(f, "return { reload = 'never' }",
                   "reload: it must be \"watch\" or \"manual\", not \"never\"");
}

static void what_stays_until_a_restart_is_named_and_the_rest_is_taken(void **state)
{
    struct fixture *f = *state;
    struct config now;
    struct buf restart = {0};
    struct err err = {0};
    write_file(f, "liaison.lua", "return { journal = 'a.db', limits = { drain = '1s' } }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    now = f->config;
    f->config = (struct config){0};
    const char *journal = now.journal;
    write_file(f, "liaison.lua",
               "return { listen = '127.0.0.1:1', journal = 'b.db', limits = { drain = '2s' } }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_int_equal(config_follow(&f->config, &now, &restart, &err), 0);
    assert_string_equal(restart.data, "listen, journal");
    config_replace(&now, &f->config);
    assert_ptr_equal(now.journal, journal);
    assert_true(slice_has_suffix(slice_str(now.journal), SLICE_LIT("/a.db")));
    assert_string_equal(now.listen, "127.0.0.1:8750");
    assert_int_equal(now.drain_ms, 2000);
    assert_null(f->config.journal);
    config_deinit(&now);
    buf_deinit(&restart);
}

static void a_daemon_that_stays_open_to_others_keeps_its_tokens(void **state)
{
    struct fixture *f = *state;
    struct config now;
    struct buf restart = {0};
    struct err err = {0};
    write_file(f, "liaison.lua", "return { listen = '0.0.0.0:1', token = 'secret' }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    now = f->config;
    f->config = (struct config){0};
    write_file(f, "liaison.lua", "return { listen = '127.0.0.1:1' }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_int_equal(config_follow(&f->config, &now, &restart, &err), -1);
    assert_non_null(strstr(err.message, "listen 0.0.0.0:1 can be reached from outside"));
    config_deinit(&now);
    buf_deinit(&restart);
}

static void a_set_without_a_value_or_of_an_unknown_key_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"limits.drain", "limits.dran=1s", "limits.drain=x"};
    write_file(f, "liaison.lua", "return {}");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(load(f, (struct config_source){.sets = &wrong[i], .n_sets = 1}), -1);
        assert_non_null(strstr(f->err.message, "--set: "));
    }
}

static void an_address_that_others_reach_needs_a_token(void **state)
{
    struct fixture *f = *state;
    static const char *const sets[] = {"listen=0.0.0.0:1"};
    char *const environment[] = {"LIAISON_LISTEN=0.0.0.0:2", NULL};
    write_file(f, "liaison.lua", "return {}");
    assert_int_equal(load(f, (struct config_source){.listen = "0.0.0.0:3"}), -1);
    assert_memory_equal(f->err.message, "--listen: listen 0.0.0.0:3 can", 30);
    assert_int_equal(load(f, (struct config_source){.sets = sets, .n_sets = 1}), -1);
    assert_memory_equal(f->err.message, "--set: listen 0.0.0.0:1 can", 27);
    assert_int_equal(load(f, (struct config_source){.environment = environment}), -1);
    assert_memory_equal(f->err.message, "LIAISON_LISTEN: listen 0.0.0.0:2 can", 36);
    assert_refused(f, "return {\n listen = '0.0.0.0:8750' }",
                   "liaison.lua:2: listen 0.0.0.0:8750 can be reached from outside: set token");
    write_file(f, "liaison.lua", "return { listen = '0.0.0.0:8750', token = 'abcdef' }");
    assert_int_equal(load(f, (struct config_source){0}), 0);
    assert_string_equal(f->config.tokens[CONFIG_ADMIN], "abcdef");
}

/* ---- the project ---- */

static void a_script_belongs_to_the_nearest_project_above(void **state)
{
    struct fixture *f = *state;
    char folder[256], script[256];
    path_in(f, "scripts", folder);
    path_in(f, "scripts/one.lua", script);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(f, "scripts/one.lua", "");
    assert_int_equal(load(f, (struct config_source){.project = script}), 0);
    assert_string_equal(f->config.project, f->folder);
    assert_string_equal(f->config.script, script);
}

static void a_folder_without_any_sign_of_a_project_is_none(void **state)
{
    struct fixture *f = *state;
    struct config_address address;
    struct config_source source = {.project = f->folder};
    assert_int_equal(config_find_address(&source, &address, &f->err), -1);
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
    source.project = "/nowhere/at/all";
    assert_int_equal(config_find_address(&source, &address, &f->err), -1);
    assert_int_equal(f->err.code, ERR_NOT_FOUND);
    assert_refused(f, "return { x = 1 }", "unknown key");
    source.project = f->folder;
    assert_int_equal(config_find_address(&source, &address, &f->err), -1);
    assert_int_equal(f->err.code, ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_gives_the_defaults),
        TEST(the_file_sets_values),
        TEST(flags_go_before_variables_and_these_before_the_file),
        TEST(the_state_directory_holds_the_journal_where_it_is_set),
        TEST(settings_come_from_all_places),
        TEST(a_text_takes_the_type_of_the_value_in_whose_place_it_comes),
        TEST(an_unknown_key_names_line_and_nearest),
        TEST(a_key_of_another_table_is_named_where_it_stands),
        TEST(a_key_from_elsewhere_says_what_to_write),
        TEST(a_key_that_resembles_none_is_told_which_there_are),
        TEST(wrong_values_are_refused_with_what_to_write),
        TEST(values_of_a_wrong_kind_are_told_of_what_has_to_stand_there),
        TEST(an_address_is_looked_at_before_it_is_bound),
        TEST(what_is_refused_is_told_with_its_line),
        TEST(a_name_that_has_no_value_is_a_finding_alone),
        TEST(a_certificate_needs_its_key),
        TEST(files_are_watched_unless_the_settings_say_otherwise),
        TEST(what_stays_until_a_restart_is_named_and_the_rest_is_taken),
        TEST(a_daemon_that_stays_open_to_others_keeps_its_tokens),
        TEST(a_set_without_a_value_or_of_an_unknown_key_is_refused),
        TEST(an_address_that_others_reach_needs_a_token),
        TEST(a_script_belongs_to_the_nearest_project_above),
        TEST(a_folder_without_any_sign_of_a_project_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
