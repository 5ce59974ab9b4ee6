/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "docs/man.h"

#include "cli/help.h"
#include "docs/walk.h"
#include "engine/config.h"
#include "version.h"

/* ---- text ------------------------------------------------------------------------------------ */

static void add_char(struct buf *out, char c)
{
    if (c == '\\')
        buf_add_str(out, "\\e");
    else if (c == '-')
        buf_add_str(out, "\\-");
    else if (c == '\'')
        buf_add_str(out, "\\(aq");
    else if (c == '`')
        buf_add_str(out, "\\(ga");
    else if (c == '~' || c == '^')
        buf_printf(out, "\\(%s", c == '~' ? "ti" : "ha");
    else
        buf_add_char(out, c);
}

static void add_text(struct buf *out, struct slice text)
{
    if (text.len > 0 && text.data[0] == '.')
        buf_add_str(out, "\\&");
    for (size_t i = 0; i < text.len; i++)
        add_char(out, text.data[i]);
}

/* A line in which `code` is bold. */
static void add_line(struct buf *out, struct slice line)
{
    bool is_code = false;
    while (line.len > 0) {
        struct slice part = slice_split(&line, '`');
        add_text(out, part);
        if (!line.data)
            break;
        is_code = !is_code;
        buf_add_str(out, is_code ? "\\fB" : "\\fR");
    }
    buf_add_char(out, '\n');
}

/* Paragraphs, an empty line between them. */
static void add_paragraphs(struct buf *out, const char *text)
{
    struct slice rest = slice_str(text);
    while (rest.len > 0) {
        struct slice line = slice_split(&rest, '\n');
        if (line.len == 0)
            buf_add_str(out, ".PP\n");
        else
            add_line(out, line);
    }
}

static void add_heading(struct buf *out, const char *heading)
{
    buf_printf(out, ".SH %s\n", heading);
}

static void add_bold(struct buf *out, const char *text)
{
    buf_add_str(out, "\\fB");
    add_text(out, slice_str(text));
    buf_add_str(out, "\\fR");
}

static void add_synopsis(struct buf *out, const char *usage)
{
    add_bold(out, "liaison");
    buf_add_char(out, ' ');
    add_line(out, slice_str(usage));
}

