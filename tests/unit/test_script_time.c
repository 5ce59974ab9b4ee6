/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* time.*: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "script_project.h"

static void assert_error(const char *code, const char *text)
{
    char *got = project_eval(code, "{}");
    if (strncmp(got, "ERROR: ", 7) != 0 || !strstr(got, text))
        fail_msg("%s: %s", code, got);
    free(got);
}

/* Whether each row's first part gives its second, as text. */
struct row {
    const char *code, *text;
};

static void assert_rows(const struct row *rows, size_t n)
{
    struct buf wrong = {0};
    for (size_t i = 0; i < n; i++) {
        struct buf code = {0}, wanted = {0};
        buf_printf(&code, "return tostring(%s)", rows[i].code);
        buf_printf(&wanted, "\"%s\"", rows[i].text);
        char *got = project_eval(code.data, "{}");
        if (strcmp(got, wanted.data) != 0)
            buf_printf(&wrong, "%s: %s, not %s\n", rows[i].code, got, wanted.data);
        free(got);
        buf_deinit(&code);
        buf_deinit(&wanted);
    }
    if (wrong.len > 0)
        fail_msg("%s", wrong.data);
    buf_deinit(&wrong);
}
#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_a_time_is_text_wherever_it_is_shown_or_sent(void **state)
{
    (void)state;
    assert_eval(
        "local t = time.parse '2026-11-23T10:00:00.5+01:00'\n"
        "return { t = t, s = tostring(t), j = 'at ' .. t .. '!', f = ('%s'):format(t), "
        "l = text.length(t), e = json.encode { t } }",
        "{\"e\":\"[\\\"2026-11-23T09:00:00.500Z\\\"]\",\"f\":\"2026-11-23T09:00:00.500Z\","
        "\"j\":\"at 2026-11-23T09:00:00.500Z!\",\"l\":24,\"s\":\"2026-11-23T09:00:00.500Z\","
        "\"t\":\"2026-11-23T09:00:00.500Z\"}");
}

static void test_times_compare(void **state)
{
    (void)state;
    assert_eval(
        "local a, b = time.parse '2026-01-01T00:00:00Z', time.parse '2026-01-01T01:00:00+01:00'\n"
        "local c = time.add(a, 1e-6)\n"
        "local list = { c, a }\ntable.sort(list)\n"
        "return { a == b, a < b, a <= b, a < c, c > b, a ~= c, list[1] == a, a ~= null, "
        "a == tostring(a) }",
        "[true,false,true,true,true,true,true,true,false]");
    assert_error("return time.now() < 5", "attempt to compare");
    assert_error("return time.now() < '2026'", "attempt to compare");
    assert_error("return time.now() - 5", "write time.add(t, \"5m\") for a later time");
    assert_error(
        "return time.format(time.now(), 'YYYY-MM-DD')",
        "time.format: the format \"YYYY-MM-DD\" has no letter behind a %: write \"%Y-%m-%d\"");
    assert_error("return time.now().year",
                 "a time has no fields and no functions: write time.format");
    assert_error("return time.now() + 60", "a time takes no arithmetic: write time.add(t, \"5m\")");
    assert_error("return 2 * time.now()", "a time takes no arithmetic: write time.add");
    assert_error("return time.now() - time.now()", "write time.diff(a, b) for the seconds between");
    assert_error("return time.now() + event.key", "write time.add");
    assert_eval("return getmetatable(time.now())", "false");
}

