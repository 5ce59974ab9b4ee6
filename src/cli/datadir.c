/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/datadir.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* PROGRAM's folder/../FOLDER/liaison, resolved; NULL when there is none. */
static char *find_beside_program(const char *folder)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *slash = program ? strrchr(program, '/') : NULL;
    char *found = NULL;
    if (slash) {
        struct buf path = {0};
        buf_printf(&path, "%.*s/../%s/liaison", (int)(slash - program), program, folder);
        found = realpath(path.data, NULL);
        buf_deinit(&path);
    }
    free(program);
    return found;
}

static char *find(const char *folder, const char *installed)
{
    char *beside = find_beside_program(folder);
    if (beside && is_folder(beside))
        return beside;
    free(beside);
    return is_folder(installed) ? mem_strdup(installed) : NULL;
}

char *datadir_find(void)
{
    return find("share", LIAISON_DATADIR);
}

char *datadir_find_modules(void)
{
    return find("lib", LIAISON_MODULEDIR);
}
