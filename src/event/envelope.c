/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a message means. An object is read once into a document, the places of its members; the
 * rules then look at those.
 */
#include "event/envelope.h"

#include <assert.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/json.h"
#include "event/attribute.h"
#include "event/envelope_parts.h"
#include "event/trace.h"

/* An object's members by their place in the source; absent ones and nulls have data NULL. */
struct document {
    struct slice members[ATTRIBUTES];
    struct slice data, data_id, data_base64; /* data_id: of an object in `data`, its "id" */
    struct buf extensions;                   /* ,"name":value of each that CloudEvents allow */
    struct err *problem;                     /* the first that they don't allow; NULL: none */
    struct buf texts[ATTRIBUTES];            /* members whose text has escapes */
    struct buf attributes, decoded;          /* what the event is made of */
};

static void document_deinit(struct document *d)
{
    for (size_t i = 0; i < ARRAY_LEN(d->texts); i++)
        buf_deinit(&d->texts[i]);
    buf_deinit(&d->extensions);
    buf_deinit(&d->attributes);
    buf_deinit(&d->decoded);
    free(d->problem);
}

static bool is_null(struct slice value)
{
    return slice_is_equal(value, SLICE_LIT("null"));
}

static void take_extension(struct document *d, struct slice name, struct slice value)
{
    if (is_null(value))
        return;
    struct err err;
    if (attribute_check_extension(name, value, &err) < 0) {
        if (!d->problem) {
            d->problem = mem_alloc(sizeof(*d->problem));
            *d->problem = err;
        }
        return;
    }
    buf_add_char(&d->extensions, ',');
    json_add_string(&d->extensions, name);
    buf_add_char(&d->extensions, ':');
    buf_add_slice(&d->extensions, value);
}

static void take_member(struct document *d, struct slice name, struct slice value)
{
    int known = attribute_find(name);
    if (known >= 0)
        d->members[known] = is_null(value) ? SLICE_NULL : value;
    else if (slice_is_equal(name, SLICE_LIT("data")))
        d->data = value;
    else if (slice_is_equal(name, SLICE_LIT("data_base64")))
        d->data_base64 = is_null(value) ? SLICE_NULL : value;
    else
        take_extension(d, name, value);
}

/* Reads `text`, which begins like an object; -1 with what is wrong when it isn't well-formed. */
static int document_read(struct document *d, struct slice text, struct err *err)
{
    struct json_reader r;
    enum json_token token = JSON_ERROR;
    json_reader_init(&r, text);
    if (json_next(&r) == JSON_OBJECT_BEGIN) {
        while ((token = json_next(&r)) == JSON_KEY) {
            struct slice name = r.text, value, id;
            if (json_skip_member(&r, "id", &value, &id) < 0)
                break;
            take_member(d, name, value);
            if (value.data == d->data.data)
                d->data_id = id;
        }
    }
    bool whole = token == JSON_OBJECT_END && json_next(&r) == JSON_END;
    json_reader_deinit(&r);
    return whole ? 0 : json_check(text, err);
}

/* The text of a known member that is a string, else absent; valid as long as the document. */
static struct slice text_of(struct document *d, enum attribute attribute)
{
    struct slice value = d->members[attribute];
    if (!json_is_string(value))
        return SLICE_NULL;
    struct slice content = slice_of(value.data + 1, value.len - 2);
    if (slice_find(content, '\\') == content.len)
        return content;
    struct buf *text = &d->texts[attribute];
    buf_clear(text);
    buf_reserve(text, 0);
    return json_get_string(value, text) == 0 ? buf_slice(text) : SLICE_NULL;
}

/* Checks a known member; *text is its text, absent when the member is. */
static int read_member(struct document *d, enum attribute attribute, struct slice *text,
                       struct err *err)
{
    const char *name = attribute_name(attribute);
    *text = SLICE_NULL;
    if (!d->members[attribute].data) {
        if (attribute_is_required(attribute))
            return err_set(err, ERR_INVALID, "a CloudEvent must have the attribute %s", name);
        return 0;
    }
    struct slice found = text_of(d, attribute);
    if (!found.data)
        return err_set(err, ERR_INVALID, "the %s must be a string", name);
    if (attribute_check(attribute, found, err) < 0)
        return -1;
    *text = found;
    return 0;
}

