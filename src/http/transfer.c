/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Requests into curl's options, and curl's answers and errors into ours. Redirects are followed by
 * our own hand: curl's keeps the method of a 303, and its limit is an error.
 */
#include "http/transfer.h"

#include <stdlib.h>
#include <strings.h>

#include "http/client_parts.h"

/* What a pooled transfer keeps of a buffer, at most. */
#define KEPT_BUFFER_MAX ((size_t)64 * 1024)

static struct http_transfer *transfer_of(CURL *easy)
{
    char *private;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    return (struct http_transfer *)(void *)private;
}

/* ---- The answer, from within curl's callbacks ----------------------------------------------- */

/* "HTTP/1.1 200 OK": the number, 0 without one. */
static int status_of(struct slice line)
{
    struct slice rest = slice_from(line, slice_find(line, ' ') + 1);
    int status = 0;
    for (size_t i = 0; i < 3 && i < rest.len && rest.data[i] >= '0' && rest.data[i] <= '9'; i++)
        status = status * 10 + (rest.data[i] - '0');
    return status;
}

static bool redirects(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void end_head(struct http_transfer *t)
{
    if (t->status < 200)
        return;
    t->has_head = true;
    t->is_redirect = t->follow > 0 && redirects(t->status) &&
                     http_header_get(transfer_headers(t), "location").data;
    if (!t->is_redirect)
        t->kind->head(t);
}

/* CURLOPT_HEADERFUNCTION: one line at a time. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
    struct http_transfer *t = ctx;
    struct slice line = {data, size * n};
    struct slice text = slice_trim(line);
    if (slice_has_prefix(line, SLICE_LIT("HTTP/"))) {
        buf_clear(&t->head);
        t->status = status_of(text);
    } else if (text.len == 0) {
        end_head(t);
    } else {
        /* A line that begins with white space goes on with the one before (RFC 9112, 5.2). */
        if ((line.data[0] == ' ' || line.data[0] == '\t') && t->head.len > 0)
            t->head.data[t->head.len - 1] = ' ';
        buf_add_slice(&t->head, text);
        buf_add_char(&t->head, '\n');
    }
    return line.len;
}

/* CURLOPT_WRITEFUNCTION */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t take_bytes(char *data, size_t size, size_t n, void *ctx)
{
    struct http_transfer *t = ctx;
    struct slice bytes = {data, size * n};
    return t->is_redirect ? bytes.len : t->kind->bytes(t, bytes);
}

/* ---- What was written ----------------------------------------------------------------------- */

static long bytes_written(const struct http_transfer *t)
{
    long n = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &n);
    return n;
}

/* Whether anything of the request went out since it was launched. */
static bool note_written(struct http_transfer *t)
{
    if (!t->is_issued || bytes_written(t) <= t->written_before)
        return false;
    t->was_written = true;
    return true;
}

static bool is_safe(const struct http_transfer *t)
{
    struct slice method = buf_slice(&t->method);
    return slice_is_equal(method, SLICE_LIT("GET")) || slice_is_equal(method, SLICE_LIT("HEAD"));
}

/* CURLOPT_PREREQFUNCTION: the request is about to be written. curl comes here a second time when a
   connection that it used again closed without an answer. The other side may have acted on the
   request, so whether it is made again isn't for curl to decide, but for safe methods. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int before_request(void *ctx, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    struct http_transfer *t = ctx;
    if (note_written(t) && !is_safe(t)) {
        t->failure_text = "The connection closed before an answer came";
        return CURL_PREREQFUNC_ABORT;
    }
    t->is_issued = true;
    t->written_before = bytes_written(t);
    return CURL_PREREQFUNC_OK;
}

/* ---- Life ----------------------------------------------------------------------------------- */

void transfer_init(struct http_transfer *t, struct http_client *client,
                   const struct transfer_kind *kind)
{
    *t = (struct http_transfer){.client = client, .kind = kind, .easy = curl_easy_init()};
    if (!t->easy)
        die("out of memory for a request");
}

void transfer_deinit(struct http_transfer *t)
{
    transfer_stop(t);
    curl_easy_cleanup(t->easy);
    buf_deinit(&t->method);
    buf_deinit(&t->url);
    buf_deinit(&t->unix_path);
    buf_deinit(&t->body);
    buf_deinit(&t->lines);
    buf_deinit(&t->head);
    free(t->list);
    free(t->headers);
}

