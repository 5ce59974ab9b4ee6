/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What beginners write: each slip has words that say what to write instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

/* A script that can't be compiled, the line that is told, what is written instead, and what is
   marked there. */
static const struct {
    const char *script;
    int line;
    const char *words, *mark;
} syntax[] = {
    {"if x != 1 then end", 1, "write ~= for \"is not\"", "!="},
    {"if x !== 1 then end", 1, "write ~= for \"is not\"", "!=="},
    {"if x === 1 then end", 1, "write == for \"is\"", "==="},
    {"if x <> 1 then end", 1, "write ~= for \"is not\"", "<>"},
    {"if a && b then end", 1, "write `and`", "&&"},
    {"if a || b then end", 1, "write `or`", "||"},
    {"if !a then end", 1, "write `not`", "!"},
    {"local n = 0\nn++", 2, "write n = n + 1", "n++"},
    {"local n = 0\n++n", 2, "write n = n + 1", "++n"},
    {"local n = 0\nn += 2", 2, "write n = n + …", "n +="},
    {"local n = 0\nn -= 2", 2, "write n = n - …", "n -="},
    {"local n = 0\nn *= 2", 2, "write n = n * …", "n *="},
    {"local n = 0\nn /= 2", 2, "write n = n / …", "n /="},
    {"local n = ''\nn ..= 'x'", 2, "write n = n .. …", "n ..="},
    {"local f = (x) => x + 1", 1, "write function(x) return … end in place of an arrow", "=>"},
    {"local x = 7 // 2", 1, "a whole quotient is math.floor(a / b)", "//"},
    {"local x = 7 & 2", 1, "write bit.band(a, b)", "&"},
    {"local x = 7 | 2", 1, "write bit.bor(a, b)", "|"},
    {"local x = 7 << 2", 1, "write bit.lshift(a, n)", "<<"},
    {"local x = 7 >> 2", 1, "write bit.rshift(a, n)", ">>"},
    {"local s = “two words”", 1, "write \" for the quotes: these are a word processor's", "“two"},
    {"if\u00a0x then end", 1, "there is a no-break space in it", "if\u00a0x"},
    {"local t = `Room ${name}`", 1, "a text stands in \" or ', and its parts are joined by ..",
     "`"},
    {"// a comment", 1, "a comment begins with --", "//"},
    {"local x = 1 // a comment", 1, "a comment begins with --", "//"},
    {"/* a comment */", 1, "a comment begins with --", "/*"},
    {"local x = 1\n# a comment", 2, "a comment begins with --", "#"},
    {"local x = a ? b : c", 1, "write condition and a or b", "?"},
    {"local x = event?.data", 1, "write get(event, \"data.room.name\")", "?."},
    {"local x = a ?? b", 1, "write a or b; get(t, path, b)", "??"},
    {"const x = 1", 1, "write local x = …", "const x"},
    {"let x = 1", 1, "write local x = …", "let x"},
    {"var x = 1", 1, "write local x = …", "var x"},
    {"local f = async function() end", 1, "leave async out", "async"},
    {"async function f() end", 1, "leave async out", "async"},
    {"await sync:send{ connector = 'x' }", 1,
     "write delivery:await() behind what sync:send returned", "await sync"},
    {"local x = event.data.end", 1, "`end` is a word of Lua: write data[\"end\"]", "data.end"},
    {"local x = event.data.repeat + 1", 1, "`repeat` is a word of Lua: write data[\"repeat\"]",
     "data.repeat"},
    {"local t = { end = 1 }", 1, "`end` is a word of Lua: write [\"end\"] = …", "end ="},
    {"local t = { x = 1,\n  function = 2 }", 2,
     "`function` is a word of Lua: write [\"function\"] = …", "function ="},
    {"local end = 1", 1, "`end` is a word of Lua: give the variable another name", "local end"},
    {"if a then\n  f()\nelse if b then\n  g()\nend", 3, "write elseif", "else if"},
    {"if a then\nelif b then end", 2, "write elseif … then", "elif"},
    {"try {\n local x = f()\n} catch (e) {\n}", 1,
     "write local ok, failure = pcall(function() … end)", "try"},
    {"throw new Error('x')", 1, "write error(text), or reject \"reason\"", "throw new Error"},
    {"f(new Date())", 1, "there is no `new`: the time is time.now()", "new Date"},
    {"f(new Room())", 1, "write Room(…) or Room.new{ … }: there is no `new`", "new Room"},
    {"if a then end\nelse f() end", 2, "no `if` stands before it", NULL},
    {"return {}\nlocal x", 2, "nothing may follow a `return`", NULL},
    {"throw 'x' .. y", 1, "write error(…), or reject \"reason\"", "throw"},
    {"switch (x) {", 1, "write if … elseif … else … end", "switch"},
    {"for i = 1, 2 do\n continue\nend", 2, "write goto continue", "continue"},
    {"for (local i = 0; i < 3; i = i + 1) do end", 1, "write for i = 1, n do … end", "for ("},
    {"for x of list do end", 1, "write for i = 1, n do … end", "for x of"},
    {"def f(x):\n  return x", 1, "write function f(…) … end", "def f"},
    {"local f = lambda x: x", 1, "write function(x) return … end", "lambda"},
    {"import rooms", 1, "write local rooms = require \"rooms\" for lib/rooms.lua", "import rooms"},
    {"export default f", 1, "a file ends with return", "export"},
    {"class Room {", 1, "write a table of functions: local Room = {}", "class Room"},
    {"delete t.x", 1, "write … = nil", "delete t"},
    {"local t = { a: 1 }", 1, "in a table write a = …, with = in place of the colon", "{ a: 1"},
    {"local t = { x = 1, b: y.z }", 1, "in a table write b = …", ", b: y"},
    {"local t = {\n  a: 1,\n}", 2, "in a table write a = …", "a: 1"},
    {"local t = { \"a\": 1 }", 1, "in a table write [\"a\"] = …", "{ \"a\":"},
    {"local t = {\n  'a': 1,\n}", 2, "in a table write ['a'] = …", "'a':"},
    {"if x == 1:\n  f()", 1, "no colon", ":"},
    {"while true {\n}", 1, "'do' expected near '{'", NULL},
    {"if (x) {\n  f()\n}", 1, "blocks have no braces", ") {"},
    {"if x = 1 then end", 1, "write == to compare", NULL},
    {"local x = [1, 2]", 1, "a list is written { … }, or array{ … }", NULL},
    {"if x in list then end", 1, "`in` belongs to for alone", NULL},
    {"local t = { a = 1\n  b = 2 }", 2, "is a comma missing before it?", NULL},
    {"local s = x\n('y'):upper()", 2, "a line that begins with ( calls what the line before", NULL},
    {"local x <const> = 5", 1, "write local x = …: there are no attributes", "local x <"},
    {"local s = 'a\\q'", 1, "in quotes a backslash is written \\\\; in [[ … ]]", NULL},
    {"break\nlocal x", 2, "nothing may follow a `return` or `break`", NULL},
    {"f(1))", 1, "there is one ) too many", NULL},
    {"f(1, )", 1, "there is one ) too many, or a value or an `end` is missing before it", NULL},
    {"f(function()\n  if a then\n  g()\nend)", 4, "or a value or an `end` is missing", NULL},
    {"x := 1", 1, "write x = …, or local x = …", "x :="},
    {"n: number = 1", 1, "write local n = …: a name has no type", "n: number ="},
    {"local t = { ...u }", 1, "write merge(a, b): tables aren't spread", "{ ...u"},
    {"local function f(...args) end", 1, "`...` has no name", "...args"},
    {"local x = \"a\".upper()", 1, "a text in quotes is called in brackets", "\"a\".upper"},
    {"'a %s' % b", 1, "(\"Room %s\"):format(name)", "'a %s' %"},
    {"local x\nx = y = 1", 2, "give each variable its value in a line of its own", "x = y ="},
    {"from rooms import hall", 1, "write local rooms = require \"rooms\"", "from rooms"},
    {"for x in list:\n  f(x)\nend", 1, "no colon", ":"},
    {"local x = f(a = 1)", 1, "names stand in a table, f { x = 5 }", NULL},
    {"local x = (1, 2)", 1, "several values stand in a table", NULL},
    {"if x is nil then end", 1, "write == to compare, and ~= for \"is not\"", NULL},
    {"local x = y if z else w", 1, "write x = condition and a or b", NULL},
    {"local x = s[1:2]", 1, "a part of a text is text.sub(s, from, to)", NULL},
    {"\"\"\"text\"\"\"", 1, "a text of several lines stands in [[ … ]]", NULL},
    {"local t = {1: 2}", 1, "in a table write [1] = … or name = …", NULL},
    {"x.length\nlocal y", 2, "a value alone does nothing", NULL},
    {"\"use strict\"", 1, "a value alone does nothing", "\"use strict\""},
    {"f('a' 'b')", 1, "is a comma, or .., missing before it?", NULL},
    {"local s = 'it is", 1, "the text has no quote at its end", NULL},
    {"if a then end end", 1, "there is one `end` too many", NULL},
    {"local function f()\n  if a then\n    g()\nend\n\nf()", 1,
     "the `function` of line 1 has no `end`", NULL},
    {"local x = f(1,\n  2\n", 1, "the `(` of line 1 has no `)`", NULL},
    {"local x = {\n  1,\n", 1, "the `{` of line 1 has no `}`", NULL},
};

