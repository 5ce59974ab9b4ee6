/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Runs a target over files, without a fuzzer: fuzz_NAME FILE|FOLDER…. So every build tests its
 * seeds, and what once was found. Speaks TAP, as the unit tests do.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz.h"

#define FILE_MAX ((size_t)16 << 20)

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

/* The input lies in memory of just its size, so that a sanitizer sees what reads beyond it. */
static void run(const char *path)
{
    struct buf file = {0};
    struct err err = {0};
    if (buf_read_file(&file, path, FILE_MAX, &err) < 0)
        die("%s", err.message);
    uint8_t *input = mem_alloc(file.len > 0 ? file.len : 1);
    if (file.len > 0)
        memcpy(input, file.data, file.len);
    fprintf(stderr, "# %s\n", path);
    LLVMFuzzerTestOneInput(input, file.len);
    free(input);
    buf_deinit(&file);
}

static unsigned run_folder(const char *path)
{
    struct dirent **entries;
    unsigned n = 0;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        run(path);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        struct buf file = {0};
        buf_printf(&file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            run(file.data);
            n++;
        }
        buf_deinit(&file);
        free(entries[i]);
    }
    free(entries);
    return n;
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    printf("1..1\n");
    fflush(stdout);
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        n += run_folder(argv[i]);
    if (n == 0)
        die("there are no inputs");
    printf("ok 1 - %u inputs\n", n);
    return 0;
}
