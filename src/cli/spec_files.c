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

typedef bool (*is_spec_fn)(struct slice entry, int depth);

static bool is_spec_of_tests(struct slice entry, int depth)
{
    return slice_has_suffix(entry, SLICE_LIT(".spec.lua")) ||
           (depth == 0 && slice_has_suffix(entry, SLICE_LIT(".lua")));
}

/* What lies in connectors/ itself is a connector, whatever its name. */
static bool is_spec_of_part(struct slice entry, int depth)
{
    return depth > 0 && (slice_has_suffix(entry, SLICE_LIT(".spec.lua")) ||
                         slice_is_equal(entry, SLICE_LIT("spec.lua")));
}

static void walk(struct spec_files *files, const char *folder, is_spec_fn is_spec, int depth)
{
    DIR *dir = depth < DEPTH_MAX ? opendir(folder) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct buf path = {0};
        struct stat st;
        buf_printf(&path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || stat(path.data, &st) < 0)
            ;
        else if (S_ISDIR(st.st_mode))
            walk(files, path.data, is_spec, depth + 1);
        else if (S_ISREG(st.st_mode) && is_spec(slice_str(e->d_name), depth))
            add(files, path.data);
        buf_deinit(&path);
    }
    if (dir)
        closedir(dir);
}

static void walk_part(struct spec_files *files, const char *project, const char *name,
                      is_spec_fn is_spec)
{
    struct buf folder = {0};
    buf_printf(&folder, "%s/%s", project, name);
    walk(files, folder.data, is_spec, 0);
    buf_deinit(&folder);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void spec_files_find(struct spec_files *files, const char *project)
{
    *files = (struct spec_files){0};
    walk_part(files, project, "tests", is_spec_of_tests);
    walk_part(files, project, "connectors", is_spec_of_part);
    walk_part(files, project, "transformers", is_spec_of_part);
    if (files->len > 0)
        qsort(files->paths, files->len, sizeof(*files->paths), compare);
}

void spec_files_deinit(struct spec_files *files)
{
    for (size_t i = 0; i < files->len; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct spec_files){0};
}
