/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* ical.*: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void assert_error(const char *code, const char *text)
{
    char *got = project_eval(code, "{}");
    if (strncmp(got, "ERROR: ", 7) != 0 || !strstr(got, text))
        fail_msg("%s: %s", code, got);
    free(got);
}

static void test_lines_are_folded_between_characters(void **state)
{
    (void)state;
    assert_eval(
        "local wrong = {}\n"
        "for n = 0, 200 do\n"
        "  local summary = ('a'):rep(n % 7) .. ('\303\251\342\202\254\360\235\204\236'):rep(n)\n"
        "  local s = ical.event { uid = '1', start = '2026-01-01', summary = summary }\n"
        "  for line in s:gmatch '(.-)\\r\\n' do\n"
        "    if #line > 75 or not pcall(text.length, line) then wrong[#wrong + 1] = n end\n"
        "  end\n"
        "  if ical.decode(s).events[1].summary ~= summary then wrong[#wrong + 1] = n end\n"
        "end\nreturn table.concat(wrong, ' ')",
        "\"\"");
    assert_eval(
        "local s = ical.event { uid = '1', start = '2026-01-01', summary = ('x'):rep(67) }\n"
        "return { s:find('SUMMARY:' .. ('x'):rep(67) .. '\\r\\n', 1, true) ~= nil,\n"
        "  ical.event({ uid = '1', start = '2026-01-01', summary = ('x'):rep(68) })\n"
        "  :find('SUMMARY:' .. ('x'):rep(67) .. '\\r\\n x\\r\\n', 1, true) ~= nil }",
        "[true,true]");
}

static void test_texts_are_escaped(void **state)
{
    (void)state;
    assert_eval(
        "local e = { uid = 'a,b;c\\\\d', start = '2026-01-01', description = 'x\\r\\ny\\nz\\r',\n"
        "  summary = 'a\\1\\127b\\tc', categories = { 'a,b', 'c;d', 'e' } }\n"
        "local s = ical.event(e)\n"
        "local back = ical.decode(s).events[1]\n"
        "return { s:match 'UID:[^\\r]*', s:match 'DESC[^\\r]*', s:match 'CATE[^\\r]*', back.uid,\n"
        "  back.description, back.summary, back.categories }",
        "[\"UID:a\\\\,b\\\\;c\\\\\\\\d\",\"DESCRIPTION:x\\\\ny\\\\nz\\\\n\","
        "\"CATEGORIES:a\\\\,b,c\\\\;d,e\",\"a,b;c\\\\d\",\"x\\ny\\nz\\n\",\"ab\\tc\","
        "[\"a,b\",\"c;d\",\"e\"]]");
}

static void test_a_calendar_comes_back_as_it_was(void **state)
{
    (void)state;
    assert_eval(
        "local calendar = { product = 'p', method = 'PUBLISH', properties = array {}, components = "
        "{\n"
        "  { name = 'VTODO', components = array {}, properties = { { name = 'UID', value = 't' } } "
        "} },\n"
        "  events = { { uid = '1', summary = 's', start = time.parse '2026-11-23T09:00:00Z',\n"
        "    ['end'] = time.parse '2026-11-23T10:00:00Z', stamp = time.now(), sequence = 3,\n"
        "    created = time.parse '2026-01-01', modified = time.parse '2026-01-02', status = "
        "'TENTATIVE',\n"
        "    organizer = { address = 'mailto:a@b', CN = 'A; \"B\", ^C' }, attendees = { "
        "'mailto:x@y',\n"
        "    { address = 'mailto:z@y', ROLE = 'CHAIR', MEMBER = { 'mailto:1@y', 'mailto:2@y' } } "
        "},\n"
        "    categories = { 'a' }, url = 'http://x/;,', repeats = 'FREQ=DAILY;COUNT=3',\n"
        "    except = { time.parse '2026-11-24T09:00:00Z' }, priority = 1,\n"
        "    properties = { { name = 'X-ROOM', value = 'a\\\\,b;c', params = { X = '1' } } } },\n"
        "  { uid = '2', start = '2026-11-23', ['end'] = '2026-11-24', stamp = time.now() },\n"
        "  { uid = '3', start = '2026-11-23T09:00:00', floating = true, stamp = time.now() } } }\n"
        "local a, b = ical.encode(calendar), ical.encode(ical.decode(ical.encode(calendar)))\n"
        "local x, y = json.encode(ical.decode(a)), json.encode(calendar)\n"
        "return { a == b, x == y or x .. '  ' .. y }",
        "[true,true]");
}