static void test_iso_8601_is_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"time.iso '2020-08-14T11:45:26.123Z'", "2020-08-14T11:45:26.123Z"},
        {"time.iso '2020-08-14 11:45:26z'", "2020-08-14T11:45:26Z"},
        {"time.iso '2020-08-14t11:45:26,5+0530'", "2020-08-14T06:15:26.500Z"},
        {"time.iso '2020-08-14T11:45-03'", "2020-08-14T14:45:00Z"},
        {"time.iso '2020-08-14'", "2020-08-14T00:00:00Z"},
        {"time.parse('2020-08-14', nil, 'Europe/Berlin')", "2020-08-13T22:00:00Z"},
        {"time.parse('2020-08-14T10:00:00', nil, '-08:00')", "2020-08-14T18:00:00Z"},
        {"time.iso '2016-12-31T23:59:60Z'", "2017-01-01T00:00:00Z"},
        {"time.iso '2020-01-01T00:00:00.123456Z'", "2020-01-01T00:00:00.123456Z"},
        {"time.iso '2020-01-01T00:00:00.1234567899Z'", "2020-01-01T00:00:00.123456789Z"},
        {"time.iso '2020-01-01T00:00:00.000Z'", "2020-01-01T00:00:00Z"},
        {"time.iso '0001-01-01T00:00:00Z'", "0001-01-01T00:00:00Z"},
        {"time.iso '9999-12-31T23:59:59.999Z'", "9999-12-31T23:59:59.999Z"},
        {"time.iso '1969-12-31T23:59:59.5Z'", "1969-12-31T23:59:59.500Z"},
        {"time.iso('1890-01-01T00:00:00Z', 'Europe/Berlin')", "1890-01-01T00:53:00+00:53"},
        {"time.iso('2021-01-01T00:00:00Z', '-03:30')", "2020-12-31T20:30:00-03:30"},
    };
    ASSERT_ROWS(rows);
}

static void test_what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"time.iso '2021-13-01'", "\"2021-13-01\" has 13 as its month"},
        {"time.iso '2021-02-29'", "2021-02 has no day 29"},
        {"time.iso '2021-02-00'", "2021-02 has no day 0"},
        {"time.iso '2021-02-01T24:00:00Z'", "has 24 as its hour"},
        {"time.iso '2021-02-01T10:60Z'", "has 60 as its minute"},
        {"time.iso '2021-02-01T10:00:61Z'", "has 61 as its second"},
        {"time.iso '2021-02-01T10'", "is no time such as"},
        {"time.parse '1767225600'", "time.fromUnix(n) takes seconds since 1970"},
        {"time.parse(1767225600.5)", "time.fromUnix(n) takes seconds since 1970"},
        {"time.parse '2021-2-1'", "say its format, as in time.parse(s, \"%d.%m.%Y %H:%M\")"},
        {"time.iso '2021-02-01Z'", "is no time such as"},
        {"time.iso '2021-02-01T10:00+25:00'", "is no time such as"},
        {"time.iso ' 2021-02-01'", "is no time such as"},
        {"time.iso ''", "is no time such as"},
        {"time.parse 'tomorrow'", "say its format"},
        {"time.iso(5)",
         "time.iso: t must be a time or a text such as \"2026-11-23T10:00:00Z\", not "
         "a number: write time.fromUnix("},
        {"time.iso(nil)", "not nil"},
        {"time.iso(null)", "not null"},
        {"time.fromUnix(1e18)", "the time lies outside the years 0 to 9999"},
        {"time.fromUnix(0/0)", "n must be a number"},
        {"time.fromUnix 'x'", "n must be a number, not a string"},
        {"time.fromUnix(1, 'min')", "unit must be"},
        {"time.add('9999-12-31T23:59:59Z', 1)", "outside the years 0 to 9999"},
        {"time.add('2020-01-01', 'P99999999Y')", "outside the years 0 to 9999"},
        {"time.iso('2020-01-01', 'Europe/Berln')",
         "there is no time zone \"Europe/Berln\": did you mean \"Europe/Berlin\"?"},
        {"time.iso('2020-01-01', '../../etc/passwd')", "there is no time zone"},
        {"time.iso('2020-01-01', 'CET-1')", "there is no time zone"},
        {"time.iso('2020-01-01', 'right/UTC')", "there is no time zone"},
        {"time.iso('2020-01-01', 5)", "zone must be a name"},
        {"time.format('2020-01-01')", "format must be a string"},
        {"time.format('2020-01-01', '%Q')", "the format has no %Q"},
        {"time.format('2020-01-01', '%:d')", "the format has no %:d"},
        {"time.format('2020-01-01', '%')", "the format has no %:"},
        {"time.parse('2020-01-01', '%Y-%m')", "the end is wanted where \"-01\" stands"},
        {"time.parse('2020-1x', '%Y-%m-')", "\"-\" is wanted where \"x\" stands"},
        {"time.parse('x', '%b %Y')", "%b is wanted where \"x\" stands"},
        {"time.parse('Foo 2020', '%b %Y')", "%b is wanted"},
        {"time.parse('10:00', '%H:%M')", "the format says no year"},
        {"time.parse('2020 366x', '%Y %U')", "the format has no %U"},
        {"time.parse('2021 366', '%Y %j')", "2021 has no day 366"},
        {"time.parse('2021 13 PM', '%Y %I %p')", "has 13 as its hour of twelve"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_error(rows[i].code, rows[i].text);
}

