/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A program of the build: writes the manual pages and completions into a folder.
 *
 *     liaison-docs FOLDER     # FOLDER/liaison.1, liaison-run.1 …, liaison.bash, _liaison, liaison.fish
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"
#include "docs/man.h"
#include "docs/shells.h"

/* Writes what `text` holds, and frees it. */
static void write_file(const char *folder, const char *name, struct buf *text)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    FILE *file = fopen(path.data, "we");
    if (!file || fwrite(text->data, 1, text->len, file) != text->len || fclose(file) != 0) {
        fprintf(stderr, "can't write %s\n", path.data);
        exit(EXIT_FAILURE);
    }
    buf_deinit(&path);
    buf_deinit(text);
}

static void write_pages(const char *folder)
{
    struct buf page = {0};
    man_add_overview(&page);
    write_file(folder, "liaison.1", &page);
    for (const struct command *const *c = commands; *c; c++) {
        struct buf name = {0};
        buf_printf(&name, "liaison-%s.1", (*c)->name);
        man_add_command(&page, *c);
        write_file(folder, name.data, &page);
        buf_deinit(&name);
    }
}

static void write_completions(const char *folder)
{
    static const struct {
        const char *name;
        void (*add)(struct buf *out);
    } shells[] = {{"liaison.bash", bash_add}, {"_liaison", zsh_add}, {"liaison.fish", fish_add}};
    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        struct buf text = {0};
        shells[i].add(&text);
        write_file(folder, shells[i].name, &text);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    write_pages(argv[1]);
    write_completions(argv[1]);
    return EXIT_SUCCESS;
}