/* ---- Data ----------------------------------------------------------------------------------- */

static int read_base64(struct document *d, struct slice media_type, struct event_parts *parts,
                       struct err *err)
{
    struct buf text = {0};
    int rc = json_get_string(d->data_base64, &text);
    if (rc == 0) {
        buf_reserve(&d->decoded, 0);
        rc = base64_parse(buf_slice(&text), &d->decoded);
    }
    buf_deinit(&text);
    if (rc < 0)
        return err_set(err, ERR_INVALID, "data_base64 must be a string of padded base64");
    parts->data = buf_slice(&d->decoded);
    /* Only a content type that is there says that the bytes are JSON. */
    bool is_json =
        media_type.data && attribute_is_json_type(media_type) && json_check(parts->data, NULL) == 0;
    parts->data_kind = is_json ? EVENT_DATA_JSON : EVENT_DATA_BYTES;
    return 0;
}

static int read_data(struct document *d, struct slice media_type, struct event_parts *parts,
                     struct err *err)
{
    if (d->data.data && d->data_base64.data)
        return err_set(err, ERR_INVALID, "a CloudEvent has data or data_base64, not both");
    if (d->data_base64.data)
        return read_base64(d, media_type, parts, err);
    if (!d->data.data)
        return 0;
    parts->data = d->data;
    parts->data_id = d->data_id;
    parts->knows_data_id = true;
    parts->data_kind = EVENT_DATA_JSON;
    if (attribute_is_json_type(media_type))
        return 0;
    buf_reserve(&d->decoded, 0);
    if (json_get_string(d->data, &d->decoded) == 0) {
        parts->data = buf_slice(&d->decoded);
        parts->data_kind = EVENT_DATA_BYTES;
    }
    return 0;
}

/* ---- Events --------------------------------------------------------------------------------- */

static void add_attribute(struct document *d, enum attribute attribute)
{
    buf_printf(&d->attributes, ",\"%s\":", attribute_name(attribute));
    buf_add_slice(&d->attributes, d->members[attribute]);
}

/* The attributes that aren't parts of their own, as one object; absent when there are none. */
static struct slice join_attributes(struct document *d, const struct slice *texts)
{
    static const enum attribute kept[] = {ATTRIBUTE_SPECVERSION, ATTRIBUTE_DATACONTENTTYPE,
                                          ATTRIBUTE_DATASCHEMA};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (texts[kept[i]].data)
            add_attribute(d, kept[i]);
    }
    buf_add_slice(&d->attributes, buf_slice(&d->extensions));
    if (d->attributes.len == 0)
        return SLICE_NULL;
    d->attributes.data[0] = '{';
    buf_add_char(&d->attributes, '}');
    return buf_slice(&d->attributes);
}

/* Whether the header's is the event's, too. */
static bool lacks_trace(const struct envelope_context *c, struct slice attributes)
{
    struct slice own;
    struct trace trace;
    return trace_parse(&trace, c->traceparent) &&
           !(attributes.data && json_get(attributes, "traceparent", &own));
}

struct event *envelope_make(const struct envelope_context *c, const struct event_parts *found)
{
    char fresh[37];
    struct event_parts parts = *found;
    parts.channel = c->channel;
    parts.received_ms = c->received_ms;
    parts.has_inner_id = parts.id.data != NULL;
    parts.has_own_id = parts.has_inner_id || c->id.data;
    if (!parts.id.data)
        parts.id = c->id;
    if (!parts.id.data) {
        c->new_id(c->ctx, fresh);
        parts.id = slice_str(fresh);
    }
    if (!parts.source.data)
        parts.source = c->source;