void transfer_trim(struct http_transfer *t)
{
    struct buf *all[] = {&t->url, &t->body, &t->lines, &t->head};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i]->cap > KEPT_BUFFER_MAX)
            buf_deinit(all[i]);
    }
}

/* ---- The request ---------------------------------------------------------------------------- */

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

static void set_text(struct buf *b, struct slice s)
{
    buf_clear(b);
    buf_add_slice(b, s);
    buf_reserve(b, 1);
    b->data[b->len] = '\0';
}

static int set_url(struct http_transfer *t, struct slice url, struct err *err)
{
    struct http_client *client = t->client;
    set_text(&t->url, url);
    if (url.len > 0 && slice_is_equal(url, buf_slice(&client->good_url)))
        return 0;
    if (!slice_has_prefix_nocase(url, SLICE_LIT("http://")) &&
        !slice_has_prefix_nocase(url, SLICE_LIT("https://")))
        return err_set(err, ERR_INVALID, "\"%s\" is no URL: it must begin with http:// or https://",
                       t->url.data);
    curl_url_set(client->url_parser, CURLUPART_URL, NULL, 0);
    CURLUcode code = memchr(url.data, '\0', url.len)
                         ? CURLUE_MALFORMED_INPUT
                         : curl_url_set(client->url_parser, CURLUPART_URL, t->url.data, 0);
    if (code != CURLUE_OK)
        return err_set(err, ERR_INVALID, "\"%s\" is no URL: %s", t->url.data,
                       curl_url_strerror(code));
    buf_clear(&client->good_url);
    buf_add_slice(&client->good_url, url);
    return 0;
}

static int set_method(struct http_transfer *t, const struct http_request *request, struct err *err)
{
    struct slice method = request->method;
    if (!is_token(method))
        return err_set(err, ERR_INVALID, "\"%.*s\" is no HTTP method", SLICE_FMT(method));
    if (request->has_body && slice_is_equal(method, SLICE_LIT("HEAD")))
        return err_set(err, ERR_INVALID, "a HEAD request can't have a body");
    set_text(&t->method, method);
    return 0;
}

static void add_line(struct http_transfer *t, struct slice name, struct slice value)
{
    buf_add_slice(&t->lines, name);
    /* curl's notation: "Name:" leaves a header out, "Name;" sends it empty. */
    buf_add_str(&t->lines, value.len ? ": " : ";");
    buf_add_slice(&t->lines, value);
    buf_add_char(&t->lines, '\0');
    t->n_lines++;
}

static int add_header(struct http_transfer *t, const struct http_header *h, struct err *err)
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
    add_line(t, h->name, slice_trim(h->value));
    return 0;
}

/* Keeps curl from adding a header of its own. */
static void leave_out(struct http_transfer *t, struct http_headers given, const char *name)
{
    if (http_header_get(given, name).data)
        return;
    buf_printf(&t->lines, "%s:", name);
    buf_add_char(&t->lines, '\0');
    t->n_lines++;
}

static int set_headers(struct http_transfer *t, struct http_headers headers, struct err *err)
{
    buf_clear(&t->lines);
    t->n_lines = 0;
    for (size_t i = 0; i < headers.len; i++) {
        if (add_header(t, &headers.items[i], err) < 0)
            return -1;
    }
    if (!http_header_get(headers, "User-Agent").data)
        add_line(t, SLICE_LIT("User-Agent"), slice_str(t->client->user_agent));
    /* With it, large bodies would wait a second for servers that don't know it. */
    leave_out(t, headers, "Expect");
    if (t->has_body)
        leave_out(t, headers, "Content-Type");
    return 0;
}

/* These have a body by their meaning, so that Content-Length: 0 is owed (RFC 9110, 8.6). */
static bool takes_body(struct slice method)
{
    return slice_is_equal(method, SLICE_LIT("POST")) || slice_is_equal(method, SLICE_LIT("PUT")) ||
           slice_is_equal(method, SLICE_LIT("PATCH"));
}

