/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One state for each place that an answer can be cut at. What the headers say of the body is read
 * when the head is complete, so that it makes no difference how its lines were folded and cut.
 */
#include "http/answer.h"

#include <string.h>

/* A chunk has fewer bytes. */
#define CHUNK_MAX (UINT64_C(1) << 60)

static const char not_http[] = "The answer isn't HTTP";

void answer_deinit(struct answer *a)
{
    head_deinit(&a->head);
    buf_deinit(&a->line);
}

void answer_begin(struct answer *a, bool is_head_request)
{
    a->status = 0;
    a->has_begun = a->is_kept = a->is_old = false;
    a->fault = NULL;
    a->is_without_body = is_head_request;
    a->state = ANSWER_AT_STATUS;
    a->n_read = 0;
    head_begin(&a->head);
    buf_clear(&a->line);
}

static void fail(struct answer *a, const char *fault)
{
    a->fault = fault;
    a->state = ANSWER_AT_FAULT;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static struct slice without_cr(struct slice line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* The next line without its end; false when it isn't whole yet, or is too long. It lies in *input
   or, where it came in pieces, in a->line, which is to be cleared after. */
static bool take_line(struct answer *a, struct slice *input, struct slice *line)
{
    const char *end = input->len > 0 ? memchr(input->data, '\n', input->len) : NULL;
    size_t len = end ? (size_t)(end - input->data) : input->len;
    size_t n_taken = end ? len + 1 : len;
    a->n_read += n_taken;
    if (a->n_read > HEAD_MAX) {
        fail(a, "The answer's head is larger than allowed");
        return false;
    }
    struct slice piece = slice_upto(*input, len);
    *input = slice_from(*input, n_taken);
    if (end && a->line.len == 0) {
        *line = without_cr(piece);
        return true;
    }
    buf_add_slice(&a->line, piece);
    *line = without_cr(buf_slice(&a->line));
    return end != NULL;
}

/* "HTTP/1.1 200 OK" */
static void read_status(struct answer *a, struct slice line)
{
    const char *s = line.data;
    if (line.len < 12 || memcmp(s, "HTTP/1.", 7) != 0 || s[7] < '0' || s[7] > '9' || s[8] != ' ' ||
        (line.len > 12 && s[12] != ' ')) {
        fail(a, not_http);
        return;
    }
    int status = 0;
    for (size_t i = 9; i < 12; i++) {
        if (s[i] < '0' || s[i] > '9') {
            fail(a, not_http);
            return;
        }
        status = status * 10 + (s[i] - '0');
    }
    if (status < 100) {
        fail(a, not_http);
        return;
    }
    a->status = status;
    a->is_old = s[7] == '0';
    a->state = ANSWER_AT_HEADER;
}

static void add_header(struct answer *a, struct slice line)
{
    if (memchr(line.data, '\0', line.len) || memchr(line.data, '\r', line.len))
        fail(a, "The answer's head has a NUL or a bare CR in it");
    else if (head_add(&a->head, line) < 0)
        fail(a, "The answer's head is larger than allowed");
}

/* ---- What the head says of the body --------------------------------------------------------- */

struct framing {
    bool has_length, is_chunked, is_closed, is_kept_alive;
    uint64_t length;
    const char *fault;
};

/* Content-Length, which proxies may have joined to a list of the same number over and over. */
static void read_length(struct framing *f, struct slice value)
{
    do {
        struct slice part = slice_trim(slice_split(&value, ','));
        uint64_t length = 0;
        bool is_number = part.len > 0;
        for (size_t i = 0; i < part.len && is_number; i++) {
            unsigned digit = (unsigned char)part.data[i] - (unsigned)'0';
            is_number = digit <= 9 && length <= (UINT64_MAX - digit) / 10;
            length = length * 10 + digit;
        }
        if (!is_number || (f->has_length && length != f->length))
            f->fault = "The answer's Content-Length is none";
        f->has_length = true;
        f->length = length;
    } while (value.data);
}

static void read_coding(struct framing *f, struct slice value)
{
    if (f->is_chunked || !slice_is_equal_nocase(value, SLICE_LIT("chunked")))
        f->fault = "The answer has a transfer coding that isn't known";
    f->is_chunked = true;
}

static void read_connection(struct framing *f, struct slice value)
{
    do {
        struct slice option = slice_trim(slice_split(&value, ','));
        f->is_closed |= slice_is_equal_nocase(option, SLICE_LIT("close"));
        f->is_kept_alive |= slice_is_equal_nocase(option, SLICE_LIT("keep-alive"));
    } while (value.data);
}

static struct framing framing_of(struct http_headers headers)
{
    struct framing f = {0};
    for (size_t i = 0; i < headers.len; i++) {
        const struct http_header *h = &headers.items[i];
        if (slice_is_equal_nocase(h->name, SLICE_LIT("Content-Length")))
            read_length(&f, h->value);
        else if (slice_is_equal_nocase(h->name, SLICE_LIT("Transfer-Encoding")))
            read_coding(&f, h->value);
        else if (slice_is_equal_nocase(h->name, SLICE_LIT("Connection")))
            read_connection(&f, h->value);
    }
    return f;
}

static void end_head(struct answer *a)
{
    if (a->status == 101) {
        fail(a, "The answer changes the protocol, which nobody asked for");
        return;
    }
    if (a->status < 200) {
        head_begin(&a->head);
        a->state = ANSWER_AT_STATUS;
        return;
    }
    struct framing f = framing_of(head_headers(&a->head));
    /* Both a length and chunks: chunks it is, but the two ends may differ on what comes after. */
    a->is_kept = !f.is_closed && (!a->is_old || f.is_kept_alive) && !(f.is_chunked && f.has_length);
    if (f.fault) {
        fail(a, f.fault);
    } else if (a->is_without_body || a->status == 204 || a->status == 304) {
        a->state = ANSWER_AT_END;
    } else if (f.is_chunked) {
        a->state = ANSWER_AT_SIZE;
    } else if (f.has_length) {
        a->left = f.length;
        a->state = f.length > 0 ? ANSWER_AT_LENGTH : ANSWER_AT_END;
    } else {
        a->is_kept = false;
        a->state = ANSWER_AT_REST;
    }
}

/* ---- Chunks --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "1a0;extensions that nobody knows" */
static void read_chunk_size(struct answer *a, struct slice line)
{
    struct slice digits = slice_trim(slice_upto(line, slice_find(line, ';')));
    uint64_t size = 0;
    bool is_number = digits.len > 0 && line.data[0] != ' ' && line.data[0] != '\t';
    for (size_t i = 0; i < digits.len && is_number; i++) {
        int digit = hex_digit(digits.data[i]);
        size = size * 16 + (unsigned)digit;
        is_number = digit >= 0 && size < CHUNK_MAX;
    }
    if (!is_number) {
        fail(a, "The answer has a chunk without a size");
        return;
    }
    a->n_read = 0;
    a->left = size;
    a->state = size > 0 ? ANSWER_AT_CHUNK : ANSWER_AT_TRAILER;
}

/* ---- Public --------------------------------------------------------------------------------- */

static void read_line(struct answer *a, struct slice line)
{
    switch (a->state) {
    case ANSWER_AT_STATUS:
        read_status(a, line);
        break;
    case ANSWER_AT_HEADER:
        if (line.len > 0)
            add_header(a, line);
        else
            end_head(a);
        break;
    case ANSWER_AT_SIZE:
        read_chunk_size(a, line);
        break;
    case ANSWER_AT_GAP:
        if (line.len > 0)
            fail(a, "The answer has a chunk that doesn't end with its size");
        else
            a->state = ANSWER_AT_SIZE;
        break;
    default:
        if (line.len > 0)
            add_header(a, line);
        else
            a->state = ANSWER_AT_END;
    }
}

static enum answer_step take_body(struct answer *a, struct slice *input, struct slice *body)
{
    size_t len = a->state == ANSWER_AT_REST || a->left > input->len ? input->len : (size_t)a->left;
    *body = slice_upto(*input, len);
    *input = slice_from(*input, len);
    if (a->state == ANSWER_AT_REST)
        return ANSWER_BODY;
    a->left -= len;
    if (a->left == 0)
        a->state = a->state == ANSWER_AT_CHUNK ? ANSWER_AT_GAP : ANSWER_AT_END;
    return ANSWER_BODY;
}

enum answer_step answer_next(struct answer *a, struct slice *input, struct slice *body)
{
    struct slice line;
    a->has_begun |= input->len > 0;
    for (;;) {
        switch (a->state) {
        case ANSWER_AT_END:
            return ANSWER_END;
        case ANSWER_AT_FAULT:
            return ANSWER_BROKEN;
        case ANSWER_AT_LENGTH:
        case ANSWER_AT_REST:
        case ANSWER_AT_CHUNK:
            return input->len > 0 ? take_body(a, input, body) : ANSWER_MORE;
        default:
            if (take_line(a, input, &line)) {
                read_line(a, line);
                buf_clear(&a->line);
            } else if (!a->fault) {
                return ANSWER_MORE;
            }
        }
    }
}

enum answer_step answer_close(struct answer *a)
{
    if (a->state == ANSWER_AT_REST)
        a->state = ANSWER_AT_END;
    else if (a->state != ANSWER_AT_END && a->state != ANSWER_AT_FAULT)
        fail(a, a->has_begun ? "The connection closed within the answer"
                             : "The connection closed before an answer came");
    return a->state == ANSWER_AT_END ? ANSWER_END : ANSWER_BROKEN;
}
