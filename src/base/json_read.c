/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The JSON reader. One step of the grammar is a function of the state (what may come next) and the
 * byte at hand. A step only finds where a token ends and whether it is well-formed; decoding is
 * left to json_next, so that skipping and looking up allocate nothing.
 */
#include "base/json.h"

#include <assert.h>
#include <endian.h>
#include <stdio.h>

#include "base/json_string.h"
#include "base/utf8.h"

enum state {
    STATE_VALUE, /* at the start, and behind ':' */
    STATE_FIRST_ELEMENT,
    STATE_NEXT_ELEMENT,
    STATE_FIRST_NAME,
    STATE_NEXT_NAME,
    STATE_COLON,
    STATE_BEHIND, /* a value */
    STATE_END,    /* from here on nothing comes any more */
    STATE_FAILED,
};

static const char *const expected_in[] = {
    [STATE_VALUE] = "a value",
    [STATE_FIRST_ELEMENT] = "a value or ']'",
    [STATE_NEXT_ELEMENT] = "a value behind ','",
    [STATE_FIRST_NAME] = "a name in double quotes or '}'",
    [STATE_NEXT_NAME] = "a name in double quotes behind ','",
    [STATE_COLON] = "':'",
};

/* What a byte is inside a string. */
enum { CLASS_PLAIN, CLASS_QUOTE, CLASS_ESCAPE, CLASS_CONTROL, CLASS_WIDE };

static const unsigned char class_of[256] = {
    [0x00 ... 0x1F] = CLASS_CONTROL,
    ['"'] = CLASS_QUOTE,
    ['\\'] = CLASS_ESCAPE,
    [0x80 ... 0xFF] = CLASS_WIDE,
};

void json_reader_init(struct json_reader *r, struct slice source)
{
    *r = (struct json_reader){.source = source, .state = STATE_VALUE};
}

void json_reader_deinit(struct json_reader *r)
{
    buf_deinit(&r->scratch);
}

/* ---- Failing -------------------------------------------------------------------------------- */

static enum json_token fail(struct json_reader *r, size_t pos, const char *wrong)
{
    r->pos = pos;
    r->wrong = wrong;
    r->state = STATE_FAILED;
    return r->last = JSON_ERROR;
}

static enum json_token fail_expecting(struct json_reader *r, size_t pos, const char *expected)
{
    r->expected = expected;
    return fail(r, pos, NULL);
}

/* Says what stands at the reader's position, as a user would see it. */
static void describe_found(const struct json_reader *r, char *out, size_t size)
{
    struct slice rest = slice_from(r->source, r->pos);
    size_t len = utf8_len(rest);
    size_t word = 0;
    while (word < rest.len && word < 16 && ((rest.data[word] | 0x20) >= 'a') &&
           ((rest.data[word] | 0x20) <= 'z'))
        word++;
    if (rest.len == 0)
        snprintf(out, size, "the end of the text");
    else if (slice_has_prefix(rest, SLICE_LIT("\xEF\xBB\xBF")))
        snprintf(out, size, "a byte order mark");
    else if (len == 0 || (len == 1 && (rest.data[0] < ' ' || rest.data[0] == 0x7F)))
        snprintf(out, size, "byte 0x%02x", (unsigned char)rest.data[0]);
    else
        snprintf(out, size, "'%.*s'", (int)(word > 0 ? word : len), rest.data);
}

#define REASON_MAX 128

static void describe(const struct json_reader *r, char out[static REASON_MAX])
{
    char found[32];
    describe_found(r, found, sizeof(found));
    if (r->wrong)
        snprintf(out, REASON_MAX, "%s", r->wrong);
    else
        snprintf(out, REASON_MAX, "expected %s, found %s", r->expected, found);
}

const char *json_reader_error(struct json_reader *r)
{
    char reason[REASON_MAX];
    describe(r, reason);
    buf_clear(&r->scratch);
    buf_printf(&r->scratch, "%s at byte %zu", reason, r->pos);
    return r->scratch.data;
}

