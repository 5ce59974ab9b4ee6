/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/commands.h"
#include "new_project.h"

/* Where each embedded file goes. The scripts and connectors are those of the repository's root. */
static const struct {
    const char *path;
    const char *name;
} files[] = {
    {"liaison.lua", "liaison.lua"},
    {"scripts/register_sync.lua", "register_sync.lua"},
    {"connectors/calendarApi.lua", "calendarApi.lua"},
    {"connectors/dataWarehouse.lua", "dataWarehouse.lua"},
    {"tests/schedules.lua", "schedules.lua"},
    {"README.md", "README.md"},
    {".gitignore", "gitignore"},
    {".luarc.json", "luarc.json"},
    {"types/liaison.lua", "api.lua"},
};

static const char *const folders[] = {"scripts", "connectors", "transformers", "tests", "types"};

static const struct new_project_file *find_embedded(const char *name)
{
    for (size_t i = 0; i < new_project_files_count; i++) {
        if (strcmp(new_project_files[i].name, name) == 0)
            return &new_project_files[i];
    }
    die("%s is not embedded", name);
}

static int make_folder(const char *path, struct err *err)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return err_set_errno(err, ERR_IO, errno, "can't make %s", path);
}

/* The folders above it too. */
static int make_folders(const char *path, struct err *err)
{
    struct buf at = {0};
    int result = 0;
    for (const char *p = path; *p && result == 0; p++) {
        if (*p == '/' && at.len > 0)
            result = make_folder(at.data, err);
        buf_add_char(&at, *p);
    }
    if (result == 0)
        result = make_folder(at.data ? at.data : ".", err);
    buf_deinit(&at);
    return result;
}

static int check_empty(const char *path, struct err *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return err_set_errno(err, ERR_IO, errno, "can't make a project in %s", path);
    bool is_empty = true;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            is_empty = false;
    }
    closedir(dir);
    if (is_empty)
        return 0;
    return err_set(err, ERR_EXISTS, "%s isn't empty: name a folder that is, or a new one", path);
}

static int write_file(const char *path, const struct new_project_file *file, struct err *err)
{
    FILE *out = fopen(path, "wxe");
    if (!out)
        return err_set_errno(err, ERR_IO, errno, "can't write %s", path);
    size_t written = fwrite(file->text, 1, file->len, out);
    if (fclose(out) != 0 || written != file->len)
        return err_set_errno(err, ERR_IO, errno, "can't write %s", path);
    return 0;
}

static int fill(const char *root, struct err *err)
{
    struct buf path = {0};
    int result = 0;
    for (size_t i = 0; i < ARRAY_LEN(folders) && result == 0; i++) {
        buf_clear(&path);
        buf_printf(&path, "%s/%s", root, folders[i]);
        result = make_folder(path.data, err);
    }
    for (size_t i = 0; i < ARRAY_LEN(files) && result == 0; i++) {
        buf_clear(&path);
        buf_printf(&path, "%s/%s", root, files[i].path);
        result = write_file(path.data, find_embedded(files[i].name), err);
    }
    buf_deinit(&path);
    return result;
}

static void say_next(const char *root)
{
    fprintf(stderr,
            "%s is made. Next, each in its own terminal, after: cd %s\n\n"
            "  liaison test    # what should be sent for which event\n"
            "  liaison sink    # stands in for the calendar and the warehouse\n"
            "  liaison run\n"
            "  liaison emit schedule.updated "
            "'{\"id\": 7, \"startTime\": \"2026-11-23T09:00:00Z\"}'\n",
            root, root);
}

static int run(const struct invocation *in)
{
    const char *root = in->options.operands[0];
    struct err err = {0};
    if (make_folders(root, &err) < 0 || check_empty(root, &err) < 0 || fill(root, &err) < 0)
        return command_fail("%s", err.message);
    say_next(root);
    return EXIT_DONE;
}

static const struct example_row examples[] = {
    {"liaison new my-sync", "a project in the folder my-sync"},
    {0},
};

const struct command command_new = {
    .name = "new",
    .summary = "make a project that runs",
    .usage = "new PATH",
    .operands = "PATH",
    .help =
        "Makes a project in the folder PATH, which is made or must be empty: settings, a script,\n"
        "two connectors, a spec. It runs as it stands, with `liaison sink` as the other systems.",
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
    .examples = examples,
};
