/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Which folder is the project that a path means.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "engine/config_parts.h"

static bool holds_project(const char *folder)
{
    static const char *const signs[] = {SOURCES_CONFIG, "scripts", "connectors"};
    for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
        struct buf path = {0};
        struct stat st;
        buf_printf(&path, "%s/%s", folder, signs[i]);
        bool is_there = stat(path.data, &st) == 0;
        buf_deinit(&path);
        if (is_there)
            return true;
    }
    return false;
}

/* The nearest folder at or above `path` that is a project, in place. */
static bool climb_to_project(char *path)
{
    for (;;) {
        if (holds_project(path))
            return true;
        char *slash = strrchr(path, '/');
        if (!slash || slash == path)
            return false;
        *slash = '\0';
    }
}

/* By the path that was given, so that links that it leads through may be turned; a file that is a link
   itself belongs to the project that it lies in. */
static char *find_path(const char *given, struct stat *st)
{
    struct stat link;
    char *path = path_absolute(given);
    bool is_there = stat(path, st) == 0;
    if (is_there && S_ISREG(st->st_mode) && lstat(path, &link) == 0 && S_ISLNK(link.st_mode)) {
        char *real = realpath(path, NULL);
        free(path);
        return real;
    }
    if (is_there)
        return path;
    free(path);
    return NULL;
}

int config_find_project(struct config *config, const char *path, struct err *err)
{
    struct stat st;
    char *found = find_path(path, &st);
    if (!found)
        return err_set_errno(err, ERR_NOT_FOUND, errno, "no project at %s", path);
    config->project = found;
    if (S_ISREG(st.st_mode)) {
        config->script = mem_strdup(found);
        *strrchr(found, '/') = '\0';
        if (climb_to_project(found))
            return 0;
        return err_set(
            err, ERR_NOT_FOUND,
            "%s belongs to no project: no folder above it holds liaison.lua, scripts/ or "
            "connectors/",
            path);
    }
    if (holds_project(found))
        return 0;
    return err_set(err, ERR_NOT_FOUND,
                   "%s is no project: it holds neither liaison.lua nor scripts/ nor connectors/; "
                   "`liaison new PATH` makes one",
                   path);
}