/* ---- Strings -------------------------------------------------------------------------------- */

static enum json_token end_string(struct json_reader *r, enum json_token token, size_t quote)
{
    r->text = slice_of(r->source.data + r->start + 1, quote - r->start - 1);
    r->pos = quote + 1;
    return r->last = token;
}

/* Of read_string, from `i` on, where something else than plain bytes and the closing quote is. */
static enum json_token read_string_on(struct json_reader *r, enum json_token token, size_t i)
{
    const unsigned char *s = (const unsigned char *)r->source.data;
    size_t end = r->source.len;
    for (size_t len; (i += json_plain_len(s + i, end - i)) < end; i += len) {
        const char *wrong = "a string must be UTF-8";
        switch (class_of[s[i]]) {
        case CLASS_QUOTE:
            return end_string(r, token, i);
        case CLASS_ESCAPE:
            len = json_escape_len(slice_from(r->source, i), &wrong);
            r->is_escaped = true;
            break;
        case CLASS_WIDE:
            len = utf8_len(slice_from(r->source, i));
            break;
        default:
            wrong = "a string may hold a control character only as an escape such as \\n";
            len = 0;
        }
        if (len == 0)
            return fail(r, i, wrong);
    }
    return fail(r, r->start, "a string has no closing quote");
}

/* Reads over the string at the reader's position; `text` becomes its content, not yet decoded. */
static inline enum json_token read_string(struct json_reader *r, enum json_token token)
{
    const unsigned char *s = (const unsigned char *)r->source.data;
    size_t i = r->start + 1;
    i += json_plain_len(s + i, r->source.len - i);
    if (i < r->source.len && s[i] == '"')
        return end_string(r, token, i);
    return read_string_on(r, token, i);
}

/* ---- Other tokens --------------------------------------------------------------------------- */

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The end of the digits that begin at `i`. */
static inline size_t digits_end(const char *s, size_t i, size_t end)
{
    while (i < end && is_digit(s[i]))
        i++;
    return i;
}

static enum json_token read_number(struct json_reader *r)
{
    const char *s = r->source.data;
    size_t end = r->source.len, i = r->start, first;
    if (s[i] == '-')
        i++;
    first = i;
    i = digits_end(s, first, end);
    if (i == first)
        return fail_expecting(r, i, "a digit");
    if (s[first] == '0' && i > first + 1)
        return fail(r, first, "a number must not begin with 0");
    if (i < end && s[i] == '.') {
        first = ++i;
        i = digits_end(s, first, end);
        if (i == first)
            return fail_expecting(r, i, "a digit behind '.'");
    }
    if (i < end && (s[i] | 0x20) == 'e') {
        i++;
        if (i < end && (s[i] == '+' || s[i] == '-'))
            i++;
        first = i;
        i = digits_end(s, first, end);
        if (i == first)
            return fail_expecting(r, i, "a digit of the exponent");
    }
    r->text = slice_of(s + r->start, i - r->start);
    r->pos = i;
    return r->last = JSON_NUMBER;
}

static enum json_token read_literal(struct json_reader *r, struct slice word, enum json_token token)
{
    if (!slice_has_prefix(slice_from(r->source, r->start), word))
        return fail_expecting(r, r->start, expected_in[STATE_VALUE]);
    r->text = word;
    r->pos = r->start + word.len;
    return r->last = token;
}

static bool is_object_at(const struct json_reader *r, unsigned depth)
{
    unsigned level = depth - 1;
    return depth > 0 && (r->nesting[level / 8] >> level % 8 & 1) != 0;
}

