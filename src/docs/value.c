/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "docs/value.h"

#include "cli/command.h"
#include "engine/config.h"
#include "event/record.h"

static const struct {
    const char *name;
    enum value_kind kind;
} values[] = {
    {"ADDRESS", VALUE_FREE},    {"CAUSE", VALUE_CAUSE},
    {"COMMAND", VALUE_COMMAND}, {"CONNECTOR", VALUE_CONNECTOR},
    {"DATA", VALUE_DATA},       {"DIR", VALUE_FOLDER},
    {"EVENT", VALUE_FREE},      {"HANDLER", VALUE_FREE},
    {"FILE", VALUE_FILE},       {"FILTER", VALUE_FREE},
    {"ID", VALUE_FREE},         {"JOURNAL", VALUE_FILE},
    {"JSON", VALUE_FREE},       {"KEY", VALUE_FREE},
    {"KEY=VALUE", VALUE_KEY},   {"N", VALUE_FREE},
    {"NAME", VALUE_FREE},       {"PATH", VALUE_PATH},
    {"RATE", VALUE_FREE},       {"STATUS[:N]", VALUE_FREE},
    {"TIME", VALUE_FREE},       {"TYPE", VALUE_FREE},
    {"URL", VALUE_FREE},        {"last:N", VALUE_FREE},
};

enum value_kind value_kind(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        if (slice_is_equal(name, slice_str(values[i].name)))
            return values[i].kind;
    }
    return VALUE_UNKNOWN;
}

static void add_word(struct buf *out, const char *word, const char *end)
{
    buf_printf(out, "%s%s%s", out->len > 0 ? " " : "", word, end);
}

bool value_add_words(enum value_kind kind, struct buf *out)
{
    struct buf words = {0};
    struct config_key key;
    switch (kind) {
    case VALUE_CAUSE:
        for (size_t i = 0; i < RECORD_CAUSES; i++)
            add_word(&words, record_causes[i], "");
        break;
    case VALUE_COMMAND:
        for (const struct command *const *c = commands; *c; c++)
            add_word(&words, (*c)->name, "");
        break;
    case VALUE_KEY:
        for (size_t i = 0; config_key_at(i, &key); i++)
            add_word(&words, key.path, "=");
        break;
    default:
        return false;
    }
    buf_add_slice(out, buf_slice(&words));
    buf_deinit(&words);
    return true;
}
