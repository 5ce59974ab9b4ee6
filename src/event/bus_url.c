/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "event/bus_url.h"

#include <string.h>

#include "base/base64.h"
#include "base/text.h"

/* Where the authority, with which the slice begins, ends. */
static size_t authority_len(struct slice s)
{
    size_t i = 0;
    while (i < s.len && !strchr("/?#", s.data[i]))
        i++;
    return i;
}

/* The last '@' of the authority ends the credentials: a password may hold one. */
struct bus_url bus_url_split(struct slice url)
{
    struct bus_url parts = {.rest = url};
    size_t scheme = slice_find(url, ':');
    if (!slice_has_prefix(slice_from(url, scheme), SLICE_LIT("://")))
        return parts;
    parts.scheme = slice_upto(url, scheme + 3);
    parts.rest = slice_from(url, scheme + 3);
    for (size_t i = authority_len(parts.rest); i > 0; i--) {
        if (parts.rest.data[i - 1] != '@')
            continue;
        parts.credentials = slice_upto(parts.rest, i - 1);
        parts.rest = slice_from(parts.rest, i);
        break;
    }
    return parts;
}

static void add_percent_decoded(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte;
        if (s.data[i] == '%' && i + 2 < s.len &&
            text_parse_hex(slice_of(s.data + i + 1, 2), &byte, 1) == 0) {
            buf_add_char(out, (char)byte);
            i += 2;
        } else {
            buf_add_char(out, s.data[i]);
        }
    }
}

void bus_url_add_basic(struct buf *out, struct slice credentials)
{
    struct slice password = credentials;
    struct slice user = slice_split(&password, ':');
    struct buf plain = {0};
    add_percent_decoded(&plain, user);
    buf_add_char(&plain, ':');
    add_percent_decoded(&plain, password);
    buf_add_str(out, "Basic ");
    base64_add(out, buf_slice(&plain));
    buf_deinit(&plain);
}
