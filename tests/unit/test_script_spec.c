/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Specs: how tests are found and run, what expectations say, what they may reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script/sources.h"
#include "script/spec.h"
#include "script_project.h"

/* A project with one spec file, and the end of the test that was run last. */
struct fixture {
    struct project *p;
    struct script_spec_options options;
    struct script_spec_host host;
    const char *answer; /* to what a test asks */
    struct buf asked, printed;
    bool is_passed;
    struct buf error, differences;
};

static void on_set_time(void *ctx, int64_t wall_ms)
{
    ((struct fixture *)ctx)->p->clock.wall_ms = wall_ms;
}

static void on_print(void *ctx, struct slice line)
{
    buf_printf(&((struct fixture *)ctx)->printed, "%.*s\n", SLICE_FMT(line));
}

static int on_ask(void *ctx, const struct script_ask *ask, struct buf *answer, struct err *err)
{
    struct fixture *f = ctx;
    buf_printf(&f->asked, "%s%.*s|%.*s|%.*s|%.*s|%.*s", ask->is_delivery ? "d" : "h",
               SLICE_FMT(ask->event), SLICE_FMT(ask->connector), SLICE_FMT(ask->data),
               SLICE_FMT(ask->transformer), SLICE_FMT(ask->key));
    if (!f->answer)
        return err_set(err, ERR_INVALID, "not today");
    buf_add_str(answer, f->answer);
    return 0;
}

static void on_end(void *ctx, const struct script_spec_end *end)
{
    struct fixture *f = ctx;
    f->is_passed = end->is_passed;
    buf_clear(&f->error);
    buf_clear(&f->differences);
    buf_printf(&f->error, "%.*s", SLICE_FMT(end->error));
    buf_printf(&f->differences, "%.*s", SLICE_FMT(end->differences));
}

static struct fixture *fixture_new(void)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    f->p = project_new();
    f->options = (struct script_spec_options){
        .set_time = on_set_time, .print = on_print, .counts_lines = true, .ctx = f};
    f->host = (struct script_spec_host){on_ask, f};
    f->p->options.spec = &f->options;
    return f;
}

static void fixture_free(struct fixture *f)
{
    sources_unref(f->p->options.sources);
    project_free(f->p);
    buf_deinit(&f->asked);
    buf_deinit(&f->printed);
    buf_deinit(&f->error);
    buf_deinit(&f->differences);
    free(f);
}

/* Loads the project with tests/x.lua; false with the problems in p->problems. */
static bool load(struct fixture *f, const char *text)
{
    struct buf path = {0};
    struct sources *own = sources_read(&(struct sources_options){.project = f->p->dir});
    project_write(f->p, "tests/x.lua", text);
    buf_printf(&path, "%s/tests/x.lua", f->p->dir);
    sources_unref(f->p->options.sources);
    f->p->options.sources = sources_with_spec(own, path.data);
    sources_unref(own);
    buf_deinit(&path);
    return project_load(f->p);
}

static void run(struct fixture *f, size_t i)
{
    buf_clear(&f->asked);
    script_spec_run(f->p->machine, i, &f->host, on_end, f);
}

/* Runs the body of one test; the result is in the fixture. */
static struct fixture *run_body(const char *body)
{
    struct fixture *f = fixture_new();
    struct buf text = {0};
    buf_printf(&text, "it('works', function()\n%s\nend)\n", body);
    if (!load(f, text.data))
        fail_msg("%s", f->p->problems.data);
    run(f, 0);
    buf_deinit(&text);
    return f;
}

static void assert_passes(const char *body)
{
    struct fixture *f = run_body(body);
    if (!f->is_passed)
        fail_msg("%s\n%s\n%s", body, f->error.data, f->differences.data);
    fixture_free(f);
}

static void assert_fails(const char *body, const char *error)
{
    struct fixture *f = run_body(body);
    assert_false(f->is_passed);
    if (!strstr(f->error.data, error))
        fail_msg("%s\nwas to say: %s\nbut said:   %s", body, error, f->error.data);
    fixture_free(f);
}

