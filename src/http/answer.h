/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Reads an answer of HTTP/1.0 or 1.1 (RFC 9112) out of the bytes of a connection, however they are
 * cut. It has no socket; direct.c is its user. Interim answers (1xx) are skipped.
 *
 *     answer_begin(&a, is_head_request);
 *     … for each piece that comes, with `input` as what is left of it:
 *     while ((step = answer_next(&a, &input, &body)) == ANSWER_BODY)
 *         take(body);
 *     … ANSWER_END: a.status, head_headers(&a.head); what is left in `input` belongs to no request
 *     … ANSWER_BROKEN: a.fault
 *     … and when the other side closes: answer_close(&a)
 *
 * What would leave it open where the answer ends (lengths that differ, a transfer coding that isn't
 * known, a NUL or a bare CR in the head) is refused and never guessed at. Lines may end with a bare
 * LF, and a line without a colon does no harm, as with curl.
 */
#ifndef LIAISON_HTTP_ANSWER_H
#define LIAISON_HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/head.h"

enum answer_step {
    ANSWER_MORE, /* all of the input was taken; go on with what comes next */
    ANSWER_BODY, /* some of the body, in `body` */
    ANSWER_END,
    ANSWER_BROKEN,
};

enum answer_state {
    ANSWER_AT_STATUS,
    ANSWER_AT_HEADER,
    ANSWER_AT_LENGTH,  /* in a body of `left` more bytes */
    ANSWER_AT_REST,    /* in a body that the connection's end ends */
    ANSWER_AT_SIZE,    /* before a chunk */
    ANSWER_AT_CHUNK,   /* in one, of `left` more bytes */
    ANSWER_AT_GAP,     /* behind one */
    ANSWER_AT_TRAILER, /* behind the last */
    ANSWER_AT_END,
    ANSWER_AT_FAULT,
};

/* In place, zero-initialised. */
struct answer {
    int status;           /* 0 until it has come */
    struct head head;     /* trailers come to stand behind the headers */
    bool has_begun;       /* some byte of it came, be it of an interim answer */
    bool is_kept;         /* the connection may be used again after its end */
    const char *fault;    /* what is wrong with it, a sentence */
    bool is_without_body; /* the request was a HEAD */
    bool is_old;          /* HTTP/1.0 */
    enum answer_state state;
    uint64_t left;
    struct buf line; /* the beginning of one whose end hasn't come */
    size_t n_read;   /* bytes of lines since the last chunk, so that no end of them is endless */
};

void answer_deinit(struct answer *a);
/* For the next answer. */
void answer_begin(struct answer *a, bool is_head_request);
/* Takes of *input what one step needs; `*body` is a part of it. After the end or a fault it takes
   nothing and says the same again. */
enum answer_step answer_next(struct answer *a, struct slice *input, struct slice *body);
/* The other side sends no more: ANSWER_END or ANSWER_BROKEN. */
enum answer_step answer_close(struct answer *a);

#endif
