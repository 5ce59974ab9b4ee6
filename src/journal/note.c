/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "journal/note.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "journal/files.h"

#define NOTE_MAX 65536

/* Its file, to be freed. */
static char *file_of(const char *path, enum note note)
{
    static const char *const suffixes[] = {".suspect", ".unconfirmed", ".aside", ".gap"};
    struct buf file = {0};
    buf_printf(&file, "%s%s", path, suffixes[note]);
    return buf_take(&file);
}

char *note_read(const char *path, enum note note)
{
    struct buf text = {0};
    char *file = file_of(path, note);
    int rc = buf_read_file(&text, file, NOTE_MAX, NULL);
    bool exists = files_exist(file);
    free(file);
    if (!exists) {
        buf_deinit(&text);
        return NULL;
    }
    if (rc < 0 || text.len == 0) {
        buf_clear(&text);
        buf_add_str(&text, "something was lost, but the note that says what can't be read");
    }
    return buf_take(&text);
}

bool note_exists(const char *path, enum note note)
{
    char *file = file_of(path, note);
    bool exists = files_exist(file);
    free(file);
    return exists;
}

int64_t note_written_ms(const char *path, enum note note)
{
    struct stat st;
    char *file = file_of(path, note);
    bool exists = stat(file, &st) == 0;
    free(file);
    return exists ? (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 : 0;
}

int note_add(const char *path, enum note note, const char *text, struct err *err)
{
    struct buf all = {0};
    char *file = file_of(path, note), *before = note_read(path, note);
    buf_add_str(&all, text);
    if (before && all.len < NOTE_MAX / 2)
        buf_printf(&all, "; before that, %s", before);
    int rc = files_put_text(file, buf_slice(&all), err);
    buf_deinit(&all);
    free(before);
    free(file);
    return rc;
}

int note_remove(const char *path, enum note note, struct err *err)
{
    char *file = file_of(path, note);
    int rc = -1;
    if (!files_exist(file))
        err_set(err, ERR_NOT_FOUND, "there is no %s", file);
    else if (files_remove(file, err) == 0)
        rc = files_sync_folder(file, err);
    free(file);
    return rc;
}