static void assert_differs(const char *body, const char *differences)
{
    struct fixture *f = run_body(body);
    assert_false(f->is_passed);
    assert_string_equal(f->differences.data, differences);
    fixture_free(f);
}

/* ---- tests and groups ---- */

static void tests_have_the_names_of_their_groups_and_a_line(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    assert_true(load(f, "it('alone', function() end)\n"
                        "describe('a', function()\n"
                        "  it('b', function() end)\n"
                        "  describe('c', function() it('d', function() end) end)\n"
                        "end)\n"
                        "it('last', function() end)\n"));
    static const struct {
        const char *name;
        int line;
    } expected[] = {{"alone", 1}, {"a › b", 3}, {"a › c › d", 4}, {"last", 6}};
    assert_int_equal(script_spec_count(f->p->machine), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct script_spec *spec = script_spec_at(f->p->machine, i);
        assert_string_equal(spec->name.data, expected[i].name);
        assert_int_equal(spec->line, expected[i].line);
        run(f, i);
        assert_true(f->is_passed);
    }
    fixture_free(f);
}

static void what_comes_before_runs_from_the_outside_in(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    assert_true(
        load(f, "local log = {}\n"
                "before(function() log[#log + 1] = 'once' end)\n"
                "beforeEach(function() log[#log + 1] = 'each' end)\n"
                "describe('g', function()\n"
                "  beforeEach(function() log[#log + 1] = 'inner' end)\n"
                "  it('1', function() expect(table.concat(log, ' ')):is('once each inner') end)\n"
                "end)\n"
                "it('2', function()\n"
                "  expect(table.concat(log, ' ')):is('once each inner each')\n"
                "end)\n"));
    for (size_t i = 0; i < 2; i++) {
        run(f, i);
        if (!f->is_passed)
            fail_msg("%s", f->error.data);
    }
    fixture_free(f);
}

static void what_is_wrong_with_a_file_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"local x =", "tests/x.lua:1: "},
        {"\nerror 'no'", "tests/x.lua:2: no"},
        {"it('x')", "tests/x.lua:1: it takes a name and a function: it(\"…\", function() … end)"},
        {"describe(function() end)", "tests/x.lua:1: describe takes a name and a function"},
        {"before()", "tests/x.lua:1: before takes a function"},
        {"handle { type = 't' }", "tests/x.lua:1: handle works within a test"},
        {"expect(1):is(2)", "tests/x.lua:1: expect works within a test"},
        {"while true do end", ": stopped: its top level ran longer than 2s"},
        {"transformer 'nope'", "tests/x.lua:1: no transformer \"nope\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture *f = fixture_new();
        if (strstr(cases[i].text, "while") && !PROJECT_CAN_STOP) {
            fixture_free(f);
            continue;
        }
        assert_false(load(f, cases[i].text));
        if (!strstr(f->p->problems.data, cases[i].problem))
            fail_msg("%s: %s", cases[i].text, f->p->problems.data);
        fixture_free(f);
    }
}

static void a_test_within_a_test_is_an_error(void **state)
{
    (void)state;
    assert_fails("it('inner', function() end)",
                 "tests/x.lua:2: it doesn't belong into a test: write it outside of `it`");
}

static void an_error_has_its_line_and_its_calls(void **state)
{
    (void)state;
    assert_fails("local function f() local t; return t.x end\nlocal y = f()", "tests/x.lua:2: ");
    assert_fails("local function f() error 'deep' end\nf()\nreturn 1",
                 "\n  tests/x.lua:3: in function 'it'");
    assert_fails("local function check(x)\n  expect(x):is(1)\nend\ncheck(2)\nreturn 1",
                 "tests/x.lua:3: expected 1, got 2\n  tests/x.lua:3: in function 'check'\n"
                 "  tests/x.lua:5: in function 'it'");
    assert_fails("return expect(1):is(2)", "tests/x.lua:1: expected 2, got 1");
}

