/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/spec_files.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

/* Folders within each other that are looked into: links may lead in a circle. */
#define DEPTH_MAX 16

static void add(struct spec_files *files, const char *path)
{
    if (files->len == files->cap) {
        files->cap = files->cap ? 2 * files->cap : 16;
        files->paths = mem_realloc(files->paths, files->cap * sizeof(*files->paths));
    }
    files->paths[files->len++] = mem_strdup(path);
}

static bool is_spec(const char *entry, int depth)
{
    struct slice name = slice_str(entry);
    return slice_has_suffix(name, SLICE_LIT(".spec.lua")) ||
           (depth == 0 && slice_has_suffix(name, SLICE_LIT(".lua")));
}

static void walk(struct spec_files *files, const char *folder, int depth)
{
    DIR *dir = depth < DEPTH_MAX ? opendir(folder) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct buf path = {0};
        struct stat st;
        buf_printf(&path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || stat(path.data, &st) < 0)
            ;
        else if (S_ISDIR(st.st_mode))
            walk(files, path.data, depth + 1);
        else if (S_ISREG(st.st_mode) && is_spec(e->d_name, depth))
            add(files, path.data);
        buf_deinit(&path);
    }
    if (dir)
        closedir(dir);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void spec_files_find(struct spec_files *files, const char *project)
{
    struct buf folder = {0};
    *files = (struct spec_files){0};
    buf_printf(&folder, "%s/tests", project);
    walk(files, folder.data, 0);
    if (files->len > 0)
        qsort(files->paths, files->len, sizeof(*files->paths), compare);
    buf_deinit(&folder);
}

void spec_files_deinit(struct spec_files *files)
{
    for (size_t i = 0; i < files->len; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct spec_files){0};
}
