/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/daemon_url.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/config.h"

#define DEFAULT_LISTEN "127.0.0.1:8750"

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Who listens on all addresses is reached by the loopback one. */
static void add_listen(struct buf *url, const char *scheme, const char *listen)
{
    static const struct {
        const char *any, *reached;
    } hosts[] = {{"*:", "127.0.0.1:"}, {"0.0.0.0:", "127.0.0.1:"}, {"[::]:", "[::1]:"}};
    buf_printf(url, "%s://", scheme);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        if (has_prefix(listen, hosts[i].any)) {
            buf_printf(url, "%s%s", hosts[i].reached, listen + strlen(hosts[i].any));
            return;
        }
    }
    buf_add_str(url, listen);
}

/* Of "[::1]:8750/…", whose brackets have colons of their own. */
static bool has_good_port(struct slice rest)
{
    struct slice host = slice_upto(rest, strcspn(rest.data, "/?#"));
    const char *at = memrchr(host.data, '@', host.len), *colon = memrchr(host.data, ':', host.len);
    const char *end = host.data + host.len;
    if (!colon || (at && colon < at) || end[-1] == ']')
        return true;
    size_t n = strspn(colon + 1, "0123456789");
    return n > 0 && n < 6 && colon + 1 + n == end && atoi(colon + 1) <= UINT16_MAX;
}

/* A URL of ours that names a host; NULL is none. */
static bool is_url(const char *text)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (!text || !has_prefix(text, schemes[i]))
            continue;
        const char *rest = text + strlen(schemes[i]);
        return strcspn(rest, "/:?#") > 0 && has_good_port(slice_str(rest));
    }
    return false;
}

int daemon_url_parse(struct daemon_url *at, const char *text, const char *certificate,
                     struct err *err)
{
    const char *scheme = certificate ? "https" : "http";
    *at = (struct daemon_url){0};
    if (certificate)
        buf_add_str(&at->certificate, certificate);
    if (has_prefix(text, "unix:")) {
        buf_add_str(&at->socket, text + strlen("unix:"));
        buf_printf(&at->url, "%s://localhost", scheme);
        return at->socket.len ? 0 : err_set(err, ERR_INVALID, "unix: needs a path: unix:PATH");
    }
    if (strstr(text, "://"))
        buf_add_str(&at->url, text);
    else if (strchr(text, ':'))
        add_listen(&at->url, scheme, text);
    if (!is_url(at->url.data))
        return err_set(err, ERR_INVALID, "'%s' is no URL: write http://HOST:PORT or unix:PATH",
                       text);
    while (at->url.len && at->url.data[at->url.len - 1] == '/')
        buf_truncate(&at->url, at->url.len - 1);
    return 0;
}

void daemon_url_deinit(struct daemon_url *at)
{
    buf_deinit(&at->url);
    buf_deinit(&at->socket);
    buf_deinit(&at->certificate);
}

void daemon_url_add_name(const struct daemon_url *at, struct buf *out)
{
    if (at->socket.len)
        buf_add_str(out, "unix:");
    buf_add_slice(out, buf_slice(at->socket.len ? &at->socket : &at->url));
}

/* `listen` of the project here; where there is none, what a daemon without settings listens on. None
   of the project's secrets is needed for that. */
static int find_address(const char *project, struct config_address *address, struct err *err)
{
    struct config_source source = {
        .project = project, .environment = environ, .has_stand_ins = true};
    *address = (struct config_address){0};
    if (config_find_address(&source, address, err) == 0)
        return 0;
    if (err->code != ERR_NOT_FOUND)
        return err_prefix(
            err, "where does the daemon listen? Name it by --url, or mend the project here");
    *err = (struct err){0};
    const char *given = getenv("LIAISON_LISTEN");
    address->listen = mem_strdup(given && *given ? given : DEFAULT_LISTEN);
    return 0;
}

int daemon_url_find(struct daemon_url *at, const struct options *options, const char *project,
                    struct err *err)
{
    *at = (struct daemon_url){0};
    const char *named = options_get(options, "url");
    if (!named)
        named = getenv("LIAISON_URL");
    if (named && *named) {
        int rc = daemon_url_parse(at, named, NULL, err);
        return rc < 0 && !options_get(options, "url") ? err_prefix(err, "LIAISON_URL") : rc;
    }
    struct config_address address;
    if (find_address(project ? project : ".", &address, err) < 0)
        return -1;
    int result = daemon_url_parse(at, address.listen, address.tls_cert, err);
    free(address.listen);
    free(address.tls_cert);
    return result;
}