static void an_endless_loop_is_stopped_and_the_next_test_runs(void **state)
{
    (void)state;
    if (!PROJECT_CAN_STOP)
        skip();
    struct fixture *f = fixture_new();
    assert_true(load(f, "it('loops', function()\n  while true do pcall(function() end) end end)\n"
                        "it('works', function() end)\n"));
    run(f, 0);
    assert_false(f->is_passed);
    assert_non_null(strstr(f->error.data, "it was stopped: it ran longer than 2s"));
    assert_non_null(strstr(f->error.data, ": in function 'it'"));
    run(f, 1);
    assert_true(f->is_passed);
    fixture_free(f);
}

static void a_test_that_takes_too_much_memory_is_stopped(void **state)
{
    (void)state;
    assert_fails("local t = {}\nfor i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
                 "it was stopped: it needs more memory than limits.memory");
}

/* ---- expectations ---- */

static void values_are_equal_as_json_sees_them(void **state)
{
    (void)state;
    assert_passes("expect(1):equals(1)");
    assert_passes("expect('a'):equals('a')");
    assert_passes("expect(nil):equals(nil)");
    assert_passes("expect(null):equals(null)");
    assert_passes("expect(0/0):equals(0/0)");
    assert_passes("expect({a = {1, 2, {b = null}}}):equals{a = {1, 2, {b = null}}}");
    assert_passes("expect(json.decode '[1,2]'):equals{1, 2}");
    assert_passes("expect(json.decode '{\"a\":[]}'):equals{a = array{}}");
    assert_passes("expect(json.decode '12345678901234567890'):equals("
                  "json.decode '12345678901234567890')");
}

static void differences_have_path_expected_and_got(void **state)
{
    (void)state;
    assert_differs("expect{a = {1, {b = 2}}}:equals{a = {1, {b = 3}}}",
                   "[{\"expected\":3,\"got\":2,\"path\":\"a[2].b\"}]");
    assert_differs("expect{['a b'] = 1, c = 2}:equals{['a b'] = 2, d = null}",
                   "[{\"expected\":2,\"got\":1,\"path\":\"[\\\"a b\\\"]\"},"
                   "{\"got\":2,\"path\":\"c\"},{\"expected\":null,\"path\":\"d\"}]");
    assert_differs("expect(1):equals('1')", "[{\"expected\":\"1\",\"got\":1,\"path\":\"\"}]");
    assert_differs("expect(json.decode '[]'):equals{}",
                   "[{\"expected\":{},\"got\":[],\"path\":\"\"}]");
    assert_differs("expect(json.decode '12345678901234567890'):equals(1)",
                   "[{\"expected\":1,\"got\":12345678901234567890,\"path\":\"\"}]");
    assert_differs("expect{f = print}:equals{f = 1}",
                   "[{\"expected\":1,\"got\":\"a function\",\"path\":\"f\"}]");
}

static void differences_are_bounded(void **state)
{
    (void)state;
    struct fixture *f = run_body("local a, b = {}, {}\n"
                                 "for i = 1, 1000 do a[i], b[i] = i, i + 1 end\n"
                                 "expect(a):equals(b)");
    assert_non_null(strstr(f->error.data, "20 differences"));
    fixture_free(f);
    assert_fails("local a, b = {}, {}\na.a, b.a = a, b\na.x = 1\nexpect(a):equals(b)",
                 "differences");
}

