/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "base/percent.h"

#include "base/text.h"

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void percent_add(struct buf *out, struct slice s, bool is_form)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (is_unreserved(s.data[i])) {
            buf_add_char(out, s.data[i]);
        } else if (c == ' ' && is_form) {
            buf_add_char(out, '+');
        } else {
            const char encoded[] = {'%', digits[c >> 4], digits[c & 15]};
            buf_add(out, encoded, sizeof(encoded));
        }
    }
}

int percent_parse(struct buf *out, struct slice s, size_t *at)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        if (c == '%') {
            int high = i + 2 < s.len ? text_hex_digit(s.data[i + 1]) : -1;
            int low = i + 2 < s.len ? text_hex_digit(s.data[i + 2]) : -1;
            *at = i;
            if (high < 0 || low < 0)
                return -1;
            c = (char)(high << 4 | low);
            i += 2;
        }
        buf_add_char(out, c);
    }
    return 0;
}
