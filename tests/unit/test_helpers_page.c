/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * docs/HELPERS.md: each example is what it says, and each helper has one. The recipes of
 * docs/MAPPING.md are such examples, too.
 *
 * A heading of the third level names functions, as in "### `text.trim(s)` · `text.length(s)`". The
 * blocks of Lua below it are bodies of functions. A line that ends with "--> JSON" is an expression,
 * or `local NAME = EXPRESSION`, whose value is that JSON; "--> nil" and "--> error: TEXT" are an
 * absent one, and an error with TEXT in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "script/library.h"
#include "script_project.h"

#define HELPERS "docs/HELPERS.md"
#define MAPPING "docs/MAPPING.md"
#define PAGE_MAX (1u << 20)

/* Helpers that are there without the library; the page has them too. */
static const char *const others[] = {
    "get", "array", "null", "json.encode", "json.decode", "json.lines", NULL,
};

/* ---- running a block ---- */

static const char prologue[] =
    "local wrong = {}\n"
    "local function say(line, text)\n"
    "  wrong[#wrong + 1] = line .. ': ' .. text\n"
    "end\n"
    "local function shown(value)\n"
    "  if value == nil then return 'nil' end\n"
    "  local ok, text = pcall(json.encode, value)\n"
    "  return ok and text or type(value) .. ': ' .. tostring(text)\n"
    "end\n"
    "local function expect(line, f, wanted)\n"
    "  local ok, value = pcall(f)\n"
    "  local fault = wanted:match('^error: (.*)$')\n"
    "  if fault then\n"
    "    if ok or not tostring(value):find(fault, 1, true) then\n"
    "      say(line, 'no such error: ' .. (ok and shown(value) or tostring(value)))\n"
    "    end\n"
    "    return\n"
    "  end\n"
    "  if not ok then return say(line, tostring(value)) end\n"
    "  if wanted ~= 'nil' then wanted = json.encode(json.decode(wanted)) end\n"
    "  if shown(value) ~= wanted then say(line, 'it is ' .. shown(value)) end\n"
    "end\n";

/* "local NAME = …" has its value in NAME. */
static void add_expectation(struct buf *code, int line, struct slice expression, struct slice json)
{
    struct slice name = expression;
    if (slice_has_prefix(expression, SLICE_LIT("local "))) {
        buf_printf(code, "%.*s\n", SLICE_FMT(expression));
        name = slice_trim(slice_upto(slice_from(expression, 6), slice_find(expression, '=') - 6));
    }
    buf_printf(code, "expect(%d, function() return %.*s end, [==[%.*s]==])\n", line,
               SLICE_FMT(name), SLICE_FMT(json));
}

static void add_line(struct buf *code, int number, struct slice line)
{
    const char *arrow = line.len > 0 ? memmem(line.data, line.len, "-->", 3) : NULL;
    if (!arrow) {
        buf_printf(code, "%.*s\n", SLICE_FMT(line));
        return;
    }
    size_t at = (size_t)(arrow - line.data);
    add_expectation(code, number, slice_trim(slice_upto(line, at)),
                    slice_trim(slice_from(line, at + 3)));
}

/* Runs the block of `text`, whose first line has that number. */
static void run_block(const char *path, struct slice text, int number)
{
    struct buf code = {0};
    buf_add_str(&code, prologue);
    buf_add_str(&code, "do\n");
    while (text.data) {
        struct slice line = slice_split(&text, '\n');
        add_line(&code, number++, line);
    }
    buf_add_str(&code, "end\nreturn table.concat(wrong, '\\n')\n");
    char *got = project_eval(code.data, "{}");
    if (strcmp(got, "\"\"") != 0)
        fail_msg("%s, the block that ends at line %d: %s", path, number - 1, got);
    free(got);
    buf_deinit(&code);
}

/* ---- the page ---- */

struct page {
    const char *path;
    struct buf text;
    struct buf named;   /* by headings: " text.trim text.length …" */
    struct buf missing; /* those that no block below their heading calls */
    size_t n_blocks;
};

