/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/spec_report.h"

#include <stdio.h>

#include "cli/json_view.h"
#include "cli/spec_coverage.h"

#define VALUE_MAX 2000

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

/* ---- lines for people ---- */

static void add_colored(const struct spec_report *report, struct buf *out, const char *color,
                        const char *text)
{
    buf_printf(out, "%s%s%s", report->has_color ? color : "", text, report->has_color ? PLAIN : "");
}

static void add_value(struct buf *out, struct slice value)
{
    if (!value.data) {
        buf_add_str(out, "nothing");
        return;
    }
    view_add_safe(out, slice_upto(value, VALUE_MAX), false);
    if (value.len > VALUE_MAX)
        buf_add_str(out, "…");
}

static void add_side(const struct spec_report *report, struct buf *out, const char *word,
                     const char *color, struct slice value)
{
    struct buf text = {0};
    add_value(&text, value);
    buf_printf(out, "\n        %-8s  ", word);
    add_colored(report, out, color, text.data);
    buf_deinit(&text);
}

/* Null is a value here, which view_member passes over. */
static struct slice member(struct slice object, const char *name)
{
    struct slice value = SLICE_NULL;
    return json_get(object, name, &value) ? value : SLICE_NULL;
}

static void add_difference(const struct spec_report *report, struct buf *out, struct slice one)
{
    struct buf path = {0};
    view_add(&path, one, "path");
    buf_printf(out, "\n      %s", path.len > 0 ? path.data : "the value itself");
    if (member(one, "at").data) {
        buf_add_str(out, ", from ");
        view_add(out, one, "at");
    }
    add_side(report, out, "expected", GREEN, member(one, "expected"));
    add_side(report, out, "got", RED, member(one, "got"));
    buf_deinit(&path);
}

static void add_failure(const struct spec_report *report, struct buf *out,
                        const struct spec_test *test)
{
    struct slice lines = test->error;
    while (lines.data) {
        buf_add_str(out, "\n    ");
        view_add_safe(out, slice_split(&lines, '\n'), false);
    }
    struct json_items items;
    struct slice name, one;
    json_items_begin(&items, test->differences);
    while (json_items_next(&items, &name, &one))
        add_difference(report, out, one);
    json_items_end(&items);
}

/* One line for all of a file that passed and weren't listed. */
static void close_file(struct spec_report *report)
{
    struct buf out = {0};
    if (report->file_passed > 0 && !report->lists_all) {
        add_colored(report, &out, GREEN, "ok");
        printf("%s    %s  %zu passed\n", out.data, report->file.data, report->file_passed);
    }
    report->file_passed = 0;
    buf_deinit(&out);
}

static void add_verdict(const struct spec_report *report, struct buf *out,
                        const struct spec_test *test)
{
    if (!test->is_passed)
        add_colored(report, out, RED, "FAIL  ");
    else if (test->remark.len > 0)
        add_colored(report, out, YELLOW, "warn  ");
    else
        add_colored(report, out, GREEN, "ok    ");
}

static void say_test(struct spec_report *report, const struct spec_test *test)
{
    struct buf out = {0};
    if (!slice_is_equal(test->file, buf_slice(&report->file))) {
        close_file(report);
        buf_clear(&report->file);
        buf_add_slice(&report->file, test->file);
    }
    report->file_passed += test->is_passed;
    if (!test->is_passed || test->remark.len > 0 || report->lists_all) {
        add_verdict(report, &out, test);
        buf_printf(&out, "%.*s", SLICE_FMT(test->file));
        if (test->line > 0)
            buf_printf(&out, ":%d", test->line);
        buf_add_str(&out, "  ");
        view_add_safe(&out, test->name.data ? test->name : SLICE_LIT("can't be loaded"), false);
        if (!test->is_passed)
            add_failure(report, &out, test);
        if (test->remark.len > 0)
            buf_printf(&out, "\n    %.*s", SLICE_FMT(test->remark));
        puts(out.data);
    }
    buf_deinit(&out);
}

/* ---- one document ---- */

static void begin_document(struct spec_report *report)
{
    if (report->w.out)
        return;
    report->w.out = &report->json;
    json_object_begin(&report->w, NULL);
    json_array_begin(&report->w, "tests");
}

static void add_test(struct spec_report *report, const struct spec_test *test)
{
    struct json_writer *w = &report->w;
    begin_document(report);
    json_object_begin(w, NULL);
    json_member_string(w, "file", test->file);
    json_member_integer(w, "line", test->line);
    if (test->name.data)
        json_member_string(w, "name", test->name);
    else
        json_member_null(w, "name");
    json_member_bool(w, "passed", test->is_passed);
    if (!test->is_passed)
        json_member_string(w, "error", test->error);
    if (test->remark.len > 0)
        json_member_string(w, "warning", test->remark);
    if (test->differences.len > 0)
        json_member_raw(w, "differences", test->differences);
    json_object_end(w);
}

/* ---- both ---- */

void spec_report_test(struct spec_report *report, const struct spec_test *test)
{
    report->passed += test->is_passed;
    report->failed += !test->is_passed;
    if (report->is_json)
        add_test(report, test);
    else
        say_test(report, test);
}

/* Once behind the last of them. */
static void close_tests(struct spec_report *report)
{
    begin_document(report);
    if (!report->has_tests_closed)
        json_array_end(&report->w);
    report->has_tests_closed = true;
}

void spec_report_coverage(struct spec_report *report, const struct spec_coverage *coverage)
{
    if (report->is_json) {
        close_tests(report);
        spec_coverage_add_json(coverage, &report->w);
    } else {
        close_file(report);
        spec_coverage_print(coverage, stdout);
    }
}

static void close_document(struct spec_report *report)
{
    struct json_writer *w = &report->w;
    close_tests(report);
    json_member_integer(w, "passed", (int64_t)report->passed);
    json_member_integer(w, "failed", (int64_t)report->failed);
    json_object_end(w);
    puts(report->json.data);
}

void spec_report_close(struct spec_report *report)
{
    if (report->is_json) {
        close_document(report);
    } else {
        close_file(report);
        printf("%zu passed, %zu failed\n", report->passed, report->failed);
    }
    buf_deinit(&report->file);
    buf_deinit(&report->json);
}