static void check_row(size_t i, struct buf *failures)
{
    struct project *p = project_new();
    struct buf place = {0};
    project_write(p, "scripts/a.lua", syntax[i].script);
    assert_false(project_load(p));
    buf_printf(&place, "scripts/a.lua:%d: ", syntax[i].line);
    struct slice first =
        slice_upto(slice_str(p->problems.data), slice_find(buf_slice(&p->problems), '\n'));
    char *line = slice_dup(first);
    const char *mark = strstr(p->problems.data, " | ");
    bool is_marked = !syntax[i].mark || (mark && strstr(p->problems.data, "^"));
    if (!slice_has_prefix(first, buf_slice(&place)) || !strstr(line, syntax[i].words) || !is_marked)
        buf_printf(failures, "%s\n  expected %s%s\n  got      %s\n", syntax[i].script, place.data,
                   syntax[i].words, p->problems.data);
    if (syntax[i].mark && is_marked) {
        const char *carets = strchr(p->problems.data, '^');
        size_t n = strspn(carets, "^"), expected = 0;
        for (const char *c = syntax[i].mark; *c; c++)
            expected += ((unsigned char)*c & 0xC0) != 0x80; /* letters, not bytes */
        if (n != expected)
            buf_printf(failures, "%s\n  expected %zu marks\n%s\n", syntax[i].script, expected,
                       p->problems.data);
    }
    free(line);
    buf_deinit(&place);
    project_free(p);
}