static bool is_name(char c)
{
    return c == '.' || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

/* "`text.trim(s)` · `null`": each name directly behind a back quote. */
static void add_names(struct buf *out, struct slice heading)
{
    bool is_open = false;
    for (size_t i = 0; i < heading.len; i++) {
        if (heading.data[i] != '`')
            continue;
        is_open = !is_open;
        size_t end = i + 1;
        while (is_open && end < heading.len && is_name(heading.data[end]))
            end++;
        if (is_open)
            buf_printf(out, " %.*s", (int)(end - i - 1), heading.data + i + 1);
    }
}

static bool says(struct slice code, struct slice name)
{
    for (size_t i = 0; code.data && i + name.len <= code.len; i++) {
        bool begins = i == 0 || !is_name(code.data[i - 1]);
        bool ends = i + name.len == code.len || !is_name(code.data[i + name.len]);
        if (begins && ends && memcmp(code.data + i, name.data, name.len) == 0)
            return true;
    }
    return false;
}

/* Of the names of the newest heading, those that its blocks don't say. */
static void close_heading(struct page *page, struct buf *names, struct buf *blocks)
{
    struct slice left = slice_from(buf_slice(names), 1);
    while (left.len > 0) {
        struct slice name = slice_split(&left, ' ');
        if (!says(buf_slice(blocks), name))
            buf_printf(&page->missing, " %.*s", SLICE_FMT(name));
    }
    buf_add_slice(&page->named, buf_slice(names));
    buf_clear(names);
    buf_clear(blocks);
}

/* The block whose opening line was taken from *rest; *number counts its lines. */
static struct slice take_block(struct slice *rest, int *number)
{
    const char *end = memmem(rest->data, rest->len, "\n```", 4);
    assert_non_null(end);
    struct slice block = slice_upto(*rest, (size_t)(end - rest->data));
    *rest = slice_from(*rest, block.len + 1);
    for (struct slice lines = block; lines.data; slice_split(&lines, '\n'))
        ++*number;
    return block;
}

/* One that begins with its name, "-- scripts/visits.lua": other tests load those. */
static bool is_file(struct slice block)
{
    struct slice first = slice_split(&block, '\n');
    return slice_has_prefix(first, SLICE_LIT("-- ")) && slice_has_suffix(first, SLICE_LIT(".lua"));
}

/* Reads the page, and runs its blocks where `runs`. */
static void read_page(struct page *page, bool runs)
{
    struct err err = {0};
    struct buf names = {0}, blocks = {0}, path = {0};
    int number = 0;
    buf_printf(&path, "%s/%s", LIAISON_SOURCE_DIR, page->path);
    assert_int_equal(buf_read_file(&page->text, path.data, PAGE_MAX, &err), 0);
    buf_deinit(&path);
    for (struct slice rest = buf_slice(&page->text); rest.data;) {
        struct slice line = slice_split(&rest, '\n');
        number++;
        if (slice_has_prefix(line, SLICE_LIT("## ")) || slice_has_prefix(line, SLICE_LIT("### ")))
            close_heading(page, &names, &blocks);
        if (slice_has_prefix(line, SLICE_LIT("### ")))
            add_names(&names, line);
        if (!slice_is_equal(line, SLICE_LIT("```lua")))
            continue;
        int first = number + 1;
        struct slice block = take_block(&rest, &number);
        page->n_blocks++;
        buf_add_slice(&blocks, block);
        if (runs && !is_file(block))
            run_block(page->path, block, first);
    }
    close_heading(page, &names, &blocks);
    buf_deinit(&names);
    buf_deinit(&blocks);
}

static void page_deinit(struct page *page)
{
    buf_deinit(&page->text);
    buf_deinit(&page->named);
    buf_deinit(&page->missing);
}

/* ---- tests ---- */

static void each_example_is_what_it_says(void **state)
{
    (void)state;
    static const char *const paths[] = {HELPERS, MAPPING};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct page page = {.path = paths[i]};
        read_page(&page, true);
        assert_true(page.n_blocks > 0);
        page_deinit(&page);
    }
}

static void each_heading_has_examples_of_all_that_it_names(void **state)
{
    (void)state;
    struct page page = {.path = HELPERS};
    read_page(&page, false);
    assert_string_equal(page.missing.data ? page.missing.data : "", "");
    page_deinit(&page);
}

/* Takes `name` off the page's names, each of which has a space before and behind it. */
static void strike(void *ctx, const char *name)
{
    struct buf *named = ctx, word = {0};
    buf_printf(&word, " %s ", name);
    char *found = strstr(named->data, word.data);
    if (found)
        memset(found + 1, ' ', word.len - 2);
    else
        buf_printf(named, "(has no heading: %s) ", name);
    buf_deinit(&word);
}

static void every_helper_is_on_the_page_and_nothing_else(void **state)
{
    (void)state;
    struct page page = {.path = HELPERS};
    read_page(&page, false);
    buf_add_str(&page.named, " ");
    library_each(strike, &page.named);
    for (size_t i = 0; others[i]; i++)
        strike(&page.named, others[i]);
    struct slice left = slice_trim(buf_slice(&page.named));
    if (left.len > 0)
        fail_msg("no helper, or one without a heading: %.*s", SLICE_FMT(left));
    page_deinit(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_example_is_what_it_says),
        cmocka_unit_test(each_heading_has_examples_of_all_that_it_names),
        cmocka_unit_test(every_helper_is_on_the_page_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