static void matchers_hold(void **state)
{
    (void)state;
    assert_passes("expect(1):is(1)");
    assert_passes("local t = {}\nexpect(t):is(t)");
    assert_passes("expect(nil):isNil()");
    assert_passes("expect(null):isNull()");
    assert_passes("expect(true):isTrue()\nexpect(false):isFalse()");
    assert_passes("expect('abc'):contains('b')");
    assert_passes("expect{1, 2}:contains(2)");
    assert_passes("expect{{a = 1, b = 2}}:contains{a = 1}");
    assert_passes("expect{a = 1, b = {c = 2, d = 3}}:contains{b = {c = 2}}");
    assert_passes("expect('a-1'):matches('^%a%-%d$')");
    assert_passes("expect(function() error 'broken' end):raises()");
    assert_passes("expect(function() error 'broken' end):raises('brok')");
    assert_passes("expect(function() expect(1):is(2) end):raises('expected 2')");
    assert_passes("expect{1, 2}:hasLength(2)\nexpect{}:hasLength(0)\nexpect('abc'):hasLength(3)");
    assert_passes("expect(1).never:equals(2)");
    assert_passes("expect(1):is(1):equals(1)");
    assert_passes("expect(function() end).never:raises()");
}

/* A text that is too long to be shown: what is shown is where it goes on otherwise. */
static void a_long_text_is_shown_where_it_differs(void **state)
{
    (void)state;
    assert_fails("local s = ('a line of ink\\n'):rep(100) .. 'UID:7\\nSUMMARY:Übung\\n' .. "
                 "('x'):rep(100)\nexpect(s):contains('UID:7\\nSUMMARY:Öfen')",
                 "the text of 1521 bytes doesn't contain \"UID:7\\nSUMMARY:Öfen\": nearest is "
                 "line 101, column 1, where \"UID:7\\nSUMMARY:\" is followed by \"Übung\\nxxx");
    assert_fails("expect(('x'):rep(300) .. 'END'):contains('xEND:V')",
                 "nearest is line 1, column 300, where \"xEND\" isn't followed by anything, not by "
                 "\":V\"");
    assert_fails("expect(('é'):rep(100) .. ('b'):rep(300)):contains(('é'):rep(100) .. 'c')",
                 "where \"…éééééééééééééééééééééééééééééé\" is followed by "
                 "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…\", not by \"c\"");
    assert_fails("expect('a' .. ('é'):rep(300)):contains('aö')", "éé\" doesn't contain \"aö\"");
    assert_fails("expect('abc' .. ('é'):rep(300)):contains('abcö')", "ééééé…\", not by \"ö\"");
    assert_fails("expect(('z'):rep(1990) .. 'end'):contains('q')", "zend\" doesn't contain \"q\"");
}

static void matchers_say_what_is_wrong(void **state)
{
    (void)state;
    assert_fails("expect(1):is(2)", "tests/x.lua:2: expected 2, got 1");
    assert_fails("expect({}):is({})", "write expect(…):equals(…)");
    assert_fails("expect(1):isNil()", "expected nil, got 1");
    assert_fails("expect(nil):isNull()", "expected null, got nothing");
    assert_fails("expect('abc'):contains('x')", "\"abc\" doesn't contain \"x\"");
    assert_fails("expect({1}):contains(2)", "[1] doesn't contain 2");
    assert_fails("expect('1'):contains(1)", "contains looks for a text in a text, not for 1");
    assert_fails("expect(1):contains(2)", "contains looks into texts, lists and objects");
    assert_fails("expect('a'):matches('b')", "\"a\" doesn't match \"b\"");
    assert_fails("expect(function() end):raises()", "no error was raised");
    assert_fails("expect(function() error 'a' end):raises('b')", "the error raised is another: ");
    assert_fails("expect(1):raises()", "raises takes a function");
    assert_fails("expect{1}:hasLength(2)", "expected 2 elements, got 1");
    assert_fails("expect(1).never:equals(1)", "it equals 1");
    assert_fails("expect{a = 1}:contains{a = 2}", "1 difference");
}

