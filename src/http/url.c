/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * curl's own parser, so that both carriers ask for the same.
 */
#include "http/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int http_url_init(struct http_url *u, struct err *err)
{
    *u = (struct http_url){.parser = curl_url()};
    return u->parser ? 0 : err_set(err, ERR_NO_MEMORY, "cannot set up libcurl");
}

void http_url_deinit(struct http_url *u)
{
    curl_url_cleanup(u->parser);
    buf_deinit(&u->text);
    buf_deinit(&u->origin);
    buf_deinit(&u->host);
    buf_deinit(&u->path);
}

/* Appends a part of the URL; false when it has none. */
static bool add_part(const struct http_url *u, CURLUPart part, unsigned flags, struct buf *out)
{
    char *text = NULL;
    if (curl_url_get(u->parser, part, &text, flags) != CURLUE_OK)
        return false;
    buf_add_str(out, text);
    curl_free(text);
    return true;
}

static bool has_part(const struct http_url *u, CURLUPart part)
{
    struct buf unused = {0};
    bool has = add_part(u, part, 0, &unused);
    buf_deinit(&unused);
    return has;
}

/* curl writes names of other letters in Punycode, and leaves a dot at the end out. */
static bool is_plain_host(struct slice host)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    for (size_t i = 0; i < host.len; i++) {
        if (!memchr(plain, host.data[i], sizeof(plain) - 1))
            return false;
    }
    return host.len > 0 && host.data[host.len - 1] != '.';
}

/* For http, as curl looks for it. (Through one for https curl makes a tunnel, which is a connection
   like any other.) */
static bool has_proxy(void)
{
    static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *proxy = getenv(names[i]);
        if (proxy && proxy[0])
            return true;
    }
    return false;
}

static void take_apart(struct http_url *u)
{
    buf_clear(&u->origin);
    buf_clear(&u->host);
    buf_clear(&u->path);
    bool is_whole = add_part(u, CURLUPART_HOST, 0, &u->host) &&
                    add_part(u, CURLUPART_PATH, CURLU_URLENCODE, &u->path);
    u->is_https = slice_has_prefix_nocase(buf_slice(&u->text), SLICE_LIT("https:"));
    u->is_plain = is_whole && is_plain_host(buf_slice(&u->host)) && (u->is_https || !has_proxy()) &&
                  !has_part(u, CURLUPART_USER) && !has_part(u, CURLUPART_PASSWORD) &&
                  !has_part(u, CURLUPART_ZONEID);
    struct buf port = {0}, query = {0};
    bool has_port = add_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port);
    u->is_plain = u->is_plain && has_port;
    if (u->is_plain)
        buf_printf(&u->origin, "%s://%s:%s", u->is_https ? "https" : "http", u->host.data,
                   port.data);
    if (has_port && strcmp(port.data, u->is_https ? "443" : "80") != 0)
        buf_printf(&u->host, ":%s", port.data);
    if (add_part(u, CURLUPART_QUERY, 0, &query))
        buf_printf(&u->path, "?%s", query.data ? query.data : "");
    buf_deinit(&port);
    buf_deinit(&query);
}

static int refuse(struct http_url *u, struct err *err, const char *why)
{
    err_set(err, ERR_INVALID, "\"%s\" is no URL: %s", u->text.data, why);
    buf_clear(&u->text);
    return -1;
}

int http_url_set(struct http_url *u, struct slice text, struct err *err)
{
    if (text.len > 0 && slice_is_equal(text, buf_slice(&u->text)))
        return 0;
    buf_clear(&u->text);
    buf_add(&u->text, text.data, text.len);
    if (!slice_has_prefix_nocase(text, SLICE_LIT("http://")) &&
        !slice_has_prefix_nocase(text, SLICE_LIT("https://")))
        return refuse(u, err, "it must begin with http:// or https://");
    curl_url_set(u->parser, CURLUPART_URL, NULL, 0);
    CURLUcode code = memchr(text.data, '\0', text.len)
                         ? CURLUE_MALFORMED_INPUT
                         : curl_url_set(u->parser, CURLUPART_URL, u->text.data, 0);
    if (code != CURLUE_OK)
        return refuse(u, err, curl_url_strerror(code));
    take_apart(u);
    return 0;
}
