/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/editor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"

#define FILE_MAX ((size_t)64 << 20)

/* NULL where there is only vi, and no terminal for it. */
static const char *find_editor(void)
{
    static const char *const names[] = {"VISUAL", "EDITOR"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *editor = getenv(names[i]);
        if (editor && *editor)
            return editor;
    }
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? "vi" : NULL;
}

/* A line of its own for each member of the top object or element of the top array. */
static void add_readable(struct buf *out, struct slice json)
{
    struct json_reader reader;
    bool opens = false;
    json_reader_init(&reader, json);
    struct slice value;
    enum json_token first = json_next(&reader);
    if (first != JSON_OBJECT_BEGIN && first != JSON_ARRAY_BEGIN) {
        buf_add_slice(out, json);
        json_reader_deinit(&reader);
        return;
    }
    const char *comma = "";
    buf_add_char(out, first == JSON_OBJECT_BEGIN ? '{' : '[');
    for (enum json_token t; (t = json_next(&reader)) != JSON_OBJECT_END && t != JSON_ARRAY_END;) {
        opens = true;
        buf_printf(out, "%s\n  ", comma);
        if (t == JSON_KEY) {
            json_add_string(out, reader.text);
            buf_add_str(out, ": ");
        }
        if (json_skip(&reader, &value) < 0)
            break;
        buf_add_slice(out, value);
        comma = ",";
    }
    buf_printf(out, "%s%c", opens ? "\n" : "", first == JSON_OBJECT_BEGIN ? '}' : ']');
    json_reader_deinit(&reader);
}

static int write_file(int fd, struct slice text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.data, text.len);
        if (n < 0)
            return -1;
        text = slice_from(text, (size_t)n);
    }
    return 0;
}

/* The editor may be a command with options, so the shell takes it apart. */
static int run_editor(const char *editor, const char *path)
{
    struct buf line = {0};
    buf_printf(&line, "%s \"$1\"", editor);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", line.data, "sh", path, (char *)NULL);
        _exit(127);
    }
    buf_deinit(&line);
    int state = 0;
    while (child > 0 && waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    if (child < 0 || !WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return command_fail("the editor (%s) failed: set EDITOR, or give the data as DATA", editor);
    return EXIT_DONE;
}

static int read_back(const char *path, struct slice json, struct buf *edited)
{
    struct err err = {0};
    if (buf_read_file(edited, path, FILE_MAX, &err) < 0)
        return command_fail("%s", err.message);
    if (json_check(buf_slice(edited), &err) < 0) {
        buf_clear(edited);
        return command_fail("what was saved is no JSON (%s): it is in %s", err.message, path);
    }
    if (json_is_same(json, buf_slice(edited)))
        buf_clear(edited);
    return EXIT_DONE;
}

int editor_edit(struct slice json, struct buf *edited)
{
    const char *folder = getenv("TMPDIR"), *editor = find_editor();
    if (!editor)
        return command_fail("there is no terminal for vi: give the data as DATA, or set EDITOR");
    struct buf path = {0}, text = {0};
    buf_printf(&path, "%s/liaison-XXXXXX.json", folder && *folder ? folder : "/tmp");
    add_readable(&text, json);
    buf_add_char(&text, '\n');
    int fd = mkstemps(path.data, (int)strlen(".json")); /* mode 0600 */
    int status = EXIT_DONE;
    if (fd < 0 || write_file(fd, buf_slice(&text)) < 0)
        status = command_fail("cannot write %s: %s", path.data, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (status == EXIT_DONE)
        status = run_editor(editor, path.data);
    bool is_kept =
        status == EXIT_DONE && (status = read_back(path.data, json, edited)) != EXIT_DONE;
    if (fd >= 0 && !is_kept)
        unlink(path.data);
    buf_deinit(&path);
    buf_deinit(&text);
    return status;
}