static void test_formats_write(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"time.format('2021-02-03T04:05:06.078901Z', '%Y|%C|%y|%m|%d|%e|%j|%H|%k|%I|%l|%M|%S')",
         "2021|20|21|02|03| 3|034|04| 4|04| 4|05|06"},
        {"time.format('2021-02-03T04:05:06.078901Z', '%f|%L|%N|%p|%P|%A|%a|%B|%b|%h')",
         "078901|078|078901000|AM|am|Wednesday|Wed|February|Feb|Feb"},
        {"time.format('2021-02-03T04:05:06Z', '%u|%w|%U|%W|%G|%V|%z|%:z|%Z|%s|%%')",
         "3|3|05|05|2021|05|+0000|+00:00|UTC|1612325106|%"},
        {"time.format('2021-02-03T14:05:06Z', '%F %T|%R|%D|%r', 'America/St_Johns')",
         "2021-02-03 10:35:06|10:35|02/03/21|10:35:06 AM"},
        {"time.format('2021-07-03T12:00:00Z', '%H:%M %z %:z %Z', 'America/New_York')",
         "08:00 -0400 -04:00 EDT"},
        {"time.format('2021-02-03T00:00:00Z', '%-d.%-m.%-I.%-e')", "3.2.12.3"},
        {"time.format('2021-01-03T00:00:00Z', '%U %W %G-W%V-%u')", "01 00 2020-W53-7"},
        {"time.format('2018-12-31T00:00:00Z', '%U %W %G-W%V-%u')", "52 53 2019-W01-1"},
        {"time.format('1969-12-31T23:59:59.25Z', '%s %L')", "-1 250"},
        {"time.format('0099-02-03', '%Y')", "0099"},
        {"time.format('2021-02-03', '')", ""},
        {"time.format('2021-02-03', '%%F %%%F %%%%T')", "%F %2021-02-03 %%T"},
    };
    ASSERT_ROWS(rows);
}

/* As C's own strftime does, on times of all kinds. */
static void test_formats_are_strftimes(void **state)
{
    (void)state;
    static const char format[] = "%Y %C %m %d %e %j %H %I %M %S %p %A %a %B %b %u %w %U %W %G %V "
                                 "%F %T %R %r";
    struct buf code = {0}, wanted = {0};
    buf_printf(&code, "local out = array {}\nfor _, s in ipairs { ");
    buf_add_char(&wanted, '[');
    for (int64_t s = -62000000000, i = 0; i < 400; i++, s += 626462651 + i * 5003) {
        char text[300];
        time_t t = (time_t)s;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(text, sizeof(text), format, &tm);
        /* strftime doesn't pad the years before 1000 */
        if (tm.tm_year + 1900 >= 1000) {
            buf_printf(&code, "%lld, ", (long long)s);
            buf_printf(&wanted, "%s\"%s\"", wanted.len > 1 ? "," : "", text);
        }
    }
    buf_add_char(&wanted, ']');
    buf_printf(&code, "} do out[#out + 1] = time.format(time.fromUnix(s), '%s') end\nreturn out",
               format);
    char *got = project_eval(code.data, "{}");
    assert_string_equal(got, wanted.data);
    free(got);
    buf_deinit(&code);
    buf_deinit(&wanted);
}

