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
#include "http/request.h"

/* What a pooled transfer keeps of a buffer, at most. */
#define KEPT_BUFFER_MAX ((size_t)64 * 1024)

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
                     http_header_find(head_headers(&t->head), "location");
    if (!t->is_redirect)
        t->kind->head(t);
}

/* CURLOPT_HEADERFUNCTION: one line at a time. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
    struct http_transfer *t = ctx;
    struct slice line = {data, size * n};
    if (slice_has_prefix(line, SLICE_LIT("HTTP/"))) {
        head_begin(&t->head);
        t->status = status_of(slice_trim(line));
    } else if (line.len == 0 || line.data[0] == '\r' || line.data[0] == '\n') {
        end_head(t);
    } else if (head_add(&t->head, line) < 0) {
        t->failure_text = "The answer's head is larger than allowed";
        return 0;
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

/* CURLOPT_PREREQFUNCTION: the request is about to be written. curl comes here a second time when a
   connection that it used again closed without an answer. The other side may have acted on the
   request, so whether it is made again isn't for curl to decide, but for safe methods. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int before_request(void *ctx, char *remote, char *local, int remote_port, int local_port)
{
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    struct http_transfer *t = ctx;
    if (note_written(t) && !t->is_safe) {
        t->failure_text = "The connection closed before an answer came";
        return CURL_PREREQFUNC_ABORT;
    }
    t->is_issued = true;
    t->written_before = bytes_written(t);
    return CURL_PREREQFUNC_OK;
}

/* ---- Life ----------------------------------------------------------------------------------- */

static void transfer_ended(struct multi_user *user, CURLcode code);

void transfer_init(struct http_transfer *t, struct http_client *client,
                   const struct transfer_kind *kind)
{
    *t = (struct http_transfer){.client = client, .kind = kind, .user = {transfer_ended}};
}

static void drop_identity(struct http_transfer *t)
{
    buf_deinit(&t->identity);
    buf_deinit(&t->identity_key);
    buf_deinit(&t->authorities);
}

void transfer_deinit(struct http_transfer *t)
{
    transfer_stop(t);
    curl_easy_cleanup(t->easy);
    buf_deinit(&t->method);
    buf_deinit(&t->url);
    buf_deinit(&t->unix_path);
    buf_deinit(&t->certificate);
    drop_identity(t);
    buf_deinit(&t->body);
    buf_deinit(&t->lines);
    head_deinit(&t->head);
    free(t->list);
}

void transfer_trim(struct http_transfer *t)
{
    struct buf *all[] = {&t->url, &t->body, &t->lines, &t->head.lines};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i]->cap > KEPT_BUFFER_MAX)
            buf_deinit(all[i]);
    }
}

/* ---- The request ---------------------------------------------------------------------------- */