static void test_zones_bring_their_changes(void **state)
{
    (void)state;
    char *got = project_eval("return ical.event { uid = '1', start = '2026-11-23T10:00:00+01:00', "
                             "zone = 'Europe/Berlin' }",
                             "{}");
    assert_non_null(strstr(got, "BEGIN:VTIMEZONE\\r\\nTZID:Europe/Berlin\\r\\n"));
    assert_non_null(strstr(got, "DTSTART;TZID=Europe/Berlin:20261123T100000\\r\\n"));
    assert_non_null(strstr(got, "BEGIN:DAYLIGHT\\r\\nDTSTART:20260329T020000\\r\\n"
                                "TZOFFSETFROM:+0100\\r\\nTZOFFSETTO:+0200\\r\\nTZNAME:CEST\\r\\n"));
    assert_non_null(strstr(got, "BEGIN:STANDARD\\r\\nDTSTART:20261025T030000\\r\\n"
                                "TZOFFSETFROM:+0200\\r\\nTZOFFSETTO:+0100\\r\\nTZNAME:CET\\r\\n"));
    free(got);
    assert_eval("local s = ical.event { uid = '1', start = '2026-11-23T10:00:00+01:00',\n"
                "  zone = 'Europe/Berlin', stamp = '2026-01-01' }\n"
                "local again = ical.encode(ical.decode(s))\n"
                "return { ical.decode(s).events[1].start, s == again }",
                "[\"2026-11-23T09:00:00Z\",true]");
    assert_eval(
        "local e = ical.decode('BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nDTSTART;TZID=W. Europe Standard "
        "Time:20261123T100000\\nEND:VEVENT\\nEND:VCALENDAR').events[1]\n"
        "return e",
        "{\"start\":\"2026-11-23T10:00:00\",\"zone\":\"W. Europe Standard Time\"}");
}

static void test_alarms_are_components(void **state)
{
    (void)state;
    assert_eval(
        "local s = ical.event { uid = '1', start = '2026-01-01', alarms = { { before = '15m',\n"
        "  description = 'a,b' } } }\n"
        "return s:match 'BEGIN:VALARM.*END:VALARM'",
        "\"BEGIN:VALARM\\r\\nACTION:DISPLAY\\r\\nTRIGGER:-PT900S\\r\\nDESCRIPTION:a\\\\,b\\r\\n"
        "END:VALARM\"");
}

static void test_what_is_no_calendar_is_told_by_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *code, *text;
    } rows[] = {
        {"ical.decode ''", "there is no BEGIN:VCALENDAR"},
        {"ical.decode 'UID:1'", "line 1: it stands outside of BEGIN:VCALENDAR"},
        {"ical.decode 'BEGIN:VCALENDAR\\n'", "END:VCALENDAR is missing"},
        {"ical.decode 'BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nEND:VCALENDAR'",
         "line 3: END:VCALENDAR ends no BEGIN:VCALENDAR"},
        {"ical.decode 'END:VCALENDAR'", "line 1: END:VCALENDAR"},
        {"ical.decode 'BEGIN:VCALENDAR\\n\\nnothing'", "line 3: it is no property such as SUMMARY"},
        {"ical.decode 'BEGIN:VCALENDAR\\nX;Y:1'", "line 2: it is no property"},
        {"ical.decode 'BEGIN:VCALENDAR\\nX;Y=\"1:2'", "line 2: it is no property"},
        {"ical.decode('BEGIN:VCALENDAR\\n' .. ('BEGIN:X\\n'):rep(50))", "nested too deep"},
        {"ical.decode 'BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nDTSTART:2026\\nEND:VEVENT\\nEND:VCALENDAR'",
         "ical.decode: DTSTART is no time: \"2026\""},
        {"ical.decode(nil)", "ical.decode: s must be a string, not nil"},
        {"ical.encode { properties = { { value = '1' } } }", "a property needs a `name`"},
        {"ical.encode { properties = { { name = 'A\\nB', value = '1' } } }",
         "a property needs a `name`"},
        {"ical.encode { properties = { { name = 'X-A' } } }", "X-A has no `value`"},
        {"ical.encode { properties = { { name = 'A', value = '1', params = { ['X\\r\\nB'] = 'x' } "
         "} } }",
         "the property A has a parameter"},
        {"ical.encode { properties = { { name = 'A', value = '1', params = { 'x', CN = 'y' } } } }",
         "the property A has a parameter \"1\": its name must be such as CN"},
        {"ical.encode { components = { {} } }", "a component needs a `name`"},
        {"ical.event()", "ical.event: the event must be a table, not nil"},
        {"ical.event { uid = '1' }", "the event needs `start`"},
        {"ical.event { uid = '1', start = null }", "the event needs `start`"},
        {"ical.event { uid = '1', start = '2026-01-01', sumary = 'x' }",
         "an event has no field `sumary`: did you mean `summary`?"},
        {"ical.event { uid = '1', start = '2026-01-01', XYZ = 'x' }",
         "an event has no field `XYZ`; its fields are alarms attendees categories class comment "
         "components contact created description duration [\"end\"] except "},
        {"ical.event { uid = '1', start = '2026-01-01', XYZ = 'x' }",
         "uid url zone, other properties go to `properties`"},
        {"ical.event { uid = '1', start = '2026-01-01', finish = '2026-01-02' }",
         "an event has no field `finish`: did you mean `[\"end\"]`?"},
        {"ical.event { uid = '1', DTSTART = '2026-01-01' }",
         "an event has no field `DTSTART`: did you mean `start`?"},
        {"ical.event { uid = '1', start = '2026-01-01', status = 'a\\nX:1' }",
         "`status` can't have more than one line"},
        {"ical.event { uid = '1', start = 'soon' }", "\"soon\""},
        {"ical.encode { event = {} }", "there is no option `event`: did you mean `events`?"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_error(rows[i].code, rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_folded_between_characters),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_a_calendar_comes_back_as_it_was),
        cmocka_unit_test(test_zones_bring_their_changes),
        cmocka_unit_test(test_alarms_are_components),
        cmocka_unit_test(test_what_is_no_calendar_is_told_by_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