static void test_formats_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"time.parse('14/8/2020 1:05 pm', '%d/%m/%Y %I:%M %p')", "2020-08-14T13:05:00Z"},
        {"time.parse('12:00 a.m. 14/8/2020', '%I:%M %p %d/%m/%Y')", "2020-08-14T00:00:00Z"},
        {"time.parse('Fri, 14 AUG 2020 11:45:26 +0200', '%a, %d %b %Y %T %z')",
         "2020-08-14T09:45:26Z"},
        {"time.parse('Friday 14 august 68', '%A %d %B %y')", "2068-08-14T00:00:00Z"},
        {"time.parse('69', '%y')", "1969-01-01T00:00:00Z"},
        {"time.parse('2020 061', '%Y %j')", "2020-03-01T00:00:00Z"},
        {"time.parse('1597405526.25', '%s.%f')", "2020-08-14T11:45:26.250Z"},
        {"time.parse('20200814T114526', '%Y%m%dT%H%M%S')", "2020-08-14T11:45:26Z"},
        {"time.parse('2020-08-14 11:45 Europe/Berlin', '%F %R %Z')", "2020-08-14T09:45:00Z"},
        {"time.parse('2020-08-14T11:45:00.5Z', '%FT%T.%f%z')", "2020-08-14T11:45:00.500Z"},
        {"time.parse('Aug  4 2020', '%b %e %Y')", "2020-08-04T00:00:00Z"},
        {"time.parse('2020   08%', '%Y%n%m%%')", "2020-08-01T00:00:00Z"},
        {"time.parse('2020-07-01 12:00', '%F %R', 'America/New_York')", "2020-07-01T16:00:00Z"},
        {"time.parse(20200814, '%Y%m%d')", "2020-08-14T00:00:00Z"},
    };
    ASSERT_ROWS(rows);
}

/* Berlin: forward at 02:00 on 2021-03-28, back at 03:00 on 2021-10-31. */
static void test_changes_of_the_clock(void **state)
{
    (void)state;
    static const struct row rows[] = {
        /* left out: as late as by the clock that wasn't set */
        {"time.parse('2021-03-28 02:30', '%F %R', 'Europe/Berlin')", "2021-03-28T01:30:00Z"},
        {"time.iso(time.parse('2021-03-28 02:30', '%F %R', 'Europe/Berlin'), 'Europe/Berlin')",
         "2021-03-28T03:30:00+02:00"},
        {"time.parse('2021-03-28 01:59', '%F %R', 'Europe/Berlin')", "2021-03-28T00:59:00Z"},
        {"time.parse('2021-03-28 03:00', '%F %R', 'Europe/Berlin')", "2021-03-28T01:00:00Z"},
        /* twice: the first */
        {"time.parse('2021-10-31 02:30', '%F %R', 'Europe/Berlin')", "2021-10-31T00:30:00Z"},
        {"time.parse('2021-10-31 01:59', '%F %R', 'Europe/Berlin')", "2021-10-30T23:59:00Z"},
        {"time.parse('2021-10-31 03:00', '%F %R', 'Europe/Berlin')", "2021-10-31T02:00:00Z"},
        {"time.iso('2021-10-31T01:30:00Z', 'Europe/Berlin')", "2021-10-31T02:30:00+01:00"},
        /* a day by the calendar has 23 hours; 24 hours are 24 hours */
        {"time.iso(time.add('2021-03-27T11:00:00Z', 'P1D', 'Europe/Berlin'), 'Europe/Berlin')",
         "2021-03-28T12:00:00+02:00"},
        {"time.iso(time.add('2021-03-27T11:00:00Z', 'PT24H', 'Europe/Berlin'), 'Europe/Berlin')",
         "2021-03-28T13:00:00+02:00"},
        {"time.iso(time.add('2021-03-27T11:00:00Z', '1d', 'Europe/Berlin'), 'Europe/Berlin')",
         "2021-03-28T13:00:00+02:00"},
        {"time.add('2021-03-27T11:00:00Z', 'P1D')", "2021-03-28T11:00:00Z"},
        /* into what is left out, and into what comes twice */
        {"time.add('2021-03-27T01:30:00Z', 'P1D', 'Europe/Berlin')", "2021-03-28T01:30:00Z"},
        {"time.add('2021-10-30T00:30:00Z', 'P1D', 'Europe/Berlin')", "2021-10-31T00:30:00Z"},
        /* half an hour, and a whole day that was left out */
        {"time.iso('2021-04-03T16:00:00Z', 'Australia/Lord_Howe')", "2021-04-04T02:30:00+10:30"},
        {"time.parse('2011-12-30 12:00', '%F %R', 'Pacific/Apia')", "2011-12-30T22:00:00Z"},
        /* behind what the zone's file lists */
        {"time.iso('2050-07-01T00:00:00Z', 'Europe/Berlin')", "2050-07-01T02:00:00+02:00"},
        {"time.iso('2050-01-01T00:00:00Z', 'Europe/Berlin')", "2050-01-01T01:00:00+01:00"},
        {"time.iso('2037-12-31T12:00:00Z', 'America/New_York')", "2037-12-31T07:00:00-05:00"},
    };
    ASSERT_ROWS(rows);
}

