/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/slips.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/lexer.h"

/* Words that several slips have. */
#define JOIN "a text stands in \" or ', and its parts are joined by ..: \"Room \" .. name"
#define COMMENT "a comment begins with --"
#define NEW_DATE "the time is time.now(), that of a text time.parse(text)"
#define NEW_ERROR "an error is raised by error(text), or reject \"reason\""
#define NO_PROMISE "nothing has to be waited for: http and await do it by themselves"
#define TIME_ADD "write time.add(t, \"5m\"), time.add(t, \"-P1D\")"
#define EXPECT "write expect(value):equals(expected)"
#define ANEW "each test begins anew: clocks and fakes of the one before are gone"
#define FAKE "write http.fake(\"POST\", \"https://…\", { status = 200, json = {} })"
#define SPECS "specs lie in tests/, as files of their own"
#define NO_BRACES "blocks have no braces: if … then … end, for … do … end, function(…) … end"
#define NO_TRY "write local ok, failure = pcall(function() … end), then if not ok then … end"
#define TABLE_COLON "in a table write %2 = …, with = in place of the colon"
#define LOOP "write for i = 1, n do … end, or for _, x in ipairs(list) do … end"

/* ---- names ---- */

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
    {"f", "texts are joined by ..: \"Room \" .. name"},
    {"fetch", "write http.get(url), http.post(url, { json = … })"},
    {"fs", "scripts reach no files: put tables into data/, code into lib/"},
    {"io", "scripts reach no files: put tables into data/, and write to the log by log.info(text)"},
    {"isNaN", "write isNumber(x)"},
    {"len", "write #x"},
    {"load", "scripts load no code but by require \"name\", from lib/name.lua"},
    {"loadstring", "scripts load no code but by require \"name\", from lib/name.lua"},
    {"catch", NO_TRY},
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
    {"this", "write self, in function object:name() … end"},
    {"try", NO_TRY},
    {"typeof", "write type(x)"},
    {"undefined", "write nil"},
    {"utf8", "write text.length(s), text.sub(s, from, to): the functions of text count letters"},
    {"window", "globals are names without anything before them"},
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
    {"every", "write a loop: for _, x in ipairs(list) do … end"},
    {"filter", "write filter(list, function(x) return … end)"},
    {"find", "write a loop: for _, x in ipairs(list) do … end"},
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

#define NO_PROGRAMS "scripts start no programs and reach no files"

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
    {"table", {"contains", "write a loop: for _, x in ipairs(list) do … end"}},
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

static const char *find_foreign(struct slice text)
{
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (memmem(text.data, text.len, foreign[i].bytes, strlen(foreign[i].bytes)))
            return foreign[i].words;
    return NULL;
}

