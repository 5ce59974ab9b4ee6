/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "project.h"

#include <dirent.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "world.h"

#define PAGE_SIZE "2048" /* a fourth of the daemon's: each commit writes whole pages */
#define WORLDS_NEW 8     /* one in so many begins without a journal, and makes its own */
#define SOURCE LIAISON_SOURCE_DIR "/tests/sim/project"

static void write_file(struct world *w, const char *name, struct slice text)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", w->folder, name);
    FILE *file = fopen(path.data, "wb");
    if (!file || fwrite(text.data, 1, text.len, file) != text.len || fclose(file) != 0)
        die("%s can't be written", path.data);
    buf_deinit(&path);
}

static void copy_file(struct world *w, const char *name)
{
    struct err err = {0};
    struct buf from = {0}, text = {0};
    buf_printf(&from, "%s/%s", SOURCE, name);
    if (buf_read_file(&text, from.data, 1 << 20, &err) < 0)
        die("%s", err.message);
    write_file(w, name, buf_slice(&text));
    buf_deinit(&from);
    buf_deinit(&text);
}

/* All .lua files of a folder of the project, which is made. */
static void copy_folder(struct world *w, const char *folder)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", w->folder, folder);
    if (mkdir(path.data, 0700) < 0)
        die("%s can't be made", path.data);
    buf_clear(&path);
    buf_printf(&path, "%s/%s", SOURCE, folder);
    DIR *dir = opendir(path.data);
    if (!dir)
        die("%s can't be read", path.data);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!slice_has_suffix(slice_str(entry->d_name), SLICE_LIT(".lua")))
            continue;
        buf_clear(&path);
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        copy_file(w, path.data);
    }
    closedir(dir);
    buf_deinit(&path);
}

/* Empty, as one is that was made and not yet filled. */
static void make_journal(const struct world *w)
{
    struct buf path = {0};
    sqlite3 *db = NULL;
    buf_printf(&path, "%s/var", w->folder);
    if (mkdir(path.data, 0700) < 0)
        die("%s can't be made", path.data);
    buf_add_str(&path, "/journal.db");
    if (sqlite3_open(path.data, &db) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA page_size = " PAGE_SIZE "; VACUUM", NULL, NULL, NULL) != SQLITE_OK)
        die("%s can't be made", path.data);
    sqlite3_close(db);
    buf_deinit(&path);
}

void project_make(struct world *w)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%" PRIu64, w->wish.root, w->wish.seed);
    if (mkdir(path.data, 0700) < 0)
        die("%s can't be made", path.data);
    w->folder = buf_take(&path);
    w->is_loadable = true;
    copy_file(w, "liaison.lua");
    copy_folder(w, "scripts");
    copy_folder(w, "connectors");
    copy_folder(w, "transformers");
    copy_folder(w, "lib");
    if (w->wish.seed % WORLDS_NEW != 0)
        make_journal(w);
}

/* Nothing but another hash; a transformer that fails; a script that isn't one. */
void project_change(struct world *w)
{
    char text[64];
    w->is_loadable = true;
    int version = (int)world_below(w, 1000000);
    switch (world_below(w, 4)) {
    case 0:
        write_file(w, "lib/broken.lua", SLICE_LIT("return true\n"));
        break;
    case 1:
        write_file(w, "lib/broken.lua", SLICE_LIT("return (\n"));
        w->is_loadable = false;
        break;
    default:
        snprintf(text, sizeof(text), "return false -- %d\n", version);
        write_file(w, "lib/broken.lua", slice_str(text));
    }
}

void project_mend(struct world *w)
{
    w->is_loadable = true;
    write_file(w, "lib/broken.lua", SLICE_LIT("return false\n"));
}