/* Some of them change their clocks in ways of their own. */
static const char *const zones[] = {
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Nuuk",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Europe/Istanbul",
    "Asia/Pyongyang",
    "America/Santiago",
    "UTC",
    "EST5EDT",
    "Pacific/Kiritimati",
};

/* As libc has them, from 1900 to beyond what the zones' files list. */
static void test_zones_are_the_systems(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct buf code = {0}, wanted = {0};
        setenv("TZ", zones[i], 1);
        tzset();
        buf_printf(&code,
                   "local out = {}\nfor s = -2200000000, 4000000000, 20003601 do\n"
                   "  out[#out + 1] = time.format(time.fromUnix(s), '%%F %%T %%z', '%s')\n"
                   "end\nreturn table.concat(out, '|')",
                   zones[i]);
        for (time_t t = -2200000000; t <= 4000000000; t += 20003601) {
            char text[64];
            struct tm tm;
            localtime_r(&t, &tm);
            strftime(text, sizeof(text), "%F %T %z", &tm);
            buf_printf(&wanted, "%s%s", wanted.len > 0 ? "|" : "\"", text);
        }
        buf_add_char(&wanted, '"');
        unsetenv("TZ");
        char *got = project_eval(code.data, "{}");
        assert_string_equal(got, wanted.data);
        free(got);
        buf_deinit(&code);
        buf_deinit(&wanted);
    }
}

