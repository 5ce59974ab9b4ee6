/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/help.h"

#define NAMES_MAX 64

void command_print(struct slice text)
{
    if (text.len > 0) /* else there may be no data */
        fwrite(text.data, 1, text.len, stdout);
}

/* ---- what is said on standard error ---------------------------------------------------------- */

int command_fail(const char *fmt, ...)
{
    struct buf line = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&line, fmt, args);
    va_end(args);
    fprintf(stderr, "liaison: %s\n", line.data ? line.data : "");
    buf_deinit(&line);
    return EXIT_FAILED;
}

static int misuse(const char *name, const char *what)
{
    command_fail("%s", what);
    fprintf(stderr, "Try: liaison %s%s--help\n", name, *name ? " " : "");
    return EXIT_MISUSED;
}

int command_misuse(const struct invocation *in, const char *fmt, ...)
{
    struct buf what = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&what, fmt, args);
    va_end(args);
    int status = misuse(in->name, what.data ? what.data : "");
    buf_deinit(&what);
    return status;
}

/* ---- which command --------------------------------------------------------------------------- */

const struct command *command_find(const struct command *const *among, const char *name)
{
    for (; *among; among++) {
        if (strcmp((*among)->name, name) == 0)
            return *among;
    }
    return NULL;
}

int command_unknown(const struct command *const *among, const char *of, const char *name)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (; *among && n < NAMES_MAX; among++)
        names[n++] = (*among)->name;
    const char *nearest = text_nearest(slice_str(name), names, n);
    const char *space = *of ? " " : "";
    struct buf what = {0};
    buf_printf(&what, "unknown command '%s%s%s'", of, space, name);
    if (nearest)
        buf_printf(&what, ": did you mean '%s%s%s'?", of, space, nearest);
    int status = misuse(of, what.data);
    buf_deinit(&what);
    return status;
}

/* ---- running it ------------------------------------------------------------------------------ */

/* Relative paths in a command's words are meant from there, so it is done before all else. */
static int enter_directory(const struct options *options)
{
    const char *directory = options_get(options, "directory");
    if (!directory || path_enter(directory) == 0)
        return 0;
    command_fail("can't enter %s: %s", directory, strerror(errno));
    return -1;
}

static int check_operands(const struct invocation *in)
{
    size_t n = in->options.n_operands;
    if (n < in->command->operands_min)
        return command_misuse(in, "something is missing: liaison %s", in->command->usage);
    if (n > in->command->operands_max)
        return command_misuse(in, "'%s' is one too many: liaison %s",
                              in->options.operands[in->command->operands_max], in->command->usage);
    for (size_t i = 0; i < n; i++) {
        if (in->options.operands[i][0] == '\0')
            return command_misuse(in, "a word is empty, as an unset variable is: liaison %s",
                                  in->command->usage);
    }
    return EXIT_DONE;
}

static int run_parsed(const struct invocation *in)
{
    if (options_has(&in->options, "help")) {
        help_print_command(stdout, in->command);
        return EXIT_DONE;
    }
    int status = check_operands(in);
    if (status != EXIT_DONE)
        return status;
    if (enter_directory(&in->options) < 0)
        return EXIT_FAILED;
    return in->command->run(in);
}

static int run_command(const struct command *command, const char *name, int argc, char **argv);

/* `liaison dead list …`: the verb is the first word that isn't an option. */
static int run_verb(const struct invocation *in, int argc, char **argv)
{
    const struct command *command = in->command;
    if (options_has(&in->options, "help")) {
        help_print_command(stdout, command);
        return EXIT_DONE;
    }
    if (argc == 0) {
        help_print_command(stderr, command);
        return EXIT_MISUSED;
    }
    if (enter_directory(&in->options) < 0)
        return EXIT_FAILED;
    const struct command *verb = command_find(command->verbs, argv[0]);
    if (!verb)
        return command_unknown(command->verbs, in->name, argv[0]);
    struct buf name = {0};
    buf_printf(&name, "%s %s", in->name, verb->name);
    int status = run_command(verb, name.data, argc - 1, argv + 1);
    buf_deinit(&name);
    return status;
}

/* `argv` begins behind the command's name. */
static int run_command(const struct command *command, const char *name, int argc, char **argv)
{
    struct invocation in = {.command = command, .name = name};
    struct options_scan scan = {.own = command->options,
                                .common = help_common_options,
                                .stops_at_operand = command->verbs != NULL,
                                .argc = argc,
                                .argv = argv};
    struct err err = {0};
    int status;
    if (options_parse(&in.options, &scan, &err) < 0)
        status = misuse(name, err.message);
    else if (command->verbs)
        status = run_verb(&in, argc - in.options.n_words, argv + in.options.n_words);
    else
        status = run_parsed(&in);
    options_deinit(&in.options);
    return status;
}

const struct option_row command_global_options[] = {
    {"version", 'V', NULL, "print the version"},
    {0},
};

/* What stands before the command's name, then the command. */
static int run_words(int argc, char **argv, const struct options *options)
{
    if (options_has(options, "help")) {
        help_print_overview(stdout);
        return EXIT_DONE;
    }
    if (options_has(options, "version"))
        return run_command(&command_version, "version", 0, argv);
    if (argc == 0) {
        help_print_overview(stdout);
        return EXIT_DONE;
    }
    if (enter_directory(options) < 0)
        return EXIT_FAILED;
    const struct command *command = command_find(commands, argv[0]);
    if (!command)
        return command_unknown(commands, "", argv[0]);
    return run_command(command, command->name, argc - 1, argv + 1);
}

/* Of a pipe: the other end is closed. */
static bool has_reader_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* What was printed has to be out before success can be claimed. A reader that had enough needs no words.
   Of an earlier failure the reason isn't known any more. */
static int finish_output(int status)
{
    bool had_failed = ferror(stdout), failed = fflush(stdout) != 0 || had_failed;
    const char *reason = had_failed ? "it is cut off" : strerror(errno);
    if (!failed || status != EXIT_DONE)
        return status;
    if (!has_reader_gone())
        command_fail("can't write to standard output: %s", reason);
    return EXIT_FAILED;
}

int command_main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    int n = argc > 0 ? argc - 1 : 0;
    struct options_scan scan = {.own = command_global_options,
                                .common = help_common_options,
                                .stops_at_operand = true,
                                .argc = n,
                                .argv = argv + 1};
    struct options options;
    struct err err = {0};
    int status;
    if (options_parse(&options, &scan, &err) < 0)
        status = misuse("", err.message);
    else
        status = run_words(n - options.n_words, argv + 1 + options.n_words, &options);
    options_deinit(&options);
    return finish_output(status);
}

/* ---- the commands ---------------------------------------------------------------------------- */

const struct command *const commands[] = {
    &command_run,    &command_check,      &command_try,   &command_test,
    &command_new,    &command_connectors, &command_emit,  &command_status,
    &command_top,    &command_tail,       &command_types, &command_explain,
    &command_dead,   &command_replay,     &command_pause, &command_resume,
    &command_reload, &command_backup,     &command_fsck,  &command_sink,
    &command_help,   &command_version,    NULL,
};
