/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "modules/regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_MAX 10000000
#define HEAP_MAX_KIB 8192

struct regex {
    pcre2_code *code;
    const char *names[REGEX_GROUPS_MAX + 1]; /* within `code` */
    unsigned n_groups;
};

/* ---- compiling ---- */

static void set_fault(struct regex_fault *fault, size_t offset, const char *text)
{
    fault->offset = offset;
    snprintf(fault->text, sizeof(fault->text), "%s", text);
}

/* The table of names has rows of equal size: the group's number in two bytes, then its name. */
static void read_names(struct regex *r)
{
    uint32_t count = 0, size = 0;
    PCRE2_SPTR row = NULL;
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &row);
    for (; count > 0; count--, row += size)
        r->names[row[0] << 8 | row[1]] = (const char *)row + 2;
}

/* With callouts between all items, each of which may end the search. */
static pcre2_code *compile_code(const char *pattern, size_t len, struct regex_fault *fault)
{
    const uint32_t options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK;
    int error;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &error, &offset, NULL);
    if (!code) {
        set_fault(fault, offset, "");
        pcre2_get_error_message(error, (PCRE2_UCHAR *)fault->text, sizeof(fault->text));
    }
    return code;
}

static void regex_free(struct regex *r)
{
    if (!r)
        return;
    pcre2_code_free(r->code);
    free(r);
}

static struct regex *regex_compile(const char *pattern, size_t len, struct regex_fault *fault)
{
    if (len > REGEX_PATTERN_MAX) {
        set_fault(fault, 0, "it is too long");
        return NULL;
    }
    pcre2_code *code = compile_code(pattern, len, fault);
    struct regex *r = code ? calloc(1, sizeof(*r)) : NULL;
    if (!r) {
        pcre2_code_free(code);
        return NULL;
    }
    uint32_t n_groups = 0;
    r->code = code;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &n_groups);
    r->n_groups = n_groups;
    if (n_groups > REGEX_GROUPS_MAX) {
        set_fault(fault, 0, "it has more than 100 groups");
        regex_free(r);
        return NULL;
    }
    read_names(r);
    return r;
}

static unsigned count_groups(const struct regex *r)
{
    return r->n_groups;
}

static const char *group_name(const struct regex *r, unsigned group)
{
    return r->names[group];
}

/* ---- searching ---- */

static int on_item(pcre2_callout_block *block, void *ctx)
{
    (void)block;
    const struct regex_search *search = ctx;
    return search->is_stopping(search->ctx) ? PCRE2_ERROR_CALLOUT : 0;
}

static enum regex_end end_of(int rc)
{
    if (rc >= 0)
        return REGEX_FOUND;
    if (rc == PCRE2_ERROR_NOMATCH)
        return REGEX_NONE;
    return rc == PCRE2_ERROR_CALLOUT ? REGEX_STOPPED : REGEX_LIMIT;
}

static void copy_spans(const struct regex *r, pcre2_match_data *data, struct regex_span *spans)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    for (unsigned i = 0; i <= r->n_groups; i++)
        spans[i] = (struct regex_span){ends[(size_t)2 * i], ends[(size_t)2 * i + 1]};
}

static enum regex_end regex_search(const struct regex *r, const struct regex_search *search,
                                   struct regex_span spans[REGEX_GROUPS_MAX + 1])
{
    uint32_t options = PCRE2_NO_UTF_CHECK | (search->is_not_empty ? PCRE2_NOTEMPTY_ATSTART : 0);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(r->code, NULL);
    int rc = PCRE2_ERROR_NOMEMORY;
    if (context && data) {
        pcre2_set_match_limit(context, STEPS_MAX);
        pcre2_set_heap_limit(context, HEAP_MAX_KIB);
        pcre2_set_callout(context, on_item, (void *)search);
        rc = pcre2_match(r->code, (PCRE2_SPTR)search->text, search->len, search->from, options,
                         data, context);
    }
    if (rc >= 0)
        copy_spans(r, data, spans);
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    return end_of(rc);
}

extern const struct regex_module liaison_module;
const struct regex_module liaison_module = {
    MODULE_HEAD(struct regex_module),
    regex_compile,
    regex_free,
    count_groups,
    group_name,
    regex_search,
};
