/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "base/path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"

static bool is_here(const char *path)
{
    struct stat there, here;
    return path && path[0] == '/' && stat(path, &there) == 0 && stat(".", &here) == 0 &&
           there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

char *path_here(void)
{
    const char *given = getenv("PWD");
    if (is_here(given))
        return mem_strdup(given);
    char *found = realpath(".", NULL);
    return found ? found : mem_strdup("/");
}

/* What was gathered so far, and its holder. */
static void go_up(struct buf *out)
{
    buf_add_str(out, "/..");
    char *real = realpath(out->data, NULL);
    if (!real)
        return;
    buf_clear(out);
    if (strcmp(real, "/") != 0)
        buf_add_str(out, real);
    free(real);
}

static void add_part(struct buf *out, struct slice part)
{
    if (slice_is_equal(part, SLICE_LIT("..")))
        go_up(out);
    else if (part.len > 0 && !slice_is_equal(part, SLICE_LIT(".")))
        buf_printf(out, "/%.*s", SLICE_FMT(part));
}

static void add_parts(struct buf *out, const char *path)
{
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, "/");
        add_part(out, slice_of(at, len));
        at += len;
        at += strspn(at, "/");
    }
}

char *path_absolute(const char *path)
{
    struct buf out = {0};
    buf_reserve(&out, 0);
    if (path[0] != '/') {
        char *here = path_here();
        add_parts(&out, here);
        free(here);
    }
    add_parts(&out, path);
    if (out.len == 0)
        buf_add_char(&out, '/');
    return buf_take(&out);
}

char *path_resolve(const char *path)
{
    char *real = realpath(path, NULL);
    const char *slash = strrchr(path, '/');
    if (real || !slash || slash == path)
        return real ? real : mem_strdup(path);
    struct buf out = {0};
    char *holder = slice_dup(slice_of(path, (size_t)(slash - path)));
    real = path_resolve(holder);
    buf_printf(&out, "%s%s", real, slash);
    free(holder);
    free(real);
    return buf_take(&out);
}

int path_enter(const char *path)
{
    char *name = path_absolute(path);
    int rc = chdir(path);
    if (rc == 0)
        rc = setenv("PWD", name, 1);
    free(name);
    return rc;
}
