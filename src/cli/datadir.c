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

/* PROGRAM's folder/../share/liaison, resolved; NULL when there is none. */
static char *find_beside_program(void)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *slash = program ? strrchr(program, '/') : NULL;
    char *found = NULL;
    if (slash) {
        struct buf path = {0};
        buf_printf(&path, "%.*s/../share/liaison", (int)(slash - program), program);
        found = realpath(path.data, NULL);
        buf_deinit(&path);
    }
    free(program);
    return found;
}

char *datadir_find(void)
{
    char *beside = find_beside_program();
    if (beside && is_folder(beside))
        return beside;
    free(beside);
    return is_folder(LIAISON_DATADIR) ? mem_strdup(LIAISON_DATADIR) : NULL;
}