    struct buf traced = {0};
    if (c->traceparent.len > 0 && lacks_trace(c, parts.attributes)) {
        trace_add_attributes(&traced, parts.attributes, c->traceparent, c->tracestate);
        parts.attributes = buf_slice(&traced);
    }
    struct event *event = event_new(&parts);
    buf_deinit(&traced);
    return event;
}

static struct event *make_of_document(const struct envelope_context *c, struct document *d,
                                      const struct slice *texts, struct event_parts *parts)
{
    parts->id = texts[ATTRIBUTE_ID];
    parts->type = texts[ATTRIBUTE_TYPE];
    parts->source = texts[ATTRIBUTE_SOURCE];
    parts->subject = texts[ATTRIBUTE_SUBJECT];
    parts->time = texts[ATTRIBUTE_TIME];
    parts->attributes = join_attributes(d, texts);
    return envelope_make(c, parts);
}

/* Rule 1. */
static int make_cloudevent(const struct envelope_context *c, struct document *d,
                           struct event **event, struct err *err)
{
    struct slice texts[ATTRIBUTES];
    struct event_parts parts = {0};
    for (int i = 0; i < ATTRIBUTES; i++) {
        if (read_member(d, (enum attribute)i, &texts[i], err) < 0)
            return -1;
    }
    if (d->problem)
        return err_set(err, ERR_INVALID, "%s", d->problem->message);
    if (read_data(d, texts[ATTRIBUTE_DATACONTENTTYPE], &parts, err) < 0)
        return -1;
    *event = make_of_document(c, d, texts, &parts);
    return 0;
}

/* Rule 2. What beside type and data isn't as CloudEvents have it is no attribute, but no fault
   either; an id may be a whole number. */
static struct event *make_plain(const struct envelope_context *c, struct document *d)
{
    struct slice texts[ATTRIBUTES];
    struct event_parts parts = {0};
    struct buf id = {0};
    int64_t number;
    for (int i = 0; i < ATTRIBUTES; i++) {
        if (!d->members[i].data || read_member(d, (enum attribute)i, &texts[i], NULL) < 0)
            texts[i] = SLICE_NULL;
    }
    texts[ATTRIBUTE_TYPE] = text_of(d, ATTRIBUTE_TYPE);
    if (d->members[ATTRIBUTE_ID].data && json_get_integer(d->members[ATTRIBUTE_ID], &number) == 0) {
        json_add_integer(&id, number);
        texts[ATTRIBUTE_ID] = buf_slice(&id);
    }
    d->data_base64 = SLICE_NULL;
    int rc = read_data(d, texts[ATTRIBUTE_DATACONTENTTYPE], &parts, NULL);
    assert(rc == 0);
    (void)rc;
    struct event *event = make_of_document(c, d, texts, &parts);
    buf_deinit(&id);
    return event;
}

/* Rules 3 and 4. `type` and `id` are the object's own, or absent. */
static struct event *make_data(const struct envelope_context *c, struct slice data,
                               enum event_data kind, struct slice type, struct slice id)
{
    struct event_parts parts = {
        .data = data, .data_kind = kind, .data_id = id, .knows_data_id = true, .type = c->type};
    if (parts.type.len == 0)
        parts.type = type;
    if (parts.type.len == 0)
        parts.type = SLICE_LIT("message");
    return envelope_make(c, &parts);
}

static bool is_cloudevent(const struct document *d)
{
    return d->members[ATTRIBUTE_SPECVERSION].data != NULL;
}

static bool is_plain(struct document *d)
{
    return d->data.data && text_of(d, ATTRIBUTE_TYPE).len > 0;
}

/* ---- Messages ------------------------------------------------------------------------------- */

static int parse_object(const struct envelope_context *c, struct slice text, struct event **event,
                        struct err *err)
{
    struct document d = {0};
    int rc = document_read(&d, text, err);
    if (rc < 0)
        err_prefix(err, "the message begins like JSON and isn't");
    else if (is_cloudevent(&d))
        rc = make_cloudevent(c, &d, event, err);
    else if (is_plain(&d))
        *event = make_plain(c, &d);
    else
        *event = make_data(c, text, EVENT_DATA_JSON, text_of(&d, ATTRIBUTE_TYPE),
                           d.members[ATTRIBUTE_ID]);
    document_deinit(&d);
    return rc;
}