const char *slips_find_global(struct slice name)
{
    const char *words = find_foreign(name);
    if (words)
        return words;
    return find_name(globals, ARRAY_LEN(globals), name);
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

/* ---- options ---- */

#define IN_CALL "it stands in the call: http.post(url, { json = data, headers = { … } })"
#define IN_RETRY "write retry = { attempts = 3, base = \"200ms\" }"

static const struct option_slip option_slips[] = {
    {"SyncManager.new", "bus", "eventBusUrl", NULL},
    {"SyncManager.new", "token", NULL, "write auth = { bearer = secret \"TOKEN\" }"},
    {"SyncManager.new", "url", "eventBusUrl", NULL},
    {"a connector", "handler", "send", NULL},
    {"a connector", "headers", NULL, IN_CALL},
    {"a connector", "method", NULL, IN_CALL},
    {"a connector", "name", NULL, "its file's name is its name"},
    {"a connector", "post", "send", NULL},
    {"a connector", "rateLimit", "rate", NULL},
    {"a connector", "retries", NULL, IN_RETRY},
    {"a connector", "maxRetries", NULL, IN_RETRY},
    {"a connector", "run", "send", NULL},
    {"a connector", "transform", "transformer", NULL},
    {"a connector", "url", NULL, IN_CALL},
    {"auth", "apiKey", NULL,
     "a header of its own stands in the call: headers = { [\"X-Api-Key\"] = … }"},
    {"auth", "password", NULL, "write basic = { user = …, password = … }"},
    {"auth", "token", "bearer", NULL},
    {"auth", "user", NULL, "write basic = { user = …, password = … }"},
    {"auth", "username", NULL, "write basic = { user = …, password = … }"},
    {"auth.basic", "username", "user", NULL},
    {"batch", "count", "size", NULL},
    {"batch", "max", "size", NULL},
    {"batch", "timeout", "wait", NULL},
    {"breaker", "threshold", "failures", NULL},
    {"breaker", "timeout", "open", NULL},
    {"retry", "backoff", "growth", NULL},
    {"retry", "count", "attempts", NULL},
    {"retry", "delay", "base", NULL},
    {"retry", "initialDelay", "base", NULL},
    {"retry", "max", "attempts", NULL},
    {"retry", "maxAttempts", "attempts", NULL},
    {"retry", "maxDelay", "cap", NULL},
    {"retry", "maxRetries", "attempts", NULL},
    {"retry", "retries", "attempts", NULL},
    {"retry", "strategy", "growth", NULL},
    {"retry", "times", "attempts", NULL},
    {"sync:send", "body", "data", NULL},
    {"sync:send", "event", "data", NULL},
    {"sync:send", "payload", "data", NULL},
    {"sync:send", "target", "connector", NULL},
    {"sync:send", "to", "connector", NULL},
};

const struct option_slip *slips_find_option(const char *set, struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(option_slips); i++)
        if (strcmp(option_slips[i].set, set) == 0 &&
            slice_is_equal(name, slice_str(option_slips[i].name)))
            return &option_slips[i];
    return NULL;
}

/* ---- syntax ---- */

/* A sequence of tokens, which blanks part: a token as it stands, or NAME, STRING, KEYWORD; ^ and $ for
   the ends of the line; VALUE for what may begin a table's value, but no call of a method. In the words,
   %1 is the first token of the sequence. */
struct slip {
    const char *pattern; /* NULL: the message alone is looked at */
    const char *message; /* what LuaJIT's message must contain; NULL: anything */
    const char *words;
    bool
        in_all; /* the whole text is searched from its end, not only the line and the one before it */
};