/* An item of a list: what it is called, in bold, and what it is. */
static void add_item(struct buf *out, const char *name, const char *text)
{
    buf_add_str(out, ".TP\n");
    add_bold(out, name);
    buf_add_char(out, '\n');
    add_line(out, slice_str(text));
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void add_option(struct buf *out, const char *name, const struct option_row *row)
{
    char letter[] = {'-', row->letter, '\0'};
    (void)name;
    buf_add_str(out, ".TP\n");
    if (row->letter) {
        add_bold(out, letter);
        buf_add_str(out, ", ");
    }
    buf_add_str(out, "\\fB\\-\\-");
    add_text(out, slice_str(row->name));
    buf_add_str(out, "\\fR");
    if (row->argument) {
        buf_add_str(out, " \\fI");
        add_text(out, slice_str(row->argument));
        buf_add_str(out, "\\fR");
    }
    buf_add_char(out, '\n');
    add_line(out, slice_str(row->help));
}

static void add_examples(struct buf *out, const struct example_row *rows, bool *is_first)
{
    for (; rows && rows->command; rows++) {
        buf_add_str(out, *is_first ? "" : ".PP\n");
        *is_first = false;
        add_line(out, slice_str(rows->what));
        buf_add_str(out, ".RS 4\n.nf\n");
        add_text(out, slice_str(rows->command));
        buf_add_str(out, "\n.fi\n.RE\n");
    }
}

/* Those rows of a table that are about a command of this kind. */
static void add_rows(struct buf *out, const char *heading, const struct help_row *rows,
                     unsigned kind)
{
    bool is_first = true;
    for (; rows->name; rows++) {
        if (!(rows->about & kind))
            continue;
        if (is_first)
            add_heading(out, heading);
        is_first = false;
        add_item(out, rows->name, rows->help);
    }
}

static void add_keys(struct buf *out)
{
    struct config_key key;
    add_heading(out, "CONFIGURATION");
    add_paragraphs(out, help_keys_title);
    for (size_t i = 0; config_key_at(i, &key); i++) {
        buf_add_str(out, ".TP\n");
        add_bold(out, key.path);
        if (key.type[0]) {
            buf_add_str(out, " \\fI");
            add_text(out, slice_str(key.type));
            buf_add_str(out, "\\fR");
        }
        buf_add_char(out, '\n');
        struct buf text = {0};
        buf_add_str(&text, key.help);
        if (key.fallback)
            buf_printf(&text, " (%s)", key.fallback);
        add_line(out, buf_slice(&text));
        buf_deinit(&text);
    }
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void begin_page(struct buf *out, const char *name, const char *summary)
{
    buf_add_str(out, ".\\\" Made of the commands' own tables.\n.TH \"");
    add_text(out, slice_str(name));
    buf_add_str(out, "\" 1 \"\" \"Liaison " LIAISON_VERSION "\" \"User Commands\"\n");
    /* Neither hyphens nor both margins: these are words to be typed. */
    buf_add_str(out, ".nh\n.ad l\n.SH NAME\n");
    add_text(out, slice_str(name));
    buf_add_str(out, " \\- ");
    add_line(out, slice_str(summary));
}

static void add_reference(struct buf *out, const char *page, const char *end)
{
    buf_add_str(out, ".BR ");
    add_text(out, slice_str(page));
    buf_printf(out, " (1)%s\n", end);
}

static void add_see_also(struct buf *out, const struct command *but)
{
    add_heading(out, "SEE ALSO");
    if (but)
        add_reference(out, "liaison", ",");
    for (const struct command *const *c = commands; *c; c++) {
        struct buf page = {0};
        buf_printf(&page, "liaison-%s", (*c)->name);
        if (*c != but)
            add_reference(out, page.data, c[1] && !(c[1] == but && !c[2]) ? "," : "");
        buf_deinit(&page);
    }
}

static void add_verbs(struct buf *out, const struct command *const *rows)
{
    add_heading(out, "COMMANDS");
    for (; *rows; rows++) {
        buf_add_str(out, ".SS ");
        add_synopsis(out, (*rows)->usage);
        add_paragraphs(out, (*rows)->help ? (*rows)->help : (*rows)->summary);
        for (const struct option_row *row = (*rows)->options; row && row->name; row++)
            add_option(out, (*rows)->name, row);
    }
}

static void add_all_examples(struct buf *out, const struct command *command)
{
    size_t before = out->len, empty;
    bool is_first = true;
    add_heading(out, "EXAMPLES");
    empty = out->len;
    add_examples(out, command->examples, &is_first);
    for (const struct command *const *verb = command->verbs; verb && *verb; verb++)
        add_examples(out, (*verb)->examples, &is_first);
    if (out->len == empty)
        buf_truncate(out, before);
}

void man_add_command(struct buf *out, const struct command *command)
{
    struct buf page = {0};
    unsigned kind = help_kind(command);
    buf_printf(&page, "liaison-%s", command->name);
    begin_page(out, page.data, command->summary);
    buf_deinit(&page);
    add_heading(out, "SYNOPSIS");
    add_synopsis(out, command->usage);
    add_heading(out, "DESCRIPTION");
    add_paragraphs(out, command->help ? command->help : command->summary);
    if (command->verbs)
        add_verbs(out, command->verbs);
    add_heading(out, "OPTIONS");
    walk_options(command->name, command, add_option, out);
    if (command->lists_keys)
        add_keys(out);
    add_all_examples(out, command);
    add_rows(out, "EXIT STATUS", help_exit_statuses, kind);
    add_rows(out, "ENVIRONMENT", help_variables, kind);
    add_rows(out, "FILES", help_files, kind);
    add_see_also(out, command);
}

void man_add_overview(struct buf *out)
{
    const unsigned all = ~0u;
    begin_page(out, "liaison", "keep other systems in step with the events of yours");
    add_heading(out, "SYNOPSIS");
    add_synopsis(out, help_usage);
    add_heading(out, "DESCRIPTION");
    add_paragraphs(out, help_tagline);
    add_heading(out, "COMMANDS");
    for (const struct command *const *c = commands; *c; c++)
        add_item(out, (*c)->name, (*c)->summary);
    add_heading(out, "OPTIONS");
    walk_options("", NULL, add_option, out);
    add_rows(out, "EXIT STATUS", help_exit_statuses, all);
    add_rows(out, "ENVIRONMENT", help_variables, all);
    add_rows(out, "FILES", help_files, all);
    add_see_also(out, NULL);
}