static void set_text(struct buf *b, struct slice s)
{
    buf_clear(b);
    buf_add_slice(b, s);
    buf_reserve(b, 1);
    b->data[b->len] = '\0';
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

/* Keeps curl from adding a header of its own. */
static void leave_out(struct http_transfer *t, struct http_headers given, const char *name)
{
    if (http_header_find(given, name))
        return;
    buf_printf(&t->lines, "%s:", name);
    buf_add_char(&t->lines, '\0');
    t->n_lines++;
}

static void set_headers(struct http_transfer *t, struct http_headers headers)
{
    buf_clear(&t->lines);
    t->n_lines = 0;
    for (size_t i = 0; i < headers.len; i++)
        add_line(t, headers.items[i].name, slice_trim(headers.items[i].value));
    if (!http_header_find(headers, "User-Agent"))
        add_line(t, SLICE_LIT("User-Agent"), slice_str(t->client->user_agent));
    /* With it, large bodies would wait a second for servers that don't know it. */
    leave_out(t, headers, "Expect");
    if (t->has_body)
        leave_out(t, headers, "Content-Type");
}

static void set_identity(struct http_transfer *t, const struct http_auth *auth)
{
    drop_identity(t);
    if (!auth)
        return;
    buf_add_slice(&t->identity, auth->tls.cert);
    buf_add_slice(&t->identity_key, auth->tls.key);
    buf_add_slice(&t->authorities, auth->tls.authorities);
}

void transfer_set_request(struct http_transfer *t, const struct http_request *request)
{
    t->has_body = request_has_length(request);
    t->is_safe = request_is_safe(request);
    t->is_compressed = request->compressed;
    t->follow = request->follow;
    t->end_at_ms =
        request->timeout_ms > 0 ? clock_mono_ms(&t->client->clock) + request->timeout_ms : 0;
    set_text(&t->unix_path, request->unix_socket);
    set_text(&t->certificate, request->certificate);
    set_identity(t, request->auth);
    set_text(&t->body, request->body);
    set_text(&t->method, request->method);
    set_text(&t->url, request->url);
    set_headers(t, request->headers);
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
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
    http_multi_set_up(t->client->multi, easy, &t->user);
}

static void apply_blob(CURL *easy, CURLoption option, const struct buf *pem)
{
    struct curl_blob blob = {pem->data, pem->len, CURL_BLOB_NOCOPY};
    if (pem->len > 0)
        curl_easy_setopt(easy, option, &blob);
}

static void apply_request(struct http_transfer *t)
{
    CURL *easy = t->easy;
    curl_easy_reset(easy);
    apply_callbacks(t);
    curl_easy_setopt(easy, CURLOPT_URL, t->url.data);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, link_lines(t));
    if (t->is_compressed)
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (t->unix_path.len > 0) {
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, t->unix_path.data);
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
    if (t->certificate.len > 0) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, t->certificate.data);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    /* curl uses a connection again only for who has the same certificate and authorities. */
    apply_blob(easy, CURLOPT_SSLCERT_BLOB, &t->identity);
    apply_blob(easy, CURLOPT_SSLKEY_BLOB, &t->identity_key);
    apply_blob(easy, CURLOPT_CAINFO_BLOB, &t->authorities);
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
    head_begin(&t->head);
    apply_request(t);
    http_multi_add(t->client->multi, t->easy);
    t->is_running = true;
}

void transfer_start(struct http_transfer *t)
{
    if (!t->easy)
        t->easy = curl_easy_init();
    if (!t->easy)
        die("out of memory for a request");
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
           slice_has_prefix_nocase(line, SLICE_LIT("Cookie:")) ||
           slice_has_prefix_nocase(line, SLICE_LIT("webhook-signature:")) ||
           slice_has_prefix_nocase(line, SLICE_LIT("X-Amz-Security-Token:"));
}

static bool is_about_body(struct slice line)
{
    return slice_has_prefix_nocase(line, SLICE_LIT("Content-")) ||
           slice_has_prefix_nocase(line, SLICE_LIT("webhook-"));
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
    t->is_safe = true;
    buf_clear(&t->body);
    t->has_body = false;
    drop_lines(t, is_about_body);
}

/* Makes the request one to `url`; -1 when that can't be requested. */
static int redirect_to(struct http_transfer *t, const char *url)
{
    struct origin here, there;
    CURLU *parser = t->client->url.parser;
    if (!url || origin_init(&there, parser, url) < 0)
        return -1;
    if (origin_init(&here, parser, t->url.data) < 0 || !origin_is_same(&here, &there)) {
        drop_lines(t, is_tied_to_origin);
        drop_identity(t);
    }
    origin_deinit(&here);
    origin_deinit(&there);
    turn_into_get(t);
    set_text(&t->url, slice_str(url));
    t->follow--;
    return 0;
}

/* ---- The end -------------------------------------------------------------------------------- */

enum http_failure transfer_failure(CURLcode code, bool was_written)
{
    switch (code) {
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
        return was_written ? HTTP_BROKEN : HTTP_CONNECT;
    }
}

static void transfer_ended(struct multi_user *user, CURLcode code)
{
    struct http_transfer *t = container_of(user, struct http_transfer, user);
    char *next = NULL;
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &next);
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
    bool is_cut = code == CURLE_OK && !t->has_head;
    if (is_cut)
        t->failure_text = "The connection closed within the answer's head";
    else if (t->error[0] == '\0' && !t->failure_text)
        t->failure_text = curl_easy_strerror(code);
    t->kind->ended(t, is_cut             ? HTTP_BROKEN
                      : code == CURLE_OK ? HTTP_OK
                                         : transfer_failure(code, t->was_written));
}

struct slice transfer_error(const struct http_transfer *t)
{
    return slice_str(t->failure_text ? t->failure_text : t->error);
}