/* The first one that fits. */
static const struct slip slips[] = {
    {"!==", NULL, "write ~= for \"is not\"", false},
    {"===", NULL, "write == for \"is\"", false},
    {"!=", NULL, "write ~= for \"is not\"", false},
    {"<>", NULL, "write ~= for \"is not\"", false},
    {"&&", NULL, "write `and`", false},
    {"||", NULL, "write `or`", false},
    {"NAME ++", NULL, "write %1 = %1 + 1", false},
    {"++ NAME", NULL, "write %2 = %2 + 1", false},
    {"NAME +=", NULL, "write %1 = %1 + …", false},
    {"NAME -=", NULL, "write %1 = %1 - …", false},
    {"NAME *=", NULL, "write %1 = %1 * …", false},
    {"NAME /=", NULL, "write %1 = %1 / …", false},
    {"NAME ..=", NULL, "write %1 = %1 .. …", false},
    {"=>", NULL, "write function(x) return … end in place of an arrow", false},
    {"`", NULL, JOIN, false},
    {"//", NULL, COMMENT "; a whole quotient is math.floor(a / b)", false},
    {"/*", NULL, COMMENT ", one of several lines stands in --[[ … ]]", false},
    {"^ #", NULL, COMMENT, false},
    {"? .", NULL, "write get(event, \"data.room.name\"), which is nil where a part is missing",
     false},
    {"? ?", NULL, "write a or b; get(t, path, b) where a may be null", false},
    {"?", NULL, "write condition and a or b", false},
    {"!", NULL, "write `not`", false},
    {"&", NULL, "write bit.band(a, b)", false},
    {"|", NULL, "write bit.bor(a, b)", false},
    {"< <", NULL, "write bit.lshift(a, n)", false},
    {"> >", NULL, "write bit.rshift(a, n)", false},
    {"const NAME", NULL, "write local %2 = …", false},
    {"let NAME", NULL, "write local %2 = …", false},
    {"var NAME", NULL, "write local %2 = …", false},
    {"async", NULL, "leave async out: http and await wait by themselves", false},
    {"await NAME", NULL,
     "write delivery:await() behind what sync:send returned, as in sync:send{ … }:await(); http "
     "waits by "
     "itself",
     false},
    {"await", NULL, "leave await out: http waits by itself, a delivery by delivery:await()", false},
    {"throw new NAME", NULL, "write error(text), or reject \"reason\"", false},
    {"new Date", NULL, "there is no `new`: " NEW_DATE, false},
    {"new Error", NULL, "there is no `new`: " NEW_ERROR, false},
    {"new Promise", NULL, "there is no `new`: " NO_PROMISE, false},
    {"new NAME", NULL, "write %2(…) or %2.new{ … }: there is no `new`", false},
    {"NAME . KEYWORD", NULL, "`%3` is a word of Lua: write %1[\"%3\"]", false},
    {"local KEYWORD", "<name>", "`%2` is a word of Lua: give the variable another name", false},
    {"KEYWORD =", "unexpected symbol near", "`%1` is a word of Lua: write [\"%1\"] = …", false},
    {"KEYWORD =", "expected near", "`%1` is a word of Lua: write [\"%1\"] = …", false},
    {"else if", "'end' expected", "write elseif: an `else if` needs an `end` of its own", true},
    {"elif", NULL, "write elseif … then", false},
    {"elsif", NULL, "write elseif … then", false},
    {"try", NULL, NO_TRY, false},
    {"catch", NULL, NO_TRY, false},
    {"except", NULL, NO_TRY, false},
    {"throw", NULL, "write error(…), or reject \"reason\"", false},
    {"raise", NULL, "write error(…), or reject \"reason\"", false},
    {"switch", NULL, "write if … elseif … else … end", false},
    {"continue", NULL, "write goto continue, and ::continue:: before the loop's end", false},
    {"for (", NULL, LOOP, false},
    {"for NAME of", NULL, LOOP, false},
    {"foreach", NULL, LOOP, false},
    {"def NAME", NULL, "write function %2(…) … end", false},
    {"lambda", NULL, "write function(x) return … end", false},
    {"import NAME", NULL, "write local %2 = require \"%2\", for lib/%2.lua", false},
    {"from NAME", NULL, "write local %2 = require \"%2\", for lib/%2.lua", false},
    {"export", NULL, "a file ends with return: what it gives to others", false},
    {"class NAME", NULL, "write a table of functions: local %2 = {}", false},
    {"typeof", NULL, "write type(x)", false},
    {"delete NAME", NULL, "write … = nil", false},
    {"pass $", NULL, "leave it out: a block may be empty", false},
    {"{ NAME : VALUE", NULL, TABLE_COLON, false},
    {", NAME : VALUE", NULL, TABLE_COLON, false},
    {"{ STRING :", NULL, "in a table write [%2] = …, with = in place of the colon", false},
    {", STRING :", NULL, "in a table write [%2] = …, with = in place of the colon", false},
    {"^ NAME : VALUE", NULL, "in a table write %1 = …, with = in place of the colon", false},
    {"^ STRING :", NULL, "in a table write [%1] = …, with = in place of the colon", false},
    {": $", NULL, "no colon: if … then … end, for … do … end, function(…) … end", false},
    {") {", "expected near", NO_BRACES, false},
    {") {", "'then' expected", NO_BRACES, true},
    {") {", "'do' expected", NO_BRACES, true},
    {"else {", NULL, NO_BRACES, false},
    {"} else", NULL, NO_BRACES, false},
    {"^ }", "unexpected symbol", NO_BRACES, false},
    {NULL, "unexpected symbol near '['", "a list is written { … }, or array{ … }", false},
    {NULL, "'then' expected near '='", "write == to compare", false},
    {NULL, "'do' expected near '='", "write == to compare", false},
    {NULL, "'then' expected near 'in'",
     "`in` belongs to for alone: to find something in a list, loop over it", false},
    {NULL, "'}' expected", "is a comma missing before it? A table's members are parted by commas",
     false},
    {NULL, "unfinished string",
     "the text has no quote at its end; one of several lines stands in [[ … ]]", false},
    {NULL, "'<eof>' expected near 'end'", "there is one `end` too many", false},
    {NULL, "'<eof>' expected near 'else", "no `if` stands before it, or that has its `end` already",
     false},
    {NULL, "'<eof>' expected near 'until'", "no `repeat` stands before it", false},
    {NULL, "'<eof>' expected", "nothing may follow a `return`: it ends the file", false},
};