int transfer_set_request(struct http_transfer *t, const struct http_request *request,
                         struct err *err)
{
    t->has_body = request->has_body || takes_body(request->method);
    t->is_compressed = request->compressed;
    t->follow = request->follow;
    t->end_at_ms =
        request->timeout_ms > 0 ? clock_mono_ms(&t->client->clock) + request->timeout_ms : 0;
    set_text(&t->unix_path, request->unix_socket);
    set_text(&t->body, request->body);
    if (set_method(t, request, err) < 0 || set_url(t, request->url, err) < 0)
        return -1;
    return set_headers(t, request->headers, err);
}

/* ---- Into curl's options -------------------------------------------------------------------- */

/* curl only reads the list, so its nodes can be ours and be used again. */
static struct curl_slist *link_lines(struct http_transfer *t)
{
    if (t->n_lines > t->list_cap) {
        t->list_cap = t->n_lines + 8;
        t->list = mem_realloc(t->list, t->list_cap * sizeof(*t->list));
    }
    char *line = t->lines.data;
    for (size_t i = 0; i < t->n_lines; i++) {
        t->list[i].data = line;
        t->list[i].next = i + 1 < t->n_lines ? &t->list[i + 1] : NULL;
        line += strlen(line) + 1;
    }
    return t->list;
}

static void apply_method(struct http_transfer *t)
{
    CURL *easy = t->easy;
    if (t->has_body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->body.data);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
        if (!slice_is_equal(buf_slice(&t->method), SLICE_LIT("POST")))
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method.data);
    } else if (slice_is_equal(buf_slice(&t->method), SLICE_LIT("HEAD"))) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (!slice_is_equal(buf_slice(&t->method), SLICE_LIT("GET"))) {
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method.data);
    }
}

static void apply_timeout(struct http_transfer *t)
{
    if (t->end_at_ms == 0)
        return;
    int64_t left = t->end_at_ms - clock_mono_ms(&t->client->clock);
    if (left < 1)
        left = 1;
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, left > INT32_MAX ? (long)INT32_MAX : (long)left);
}

static void apply_callbacks(struct http_transfer *t)
{
    CURL *easy = t->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
    http_multi_set_up(t->client->multi, easy);
}

static void apply_request(struct http_transfer *t)
{
    CURL *easy = t->easy;
    curl_easy_reset(easy);
    apply_callbacks(t);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Else ending a request whose name is being resolved waits for the resolver's thread. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_URL, t->url.data);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, link_lines(t));
    if (t->is_compressed)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (t->unix_path.len > 0) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, t->unix_path.data);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    apply_method(t);
    apply_timeout(t);
}

static void launch(struct http_transfer *t)
{
    t->status = 0;
    t->has_head = t->is_redirect = t->is_issued = false;
    t->written_before = 0;
    t->error[0] = '\0';
    t->failure_text = NULL;
    buf_clear(&t->head);
    apply_request(t);
    http_multi_add(t->client->multi, t->easy);
    t->is_running = true;
}

void transfer_start(struct http_transfer *t)
{
    t->was_written = false;
    launch(t);
}

void transfer_stop(struct http_transfer *t)
{
    if (t->is_running)
        http_multi_remove(t->client->multi, t->easy);
    t->is_running = false;
}

/* ---- Redirects ------------------------------------------------------------------------------ */

struct origin {
    char *scheme, *host, *port;
};

static void origin_deinit(struct origin *o)
{
    curl_free(o->scheme);
    curl_free(o->host);
    curl_free(o->port);
}

