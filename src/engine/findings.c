/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/findings.h"

#include <stdlib.h>

#include "base/buf.h"
#include "engine/config.h"

/* Of one project; what follows is as wrong, and the first were told. */
#define FINDINGS_MAX 200

void findings_add(void *findings, const struct script_problem *problem)
{
    struct findings *f = findings;
    if (f->len == FINDINGS_MAX)
        return;
    if (f->len == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 4;
        f->items = mem_realloc(f->items, f->cap * sizeof(*f->items));
    }
    f->items[f->len++] = (struct engine_finding){
        .is_warning = problem->is_warning,
        .file = problem->file ? mem_strdup(problem->file) : NULL,
        .line = problem->line,
        .text = mem_strdup(problem->text),
        .detail = problem->detail ? mem_strdup(problem->detail) : NULL,
    };
}

void findings_add_err(struct findings *f, const struct err *err)
{
    findings_add(f, &(struct script_problem){.text = err->message});
}

void findings_format(const struct engine_finding *finding, struct buf *out)
{
    if (finding->file && finding->line > 0)
        buf_printf(out, "%s:%d: ", finding->file, finding->line);
    else if (finding->file)
        buf_printf(out, "%s: ", finding->file);
    buf_add_str(out, finding->text);
}

const struct engine_finding *findings_first_error(const struct findings *f)
{
    for (size_t i = 0; i < f->len; i++) {
        if (!f->items[i].is_warning)
            return &f->items[i];
    }
    return NULL;
}

void findings_clear(struct findings *f)
{
    for (size_t i = 0; i < f->len; i++) {
        free(f->items[i].file);
        free(f->items[i].text);
        free(f->items[i].detail);
    }
    free(f->items);
    *f = (struct findings){0};
}