static enum json_token open_container(struct json_reader *r, bool object)
{
    if (r->depth == JSON_DEPTH_MAX)
        return fail(r, r->start, "nested too deeply: 512 levels at most");
    unsigned char *byte = &r->nesting[r->depth / 8];
    unsigned char bit = (unsigned char)(1U << r->depth % 8);
    *byte = (unsigned char)(object ? *byte | bit : *byte & ~bit);
    r->depth++;
    r->is_in_object = object;
    r->pos = r->start + 1;
    r->state = object ? STATE_FIRST_NAME : STATE_FIRST_ELEMENT;
    r->text = slice_of(r->source.data + r->start, 1);
    return r->last = object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_token close_container(struct json_reader *r)
{
    enum json_token token = r->is_in_object ? JSON_OBJECT_END : JSON_ARRAY_END;
    r->is_in_object = is_object_at(r, --r->depth);
    r->pos = r->start + 1;
    r->state = STATE_BEHIND;
    r->text = slice_of(r->source.data + r->start, 1);
    return r->last = token;
}

/* ---- The grammar ---------------------------------------------------------------------------- */

/* Of read_value, where it is no string. */
static enum json_token read_other_value(struct json_reader *r, char c, enum state before)
{
    static_assert(JSON_DEPTH_MAX == 512, "the message of open_container names the limit");
    switch (c) {
    case '-':
    case '0' ... '9':
        return read_number(r);
    case '{':
        return open_container(r, true);
    case '[':
        return open_container(r, false);
    case 't':
        return read_literal(r, SLICE_LIT("true"), JSON_TRUE);
    case 'f':
        return read_literal(r, SLICE_LIT("false"), JSON_FALSE);
    case 'n':
        return read_literal(r, SLICE_LIT("null"), JSON_NULL);
    default:
        return fail_expecting(r, r->start, expected_in[before]);
    }
}

static inline enum json_token read_value(struct json_reader *r, char c)
{
    enum state before = r->state;
    r->state = STATE_BEHIND;
    return c == '"' ? read_string(r, JSON_STRING) : read_other_value(r, c, before);
}

static inline enum json_token read_name(struct json_reader *r, char c)
{
    if (c != '"')
        return fail_expecting(r, r->start, expected_in[r->state]);
    r->state = STATE_COLON;
    return read_string(r, JSON_KEY);
}

/* What stands behind a value where it isn't a comma: the end of its container, or of the text. */
static enum json_token read_end(struct json_reader *r, char c)
{
    bool object = r->is_in_object;
    if (r->depth == 0 && r->start < r->source.len)
        return fail_expecting(r, r->start, "nothing behind the value");
    if (r->depth == 0) {
        r->state = STATE_END;
        r->text = SLICE_NULL;
        return r->last = JSON_END;
    }
    if (c != (object ? '}' : ']'))
        return fail_expecting(r, r->start, object ? "',' or '}'" : "',' or ']'");
    return close_container(r);
}

static inline char byte_at(const struct json_reader *r, size_t i)
{
    return (char)(i < r->source.len ? r->source.data[i] : '\0');
}

/* Moves to the token at `i` or behind the white space there; returns its first byte, or NUL, which
   begins none, at the end. */
static inline char find_token(struct json_reader *r, size_t i)
{
    char c = byte_at(r, i);
    while ((unsigned char)c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
        c = byte_at(r, ++i);
    r->pos = r->start = i;
    return c;
}

/* The next token; the text of a string or a name is its content, not yet decoded. */
static enum json_token step(struct json_reader *r)
{
    if (r->state >= STATE_END)
        return r->last;
    r->is_escaped = false;
    char c = find_token(r, r->pos);
    switch ((enum state)r->state) {
    case STATE_BEHIND:
        if (c != ',' || r->depth == 0)
            return read_end(r, c);
        c = find_token(r, r->start + 1);
        r->state = r->is_in_object ? STATE_NEXT_NAME : STATE_NEXT_ELEMENT;
        return r->is_in_object ? read_name(r, c) : read_value(r, c);
    case STATE_COLON:
        if (c != ':')
            return fail_expecting(r, r->start, expected_in[STATE_COLON]);
        c = find_token(r, r->start + 1);
        r->state = STATE_VALUE;
        return read_value(r, c);
    case STATE_FIRST_NAME:
        return c == '}' ? close_container(r) : read_name(r, c);
    case STATE_FIRST_ELEMENT:
        return c == ']' ? close_container(r) : read_value(r, c);
    default:
        return read_value(r, c);
    }
}

enum json_token json_next(struct json_reader *r)
{
    enum json_token token = step(r);
    if (r->is_escaped && token != JSON_ERROR) {
        buf_clear(&r->scratch);
        json_string_decode(&r->scratch, r->text);
        r->text = buf_slice(&r->scratch);
        r->is_escaped = false;
    }
    return token;
}

int json_skip(struct json_reader *r, struct slice *value)
{
    *value = SLICE_NULL;
    if (r->last == JSON_KEY || (r->last == JSON_ERROR && r->state == STATE_VALUE))
        step(r);
    if (r->last == JSON_ERROR || r->last == JSON_END || r->last == JSON_ARRAY_END ||
        r->last == JSON_OBJECT_END)
        return -1;
    size_t begin = r->start;
    if (r->last == JSON_ARRAY_BEGIN || r->last == JSON_OBJECT_BEGIN) {
        for (unsigned outer = r->depth - 1; r->depth > outer;) {
            if (step(r) == JSON_ERROR)
                return -1;
        }
    }
    *value = slice_of(r->source.data + begin, r->pos - begin);
    return 0;
}

int json_skip_member(struct json_reader *r, const char *name, struct slice *value,
                     struct slice *member)
{
    *member = SLICE_NULL;
    if (step(r) != JSON_OBJECT_BEGIN)
        return json_skip(r, value);
    *value = SLICE_NULL;
    size_t begin = r->start;
    while (step(r) == JSON_KEY) {
        struct slice inner;
        bool is_wanted = json_string_is_equal(r->text, slice_str(name));
        if (json_skip(r, &inner) < 0)
            return -1;
        if (is_wanted)
            *member = inner;
    }
    if (r->last != JSON_OBJECT_END)
        return -1;
    *value = slice_of(r->source.data + begin, r->pos - begin);
    return 0;
}

/* ---- Whole documents ------------------------------------------------------------------------ */

/* Where byte `pos` of `text` is for who looks at it in an editor. What precedes it is UTF-8. */
static void locate(struct slice text, size_t pos, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < pos; i++) {
        if (text.data[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text.data[i] & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

int json_check(struct slice text, struct err *err)
{
    struct json_reader r;
    struct slice value;
    json_reader_init(&r, text);
    if (json_skip(&r, &value) == 0 && step(&r) == JSON_END)
        return 0;
    char reason[REASON_MAX];
    size_t line, column;
    describe(&r, reason);
    locate(text, r.pos, &line, &column);
    return err_set(err, ERR_INVALID, "line %zu, column %zu: %s", line, column, reason);
}

bool json_get(struct slice doc, const char *name, struct slice *value)
{
    struct json_reader r;
    struct slice whole;
    json_reader_init(&r, doc);
    if (json_skip_member(&r, name, &whole, value) < 0)
        *value = SLICE_NULL;
    return value->data != NULL;
}

int json_get_string(struct slice value, struct buf *out)
{
    struct json_reader r;
    json_reader_init(&r, value);
    if (step(&r) != JSON_STRING)
        return -1;
    json_string_decode(out, r.text);
    return 0;
}

int json_get_integer(struct slice value, int64_t *out)
{
    struct json_reader r;
    double number;
    json_reader_init(&r, value);
    if (step(&r) != JSON_NUMBER)
        return -1;
    struct slice text = r.text;
    if (step(&r) != JSON_END || !json_number_is_exact(text, &number))
        return -1;
    if (number != (double)(int64_t)number)
        return -1;
    *out = (int64_t)number;
    return 0;
}
