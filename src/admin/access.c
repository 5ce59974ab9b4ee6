/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Who may do what: tokens where they are set, and without them only this machine's own programs, no
 * page of a browser that was led here from elsewhere.
 */
#include <string.h>
#include <strings.h>

#include "admin/routes.h"
#include "crypto/hash.h"

static bool is_open_path(struct slice path)
{
    return slice_is_equal(path, SLICE_LIT("/healthz")) ||
           slice_is_equal(path, SLICE_LIT("/readyz"));
}

static enum config_access needed_access(struct slice method, struct slice path)
{
    if (slice_is_equal(path, SLICE_LIT("/events")) &&
        (slice_is_equal(method, SLICE_LIT("POST")) || slice_is_equal(method, SLICE_LIT("OPTIONS"))))
        return CONFIG_INGEST;
    if (slice_is_equal(method, SLICE_LIT("GET")) || slice_is_equal(method, SLICE_LIT("HEAD")))
        return CONFIG_READ;
    return CONFIG_ADMIN;
}

static bool has_tokens(const struct config *config)
{
    for (size_t i = 0; i < CONFIG_ACCESS_COUNT; i++) {
        if (config->tokens[i])
            return true;
    }
    return false;
}

static bool is_token_of(const struct config *config, enum config_access access, struct slice token)
{
    const char *own = config->tokens[access];
    return own && crypto_is_equal(token, slice_str(own));
}

/* The admin token opens everything, the others their own. */
static bool opens(const struct config *config, struct slice token, enum config_access needed)
{
    return is_token_of(config, needed, token) || is_token_of(config, CONFIG_ADMIN, token);
}

static bool is_known(const struct config *config, struct slice token)
{
    bool is_any = false;
    for (size_t i = 0; i < CONFIG_ACCESS_COUNT; i++)
        is_any |= is_token_of(config, (enum config_access)i, token);
    return is_any;
}

/* A token that is none may be a former one: who delivers with it is to wait for a new one rather than to
   give up, so it is told apart from one that may do other things (RFC 6750, 3.1). */
static int refuse_token(const struct config *config, struct http_exchange *x, struct slice token,
                        enum config_access needed, const char **detail)
{
    static const char *const takes[CONFIG_ACCESS_COUNT] = {
        [CONFIG_INGEST] = "the token does not open this: it takes tokens.ingest or tokens.admin",
        [CONFIG_READ] = "the token does not open this: it takes tokens.read or tokens.admin",
        [CONFIG_ADMIN] = "the token does not open this: it takes tokens.admin",
    };
    if (is_known(config, token)) {
        *detail = takes[needed];
        return 403;
    }
    *detail = "the token is none of this daemon's";
    http_exchange_add_header(x, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
    return 401;
}

static int check_token(const struct config *config, struct http_exchange *x,
                       enum config_access needed, const char **detail)
{
    struct slice auth = http_exchange_header(x, "Authorization");
    const struct slice bearer = SLICE_LIT("Bearer ");
    if (!slice_has_prefix_nocase(auth, bearer)) {
        *detail = "this needs a token: send Authorization: Bearer …";
        http_exchange_add_header(x, "WWW-Authenticate", "Bearer");
        return 401;
    }
    struct slice token = slice_trim(slice_from(auth, bearer.len));
    return opens(config, token, needed) ? 0 : refuse_token(config, x, token, needed, detail);
}

/* Without its port. */
static struct slice host_of(struct slice authority)
{
    if (authority.len > 0 && authority.data[0] == '[')
        return slice_upto(authority, slice_find(authority, ']') + 1);
    return slice_upto(authority, slice_find(authority, ':'));
}

static bool is_this_host(const struct config *config, struct slice authority)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    struct slice host = host_of(authority);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_is_equal_nocase(host, slice_str(names[i])))
            return true;
    }
    return slice_is_equal_nocase(host, host_of(slice_str(config->listen)));
}

/* A page of another site can make a browser send requests here, under its own name (Origin) or, by
   pointing its name at this address, under this one's (Host). */
static int check_local(const struct config *config, struct http_exchange *x, const char **detail)
{
    if (strncmp(config->listen, "unix:", 5) == 0)
        return 0;
    struct slice host = http_exchange_header(x, "Host");
    if (host.data && !is_this_host(config, host)) {
        *detail = "the Host header names another host than this address; set a token to be reached "
                  "by other names";
        return 403;
    }
    /* Its own pages name the host that they were loaded from, port and all. */
    struct slice origin = http_exchange_header(x, "Origin");
    struct slice authority = slice_from(origin, slice_find(origin, ':') + 3);
    if (origin.data && !(host.len > 0 && slice_is_equal_nocase(authority, host))) {
        *detail = "requests of other sites' pages are refused";
        return 403;
    }
    return 0;
}

/* Forms of a page can't send these types, so a POST that has one was meant. What is compressed would be
   taken for what it isn't (RFC 9110, 15.5.16). */
static int check_media(struct http_exchange *x, const char **detail)
{
    struct slice type = http_media_type(http_exchange_header(x, "Content-Type"));
    struct slice coding = http_exchange_header(x, "Content-Encoding");
    if (coding.data && !slice_is_equal_nocase(coding, SLICE_LIT("identity"))) {
        http_exchange_add_header(x, "Accept-Encoding", "identity");
        *detail = "send the body as it is, without Content-Encoding";
        return 415;
    }
    if (slice_is_equal_nocase(type, SLICE_LIT("application/json")) ||
        slice_has_prefix_nocase(type, SLICE_LIT("application/cloudevents")) ||
        http_exchange_header(x, "ce-specversion").data)
        return 0;
    bool is_ingest = slice_is_equal(http_exchange_path(x), SLICE_LIT("/events"));
    *detail = is_ingest ? "send Content-Type: application/json, or a CloudEvents type"
                        : "send Content-Type: application/json";
    return 415;
}

int access_admit(void *admin, struct http_exchange *x, const char **detail)
{
    const struct admin *a = admin;
    struct slice method = http_exchange_method(x), path = http_exchange_path(x);
    int status = 0;
    if (!a->engine) {
        *detail = "starting";
        return 503;
    }
    if (is_open_path(path))
        return 0;
    if (has_tokens(a->config))
        status = check_token(a->config, x, needed_access(method, path), detail);
    else
        status = check_local(a->config, x, detail);
    if (status == 0 && slice_is_equal(method, SLICE_LIT("POST")))
        status = check_media(x, detail);
    return status;
}