/* ---- the tokens of a text ---- */

struct tokens {
    struct token *items;
    size_t n, cap;
};

static void read_tokens(struct tokens *tokens, struct slice text)
{
    struct lexer x = lexer_of(text);
    *tokens = (struct tokens){.items = mem_calloc(256, sizeof(struct token)), .cap = 256};
    for (struct token t; lexer_next(&x, &t); tokens->n++) {
        if (tokens->n == tokens->cap) {
            tokens->cap *= 2;
            tokens->items = mem_realloc(tokens->items, tokens->cap * sizeof(*tokens->items));
        }
        tokens->items[tokens->n] = t;
    }
}

static bool begins_line(const struct tokens *tokens, size_t i)
{
    return i == 0 || tokens->items[i - 1].last_line < tokens->items[i].line;
}

static bool ends_line(const struct tokens *tokens, size_t i)
{
    return i + 1 >= tokens->n || tokens->items[i + 1].line > tokens->items[i].last_line;
}

/* a:b(…) is a call and no table's member. */
static bool begins_value(const struct tokens *tokens, size_t i)
{
    const struct token *next = i + 1 < tokens->n ? &tokens->items[i + 1] : NULL;
    if (tokens->items[i].kind != TOKEN_NAME || !next)
        return true;
    return next->kind != TOKEN_STRING && !token_is(next, "(") && !token_is(next, "{");
}

static bool is_token(const struct tokens *tokens, size_t i, struct slice word)
{
    const struct token *t = &tokens->items[i];
    if (slice_is_equal(word, SLICE_LIT("NAME")))
        return t->kind == TOKEN_NAME;
    if (slice_is_equal(word, SLICE_LIT("STRING")))
        return t->kind == TOKEN_STRING;
    if (slice_is_equal(word, SLICE_LIT("KEYWORD")))
        return t->kind == TOKEN_KEYWORD;
    if (slice_is_equal(word, SLICE_LIT("VALUE")))
        return begins_value(tokens, i);
    return t->kind != TOKEN_STRING && slice_is_equal(t->text, word);
}

/* How many tokens from `i` on, of one line, the pattern takes; 0: it doesn't fit. */
static size_t match(const char *pattern, const struct tokens *tokens, size_t i)
{
    struct slice rest = slice_str(pattern);
    size_t n = 0;
    while (rest.len > 0) {
        struct slice word = slice_split(&rest, ' ');
        if (slice_is_equal(word, SLICE_LIT("^"))) {
            if (!begins_line(tokens, i))
                return 0;
        } else if (slice_is_equal(word, SLICE_LIT("$"))) {
            if (!ends_line(tokens, i + n - 1))
                return 0;
        } else if (i + n >= tokens->n || tokens->items[i + n].line != tokens->items[i].line ||
                   !is_token(tokens, i + n, word)) {
            return 0;
        } else {
            n++;
        }
    }
    return n;
}

/* ---- finding ---- */

struct found {
    size_t at, n; /* tokens */
};

/* On the line first, then on the one before it: LuaJIT may see only there that something is wrong. */
static bool find_near(const struct slip *slip, const struct tokens *tokens, int line,
                      struct found *found)
{
    for (int back = 0; back <= 1; back++) {
        for (size_t i = 0; i < tokens->n; i++) {
            found->at = i;
            if (tokens->items[i].line == line - back &&
                (found->n = match(slip->pattern, tokens, i)) > 0)
                return true;
        }
    }
    return false;
}

static bool find_last(const struct slip *slip, const struct tokens *tokens, struct found *found)
{
    for (size_t i = tokens->n; i > 0; i--) {
        found->at = i - 1;
        if ((found->n = match(slip->pattern, tokens, i - 1)) > 0)
            return true;
    }
    return false;
}

static bool has(struct slice text, const char *part)
{
    return memmem(text.data, text.len, part, strlen(part));
}