static void slips_are_told_what_to_write(void **state)
{
    (void)state;
    assert_fails("expect(1):toEqual(1)", "expect(…) has no toEqual: did you mean equals?");
    assert_fails("expect(1):equal(1)", "did you mean equals?");
    assert_fails("expect(1):xyzzy(1)", "expect(…) has no xyzzy; there are equals");
    assert_fails("expect(1).equals(1)", "write expect(…):equals(…) with a colon");
    assert_fails("expect(1):equals()", "equals takes what is expected");
    assert_fails("expect():equals(1)", "expect takes a value");
    assert_fails("handle('t')", "handle takes an event: { type = \"schedule.updated\"");
    assert_fails("deliver({})", "deliver takes a connector and the data");
    assert_fails("deliver('c', {}, {evnt = {}})", "there is no option evnt: did you mean event?");
    assert_fails("clock 'noon'", "clock takes a time as in \"2026-01-01T00:00:00Z\"");
    assert_fails("http.fake('GET')", "http.fake takes a method, a URL and an answer");
    assert_fails("http.get 'http://x/'", "http.get works while an event is handled or delivered, "
                                         "not in a test itself");
    assert_fails("transformer 'nope'", "no transformer \"nope\" is loaded");
}

/* ---- the world ---- */

static void the_clock_stands_still_and_chance_repeats(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    assert_true(load(f, "local drawn\n"
                        "it('1', function()\n"
                        "  expect(os.time()):is(1767225600)\n"
                        "  expect(os.date('!%H:%M')):is('00:00')\n"
                        "  clock '2026-03-29T00:30:00Z'\n"
                        "  expect(os.date('!%H:%M')):is('00:30')\n"
                        "  drawn = math.random()\n"
                        "end)\n"
                        "it('2', function()\n"
                        "  expect(os.time()):is(1767225600)\n"
                        "  expect(math.random()):is(drawn)\n"
                        "end)\n"
                        "describe('later', function()\n"
                        "  clock '2030-01-01T00:00:00Z'\n"
                        "  it('3', function() expect(os.date('!%Y')):is('2030') end)\n"
                        "end)\n"));
    for (size_t i = 0; i < 3; i++) {
        run(f, i);
        if (!f->is_passed)
            fail_msg("%s", f->error.data);
    }
    assert_int_equal(f->p->clock.wall_ms, INT64_C(1893456000000));
    fixture_free(f);
}

static void prints_go_to_the_host_with_their_line(void **state)
{
    (void)state;
    struct fixture *f = run_body("print('a', {b = 1}, nil)");
    assert_string_equal(f->printed.data, "tests/x.lua:2: a\t{\"b\":1}\tnothing\n");
    fixture_free(f);
}

static const char handled[] =
    "{\"eventKey\":\"7\",\"result\":{\"handlers\":[{\"handler\":\"main/t#1\",\"outcome\":"
    "\"delivered\",\"requests\":[],\"log\":[],\"sends\":["
    "{\"connector\":\"out\",\"id\":\"x\",\"key\":\"7\",\"data\":{\"a\":1},\"requests\":[{"
    "\"method\":"
    "\"POST\",\"url\":\"http://x/\",\"headers\":{\"Content-Type\":\"application/"
    "json\"},\"json\":{}}],"
    "\"log\":[],\"outcome\":\"delivered\"},"
    "{\"connector\":\"out\",\"id\":\"y\",\"key\":\"8\",\"data\":2,\"delayMs\":1500,\"requests\":[],"
    "\"log\":[],\"outcome\":\"dead\",\"cause\":\"script\",\"reason\":\"oh\"}]}]}}";

static void handle_gives_the_sends(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    f->answer = handled;
    assert_true(load(f, "it('works', function()\n"
                        "  local sends = handle { type = 't', data = { id = 7 } }\n"
                        "  expect(sends):equals {\n"
                        "    { connector = 'out', data = { a = 1 } },\n"
                        "    { connector = 'out', data = 2, key = '8', delay = 1.5 },\n"
                        "  }\n"
                        "  expect(sends[1].handler):is 'main/t#1'\n"
                        "  expect(sends[1].key):is '7'\n"
                        "  expect(sends[1].outcome):is 'delivered'\n"
                        "  expect(sends[1].requests[1].headers['content-type'])"
                        ":is 'application/json'\n"
                        "  expect(sends[2].cause):is 'script'\n"
                        "  expect(sends.handlers):hasLength(1)\n"
                        "end)\n"));
    run(f, 0);
    if (!f->is_passed)
        fail_msg("%s %s", f->error.data, f->differences.data);
    assert_string_equal(f->asked.data, "h{\"data\":{\"id\":7},\"id\":\"1\",\"source\":\"spec\","
                                       "\"specversion\":\"1.0\",\"type\":\"t\"}||||");
    fixture_free(f);
}

