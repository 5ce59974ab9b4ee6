/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The exact JSON codec (RFC 8259): a pull reader and a writer over bytes, without a document in
 * between. It is strict: UTF-8 only, no NaN, no leading zeros, no lone surrogates, one value and
 * nothing behind it. Depth is bounded. Numbers stay text until somebody asks for their value. Of
 * members with one name the reader shows each; where one has to be chosen, the last one counts.
 *
 *     struct json_reader r;
 *     json_reader_init(&r, text);
 *     for (enum json_token t; (t = json_next(&r)) != JSON_END;) {
 *         if (t == JSON_ERROR) return err_set(err, ERR_INVALID, "%s", json_reader_error(&r));
 *         …
 *     }
 *     json_reader_deinit(&r);
 */
#ifndef LIAISON_BASE_JSON_H
#define LIAISON_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define JSON_DEPTH_MAX 512

enum json_token {
    JSON_ERROR,
    JSON_END, /* behind the one value */
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER, /* r->text is its source text */
    JSON_STRING, /* r->text is its decoded bytes */
    JSON_KEY,    /* r->text is the decoded name; its value follows */
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
};

struct json_reader {
    struct slice text; /* of the current token; valid until the next json_next */
    size_t pos;        /* byte offset behind the current token */
    size_t start;      /* byte offset of the current token's first byte */
    /* private */
    struct slice source;
    struct buf scratch; /* strings with escapes are decoded here */
    unsigned depth;
    unsigned state;       /* what may come next */
    enum json_token last; /* token read, JSON_ERROR at first */
    bool is_in_object;    /* the innermost container is one */
    bool is_escaped;      /* the string just read has escapes that aren't decoded */
    const char *wrong;    /* after JSON_ERROR: what is wrong at `pos`, */
    const char *expected; /* or what should stand there */
    unsigned char nesting[JSON_DEPTH_MAX / 8]; /* one bit a level: 1 = object */
};

/* `source` is borrowed until _deinit. */
void json_reader_init(struct json_reader *r, struct slice source);
void json_reader_deinit(struct json_reader *r);
/* The next token; after JSON_ERROR or JSON_END the same again. */
enum json_token json_next(struct json_reader *r);
/* Gives the source text of one whole value, borrowed from the source, and reads on behind it: the
   value that follows when KEY or nothing was read before, the value that began when its first token
   was (*_BEGIN, or a string, a number, …, which is whole by itself). Allocates nothing. Returns -1
   when the value isn't well-formed (json_next then gives JSON_ERROR), or none began. */
int json_skip(struct json_reader *r, struct slice *value) must_check;
/* As json_skip of a value that follows; on the way *member becomes the source text of the value's member `name`, the last of
   that name, absent where the value is no object or has none. */
int json_skip_member(struct json_reader *r, const char *name, struct slice *value,
                     struct slice *member) must_check;
/* "expected ':', found '}' at byte 12", in storage of the reader, after JSON_ERROR. */
const char *json_reader_error(struct json_reader *r);

/* Whether `text` is one well-formed JSON value; -1 with ERR_INVALID, "line 3, column 9: …" (both
   from 1, columns in characters). Allocates nothing. */
int json_check(struct slice text, struct err *err) must_check;

/* The value of member `name` in the top object of `doc`, as source text borrowed from it; false
   when doc isn't a well-formed object (what stands behind it isn't looked at) or has no such
   member. The last one wins, as in most decoders. Allocates nothing. */
bool json_get(struct slice doc, const char *name, struct slice *value);
/* The decoded string at the start of `value`, appended to `out`; -1, with nothing added, when it
   isn't a string. */
int json_get_string(struct slice value, struct buf *out) must_check;
/* The whole number `value`, when it is one within ±2^53: 100, 1e2, 100.0. */
int json_get_integer(struct slice value, int64_t *out) must_check;
static inline bool json_is_object(struct slice value)
{
    return value.len > 0 && value.data[0] == '{';
}
static inline bool json_is_array(struct slice value)
{
    return value.len > 0 && value.data[0] == '[';
}
static inline bool json_is_string(struct slice value)
{
    return value.len > 0 && value.data[0] == '"';
}

/* `text` without white space between its tokens, appended to `out`. `text` is well-formed. */
void json_compact(struct buf *out, struct slice text);
/* The same for people: a line for each member, two more spaces for each level beyond `margin`, with
   which all lines but the first begin. */
void json_pretty(struct buf *out, struct slice text, size_t margin);

/* Whether two well-formed texts mean the same: members in any order, strings as decoded, numbers by
   their exact decimal value (1e2 is 100, -0 is 0; powers of ten of more than 18 digits are the same
   only when written alike). Takes n log n time, and memory in proportion to the texts. False when
   either is not well-formed. */
bool json_is_same(struct slice a, struct slice b);

/* Whether a JSON number (well-formed `text`) survives as a double: the text that json_add_double
   makes of it has the same decimal value. *value becomes the nearest double in any case. Whole
   numbers beyond ±2^53 never survive, even where their double happens to be equal, since arithmetic
   on it would not be; hence neither does 1e300, which is whole as well. */
bool json_number_is_exact(struct slice text, double *value);

/* Writers append one value or name; commas and colons are the caller's, but for
   the helpers below. */
void json_add_string(struct buf *b, struct slice s); /* invalid UTF-8 becomes U+FFFD */
/* The same for what may be no UTF-8: false then, with nothing added. */
bool json_add_checked(struct buf *b, struct slice s);
/* How many bytes json_add_string makes of valid UTF-8. */
size_t json_string_len(struct slice s);
/* The fewest digits that read back as the same double (at powers of two one more may be written);
   whole numbers without exponent up to 2^53; negative zero as -0.0, which keeps its sign where -0
   would be read as a whole number. -1 with nothing added for NaN and infinities. */
int json_add_double(struct buf *b, double d) must_check;
void json_add_integer(struct buf *b, int64_t i);

/* An object or array built member by member: commas are kept by the builder.
 *
 *     struct json_writer w = {.out = &b};
 *     json_object_begin(&w, NULL);
 *     json_member_string(&w, "type", type);
 *     json_member_raw(&w, "data", data);
 *     json_object_end(&w);
 */
struct json_writer {
    struct buf *out;
    bool comma; /* the next member needs one before it */
};

/* `name` is NULL for an array's element and for the top value. */
void json_object_begin(struct json_writer *w, const char *name);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w, const char *name);
void json_array_end(struct json_writer *w);
void json_member_string(struct json_writer *w, const char *name, struct slice s);
void json_member_cstr(struct json_writer *w, const char *name, const char *s);  /* NULL: null */
void json_member_text(struct json_writer *w, const char *name, struct slice s); /* absent: null */
void json_member_given(struct json_writer *w, const char *name,
                       struct slice s); /* absent: left out */
void json_member_integer(struct json_writer *w, const char *name, int64_t i);
void json_member_bool(struct json_writer *w, const char *name, bool v);
void json_member_null(struct json_writer *w, const char *name);
/* `json` is well-formed JSON. */
void json_member_raw(struct json_writer *w, const char *name, struct slice json);
/* RFC 3339 with milliseconds; 0 is null. */
void json_member_time(struct json_writer *w, const char *name, int64_t unix_ms);

#endif
