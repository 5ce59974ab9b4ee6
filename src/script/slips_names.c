/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Names: globals, members, functions of libraries. */
#include <string.h>

#include "script/slips_parts.h"

#define TIME_ADD "write time.add(t, \"5m\"), time.add(t, \"-P1D\")"
#define EXPECT "write expect(value):equals(expected)"
#define ANEW "each test begins anew: clocks and fakes of the one before are gone"
#define FAKE "write http.fake(\"POST\", \"https://…\", { status = 200, json = {} })"
#define SPECS "specs lie in tests/, as files of their own"
#define LOOP_OVER "write a loop: for _, x in ipairs(list) do … end"
#define NO_PROGRAMS "scripts start no programs and reach no files"
#define NO_PREFIX "leave it out: a text is of bytes, and \"…\" in UTF-8"

/* Which a word processor, or a page of the web, has put in the place of others: part of a name then. */
static const struct {
    const char *bytes, *words;
} foreign[] = {
    {"\u201c", "write \" for the quotes: these are a word processor's"},
    {"\u201d", "write \" for the quotes: these are a word processor's"},
    {"\u201e", "write \" for the quotes: these are a word processor's"},
    {"\u2018", "write ' for the quotes: these are a word processor's"},
    {"\u2019", "write ' for the quotes: these are a word processor's"},
    {"\u00a0", "there is a no-break space in it, that looks like a blank: write a blank"},
};

const char *slips_find_foreign(struct slice text)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (memmem(text.data, text.len, foreign[i].bytes, strlen(foreign[i].bytes)))
            return foreign[i].words;
    return NULL;
}

struct name_slip {
    const char *name, *words;
};

static const struct name_slip globals[] = {
    {"Array", "a list is array{ … }"},
    {"Boolean", "write toBoolean(x)"},
    {"Date", NEW_DATE},
    {"Error", NEW_ERROR},
    {"Exception", NEW_ERROR},
    {"False", "write false"},
    {"JSON", "write json.encode(value) and json.decode(text)"},
    {"Map", "a table has any names: local t = {}, t[name] = value"},
    {"Math", "write math, its names in small letters: math.floor(x)"},
    {"None", "write nil, or null for JSON's null"},
    {"Number", "write toNumber(x)"},
    {"Object", "write keys(t), values(t), entries(t)"},
    {"Promise", NO_PROMISE},
    {"RegExp", "write regex.find(text, pattern)"},
    {"Set", "a table is one: local seen = {}, seen[value] = true"},
    {"String", "write tostring(x)"},
    {"True", "write true"},
    {"URL", "write url.parse(text), or url.build{ … }"},
    {"abs", "write math.abs(x)"},
    {"all", LOOP_OVER},
    {"any", LOOP_OVER},
    {"async", "functions need no async: http and await wait by themselves"},
    {"await", "write delivery:await() behind what sync:send returned; http waits by itself"},
    {"axios", "write http.get(url), http.post(url, { json = … })"},
    {"connectors", "write a connector's name as a text: connector = \"calendarApi\""},
    {"console", "write log.info(text, { name = value })"},
    {"datetime", NEW_DATE},
    {"dayjs", NEW_DATE},
    {"moment", NEW_DATE},
    {"timedelta", TIME_ADD},
    {"throw", "write error(…), or reject \"reason\""},
    {"coroutine", "scripts have no coroutines: http and await wait by themselves"},
    {"describe", SPECS},
    {"dofile", "write require \"name\" for lib/name.lua"},
    {"emit", "write sync:send{ connector = \"…\", data = … }"},
    {"expect", SPECS},
    {"exports", "a file ends with return: what it gives to others"},
    {"fetch", "write http.get(url), http.post(url, { json = … })"},
    {"fs", "scripts reach no files: put tables into data/, code into lib/"},
    {"io", "scripts reach no files: put tables into data/, and write to the log by log.info(text)"},
    {"isNaN", "write isNumber(x)"},
    {"len", "write #x"},
    {"load", "scripts load no code but by require \"name\", from lib/name.lua"},
    {"loadstring", "scripts load no code but by require \"name\", from lib/name.lua"},
    {"atob", "write base64.decode(text)"},
    {"bool", "write toBoolean(x)"},
    {"btoa", "write base64.encode(text)"},
    {"catch", NO_TRY},
    {"dict", "a table has any names: local t = {}, t[name] = value"},
    {"encodeURIComponent", "write url.encode(text)"},
    {"enumerate", "write for i, x in ipairs(list) do … end"},
    {"float", "write toNumber(x)"},
    {"int", "write toInteger(x)"},
    {"isinstance", "write type(x) == \"string\", and its like"},
    {"max", "write math.max(a, b)"},
    {"min", "write math.min(a, b)"},
    {"sorted", "write sortBy(list, name)"},
    {"structuredClone", "write merge(t)"},
    {"sum", "write fold(list, 0, function(sum, x) return sum + x end)"},
    {"module", "a file ends with return: what it gives to others"},
    {"new", "write NAME(…), or NAME.new{ … }"},
    {"parseFloat", "write toNumber(text)"},
    {"parseInt", "write toInteger(text)"},
    {"process",
     "write secret \"NAME\" for a variable that is a secret, setting \"name\" for others"},
    {"range", "write for i = 1, n do … end"},
    {"requests", "write http.get(url), http.post(url, { json = … })"},
    {"self", "a method's `self` is there in function object:name() … end alone"},
    {"send", "write sync:send{ connector = \"…\", data = … }"},
    {"setTimeout", "give sync:send a `delay`, or a retry an `after`"},
    {"str", "write tostring(x)"},
    {"sync",
     "handlers send, in scripts/NAME.lua, which begin with local sync = SyncManager.new { … }"},
    {"this", "write self, in function object:name() … end"},
    {"try", NO_TRY},
    {"typeof", "write type(x)"},
    {"undefined", "write nil"},
    {"utf8", "write text.length(s), text.sub(s, from, to): the functions of text count letters"},
    {"window", "globals are names without anything before them"},
};