static void handle_raises_what_a_handler_raised(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    assert_true(load(f, "it('works', function()\n  handle { type = 't' }\nend)\n"));
    f->answer = "{\"result\":{\"handlers\":[{\"handler\":\"main/t#1\",\"outcome\":\"dead\","
                "\"reason\":\"scripts/main.lua:3: oh\",\"requests\":[],\"sends\":[]}]}}";
    run(f, 0);
    assert_non_null(strstr(f->error.data, "tests/x.lua:2: handle: main/t#1 ends as dead: "
                                          "scripts/main.lua:3: oh"));
    f->answer = "{\"result\":{\"handlers\":[],\"nearest\":\"tt\"}}";
    run(f, 0);
    assert_non_null(strstr(f->error.data, "handle: no handler takes \"t\": did you mean \"tt\"?"));
    f->answer = NULL;
    run(f, 0);
    assert_non_null(strstr(f->error.data, "tests/x.lua:2: not today"));
    fixture_free(f);
}

static void deliver_gives_the_requests(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    f->answer = "{\"result\":{\"attempt\":{\"connector\":\"c\",\"outcome\":\"retry\",\"reason\":"
                "\"busy\",\"requests\":[{\"method\":\"GET\",\"url\":\"u\",\"headers\":{}}]}}}";
    assert_true(load(f, "it('works', function()\n"
                        "  local made = deliver('c', {1}, { key = 'k', transformer = 't' })\n"
                        "  expect(made):hasLength(1)\n"
                        "  expect(made[1].method):is 'GET'\n"
                        "  expect(made.outcome):is 'retry'\n"
                        "  expect(made.reason):is 'busy'\n"
                        "end)\n"));
    run(f, 0);
    if (!f->is_passed)
        fail_msg("%s", f->error.data);
    assert_string_equal(f->asked.data, "d{\"id\":\"1\",\"source\":\"spec\",\"specversion\":"
                                       "\"1.0\",\"type\":\"spec\"}|c|[1]|t|k");
    fixture_free(f);
}

static void transformers_can_be_called(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    project_write(f->p, "transformers/double.lua",
                  "return function(data, event)\n"
                  "  if data.n == 0 then skip 'nothing to do' end\n"
                  "  return { n = 2 * data.n, id = event and event.id }\nend\n");
    assert_true(load(f, "local double = transformer 'double'\n"
                        "it('works', function()\n"
                        "  expect(double { n = 2 }):equals { n = 4 }\n"
                        "  expect(double({ n = 2 }, { id = 'e' })):equals { n = 4, id = 'e' }\n"
                        "  expect(function() double { n = 0 } end):raises 'skip: nothing to do'\n"
                        "end)\n"));
    run(f, 0);
    if (!f->is_passed)
        fail_msg("%s", f->error.data);
    fixture_free(f);
}

/* ---- fakes ---- */

static const struct script_header sent_headers[] = {{SLICE_LIT("X-A"), SLICE_LIT("1")}};

/* What the fakes of the test that asks answer to "POST http://x/a/b" with a body. */
struct faked {
    struct fixture *f;
    int rc;
    struct buf text; /* "status|failure|body|headers" */
};