static void test_a_slip_of_syntax_is_told_in_words_of_its_own(void **state)
{
    (void)state;
    struct buf failures = {0};
    for (size_t i = 0; i < sizeof(syntax) / sizeof(*syntax); i++)
        check_row(i, &failures);
    if (failures.len > 0) {
        fputs(failures.data, stderr); /* fail_msg would cut it */
        fail_msg("%s", "see above");
    }
    buf_deinit(&failures);
}

/* ---- what is told when the file, or the handler, runs ---- */

static void assert_told(const char *script, const char *lib, const char *words)
{
    struct project *p = project_new();
    project_write(p, "scripts/a.lua", script);
    project_write(p, "lib/rooms.lua", lib);
    project_write(p, "connectors/out.lua", "return function() end");
    const char *told;
    if (project_load(p) && script_handler_count(p->machine) > 0)
        project_handle(p, "{\"list\":[2,1]}");
    told = p->problems.len > 0 ? p->problems.data : project_error(p);
    if (!strstr(told, words))
        fail_msg("expected \"%s\" in:\n%s", words, told);
    project_free(p);
}

#define HANDLER(body)                                                                              \
    "local sync = SyncManager.new{}\nsync:on('t', function(event)\n" body "\nend)\nsync:start()"

static void test_a_slip_that_runs_is_told_in_words_of_its_own(void **state)
{
    (void)state;
    const char *none = "return {}";
    assert_told("local sync = SyncManager.new{}\nsync.on('t', print)\nsync:start()", none,
                "scripts/a.lua:2: write sync:on with a colon");
    assert_told("local x = 2**3", none, "write a ^ n");
    assert_told("local sync = SyncManager.new{}\nsync.start()", none,
                "scripts/a.lua:2: write sync:start() with a colon");
    assert_told("local sync = SyncManager.new{}\n", none,
                "warning scripts/a.lua:1: this SyncManager is never started");
    assert_told(
        "require 'rooms'", "return http.get('http://h').json",
        "lib/rooms.lua:1: http.get works while an event is handled or delivered, not while a "
        "file is loaded");
    assert_told("require 'rooms'\nlocal sync = SyncManager.new{}\nsync:start()",
                "local sync = SyncManager.new{}\nsync:send{ connector = 'out' }\nreturn 1",
                "lib/rooms.lua:2: sync:send works inside a handler only");
    assert_told(HANDLER("local get = http.get\n"
                        "table.sort(event.data.list, function(a) return get('http://h' .. a) end)"),
                none,
                "scripts/a.lua:4: http.get waits, which is not possible within a comparator of "
                "table.sort");
    assert_told(HANDLER("for x in pairs(event.data.list) do log.info(x.n) end"), none,
                "x.n: x is a number, the place in the list: write for _, x in ipairs(list) do");
    assert_told(HANDLER("local n = tonumber('x') + 1"), none,
                "scripts/a.lua:3: tonumber('x') returned nil");
    assert_told(HANDLER("local now = time.now()\nif now > '2026' then end"), none,
                "now is a time, and");
    assert_told(HANDLER("local now = time.now()\nif now > 5 then end"), none,
                "time.fromUnix(…) makes a time of seconds");
    assert_told(HANDLER("local at = '2026-01-01T10:00:00Z'\nlocal later = at + 60"), none,
                "at is a text: write time.add(…, \"5m\") for a later time");
    assert_told(HANDLER("sync:send{ to = 'out', data = 1 }"), none,
                "sync:send: there is no option `to`: did you mean `connector`?");
    assert_told(HANDLER("retry('later', { count = 3 })"), none,
                "there is no option `count`; it takes `after` `items`");
    assert_told(HANDLER("send{ connector = 'out' }"), none, "write sync:send{ connector");
    assert_told(HANDLER("local u = secret.TOKEN"), none,
                "secret is a function; call it: secret(…)");
    assert_told(HANDLER("local get = http.get\n"
                        "return (('x'):gsub('x', function() return (get('http://h')) end))"),
                none, "scripts/a.lua:4: http.get waits, which is not possible");
    assert_told(HANDLER("local function wait(d) return (d:await()) end\n"
                        "table.sort(event.data.list, function()\n"
                        "  return wait(sync:send{ connector = 'out', data = 1 })\nend)"),
                none, "scripts/a.lua:3: await waits, which is not possible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slip_of_syntax_is_told_in_words_of_its_own),
        cmocka_unit_test(test_a_slip_that_runs_is_told_in_words_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