/* Before the quotes of a text: f"Room {name}". */
static const struct name_slip prefixes[] = {
    {"b", NO_PREFIX},
    {"f", JOIN},
    {"r", "a text in which \\ means itself stands in [[ … ]]"},
    {"u", NO_PREFIX},
};

/* In a spec; what other languages' tests say. */
static const struct name_slip spec_globals[] = {
    {"after", ANEW},
    {"afterAll", ANEW},
    {"afterEach", ANEW},
    {"after_each", ANEW},
    {"assert", EXPECT "; Lua's assert(ok, text) raises an error"},
    {"assertEqual", EXPECT},
    {"assertEquals", EXPECT},
    {"assertFalse", "write expect(value):isFalse()"},
    {"assertNil", "write expect(value):isNil()"},
    {"assertTrue", "write expect(value):isTrue()"},
    {"assert_equal", EXPECT},
    {"assert_equals", EXPECT},
    {"beforeAll", "write before(function() … end)"},
    {"before_each", "write beforeEach(function() … end)"},
    {"context", "write describe(\"…\", function() … end)"},
    {"jest", FAKE},
    {"lu", EXPECT},
    {"luaunit", EXPECT},
    {"mock", FAKE},
    {"setup", "write beforeEach(function() … end)"},
    {"spy", FAKE},
    {"stub", FAKE},
    {"sync",
     "a spec makes an event itself: handle{ type = \"…\", data = { … } } gives what is sent"},
    {"teardown", ANEW},
    {"test", "write it(\"…\", function() … end)"},
};

static const struct name_slip members[] = {
    {"append", "write list[#list + 1] = value"},
    {"concat", "texts are joined by .., lists by table.concat(list, \", \")"},
    {"endsWith", "write text.endsWith(s, ending)"},
    {"every", LOOP_OVER},
    {"filter", "write filter(list, function(x) return … end)"},
    {"find", LOOP_OVER},
    {"forEach", "write for _, x in ipairs(list) do … end"},
    {"get", "write get(t, \"name\")"},
    {"hasOwnProperty", "write t.name ~= nil"},
    {"includes", "write text.contains(s, part)"},
    {"indexOf", "write text.contains(s, part), or a loop over the list"},
    {"items", "write for name, value in pairs(t) do … end"},
    {"join", "write table.concat(list, \", \")"},
    {"keys", "write keys(t)"},
    {"length", "its length is written with # before it"},
    {"lower", "write text.lower(s)"},
    {"map", "write map(list, function(x) return … end)"},
    {"padStart", "write text.pad(…)"},
    {"pop", "write table.remove(list)"},
    {"push", "write list[#list + 1] = value"},
    {"reduce", "write fold(list, start, function(sum, x) return … end)"},
    {"replace", "write text.replace(s, from, to)"},
    {"size", "its length is written with # before it"},
    {"slice", "write text.sub(s, from, to)"},
    {"split", "write text.split(s, \",\")"},
    {"startsWith", "write text.startsWith(s, beginning)"},
    {"strip", "write text.trim(s)"},
    {"substring", "write text.sub(s, from, to)"},
    {"then", NO_PROMISE},
    {"toFixed", "write round(x, digits)"},
    {"toISOString", "write time.iso(t)"},
    {"toLowerCase", "write text.lower(s)"},
    {"toString", "write tostring(x)"},
    {"toUpperCase", "write text.upper(s)"},
    {"trim", "write text.trim(s)"},
    {"upper", "write text.upper(s)"},
};

