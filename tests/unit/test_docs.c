/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * docs/: the commands' tables say all that manual pages and completions are made of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/help.h"
#include "docs/man.h"
#include "docs/value.h"
#include "docs/walk.h"

static void check_value(struct buf *out, const char *name, const struct option_row *row)
{
    if (row->argument && value_kind(slice_str(row->argument)) == VALUE_UNKNOWN)
        buf_printf(out, "%s --%s %s\n", name, row->name, row->argument);
}

static void check_values(struct buf *out, const char *name, const struct command *command)
{
    struct slice operands = slice_str(command->operands ? command->operands : ""), operand;
    size_t n = 0;
    walk_options(name, command, check_value, out);
    for (; walk_operand(&operands, &operand); n++) {
        if (value_kind(operand) == VALUE_UNKNOWN)
            buf_printf(out, "%s %.*s\n", name, SLICE_FMT(operand));
    }
    bool takes_any = command->operands_max > 0;
    bool is_told = takes_any == (n > 0);
    if (!is_told)
        buf_printf(out, "%s takes operands and doesn't name them, or the other way round\n", name);
}

static void every_value_is_known_to_the_shells(void **state)
{
    struct buf unknown = {0};
    (void)state;
    walk_commands(check_values, &unknown);
    assert_string_equal(unknown.data ? unknown.data : "", "");
    buf_deinit(&unknown);
}

/* Finds the command that an example names; its words behind that are what is left of them. */
static const struct command *find_command(char **words, int *at)
{
    const struct command *const *among = commands;
    const struct command *command = NULL;
    while (among && words[*at]) {
        if (strcmp(words[*at], "-C") == 0) {
            *at += 2;
            continue;
        }
        command = command_find(among, words[*at]);
        if (!command)
            return NULL;
        ++*at;
        among = command->verbs;
    }
    return command;
}

/* Splits at spaces outside quotes, as far as a pipe. */
static int split(char *line, char **words)
{
    int n = 0;
    bool is_quoted = false, is_inside = false;
    for (char *c = line; *c && (is_quoted || !strchr("|>", *c)); c++) {
        if (*c == '\'')
            is_quoted = !is_quoted;
        if (*c == ' ' && !is_quoted) {
            *c = '\0';
            is_inside = false;
        } else if (!is_inside) {
            words[n++] = c;
            is_inside = true;
        }
    }
    words[n] = NULL;
    return n;
}

static void check_example(const struct command *command, const char *example)
{
    char *line = mem_strdup(example), *words[16] = {0};
    int n = split(line, words), at = 1;
    struct options options;
    struct err err = {0};
    assert_string_equal(words[0], "liaison");
    assert_ptr_equal(find_command(words, &at), command);
    struct options_scan scan = {
        .own = command->options, .common = help_common_options, .argc = n - at, .argv = words + at};
    if (options_parse(&options, &scan, &err) < 0)
        fail_msg("%s: %s", example, err.message);
    assert_true(options.n_operands >= command->operands_min);
    assert_true(options.n_operands <= command->operands_max);
    options_deinit(&options);
    free(line);
}

static void check_examples(struct buf *count, const char *name, const struct command *command)
{
    (void)name;
    for (const struct example_row *row = command->examples; row && row->command; row++) {
        check_example(command, row->command);
        buf_add_char(count, '.');
    }
}

static void every_example_is_taken_by_its_command(void **state)
{
    struct buf count = {0};
    (void)state;
    walk_commands(check_examples, &count);
    assert_true(count.len >= 10);
    buf_deinit(&count);
}

static int run_nothing(const struct invocation *in)
{
    (void)in;
    return EXIT_DONE;
}

static void a_page_escapes_what_its_language_would_take(void **state)
{
    static const struct option_row rows[] = {{"path", 'p', "A\\B", ".begins 'so', ~ and `code-x`"},
                                             {0}};
    const struct command command = {.name = "odd",
                                    .summary = "a summary",
                                    .usage = "odd [--path A\\B]",
                                    .help = ".first\n'second'\n\nthird",
                                    .options = rows,
                                    .run = run_nothing};
    struct buf page = {0};
    (void)state;
    man_add_command(&page, &command);
    assert_non_null(strstr(page.data, "\n\\&.first\n\\(aqsecond\\(aq\n.PP\nthird\n"));
    assert_non_null(strstr(page.data, "\n\\fB\\-p\\fR, \\fB\\-\\-path\\fR \\fIA\\eB\\fR\n"
                                      "\\&.begins \\(aqso\\(aq, \\(ti and \\fBcode\\-x\\fR\n"));
    assert_null(strstr(page.data, "EXAMPLES"));
    buf_deinit(&page);
}

static void a_page_tells_what_is_about_its_command(void **state)
{
    struct buf page = {0};
    (void)state;
    man_add_command(&page, command_find(commands, "run"));
    assert_non_null(strstr(page.data, "\n.TP\n\\fB78\\fR\n"));
    assert_null(strstr(page.data, "\n.TP\n\\fB69\\fR\n"));
    assert_non_null(strstr(page.data, "\\fBlimits.handlerTime\\fR \\fIduration\\fR\n"));
    buf_clear(&page);
    man_add_command(&page, command_find(commands, "dead"));
    assert_non_null(strstr(page.data, "\n.TP\n\\fB69\\fR\n"));
    assert_non_null(strstr(page.data, "\\fBLIAISON_TOKEN\\fR"));
    assert_null(strstr(page.data, "\n.TP\n\\fB78\\fR\n"));
    assert_null(strstr(page.data, "limits.handlerTime\\fR"));
    buf_deinit(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_known_to_the_shells),
        cmocka_unit_test(every_example_is_taken_by_its_command),
        cmocka_unit_test(a_page_escapes_what_its_language_would_take),
        cmocka_unit_test(a_page_tells_what_is_about_its_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