static int on_fake_ask(void *ctx, const struct script_ask *ask, struct buf *answer, struct err *err)
{
    (void)ask;
    struct faked *faked = ctx;
    struct script_answer given = {0};
    const struct script_request request = {.method = SLICE_LIT("POST"),
                                           .url = SLICE_LIT("http://x/a/b"),
                                           .headers = sent_headers,
                                           .n_headers = 1,
                                           .body = SLICE_LIT("{\"n\":1}"),
                                           .has_body = true};
    struct err why = {0};
    faked->rc = script_spec_fake(faked->f->p->machine, &request, &given, &why);
    buf_clear(&faked->text);
    buf_printf(&faked->text, "%d|%s|%.*s|", given.status, given.failure ? given.failure : "",
               SLICE_FMT(given.body));
    for (size_t i = 0; i < given.n_headers; i++)
        buf_printf(&faked->text, "%.*s=%.*s ", SLICE_FMT(given.headers[i].name),
                   SLICE_FMT(given.headers[i].value));
    if (faked->rc < 0)
        buf_add_str(&faked->text, why.message);
    buf_add_str(answer, "{\"result\":{\"handlers\":[{\"outcome\":\"delivered\",\"requests\":[],"
                        "\"sends\":[]}]}}");
    (void)err;
    return 0;
}

static void assert_fake(const char *setup, int rc, const char *text)
{
    struct fixture *f = fixture_new();
    struct faked faked = {.f = f};
    struct buf file = {0};
    buf_printf(&file, "%s\nit('works', function() handle { type = 't' } end)", setup);
    assert_true(load(f, file.data));
    f->host = (struct script_spec_host){on_fake_ask, &faked};
    run(f, 0);
    assert_true(f->is_passed);
    assert_int_equal(faked.rc, rc);
    if (!strstr(faked.text.data, text))
        fail_msg("%s: %s", setup, faked.text.data);
    buf_deinit(&faked.text);
    buf_deinit(&file);
    fixture_free(f);
}

static void fakes_answer_requests(void **state)
{
    (void)state;
    assert_fake("", 0, "0|||");
    assert_fake("http.fake('GET', 'http://x/a/b', 200)", 0, "0|||");
    assert_fake("http.fake('POST', 'http://x/a/b', 503)", 1, "503|||");
    assert_fake("http.fake('*', 'http://x/*', { status = 201, body = 'hi' })", 1, "201||hi|");
    assert_fake("http.fake('POST', 'http://x/*/b', { json = { a = 1 }, headers = { E = 'f' } })", 1,
                "200||{\"a\":1}|Content-Type=application/json E=f ");
    assert_fake("http.fake('POST', '*', 200)\nhttp.fake('post', '*', 201)", 1, "201|");
    assert_fake("http.fake('POST', '*', { failure = 'timeout' })", 1, "0|timeout||");
    assert_fake("http.fake('POST', '*', function(r) return { json = { r.method, r.url, r.json.n, "
                "r.headers['x-a'] } } end)",
                1, "200||[\"POST\",\"http://x/a/b\",1,\"1\"]|");
}

static void a_fake_that_is_wrong_says_so(void **state)
{
    (void)state;
    assert_fake("http.fake('POST', '*', function() end)", -1, "must answer with a table");
    assert_fake("http.fake('POST', '*', { failure = 'odd' })", -1, "`failure` is one of");
    assert_fake("http.fake('POST', '*', 999)", -1, "`status` is a whole number from 200 to 599");
    assert_fake("http.fake('POST', '*', function() error 'broken' end)", -1, "broken");
}

/* ---- isolation ---- */

static void only_spec_files_have_the_globals_of_specs(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    project_write(f->p, "lib/x.lua", "return { describe == nil, expect == nil, http.fake == nil }");
    assert_true(load(f, "local x = require 'x'\n"
                        "it('works', function() expect(x):equals { true, true, true } end)\n"));
    run(f, 0);
    assert_true(f->is_passed);
    fixture_free(f);
}

