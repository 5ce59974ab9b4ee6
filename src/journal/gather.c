/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The log's file gets other methods (https://www.sqlite.org/c3ref/io_methods.html), whose table
 * stands in what they need: so they find that by the file. All but those below are the file's own.
 */
#include "journal/gather.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/buf.h"

#define GATHERED_MAX ((size_t)128 * 1024) /* more goes on in parts */

struct gather {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *below;
    struct buf bytes; /* written, and not handed on yet … */
    sqlite3_int64 at; /* … from here on */
};

static struct gather *gather_of(sqlite3_file *file)
{
    return container_of(file->pMethods, struct gather, methods);
}

/* What fails isn't tried again: the commit that it belongs to fails with it. */
static int hand_on(sqlite3_file *file)
{
    struct gather *g = gather_of(file);
    if (g->bytes.len == 0)
        return SQLITE_OK;
    int code = g->below->xWrite(file, g->bytes.data, (int)g->bytes.len, g->at);
    buf_clear(&g->bytes);
    return code;
}

static int log_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct gather *g = gather_of(file);
    bool follows = at == g->at + (sqlite3_int64)g->bytes.len;
    if (!follows || g->bytes.len + (size_t)len > GATHERED_MAX) {
        int code = hand_on(file);
        if (code != SQLITE_OK)
            return code;
    }
    if (g->bytes.len == 0)
        g->at = at;
    buf_add(&g->bytes, bytes, (size_t)len);
    return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
    int code = hand_on(file);
    return code != SQLITE_OK ? code : gather_of(file)->below->xRead(file, to, len, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    int code = hand_on(file);
    return code != SQLITE_OK ? code : gather_of(file)->below->xTruncate(file, len);
}

static int log_sync(sqlite3_file *file, int flags)
{
    int code = hand_on(file);
    return code != SQLITE_OK ? code : gather_of(file)->below->xSync(file, flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *len)
{
    int code = hand_on(file);
    return code != SQLITE_OK ? code : gather_of(file)->below->xFileSize(file, len);
}

/* What wasn't synced by now belongs to a commit that was given up. */
static int log_close(sqlite3_file *file)
{
    struct gather *g = gather_of(file);
    file->pMethods = g->below;
    buf_deinit(&g->bytes);
    free(g);
    return file->pMethods->xClose(file);
}

void gather_log(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(handle, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
        !file || !file->pMethods)
        return;
    const sqlite3_io_methods *below = file->pMethods;
    if (!(below->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE))
        return;
    struct gather *g = mem_calloc(1, sizeof(*g));
    g->below = below;
    g->methods = (sqlite3_io_methods){
        .iVersion = 1,
        .xClose = log_close,
        .xRead = log_read,
        .xWrite = log_write,
        .xTruncate = log_truncate,
        .xSync = log_sync,
        .xFileSize = log_size,
        .xLock = below->xLock,
        .xUnlock = below->xUnlock,
        .xCheckReservedLock = below->xCheckReservedLock,
        .xFileControl = below->xFileControl,
        .xSectorSize = below->xSectorSize,
        .xDeviceCharacteristics = below->xDeviceCharacteristics,
    };
    file->pMethods = &g->methods;
}
