/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * CloudEvents' attributes, one row each.
 */
#include "event/attribute.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

#define SHOWN_MAX 60 /* bytes of a bad value in a message */

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The scalar value of the well-formed character of `len` bytes at p. */
static uint32_t decode(const char *p, size_t len)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t scalar = (unsigned char)p[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++)
        scalar = scalar << 6 | ((unsigned char)p[i] & 0x3F);
    return scalar;
}

/* The characters that the type String leaves out: controls and noncharacters. */
static bool is_forbidden(uint32_t scalar)
{
    return scalar < 0x20 || (scalar >= 0x7F && scalar <= 0x9F) ||
           (scalar >= 0xFDD0 && scalar <= 0xFDEF) || (scalar & 0xFFFE) == 0xFFFE;
}

static bool is_string(struct slice text)
{
    for (size_t i = 0, len; i < text.len; i += len) {
        if (text.data[i] >= ' ' && text.data[i] < 0x7F) {
            len = 1;
            continue;
        }
        len = utf8_len(slice_from(text, i));
        if (len == 0 || is_forbidden(decode(text.data + i, len)))
            return false;
    }
    return true;
}

/* ---- Notations ------------------------------------------------------------------------------ */

static bool is_version(struct slice text)
{
    return slice_is_equal(text, SLICE_LIT("1.0"));
}

/* RFC 3986, as far as its characters go; characters beyond ASCII are let through (RFC 3987). */
static bool is_uri_reference(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(" \"<>\\^`{|}", text.data[i]))
            return false;
        if (text.data[i] == '%' &&
            (text.len - i < 3 || !is_hex(text.data[i + 1]) || !is_hex(text.data[i + 2])))
            return false;
    }
    return true;
}

/* As a reference, and it begins with a scheme. */
static bool is_uri(struct slice text)
{
    size_t i = 0;
    while (i < text.len && (is_alpha(text.data[i]) ||
                            (i > 0 && (is_digit(text.data[i]) || strchr("+-.", text.data[i])))))
        i++;
    return i > 0 && i < text.len && text.data[i] == ':' && is_uri_reference(text);
}

static bool is_time(struct slice text)
{
    int64_t ms;
    return text_parse_time(text, &ms, NULL) == 0;
}

/* RFC 2045's token. */
static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c >= 0x7F || strchr("()<>@,;:\\\"/[]?=", c))
            return false;
    }
    return text.len > 0;
}

/* "type/subtype" of a media type, without its parameters. */
static struct slice essence_of(struct slice media_type)
{
    return slice_trim(slice_upto(media_type, slice_find(media_type, ';')));
}

static bool is_media_type(struct slice text)
{
    struct slice subtype = essence_of(text);
    struct slice type = slice_split(&subtype, '/');
    return is_token(type) && is_token(subtype);
}

static const struct {
    const char *name;
    bool required;
    bool (*is_valid)(struct slice text); /* NULL: any text that isn't empty */
    const char *expected;
} rows[] = {
    [ATTRIBUTE_SPECVERSION] = {"specversion", true, is_version, "\"1.0\""},
    [ATTRIBUTE_ID] = {"id", true, NULL, NULL},
    [ATTRIBUTE_SOURCE] = {"source", true, is_uri_reference, "a URI reference such as \"/rooms/5\""},
    [ATTRIBUTE_TYPE] = {"type", true, NULL, NULL},
    [ATTRIBUTE_SUBJECT] = {"subject", false, NULL, NULL},
    [ATTRIBUTE_TIME] = {"time", false, is_time, "a time such as \"2026-11-23T18:56:15Z\""},
    [ATTRIBUTE_DATACONTENTTYPE] = {"datacontenttype", false, is_media_type,
                                   "a media type such as \"application/json\""},
    [ATTRIBUTE_DATASCHEMA] = {"dataschema", false, is_uri, "a URI such as \"https://host/schema\""},
};

const char *attribute_name(enum attribute attribute)
{
    return rows[attribute].name;
}

bool attribute_is_required(enum attribute attribute)
{
    return rows[attribute].required;
}

int attribute_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (slice_is_equal(name, slice_str(rows[i].name)))
            return (int)i;
    }
    return -1;
}

int attribute_check(enum attribute attribute, struct slice text, struct err *err)
{
    const char *name = rows[attribute].name;
    if (text.len == 0)
        return err_set(err, ERR_INVALID, "the %s is empty", name);
    if (!is_string(text))
        return err_set(err, ERR_INVALID,
                       "the %s holds control characters, which CloudEvents don't allow", name);
    if (rows[attribute].is_valid && !rows[attribute].is_valid(text))
        return err_set(err, ERR_INVALID, "the %s \"%.*s\" must be %s", name,
                       SLICE_FMT(utf8_cut(text, SHOWN_MAX)), rows[attribute].expected);
    return 0;
}

/* ---- Extensions ----------------------------------------------------------------------------- */

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_digit(name.data[i]) && !(name.data[i] >= 'a' && name.data[i] <= 'z'))
            return false;
    }
    return name.len > 0;
}

/* The type Integer: digits without point and exponent, of 32 bits. */
static bool is_integer(struct slice number)
{
    int64_t value;
    for (size_t i = 0; i < number.len; i++) {
        if (!is_digit(number.data[i]) && !(i == 0 && number.data[i] == '-'))
            return false;
    }
    return json_get_integer(number, &value) == 0 && value >= INT32_MIN && value <= INT32_MAX;
}

static bool is_json_string(struct slice value)
{
    struct buf text = {0};
    bool valid = json_get_string(value, &text) == 0 && is_string(buf_slice(&text));
    buf_deinit(&text);
    return valid;
}

int attribute_check_extension(struct slice name, struct slice value, struct err *err)
{
    struct slice shown = utf8_cut(name, SHOWN_MAX);
    if (!is_name(name))
        return err_set(err, ERR_INVALID,
                       "the attribute name \"%.*s\" may hold only the letters a to z and digits",
                       SLICE_FMT(shown));
    if (slice_is_equal(value, SLICE_LIT("true")) || slice_is_equal(value, SLICE_LIT("false")) ||
        is_integer(value) || is_json_string(value))
        return 0;
    return err_set(err, ERR_INVALID,
                   "the attribute %.*s must be a string without control characters, true, false, "
                   "or a whole number of 32 bits",
                   SLICE_FMT(shown));
}

bool attribute_is_json_type(struct slice media_type)
{
    struct slice subtype = essence_of(media_type);
    if (!media_type.data)
        return true;
    slice_split(&subtype, '/');
    if (slice_is_equal_nocase(subtype, SLICE_LIT("json")))
        return true;
    struct slice suffix = SLICE_LIT("+json");
    return subtype.len > suffix.len &&
           slice_is_equal_nocase(slice_from(subtype, subtype.len - suffix.len), suffix);
}
