/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What `liaison test` says of each test and of all: lines for people, or one JSON document.
 *
 *     struct spec_report report = {.is_json = …, .has_color = …};
 *     spec_report_test(&report, &test);
 *     spec_report_close(&report);        // "N passed, N failed"
 */
#ifndef LIAISON_CLI_SPEC_REPORT_H
#define LIAISON_CLI_SPEC_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/slice.h"

struct spec_coverage;

/* How a test ended; borrowed. */
struct spec_test {
    struct slice file;
    struct slice name; /* absent: the file itself, which can't be loaded */
    int line;
    bool is_passed;
    struct slice remark; /* as in script_spec_end */
    struct slice error;
    struct slice differences; /* as in script_spec_end */
};

/* In place, zero but for its first members. */
struct spec_report {
    bool is_json, has_color;
    bool has_tests_closed; /* the document's list of them */
    bool lists_all;        /* each test that passed, too */
    size_t passed, failed;
    struct buf file; /* that was spoken of last */
    size_t file_passed;
    struct buf json;
    struct json_writer w;
};

void spec_report_test(struct spec_report *report, const struct spec_test *test);
/* Behind the last test. */
void spec_report_coverage(struct spec_report *report, const struct spec_coverage *coverage);
/* The closing line, or the whole document. Frees what it holds. */
void spec_report_close(struct spec_report *report);

#endif