static void test_durations_are_added(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"time.add('2020-01-01T00:00:00Z', 'P1Y2M3DT4H5M6S')", "2021-03-04T04:05:06Z"},
        {"time.add('2021-01-31', 'P1M')", "2021-02-28T00:00:00Z"},
        {"time.add('2020-01-31', 'P1M')", "2020-02-29T00:00:00Z"},
        {"time.add('2020-02-29', 'P1Y')", "2021-02-28T00:00:00Z"},
        {"time.add('2021-03-31', '-P1M')", "2021-02-28T00:00:00Z"},
        {"time.add('2021-01-15', '-P13M')", "2019-12-15T00:00:00Z"},
        {"time.add('2021-01-31', 'P1M1D')", "2021-03-01T00:00:00Z"},
        {"time.add('2021-01-01', 'P2W')", "2021-01-15T00:00:00Z"},
        {"time.add('2021-01-01', 'PT1.5H')", "2021-01-01T01:30:00Z"},
        {"time.add('2021-01-01', 'PT0,5S')", "2021-01-01T00:00:00.500Z"},
        {"time.add('2021-01-01', '5m')", "2021-01-01T00:05:00Z"},
        {"time.add('2021-01-01', '-5m')", "2020-12-31T23:55:00Z"},
        {"time.add('2021-01-01', '1h30m 10s')", "2021-01-01T01:30:10Z"},
        {"time.add('2021-01-01', 90)", "2021-01-01T00:01:30Z"},
        {"time.add('2021-01-01', -0.25)", "2020-12-31T23:59:59.750Z"},
        {"time.add('2021-01-01T00:00:00.9Z', '200ms')", "2021-01-01T00:00:01.100Z"},
        {"time.duration 'PT2H'", "7200"},
        {"time.duration '1005ms'", "1.005"},
        {"time.duration '50us'", "5e-05"},
        {"time.duration 'P1DT1S'", "86401"},
        {"time.duration '-PT1M'", "-60"},
        {"time.duration(2.5)", "2.5"},
        {"time.diff('2021-01-02', '2021-01-01')", "86400"},
        {"time.diff('2021-01-01T00:00:00Z', '2021-01-01T00:00:00.001Z')", "-0.001"},
    };
    ASSERT_ROWS(rows);
    static const char *const wrong[] = {
        "'P'",     "'PT'", "'P1H'", "'PT1D'", "'P1M1Y'", "'P1'",   "'1'", "'5 minutes'",
        "'P1.5M'", "''",   "'-'",   "'p1d'",  "'1h30'",  "'P1DT'", "{}",  "nil",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct buf code = {0};
        buf_printf(&code, "time.duration(%s)", wrong[i]);
        assert_error(code.data, "uration");
        buf_deinit(&code);
    }
    assert_error("time.duration 'P1M'", "months and years have no fixed length");
    assert_error("time.duration(1e300)", "time.duration: 1e+300 is no number of seconds");
    assert_error("time.add(time.now(), 0 / 0)", "time.add: nan is no number of seconds");
}

static void test_unix_times_are_exact(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"time.unix('2020-08-14T11:45:26.123Z', 'ms')", "1597405526123"},
        {"time.unix('2020-08-14T11:45:26.123456789Z', 'ns')", "1597405526123456789"},
        {"time.unix('1969-12-31T23:59:59.25Z')", "-0.75"},
        {"time.unix('1969-12-31T23:59:59.25Z', 'ns')", "-750000000"},
        {"time.unix('1969-12-31T23:59:58.25Z', 'ms')", "-1750"},
        {"time.fromUnix(5000, 'ms')", "1970-01-01T00:00:05Z"},
        {"time.fromUnix(1597405526.123)", "2020-08-14T11:45:26.123Z"},
        {"time.fromUnix(-1.5)", "1969-12-31T23:59:58.500Z"},
        {"time.fromUnix(-1, 'ns')", "1969-12-31T23:59:59.999999999Z"},
        {"time.fromUnix('1597405526')", "2020-08-14T11:45:26Z"},
        {"time.fromUnix('1597405526.5')", "2020-08-14T11:45:26.500Z"},
        {"time.fromUnix(json.decode '1597405526123456789', 'ns')",
         "2020-08-14T11:45:26.123456789Z"},
        {"time.fromUnix(json.decode '-1597405526123456789', 'ns')",
         "1919-05-20T12:14:33.876543211Z"},
        {"time.fromUnix(1597405526123456, 'us')", "2020-08-14T11:45:26.123456Z"},
        {"time.now()", "2023-11-14T22:13:20Z"},
    };
    ASSERT_ROWS(rows);
    assert_eval("return time.unix('2020-08-14T11:45:26.123456789Z', 'us')", "1597405526123456");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_time_is_text_wherever_it_is_shown_or_sent),
        cmocka_unit_test(test_times_compare),
        cmocka_unit_test(test_iso_8601_is_read),
        cmocka_unit_test(test_what_is_no_time_is_refused),
        cmocka_unit_test(test_formats_write),
        cmocka_unit_test(test_formats_are_strftimes),
        cmocka_unit_test(test_formats_read),
        cmocka_unit_test(test_changes_of_the_clock),
        cmocka_unit_test(test_zones_are_the_systems),
        cmocka_unit_test(test_durations_are_added),
        cmocka_unit_test(test_unix_times_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
