/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Requests checked, and framed as HTTP/1.1 (RFC 9112, 3), line for line as curl does.
 */
#include "http/request.h"

#include "base/json.h"

/* tchar of RFC 9110, 5.6.2 */
static const bool token_chars[256] = {
    ['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['!'] = true,  ['#'] = true,
    ['$'] = true,         ['%'] = true,         ['&'] = true,         ['\''] = true, ['*'] = true,
    ['+'] = true,         ['-'] = true,         ['.'] = true,         ['^'] = true,  ['_'] = true,
    ['`'] = true,         ['|'] = true,         ['~'] = true,
};

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!token_chars[(unsigned char)s.data[i]])
            return false;
    }
    return s.len > 0;
}

static bool has_control(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static int check_header(const struct http_header *h, struct err *err)
{
    if (!is_token(h->name))
        return err_set(err, ERR_INVALID, "\"%.*s\" is no name of a header", SLICE_FMT(h->name));
    if (has_control(h->value))
        return err_set(err, ERR_INVALID,
                       "the value of header %.*s has a line break or a control character in it",
                       SLICE_FMT(h->name));
    if (slice_is_equal_nocase(h->name, SLICE_LIT("Content-Length")) ||
        slice_is_equal_nocase(h->name, SLICE_LIT("Transfer-Encoding")))
        return err_set(err, ERR_INVALID, "header %.*s is set by Liaison: leave it out",
                       SLICE_FMT(h->name));
    return 0;
}

int request_check(const struct http_request *request, struct err *err)
{
    if (!is_token(request->method))
        return err_set(err, ERR_INVALID, "\"%.*s\" is no HTTP method", SLICE_FMT(request->method));
    if (request->has_body && slice_is_equal(request->method, SLICE_LIT("HEAD")))
        return err_set(err, ERR_INVALID, "a HEAD request can't have a body");
    for (size_t i = 0; i < request->headers.len; i++) {
        if (check_header(&request->headers.items[i], err) < 0)
            return -1;
    }
    return 0;
}

bool request_has_length(const struct http_request *request)
{
    struct slice method = request->method;
    return request->has_body || slice_is_equal(method, SLICE_LIT("POST")) ||
           slice_is_equal(method, SLICE_LIT("PUT")) || slice_is_equal(method, SLICE_LIT("PATCH"));
}

bool request_is_safe(const struct http_request *request)
{
    return slice_is_equal(request->method, SLICE_LIT("GET")) ||
           slice_is_equal(request->method, SLICE_LIT("HEAD"));
}

/* ---- Framing -------------------------------------------------------------------------------- */

static void add_line(struct buf *out, struct slice name, struct slice value)
{
    buf_add_slice(out, name);
    buf_add(out, ": ", value.len > 0 ? 2 : 1);
    buf_add_slice(out, value);
    buf_add(out, "\r\n", 2);
}

/* What the caller didn't give. */
static void add_own(struct buf *out, struct http_headers given, const char *name,
                    struct slice value)
{
    if (!http_header_find(given, name))
        add_line(out, slice_str(name), value);
}

void request_frame(const struct http_request *request, const struct http_url *url,
                   const char *user_agent, struct buf *out)
{
    struct http_headers given = request->headers;
    const struct http_header *host = http_header_find(given, "Host");
    buf_add_slice(out, request->method);
    buf_add_char(out, ' ');
    buf_add_slice(out, buf_slice(&url->path));
    buf_add_str(out, " HTTP/1.1\r\n");
    add_line(out, SLICE_LIT("Host"), host ? slice_trim(host->value) : buf_slice(&url->host));
    add_own(out, given, "Accept", SLICE_LIT("*/*"));
    for (size_t i = 0; i < given.len; i++) {
        if (!slice_is_equal_nocase(given.items[i].name, SLICE_LIT("Host")))
            add_line(out, given.items[i].name, slice_trim(given.items[i].value));
    }
    add_own(out, given, "User-Agent", slice_str(user_agent));
    if (request_has_length(request)) {
        buf_add_str(out, "Content-Length: ");
        json_add_integer(out, (int64_t)request->body.len);
        buf_add(out, "\r\n", 2);
    }
    buf_add(out, "\r\n", 2);
    buf_add_slice(out, request->body);
}
