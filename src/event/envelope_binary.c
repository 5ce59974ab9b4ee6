/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * CloudEvents in binary mode: attributes from headers.
 */
#include "base/json.h"
#include "base/percent.h"
#include "base/text.h"
#include "base/utf8.h"
#include "event/attribute.h"
#include "event/envelope_parts.h"

#define PREFIX SLICE_LIT("ce-")
#define SHOWN_MAX 60 /* bytes of a header's name in a message */

/* What the headers say. */
struct reading {
    struct buf texts[ATTRIBUTES]; /* data NULL where the attribute is absent */
    struct buf extensions;        /* ,"name":"value" of each */
    struct buf attributes;        /* what the event is made of */
};

static void reading_deinit(struct reading *r)
{
    for (size_t i = 0; i < ARRAY_LEN(r->texts); i++)
        buf_deinit(&r->texts[i]);
    buf_deinit(&r->extensions);
    buf_deinit(&r->attributes);
}

/* ---- One header ----------------------------------------------------------------------------- */

/* What stands between the quotes of a quoted string (RFC 9110, 5.6.4); anything else as it is. */
static int add_unquoted(struct buf *out, struct slice value, struct err *err)
{
    size_t i = 1;
    if (!slice_has_prefix(value, SLICE_LIT("\""))) {
        buf_add_slice(out, value);
        return 0;
    }
    for (; i < value.len && value.data[i] != '"'; i++) {
        if (value.data[i] == '\\' && i + 1 < value.len)
            i++;
        buf_add_char(out, value.data[i]);
    }
    if (i + 1 != value.len)
        return err_set(err, ERR_INVALID, "the quoted string doesn't end where the value does");
    return 0;
}

/* One round of percent-decoding. */
static int add_decoded(struct buf *out, struct slice text, struct err *err)
{
    size_t at;
    if (percent_parse(out, text, &at) < 0)
        return err_set(err, ERR_INVALID,
                       "a %% must be followed by two hex digits; by itself it is %%25");
    return 0;
}

/* The attribute's text (HTTP protocol binding, 3.1.3.2). */
static int decode_value(struct buf *out, struct slice value, struct err *err)
{
    struct buf unquoted = {0};
    buf_reserve(out, 0);
    int rc = add_unquoted(&unquoted, slice_trim(value), err);
    if (rc == 0)
        rc = add_decoded(out, buf_slice(&unquoted), err);
    if (rc == 0 && !slice_is_utf8(buf_slice(out)))
        rc = err_set(err, ERR_INVALID, "the value isn't UTF-8");
    buf_deinit(&unquoted);
    return rc;
}

static void lower(struct buf *out, struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        bool is_capital = name.data[i] >= 'A' && name.data[i] <= 'Z';
        buf_add_char(out, (char)(is_capital ? name.data[i] - 'A' + 'a' : name.data[i]));
    }
}

/* Every value of an extension is text: headers don't say of which type it was. */
static int take_extension(struct reading *r, struct slice name, struct slice text, struct err *err)
{
    struct buf value = {0};
    json_add_string(&value, text);
    int rc = attribute_check_extension(name, buf_slice(&value), err);
    if (rc == 0 && slice_is_equal(name, SLICE_LIT("data")))
        rc = err_set(err, ERR_INVALID, "data is no attribute: it is the body");
    if (rc == 0) {
        buf_add_char(&r->extensions, ',');
        json_add_string(&r->extensions, name);
        buf_add_char(&r->extensions, ':');
        buf_add_slice(&r->extensions, buf_slice(&value));
    }
    buf_deinit(&value);
    return rc;
}

static int take_attribute(struct reading *r, struct slice name, struct slice value, struct err *err)
{
    int known = attribute_find(name), rc;
    if (known >= 0)
        return decode_value(&r->texts[known], value, err);
    struct buf text = {0};
    rc = decode_value(&text, value, err);
    if (rc == 0)
        rc = take_extension(r, name, buf_slice(&text), err);
    buf_deinit(&text);
    return rc;
}

static int take_header(struct reading *r, const struct envelope_header *header, struct err *err)
{
    struct buf name = {0};
    lower(&name, slice_from(header->name, PREFIX.len));
    int rc = take_attribute(r, buf_slice(&name), header->value, err);
    if (rc < 0)
        err_prefix(err, "header %.*s", SLICE_FMT(utf8_cut(header->name, SHOWN_MAX)));
    buf_deinit(&name);
    return rc;
}

/* ---- All of them ---------------------------------------------------------------------------- */

