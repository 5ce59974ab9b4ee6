/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/spec_coverage.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"

/* ---- life ---- */

static bool is_counted(const struct source *source)
{
    switch (source->kind) {
    case SOURCE_SCRIPT:
    case SOURCE_CONNECTOR:
    case SOURCE_TRANSFORMER:
    case SOURCE_LIB:
        return !source->is_shipped;
    default:
        return false;
    }
}

void spec_coverage_init(struct spec_coverage *coverage, const struct sources *sources)
{
    size_t n = sources_count(sources);
    *coverage = (struct spec_coverage){.files = mem_calloc(n + 1, sizeof(struct covered_file))};
    for (size_t i = 0; i < n; i++) {
        struct covered_file *file = &coverage->files[coverage->n_files];
        file->source = sources_at(sources, i);
        if (is_counted(file->source) && lines_find_code(file->source->text, &file->code, NULL) == 0)
            coverage->n_files++;
    }
}

void spec_coverage_deinit(struct spec_coverage *coverage)
{
    for (size_t i = 0; i < coverage->n_files; i++) {
        lines_deinit(&coverage->files[i].code);
        lines_deinit(&coverage->files[i].ran);
    }
    for (size_t i = 0; i < coverage->n_handlers; i++)
        free(coverage->handlers[i].name);
    free(coverage->files);
    free(coverage->handlers);
    *coverage = (struct spec_coverage){0};
}

/* ---- adding ---- */

void spec_coverage_add_handler(struct spec_coverage *coverage, struct slice name, uint64_t runs)
{
    for (size_t i = 0; i < coverage->n_handlers; i++) {
        if (!slice_is_equal(slice_str(coverage->handlers[i].name), name))
            continue;
        coverage->handlers[i].runs += runs;
        return;
    }
    if (coverage->n_handlers == coverage->cap_handlers) {
        coverage->cap_handlers = coverage->cap_handlers ? 2 * coverage->cap_handlers : 16;
        coverage->handlers =
            mem_realloc(coverage->handlers, coverage->cap_handlers * sizeof(*coverage->handlers));
    }
    coverage->handlers[coverage->n_handlers++] =
        (struct covered_handler){.name = slice_dup(name), .runs = runs};
}

void spec_coverage_add_machine(struct spec_coverage *coverage, const struct script_machine *m)
{
    for (size_t i = 0; i < coverage->n_files; i++) {
        struct covered_file *file = &coverage->files[i];
        lines_add_all(&file->ran, script_lines_run(m, file->source->name));
    }
}

/* ---- what came of it ---- */

static bool is_missed(const struct covered_file *file, size_t line)
{
    return lines_have(&file->code, line) && !lines_have(&file->ran, line);
}

struct share {
    size_t ran, all;
};

static struct share share_of(const struct covered_file *file)
{
    struct share share = {0, 0};
    for (size_t line = 1; line <= file->code.last; line++) {
        share.all += lines_have(&file->code, line);
        share.ran += lines_have(&file->code, line) && lines_have(&file->ran, line);
    }
    return share;
}

/* "7, 9-12": lines without code between two that were missed don't part them. */
static void add_missed(struct buf *out, const struct covered_file *file)
{
    size_t first = 0, last = 0;
    for (size_t line = 1; line <= file->code.last + 1; line++) {
        bool is_end = line > file->code.last || lines_have(&file->ran, line);
        if (is_missed(file, line)) {
            first = first ? first : line;
            last = line;
        } else if (is_end && first) {
            buf_printf(out, "%s%zu", out->len > 0 ? ", " : "", first);
            if (last > first)
                buf_printf(out, "-%zu", last);
            first = 0;
        }
    }
}

static void print_handlers(const struct spec_coverage *coverage, FILE *out)
{
    struct buf missed = {0};
    size_t ran = 0;
    for (size_t i = 0; i < coverage->n_handlers; i++) {
        const struct covered_handler *handler = &coverage->handlers[i];
        ran += handler->runs > 0;
        if (handler->runs == 0)
            buf_printf(&missed, "%s%s", missed.len > 0 ? ", " : "", handler->name);
    }
    fprintf(out, "  %zu of %zu handlers ran%s%s\n", ran, coverage->n_handlers,
            missed.len > 0 ? "; never: " : "", missed.len > 0 ? missed.data : "");
    buf_deinit(&missed);
}

void spec_coverage_print(const struct spec_coverage *coverage, FILE *out)
{
    fputs("coverage\n", out);
    print_handlers(coverage, out);
    for (size_t i = 0; i < coverage->n_files; i++) {
        const struct covered_file *file = &coverage->files[i];
        struct share share = share_of(file);
        struct buf missed = {0};
        add_missed(&missed, file);
        fprintf(out, "  %s: %zu of %zu lines%s%s\n", file->source->name.data, share.ran, share.all,
                missed.len > 0 ? "; never: " : "", missed.len > 0 ? missed.data : "");
        buf_deinit(&missed);
    }
}

static void add_file_json(const struct covered_file *file, struct json_writer *w)
{
    struct share share = share_of(file);
    json_object_begin(w, NULL);
    json_member_string(w, "file", file->source->name);
    json_member_integer(w, "lines", (int64_t)share.all);
    json_member_integer(w, "ran", (int64_t)share.ran);
    json_array_begin(w, "missed");
    for (size_t line = 1; line <= file->code.last; line++)
        if (is_missed(file, line))
            json_member_integer(w, NULL, (int64_t)line);
    json_array_end(w);
    json_object_end(w);
}

void spec_coverage_add_json(const struct spec_coverage *coverage, struct json_writer *w)
{
    json_object_begin(w, "coverage");
    json_array_begin(w, "handlers");
    for (size_t i = 0; i < coverage->n_handlers; i++) {
        json_object_begin(w, NULL);
        json_member_cstr(w, "name", coverage->handlers[i].name);
        json_member_integer(w, "runs", (int64_t)coverage->handlers[i].runs);
        json_object_end(w);
    }
    json_array_end(w);
    json_array_begin(w, "files");
    for (size_t i = 0; i < coverage->n_files; i++)
        add_file_json(&coverage->files[i], w);
    json_array_end(w);
    json_object_end(w);
}
