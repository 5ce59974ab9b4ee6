/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/terminal.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/utf8.h"

bool terminal_takes_controls(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) == 1 && term && strcmp(term, "dumb") != 0;
}

bool terminal_has_color(int fd)
{
    const char *none = getenv("NO_COLOR");
    return terminal_takes_controls(fd) && (!none || !*none);
}

size_t terminal_line_width(FILE *out)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long given = columns ? strtol(columns, NULL, 10) : 0;
    if (given > 0)
        return (size_t)given;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return SIZE_MAX;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* The first character of `text`, which isn't empty; *len is that of its bytes. What is no UTF-8 is
   a character a byte. */
static wchar_t read_character(struct slice text, size_t *len)
{
    static const unsigned char first_bits[UTF8_LEN_MAX + 1] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t n = utf8_len(text);
    *len = n ? n : 1;
    if (n == 0)
        return 0xfffd;
    uint32_t c = (unsigned char)text.data[0] & first_bits[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)text.data[i] & 0x3f);
    return (wchar_t)c;
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    }
    return true;
}

/* Bytes of the longest beginning that takes *width columns at most; *width becomes what it takes.
   The C library knows widths, by a locale of UTF-8; without that, all are one column. */
static size_t measure(struct slice text, size_t *width)
{
    if (is_ascii(text)) {
        *width = text.len < *width ? text.len : *width;
        return *width;
    }
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
    size_t at = 0, taken = 0, len;
    while (at < text.len) {
        int columns = wcwidth(read_character(slice_from(text, at), &len));
        size_t more = columns < 0 || !utf8 ? 1 : (size_t)columns;
        if (taken + more > *width)
            break;
        taken += more;
        at += len;
    }
    if (utf8) {
        uselocale(before);
        freelocale(utf8);
    }
    *width = taken;
    return at;
}

size_t terminal_text_width(struct slice text)
{
    size_t width = SIZE_MAX;
    measure(text, &width);
    return width;
}

struct slice terminal_cut(struct slice text, size_t width)
{
    return slice_upto(text, measure(text, &width));
}
