/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Which files a project has. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "script/load.h"

#define INIT "init.lua"

static char *join(const char *a, const char *b, const char *c, const char *suffix)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s/%s%s", a, b, c, suffix);
    return buf_take(&path);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* ---- a folder's modules ---- */

static void add_module(struct modules *modules, struct slice name, char *path)
{
    if (modules->len == modules->cap) {
        modules->cap = modules->cap ? 2 * modules->cap : 16;
        modules->items = mem_realloc(modules->items, modules->cap * sizeof(*modules->items));
    }
    struct module *module = &modules->items[modules->len++];
    module->name = slice_dup(name);
    module->path = path;
}

static void add_entry(const char *folder, const char *entry, bool with_folders,
                      struct modules *modules)
{
    struct slice name = slice_str(entry);
    struct buf path = {0};
    if (entry[0] == '.')
        return;
    if (slice_has_suffix(name, SLICE_LIT(".lua")) && name.len > 4) {
        buf_printf(&path, "%s/%s", folder, entry);
        name.len -= 4;
    } else if (with_folders) {
        buf_printf(&path, "%s/%s/" INIT, folder, entry);
    }
    if (path.data && is_file(path.data))
        add_module(modules, name, buf_take(&path));
    buf_deinit(&path);
}

static int compare(const void *a, const void *b)
{
    const struct module *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : strcmp(left->path, right->path);
}

static void tell_twins(struct loader *l, const struct modules *modules)
{
    for (size_t i = 1; i < modules->len; i++) {
        if (strcmp(modules->items[i - 1].name, modules->items[i].name) != 0)
            continue;
        char *here = project_show_path(l->m, modules->items[i].path);
        char *other = project_show_path(l->m, modules->items[i - 1].path);
        loader_tell(l, false, here, 0, "%s has the same name: keep one of the two", other);
        free(other);
        free(here);
    }
}

void modules_list(struct loader *l, const char *folder, bool with_folders, struct modules *out)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", l->m->project, folder);
    DIR *dir = opendir(path.data);
    for (struct dirent *e; dir && (e = readdir(dir));)
        add_entry(path.data, e->d_name, with_folders, out);
    if (dir)
        closedir(dir);
    if (out->len > 0)
        qsort(out->items, out->len, sizeof(*out->items), compare);
    tell_twins(l, out);
    buf_deinit(&path);
}

void modules_deinit(struct modules *modules)
{
    for (size_t i = 0; i < modules->len; i++) {
        free(modules->items[i].name);
        free(modules->items[i].path);
    }
    free(modules->items);
}

char *modules_find(const char *base, const char *folder, const char *name)
{
    if (!base || *name == '\0' || *name == '.' || strchr(name, '/'))
        return NULL;
    char *path = join(base, folder, name, ".lua");
    if (is_file(path))
        return path;
    free(path);
    path = join(base, folder, name, "/" INIT);
    if (is_file(path))
        return path;
    free(path);
    return NULL;
}

/* ---- paths as shown ---- */

char *project_show_path(const struct script_machine *m, const char *path)
{
    char *project = realpath(m->project, NULL), *real = realpath(path, NULL);
    struct slice shown = slice_str(real ? real : path);
    struct slice prefix = slice_str(project ? project : m->project);
    bool is_inside = shown.len > prefix.len && slice_has_prefix(shown, prefix) &&
                     (shown.data[prefix.len] == '/' || slice_is_equal(prefix, SLICE_LIT("/")));
    char *result;
    if (is_inside)
        result = slice_dup(slice_from(shown, prefix.len + (shown.data[prefix.len] == '/')));
    else
        result = mem_strdup(path);
    free(real);
    free(project);
    return result;
}