/* -1 for what is no URL of ours. */
static int origin_init(struct origin *o, CURLU *parser, const char *url)
{
    *o = (struct origin){0};
    curl_url_set(parser, CURLUPART_URL, NULL, 0);
    if (curl_url_set(parser, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parser, CURLUPART_SCHEME, &o->scheme, 0) == CURLUE_OK &&
        curl_url_get(parser, CURLUPART_HOST, &o->host, 0) == CURLUE_OK &&
        curl_url_get(parser, CURLUPART_PORT, &o->port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        (strcasecmp(o->scheme, "http") == 0 || strcasecmp(o->scheme, "https") == 0))
        return 0;
    origin_deinit(o);
    *o = (struct origin){0};
    return -1;
}

static bool origin_is_same(const struct origin *a, const struct origin *b)
{
    return strcasecmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(a->port, b->port) == 0;
}

typedef bool (*header_fn)(struct slice line);

static bool is_credential(struct slice line)
{
    return slice_has_prefix_nocase(line, SLICE_LIT("Authorization:")) ||
           slice_has_prefix_nocase(line, SLICE_LIT("Proxy-Authorization:")) ||
           slice_has_prefix_nocase(line, SLICE_LIT("Cookie:"));
}

static bool is_about_body(struct slice line)
{
    return slice_has_prefix_nocase(line, SLICE_LIT("Content-"));
}

/* A Host that the caller chose names the first origin. */
static bool is_tied_to_origin(struct slice line)
{
    return is_credential(line) || slice_has_prefix_nocase(line, SLICE_LIT("Host:"));
}

static void drop_lines(struct http_transfer *t, header_fn is_unwanted)
{
    char *from = t->lines.data, *to = from;
    size_t n_kept = 0;
    for (size_t i = 0; i < t->n_lines; i++) {
        size_t size = strlen(from) + 1;
        if (!is_unwanted(slice_of(from, size - 1))) {
            memmove(to, from, size);
            to += size;
            n_kept++;
        }
        from += size;
    }
    buf_truncate(&t->lines, (size_t)(to - t->lines.data));
    t->n_lines = n_kept;
}

/* As browsers do (RFC 9110, 15.4): a 303 is fetched by GET, and so is a POST after 301 and 302. */
static void turn_into_get(struct http_transfer *t)
{
    bool is_head = slice_is_equal(buf_slice(&t->method), SLICE_LIT("HEAD"));
    bool is_post = slice_is_equal(buf_slice(&t->method), SLICE_LIT("POST"));
    if (t->status == 303 ? is_head : !(is_post && t->status < 303))
        return;
    set_text(&t->method, SLICE_LIT("GET"));
    buf_clear(&t->body);
    t->has_body = false;
    drop_lines(t, is_about_body);
}

/* Makes the request one to `url`; -1 when that can't be requested. */
static int redirect_to(struct http_transfer *t, const char *url)
{
    struct origin here, there;
    CURLU *parser = t->client->url_parser;
    if (!url || origin_init(&there, parser, url) < 0)
        return -1;
    if (origin_init(&here, parser, t->url.data) < 0 || !origin_is_same(&here, &there))
        drop_lines(t, is_tied_to_origin);
    origin_deinit(&here);
    origin_deinit(&there);
    turn_into_get(t);
    set_text(&t->url, slice_str(url));
    t->follow--;
    return 0;
}

/* ---- The end -------------------------------------------------------------------------------- */

static enum http_failure failure_of(const struct http_transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return t->has_head ? HTTP_OK : HTTP_BROKEN;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_DNS;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    case CURLE_URL_MALFORMAT:
        return HTTP_BAD_URL;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return HTTP_TLS;
    default:
        return t->was_written ? HTTP_BROKEN : HTTP_CONNECT;
    }
}

void transfer_settle(CURL *easy, CURLcode code)
{
    struct http_transfer *t = transfer_of(easy);
    char *next = NULL;
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &next);
    note_written(t);
    transfer_stop(t);
    if (code == CURLE_OK && t->is_redirect) {
        if (redirect_to(t, next) == 0) {
            launch(t);
            return;
        }
        t->failure_text = "The answer redirects to what is no URL of http or https";
        t->kind->ended(t, HTTP_BAD_URL);
        return;
    }
    /* An end within the head passes for an answer without a body with curl. */
    if (code == CURLE_OK && !t->has_head)
        t->failure_text = "The connection closed within the answer's head";
    else if (t->error[0] == '\0' && !t->failure_text)
        t->failure_text = curl_easy_strerror(code);
    t->kind->ended(t, failure_of(t, code));
}

struct slice transfer_error(const struct http_transfer *t)
{
    return slice_str(t->failure_text ? t->failure_text : t->error);
}

static struct http_header header_of(struct slice line)
{
    struct slice name = slice_split(&line, ':');
    return (struct http_header){slice_trim(name), slice_trim(line)};
}

struct http_headers transfer_headers(struct http_transfer *t)
{
    struct slice rest = buf_slice(&t->head);
    size_t n = 0;
    while (rest.len > 0) {
        if (n == t->headers_cap) {
            t->headers_cap = t->headers_cap ? t->headers_cap * 2 : 16;
            t->headers = mem_realloc(t->headers, t->headers_cap * sizeof(*t->headers));
        }
        t->headers[n++] = header_of(slice_split(&rest, '\n'));
    }
    return (struct http_headers){t->headers, n};
}