static bool is_content_type(struct slice name)
{
    return slice_is_equal_nocase(name, SLICE_LIT("Content-Type"));
}

/* Two values of one attribute leave open which was meant. */
static int check_single(const struct envelope_header *headers, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_is_equal_nocase(headers[i].name, headers[n].name))
            return err_set(err, ERR_INVALID, "header %.*s stands twice",
                           SLICE_FMT(utf8_cut(headers[n].name, SHOWN_MAX)));
    }
    return 0;
}

/* The media type as it is: only attributes of ce- headers are percent-encoded. */
static int take_content_type(struct reading *r, struct slice value, struct err *err)
{
    struct buf *text = &r->texts[ATTRIBUTE_DATACONTENTTYPE];
    if (text->data)
        return err_set(err, ERR_INVALID,
                       "Content-Type says what the data is: leave ce-datacontenttype out");
    buf_reserve(text, 0);
    buf_add_slice(text, slice_trim(value));
    return 0;
}

static int read_headers(struct reading *r, const struct envelope_header *headers, size_t n,
                        struct err *err)
{
    struct slice content_type = SLICE_NULL;
    for (size_t i = 0; i < n; i++) {
        bool is_attribute = slice_has_prefix_nocase(headers[i].name, PREFIX);
        if (!is_attribute && !is_content_type(headers[i].name))
            continue;
        if (check_single(headers, i, err) < 0)
            return -1;
        if (is_attribute && take_header(r, &headers[i], err) < 0)
            return -1;
        if (!is_attribute)
            content_type = headers[i].value;
    }
    return content_type.data ? take_content_type(r, content_type, err) : 0;
}

static int check_attributes(const struct reading *r, struct err *err)
{
    for (int i = 0; i < ATTRIBUTES; i++) {
        enum attribute attribute = (enum attribute)i;
        struct slice text = buf_slice(&r->texts[i]);
        if (!text.data && attribute_is_required(attribute))
            return err_set(err, ERR_INVALID,
                           "a CloudEvent must have the attribute %s: header ce-%s",
                           attribute_name(attribute), attribute_name(attribute));
        if (text.data && attribute_check(attribute, text, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- The event ------------------------------------------------------------------------------ */

/* The attributes that aren't parts of their own, as one object. */
static struct slice join_attributes(struct reading *r)
{
    static const enum attribute kept[] = {ATTRIBUTE_SPECVERSION, ATTRIBUTE_DATACONTENTTYPE,
                                          ATTRIBUTE_DATASCHEMA};
    struct json_writer w = {.out = &r->attributes};
    json_object_begin(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        struct slice text = buf_slice(&r->texts[kept[i]]);
        if (text.data)
            json_member_string(&w, attribute_name(kept[i]), text);
    }
    buf_add_slice(&r->attributes, buf_slice(&r->extensions));
    json_object_end(&w);
    return buf_slice(&r->attributes);
}

static int read_data(struct slice media_type, struct slice body, struct event_parts *parts,
                     struct err *err)
{
    if (body.len == 0)
        return 0;
    parts->data = body;
    parts->data_kind = EVENT_DATA_BYTES;
    if (!media_type.data || !attribute_is_json_type(media_type))
        return 0;
    parts->data = slice_trim(body);
    parts->data_kind = EVENT_DATA_JSON;
    if (json_check(body, err) < 0)
        return err_prefix(err, "the body isn't JSON, as its type says");
    return 0;
}

int envelope_parse_binary(const struct envelope_context *c, const struct envelope_header *headers,
                          size_t n_headers, struct slice body, struct event **event,
                          struct err *err)
{
    struct reading r = {0};
    struct event_parts parts = {0};
    int rc = read_headers(&r, headers, n_headers, err);
    if (rc == 0)
        rc = check_attributes(&r, err);
    if (rc == 0)
        rc = read_data(buf_slice(&r.texts[ATTRIBUTE_DATACONTENTTYPE]), body, &parts, err);
    if (rc == 0) {
        parts.id = buf_slice(&r.texts[ATTRIBUTE_ID]);
        parts.type = buf_slice(&r.texts[ATTRIBUTE_TYPE]);
        parts.source = buf_slice(&r.texts[ATTRIBUTE_SOURCE]);
        parts.subject = buf_slice(&r.texts[ATTRIBUTE_SUBJECT]);
        parts.time = buf_slice(&r.texts[ATTRIBUTE_TIME]);
        parts.attributes = join_attributes(&r);
        *event = envelope_make(c, &parts);
    }
    reading_deinit(&r);
    return rc;
}