static const struct {
    const char *library;
    struct name_slip slip;
} functions[] = {
    {"http", {"mock", FAKE}},
    {"http", {"head", "write http.request(\"HEAD\", url)"}},
    {"http", {"send", "write http.post(url, { json = … })"}},
    {"json", {"dumps", "write json.encode(value)"}},
    {"json", {"loads", "write json.decode(text)"}},
    {"json", {"parse", "write json.decode(text)"}},
    {"json", {"stringify", "write json.encode(value)"}},
    {"math", {"round", "write round(x, digits)"}},
    {"math", {"tointeger", "write toInteger(x)"}},
    {"os", {"environ", "write setting(\"name\"), or secret \"NAME\" for what is secret"}},
    {"os", {"execute", NO_PROGRAMS}},
    {"os", {"exit", "write skip \"reason\", reject \"reason\" or error(…) to end a run"}},
    {"os", {"getenv", "write setting(\"name\"), or secret \"NAME\" for what is secret"}},
    {"os", {"remove", NO_PROGRAMS}},
    {"os", {"rename", NO_PROGRAMS}},
    {"os", {"sleep", "give sync:send a `delay`, or a retry an `after`"}},
    {"string", {"contains", "write text.contains(s, part)"}},
    {"string", {"endswith", "write text.endsWith(s, ending)"}},
    {"string", {"join", "write table.concat(list, \", \")"}},
    {"string", {"replace", "write text.replace(s, from, to)"}},
    {"string", {"startswith", "write text.startsWith(s, beginning)"}},
    {"table", {"contains", LOOP_OVER}},
    {"table", {"copy", "write merge(t)"}},
    {"table", {"filter", "write filter(list, function(x) return … end)"}},
    {"table", {"foreach", "write for name, value in pairs(t) do … end"}},
    {"table", {"getn", "write #list"}},
    {"table", {"keys", "write keys(t)"}},
    {"table", {"map", "write map(list, function(x) return … end)"}},
    {"table", {"merge", "write merge(a, b)"}},
    {"table", {"pack", "write { … }, and select(\"#\", …) for how many there are"}},
    {"table", {"unpack", "write unpack(list)"}},
    {"time", {"addDays", TIME_ADD}},
    {"time", {"date", "write time.format(t, \"%d.%m.%Y\")"}},
    {"time", {"minus", TIME_ADD}},
    {"time", {"plus", TIME_ADD}},
    {"time", {"strftime", "write time.format(t, \"%d.%m.%Y\")"}},
    {"time", {"strptime", "write time.parse(text, \"%d.%m.%Y\")"}},
    {"time", {"subtract", TIME_ADD}},
    {"time", {"time", "write time.unix(time.now())"}},
    {"time", {"sleep", "give sync:send a `delay`, or a retry an `after`"}},
};

static const char *find_name(const struct name_slip *rows, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++)
        if (slice_is_equal(name, slice_str(rows[i].name)))
            return rows[i].words;
    return NULL;
}

/* f"…", which is a call with a text. */
static bool is_prefix(const struct node *n)
{
    const struct node *text = n->next;
    return text && text->kind == NODE_STRING && text->text.data == n->text.data + n->text.len &&
           n->parent->kind == NODE_CALL;
}

const char *slips_find_global(const struct node *n)
{
    const char *words = slips_find_foreign(n->name);
    if (!words && is_prefix(n))
        words = find_name(prefixes, ARRAY_LEN(prefixes), n->name);
    return words ? words : find_name(globals, ARRAY_LEN(globals), n->name);
}

const char *slips_find_spec_global(struct slice name)
{
    return find_name(spec_globals, ARRAY_LEN(spec_globals), name);
}

const char *slips_find_member(struct slice name)
{
    return find_name(members, ARRAY_LEN(members), name);
}

const char *slips_find_function(struct slice library, struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (slice_is_equal(library, slice_str(functions[i].library)) &&
            slice_is_equal(name, slice_str(functions[i].slip.name)))
            return functions[i].slip.words;
    return slips_find_member(name);
}