/* Compares what .luacheckrc, run before it, lists of specs with what there is. */
static const char compare[] =
    "local listed, wrong = {}, {}\n"
    "local function list(prefix, names)\n"
    "  for k, v in pairs(names) do\n"
    "    listed[prefix .. (type(k) == 'number' and v or k)] = true\n"
    "    if type(k) == 'string' then list(k .. '.', v.fields) end\n"
    "  end\n"
    "end\n"
    "list('', stds.liaison.read_globals)\n"
    "list('', stds.specs.read_globals)\n"
    "for _, name in ipairs(stds.specs.read_globals.http.fields) do assert(http[name]) end\n"
    "for _, name in ipairs(stds.specs.read_globals) do\n"
    "  if type(_G[name]) ~= 'function' then wrong[#wrong + 1] = 'not there: ' .. name end\n"
    "end\n"
    "for _, own in ipairs { 'stds', 'files', 'std', 'max_line_length', 'unused_args' } do\n"
    "  _G[own] = nil\n"
    "end\n"
    "for name in pairs(_G) do\n"
    "  if not listed[name] then wrong[#wrong + 1] = 'not listed: ' .. name end\n"
    "end\n"
    "it('is told', function() expect(wrong):equals {} end)\n";

static void luacheck_is_told_of_what_specs_have(void **state)
{
    (void)state;
    struct fixture *f = fixture_new();
    struct buf code = {0};
    struct err err = {0};
    buf_add_str(&code, "stds, files = {}, {}\n");
    assert_int_equal(buf_read_file(&code, LIAISON_SOURCE_DIR "/.luacheckrc", 65536, &err), 0);
    buf_add_str(&code, compare);
    if (!load(f, code.data))
        fail_msg("%s", f->p->problems.data);
    run(f, 0);
    if (!f->is_passed)
        fail_msg("%s", f->differences.data);
    buf_deinit(&code);
    fixture_free(f);
}

static void secrets_do_not_show(void **state)
{
    (void)state;
    setenv("SPEC_SECRET", "very-secret", 1);
    struct fixture *f = run_body("print(secret 'SPEC_SECRET')\n"
                                 "expect('very-secret'):equals(secret 'SPEC_SECRET')");
    assert_null(strstr(f->printed.data, "very-secret"));
    assert_null(strstr(f->differences.data, "very-secret"));
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_have_the_names_of_their_groups_and_a_line),
        cmocka_unit_test(what_comes_before_runs_from_the_outside_in),
        cmocka_unit_test(what_is_wrong_with_a_file_is_told_with_its_line),
        cmocka_unit_test(a_test_within_a_test_is_an_error),
        cmocka_unit_test(an_error_has_its_line_and_its_calls),
        cmocka_unit_test(an_endless_loop_is_stopped_and_the_next_test_runs),
        cmocka_unit_test(a_test_that_takes_too_much_memory_is_stopped),
        cmocka_unit_test(values_are_equal_as_json_sees_them),
        cmocka_unit_test(differences_have_path_expected_and_got),
        cmocka_unit_test(differences_are_bounded),
        cmocka_unit_test(matchers_hold),
        cmocka_unit_test(matchers_say_what_is_wrong),
        cmocka_unit_test(a_long_text_is_shown_where_it_differs),
        cmocka_unit_test(slips_are_told_what_to_write),
        cmocka_unit_test(the_clock_stands_still_and_chance_repeats),
        cmocka_unit_test(prints_go_to_the_host_with_their_line),
        cmocka_unit_test(handle_gives_the_sends),
        cmocka_unit_test(handle_raises_what_a_handler_raised),
        cmocka_unit_test(deliver_gives_the_requests),
        cmocka_unit_test(transformers_can_be_called),
        cmocka_unit_test(fakes_answer_requests),
        cmocka_unit_test(a_fake_that_is_wrong_says_so),
        cmocka_unit_test(only_spec_files_have_the_globals_of_specs),
        cmocka_unit_test(luacheck_is_told_of_what_specs_have),
        cmocka_unit_test(secrets_do_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