int envelope_parse(const struct envelope_context *c, struct slice message, struct event **event,
                   struct err *err)
{
    struct slice text = slice_trim(message);
    if (json_is_object(text))
        return parse_object(c, text, event, err);
    if (json_check(text, err) == 0) {
        *event = make_data(c, text, EVENT_DATA_JSON, SLICE_NULL, SLICE_NULL);
        return 0;
    }
    if (json_is_array(text))
        return err_prefix(err, "the message begins like JSON and isn't");
    if (!slice_is_utf8(message))
        return err_set(err, ERR_INVALID, "the message is neither JSON nor text in UTF-8");
    *event = make_data(c, message.data ? message : SLICE_LIT(""), EVENT_DATA_BYTES, SLICE_NULL,
                       SLICE_NULL);
    return 0;
}

/* ---- Request bodies ------------------------------------------------------------------------- */

/* One event of a body, by rules 1 and 2, or 1 alone. */
static int parse_element(const struct envelope_context *c, enum envelope_media media,
                         struct slice text, struct event **event, struct err *err)
{
    struct document d = {0};
    int rc = 0;
    if (!json_is_object(text))
        rc = err_set(err, ERR_INVALID, "an event must be an object");
    else if (document_read(&d, text, err) < 0)
        rc = err_prefix(err, "the body isn't JSON");
    else if (media != ENVELOPE_JSON || is_cloudevent(&d))
        rc = make_cloudevent(c, &d, event, err);
    else if (is_plain(&d))
        *event = make_plain(c, &d);
    else
        rc = err_set(err, ERR_INVALID,
                     "an event needs a \"type\", which is a string and not empty, and \"data\"; or "
                     "\"specversion\" and what else makes a CloudEvent");
    document_deinit(&d);
    return rc;
}

/* The elements of an array up to its end, or to the first that is none or no event. */
static int parse_elements(const struct envelope_context *c, enum envelope_media media,
                          struct json_reader *r, envelope_each_fn each, void *each_ctx,
                          struct err *err)
{
    struct slice element;
    for (size_t i = 0; json_next(r) != JSON_ARRAY_END; i++) {
        struct event *event = NULL;
        if (json_skip(r, &element) < 0)
            return 0; /* what comes behind isn't the end: the caller says what is wrong */
        if (parse_element(c, media, element, &event, err) < 0)
            return err_prefix(err, "events[%zu]", i);
        each(each_ctx, event);
    }
    return 0;
}

static int parse_array(const struct envelope_context *c, enum envelope_media media,
                       struct slice body, envelope_each_fn each, void *each_ctx, struct err *err)
{
    struct json_reader r;
    json_reader_init(&r, body);
    json_next(&r);
    int rc = parse_elements(c, media, &r, each, each_ctx, err);
    if (rc == 0 && json_next(&r) != JSON_END) {
        rc = json_check(body, err);
        assert(rc < 0);
        err_prefix(err, "the body isn't JSON");
    }
    json_reader_deinit(&r);
    return rc;
}

int envelope_parse_body(const struct envelope_context *c, enum envelope_media media,
                        struct slice body, envelope_each_fn each, void *each_ctx, struct err *err)
{
    struct event *event = NULL;
    struct slice text = slice_trim(body);
    if (json_is_array(text) && media != ENVELOPE_CE)
        return parse_array(c, media, text, each, each_ctx, err);
    if (!json_is_object(text) && json_check(text, err) < 0)
        return err_prefix(err, "the body isn't JSON");
    if (media == ENVELOPE_CE_BATCH)
        return err_set(err, ERR_INVALID, "a batch must be an array of CloudEvents");
    if (parse_element(c, media, text, &event, err) < 0)
        return -1;
    each(each_ctx, event);
    return 0;
}
