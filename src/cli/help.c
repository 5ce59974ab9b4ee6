/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/help.h"

#include <string.h>

#include "engine/config.h"

#define NAME_MAX_LEN 80

const struct option_row help_common_options[] = {
    {"directory", 'C', "DIR", "do as if called in DIR"},
    {"help", 'h', NULL, "print this help"},
    {0},
};

const char help_tagline[] =
    "Liaison keeps every event and delivers it to the systems that need it.";

const char help_usage[] = "[-C DIR] COMMAND [OPTIONS]";

const char help_keys_title[] =
    "Keys of liaison.lua, of --set and, in capitals, of the environment\n"
    "(limits.handlerTime is LIAISON_LIMITS_HANDLER_TIME), with their defaults:";

const struct help_row help_exit_statuses[] = {
    {"0", HELP_ANY, "done"},
    {"1", HELP_ANY, "what was asked failed"},
    {"2", HELP_ANY, "the command line is wrong"},
    {"69", HELP_CLIENT, "no daemon answers"},
    {"78", HELP_RUN, "configuration or scripts are refused; nothing was opened"},
    {0},
};

const struct help_row help_variables[] = {
    {"LIAISON_URL", HELP_CLIENT, "where the daemon is, in place of --url"},
    {"LIAISON_TOKEN", HELP_CLIENT, "its token, in place of --token-file"},
    {"LIAISON_KEY", HELP_PROJECT | HELP_CLIENT,
     "a key of liaison.lua: limits.handlerTime is LIAISON_LIMITS_HANDLER_TIME"},
    {"STATE_DIRECTORY", HELP_PROJECT,
     "set by systemd: the folder of the journal, where nothing else names one"},
    {"CREDENTIALS_DIRECTORY", HELP_PROJECT | HELP_CLIENT,
     "set by systemd: the folder whose file NAME is secret \"NAME\""},
    {"NAME_FILE", HELP_PROJECT | HELP_CLIENT, "the file that holds secret \"NAME\""},
    {"NAME", HELP_PROJECT | HELP_CLIENT, "secret \"NAME\" itself"},
    {"NOTIFY_SOCKET", HELP_RUN, "set by systemd: who is told how the daemon is"},
    {"WATCHDOG_USEC", HELP_RUN, "set by systemd: how long it may be silent"},
    {"SSL_CERT_FILE", HELP_RUN | HELP_CLIENT,
     "certificate authorities to trust, in place of the system's"},
    {"http_proxy", HELP_RUN | HELP_CLIENT,
     "proxies, as curl takes them; so are https_proxy, all_proxy, no_proxy"},
    {"COLUMNS", HELP_ANY, "how wide the terminal is, where it doesn't say so itself"},
    {"NO_COLOR", HELP_ANY, "nothing is coloured where this isn't empty"},
    {0},
};

const struct help_row help_files[] = {
    {"liaison.lua", HELP_PROJECT, "the project's configuration"},
    {"scripts/*.lua", HELP_PROJECT, "what is done with which event, loaded in the order of names"},
    {"connectors/NAME.lua", HELP_PROJECT, "how one system is called; or connectors/NAME/init.lua"},
    {"transformers/NAME.lua", HELP_PROJECT, "how data are reshaped"},
    {"lib/NAME.lua", HELP_PROJECT, "what scripts share: require \"NAME\""},
    {"var/journal.db", HELP_PROJECT,
     "the journal, where neither its key nor systemd names another"},
    {LIAISON_DATADIR, HELP_PROJECT, "connectors and transformers that ship with Liaison"},
    {"/etc/liaison/NAME", HELP_RUN, "the project of liaison@NAME.service"},
    {"/var/lib/liaison/NAME", HELP_RUN, "its journal"},
    {0},
};

static bool has_option(const struct command *command, const char *name)
{
    for (const struct option_row *row = command->options; row && row->name; row++) {
        if (strcmp(row->name, name) == 0)
            return true;
    }
    return false;
}

unsigned help_kind(const struct command *command)
{
    unsigned kind = HELP_ANY;
    for (const struct command *const *verb = command->verbs; verb && *verb; verb++)
        kind |= help_kind(*verb);
    if (has_option(command, "url"))
        kind |= HELP_CLIENT;
    if (has_option(command, "journal"))
        kind |= HELP_PROJECT;
    if (command->lists_keys)
        kind |= HELP_RUN;
    return kind;
}

/* ---- columns --------------------------------------------------------------------------------- */

/* "-p, --port N"; returns its length. */
static int format_option(char out[static NAME_MAX_LEN], const struct option_row *row)
{
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    return snprintf(out, NAME_MAX_LEN, "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
                    row->argument ? row->argument : "");
}

static int width_of(const struct option_row *rows, int width)
{
    char name[NAME_MAX_LEN];
    for (; rows && rows->name; rows++) {
        int len = format_option(name, rows);
        width = len > width ? len : width;
    }
    return width;
}

static void print_options(FILE *out, const struct option_row *rows, int width)
{
    char name[NAME_MAX_LEN];
    for (; rows && rows->name; rows++) {
        format_option(name, rows);
        fprintf(out, "  %-*s  %s\n", width, name, rows->help);
    }
}

static void print_commands(FILE *out, const struct command *const *rows)
{
    int width = 0;
    for (const struct command *const *c = rows; *c; c++) {
        int len = (int)strlen((*c)->name);
        width = len > width ? len : width;
    }
    for (const struct command *const *c = rows; *c; c++)
        fprintf(out, "  %-*s  %s\n", width, (*c)->name, (*c)->summary);
}

static void print_rows(FILE *out, const struct help_row *rows)
{
    for (; rows->name; rows++)
        fprintf(out, "  %-2s  %s\n", rows->name, rows->help);
}

static void print_examples(FILE *out, const struct example_row *rows)
{
    fputs("\nExamples:\n", out);
    for (; rows->command; rows++)
        fprintf(out, "  %s\n      %s\n", rows->command, rows->what);
}

static void print_keys(FILE *out)
{
    struct config_key key;
    fprintf(out, "\n%s\n", help_keys_title);
    for (size_t i = 0; config_key_at(i, &key); i++)
        fprintf(out, "  %-18s  %-21s  %-14s  %s\n", key.path, key.type,
                key.fallback ? key.fallback : "", key.help);
}

/* ---- pages ----------------------------------------------------------------------------------- */

void help_print_overview(FILE *out)
{
    fprintf(out, "%s\n\nUsage: liaison %s\n\nCommands:\n", help_tagline, help_usage);
    print_commands(out, commands);
    int width = width_of(help_common_options, width_of(command_global_options, 0));
    fputs("\nOptions:\n", out);
    print_options(out, command_global_options, width);
    print_options(out, help_common_options, width);
    fputs("\nExit status:\n", out);
    print_rows(out, help_exit_statuses);
    fputs("\n`liaison help COMMAND` tells more of one.\n", out);
}

void help_print_command(FILE *out, const struct command *command)
{
    fprintf(out, "Usage: liaison %s\n\n%s\n", command->usage,
            command->help ? command->help : command->summary);
    if (command->verbs) {
        fputs("\nCommands:\n", out);
        print_commands(out, command->verbs);
    }
    int width = width_of(help_common_options, width_of(command->options, 0));
    fputs("\nOptions:\n", out);
    print_options(out, command->options, width);
    print_options(out, help_common_options, width);
    if (command->examples)
        print_examples(out, command->examples);
    if (command->lists_keys)
        print_keys(out);
}