static const struct slip *find_slip(const struct tokens *tokens, int line, struct slice message,
                                    struct found *found)
{
    for (size_t i = 0; i < ARRAY_LEN(slips); i++) {
        const struct slip *slip = &slips[i];
        *found = (struct found){0};
        if (slip->message && !has(message, slip->message))
            continue;
        if (!slip->pattern ||
            (slip->in_all ? find_last(slip, tokens, found) : find_near(slip, tokens, line, found)))
            return slip;
    }
    return NULL;
}

static void add_words(struct buf *out, const char *words, const struct token *first, size_t n)
{
    for (const char *c = words; *c; c++) {
        size_t i = c[0] == '%' && isdigit((unsigned char)c[1]) ? (size_t)(c[1] - '1') : n;
        if (i < n) {
            buf_add_slice(out, first[i].text);
            c++;
        } else {
            buf_add_char(out, *c);
        }
    }
}

/* "'end' expected (to close 'function' at line 3) near '<eof>'": where that began. */
static bool find_opening(struct slice message, struct buf *words, int *line)
{
    char word[16], closing[16];
    struct buf text = {0};
    buf_add_slice(&text, message);
    const char *close = strstr(text.data, "(to close '");
    bool is = close && sscanf(text.data, "'%15[^']' expected", closing) == 1 &&
              sscanf(close, "(to close '%15[^']' at line %d)", word, line) == 2;
    if (is)
        buf_printf(words, "the `%s` of line %d has no `%s`", word, *line, closing);
    buf_deinit(&text);
    return is;
}

/* The innermost bracket that nothing closes. */
static bool find_bracket(const struct tokens *tokens, struct buf *words, struct slice *mark,
                         int *line)
{
    size_t depth = 0;
    for (size_t i = tokens->n; i > 0; i--) {
        const struct token *t = &tokens->items[i - 1];
        if (token_is(t, ")") || token_is(t, "}") || token_is(t, "]"))
            depth++;
        if (!token_is(t, "(") && !token_is(t, "{") && !token_is(t, "["))
            continue;
        if (depth-- > 0)
            continue;
        const char *closing = token_is(t, "(") ? ")" : token_is(t, "{") ? "}" : "]";
        buf_printf(words, "the `%.*s` of line %d has no `%s`", SLICE_FMT(t->text), t->line,
                   closing);
        *mark = t->text;
        *line = t->line;
        return true;
    }
    return false;
}

/* A name of the line, or of the one before it, that has bytes of others in it. */
static bool find_foreign_name(const struct tokens *tokens, int line, struct buf *words,
                              struct slice *mark, int *mark_line)
{
    for (size_t i = 0; i < tokens->n; i++) {
        const struct token *t = &tokens->items[i];
        const char *found = t->kind == TOKEN_NAME && (t->line == line || t->line == line - 1)
                                ? find_foreign(t->text)
                                : NULL;
        if (!found)
            continue;
        buf_add_str(words, found);
        *mark = t->text;
        *mark_line = t->line;
        return true;
    }
    return false;
}

bool slips_find_syntax(struct slice text, int line, struct slice message, struct buf *words,
                       struct slice *mark, int *mark_line)
{
    struct tokens tokens;
    struct found found;
    read_tokens(&tokens, text);
    *mark = SLICE_NULL;
    *mark_line = line;
    if (find_foreign_name(&tokens, line, words, mark, mark_line)) {
        free(tokens.items);
        return true;
    }
    const struct slip *slip = find_slip(&tokens, line, message, &found);
    bool is_open =
        has(message, "near '<eof>'") && (!slip || !slip->pattern) &&
        (find_opening(message, words, mark_line) || find_bracket(&tokens, words, mark, mark_line));
    if (is_open)
        slip = NULL; /* what was never closed says more */
    if (slip)
        add_words(words, slip->words, tokens.items + found.at, found.n);
    if (slip && found.n > 0) {
        const struct token *first = &tokens.items[found.at], *last = first + found.n - 1;
        *mark = slice_of(first->text.data,
                         (size_t)(last->text.data + last->text.len - first->text.data));
        *mark_line = first->line;
    }
    free(tokens.items);
    return slip || is_open;
}
