/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/auth.h"

#include <lauxlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "crypto/webhook.h"
#include "script/argument.h"
#include "script/keys.h"
#include "script/machine.h"
#include "script/secret.h"

enum { AUTH_BEARER, AUTH_BASIC, AUTH_OAUTH2, AUTH_SIGV4, AUTH_SIGN, AUTH_TLS };
static const struct option auth_rows[] = {
    {"bearer", OPTION_TEXT, NULL},
    {"basic", OPTION_TABLE, "a table as in { user = \"me\", password = secret \"PASSWORD\" }"},
    {"oauth2", OPTION_TABLE,
     "a table as in { tokenUrl = \"https://…\", clientId = \"me\", clientSecret = secret \"S\" }"},
    {"sigv4", OPTION_TABLE,
     "a table as in { key = \"AKIA…\", secret = secret \"S\", region = \"eu-north-1\", service = "
     "\"sqs\" }"},
    {"sign", OPTION_ANY, NULL},
    {"tls", OPTION_TABLE, "a table as in { cert = \"client.pem\", key = \"client.key\" }"},
};
static const struct option_set auth_options = OPTION_SET("auth", auth_rows);
/* Those that make the Authorization header come first. */
#define AUTH_HEADERS AUTH_SIGN

enum { BASIC_USER, BASIC_PASSWORD };
static const struct option basic_rows[] = {
    {"user", OPTION_TEXT, NULL},
    {"password", OPTION_TEXT, NULL},
};
static const struct option_set basic_options = OPTION_SET("auth.basic", basic_rows);

enum { OAUTH2_TOKEN_URL, OAUTH2_ID, OAUTH2_SECRET, OAUTH2_SCOPE, OAUTH2_PARAMS, OAUTH2_IN };
static const struct option oauth2_rows[] = {
    {"tokenUrl", OPTION_TEXT, NULL},
    {"clientId", OPTION_TEXT, NULL},
    {"clientSecret", OPTION_TEXT, NULL},
    {"scope", OPTION_TEXT, NULL},
    {"params", OPTION_TABLE, "a table of names and texts, as in { audience = \"https://api\" }"},
    {"credentialsIn", OPTION_STRING, "\"header\" or \"body\""},
};
static const struct option_set oauth2_options = OPTION_SET("auth.oauth2", oauth2_rows);

enum { SIGV4_KEY, SIGV4_SECRET, SIGV4_REGION, SIGV4_SERVICE, SIGV4_TOKEN };
static const struct option sigv4_rows[] = {
    {"key", OPTION_TEXT, NULL},     {"secret", OPTION_TEXT, NULL}, {"region", OPTION_TEXT, NULL},
    {"service", OPTION_TEXT, NULL}, {"token", OPTION_TEXT, NULL},
};
static const struct option_set sigv4_options = OPTION_SET("auth.sigv4", sigv4_rows);

enum { TLS_CERT, TLS_KEY, TLS_CA };
static const struct option tls_rows[] = {
    {"cert", OPTION_STRING, "the path of a PEM file"},
    {"key", OPTION_STRING, "the path of a PEM file"},
    {"ca", OPTION_STRING, "the path of a PEM file"},
};
static const struct option_set tls_options = OPTION_SET("auth.tls", tls_rows);

/* ---- offences ---- */

struct job {
    lua_State *L;
    option_offence_fn offence;
    void *ctx;
    struct auth *auth;
    bool is_ok;
};

static void tell(void *ctx, const char *name, const char *text)
{
    struct job *job = ctx;
    job->is_ok = false;
    job->offence(job->ctx, name, text);
}

/* The text is the machine's, since telling it may not return; and not the one that an error is made
   in. */
static void printf_like(3, 4) tellf(struct job *job, const char *name, const char *fmt, ...)
{
    struct buf *text = &machine_of(job->L)->body;
    va_list args;
    va_start(args, fmt);
    buf_clear(text);
    buf_vprintf(text, fmt, args);
    va_end(args);
    tell(job, name, text->data);
}

/* ---- values ---- */

/* A text that can stand in a header: what a secret is, is never shown. */
static struct slice read_text(struct job *job, int index, const char *what, const char *name)
{
    struct slice text = secret_or_text(job->L, index);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= ' ' && c != 0x7f)
            continue;
        tellf(job, name, "%s.%s has a line break or a control character in it", what, name);
        return SLICE_NULL;
    }
    return text;
}

/* Tells which of the first `n` rows are missing; their values stand from `base` on. */
static bool has_all(struct job *job, const struct option_set *set, int base, int n,
                    const char *part)
{
    for (int i = 0; i < n; i++) {
        struct slice text = secret_or_text(job->L, base + i);
        if (text.len > 0)
            continue;
        tellf(job, part, "%s needs `%s`%s", set->what, set->rows[i].name,
              text.data ? ": it is empty" : "");
        return false;
    }
    return true;
}

/* [-0, +n_rows, e] */
static int read_rows(struct job *job, int index, const struct option_set *set)
{
    int base = lua_gettop(job->L) + 1;
    options_read(job->L, index, set, tell, job);
    return base;
}

/* ---- the parts ---- */

static void read_basic(struct job *job, int index)
{
    struct script_auth *auth = &job->auth->public;
    int base = read_rows(job, index, &basic_options);
    if (!has_all(job, &basic_options, base, BASIC_PASSWORD, "basic"))
        return;
    auth->user = read_text(job, base + BASIC_USER, "auth.basic", "user");
    auth->password = read_text(job, base + BASIC_PASSWORD, "auth.basic", "password");
    if (lua_isnil(job->L, base + BASIC_PASSWORD))
        tellf(job, "basic",
              "auth.basic needs `password`; where there is none, write password = \"\"");
    if (slice_find(auth->user, ':') < auth->user.len)
        tellf(job, "user",
              "auth.basic.user can't have a colon in it: the password begins behind one");
}

static bool is_text(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TSTRING || secret_is(L, index);
}

static void read_params(struct job *job, int index)
{
    lua_State *L = job->L;
    struct script_auth *auth = &job->auth->public;
    struct keys *keys = &machine_of(L)->keys;
    size_t from = keys->len;
    if (lua_isnil(L, index))
        return;
    keys_push_all(L, index, keys, "auth.oauth2.params");
    for (size_t i = from; i < keys->len; i++) {
        struct slice name = keys->items[i].name;
        lua_pushlstring(L, name.data, name.len);
        lua_rawget(L, index);
        int value = lua_gettop(L);
        if (!is_text(L, value))
            tellf(job, "params", "auth.oauth2.params.%.*s must be a string or a secret, not %s",
                  SLICE_FMT(name), argument_describe(L, value));
        else if (auth->n_params == AUTH_PARAMS_MAX)
            tellf(job, "params", "auth.oauth2.params takes %d at most", AUTH_PARAMS_MAX);
        else
            job->auth->params[auth->n_params++] =
                (struct script_header){name, secret_or_text(L, value)};
        lua_pop(L, 1);
    }
    keys->len = from;
}

static bool is_url(const struct job *job, struct slice url)
{
    return machine_of(job->L)->has_stand_ins ||
           slice_has_prefix_nocase(url, SLICE_LIT("https://")) ||
           slice_has_prefix_nocase(url, SLICE_LIT("http://"));
}

static void read_oauth2(struct job *job, int index)
{
    static const char *const places[] = {"header", "body"};
    struct script_auth *auth = &job->auth->public;
    int base = read_rows(job, index, &oauth2_options);
    if (!has_all(job, &oauth2_options, base, OAUTH2_SCOPE, "oauth2"))
        return;
    auth->token_url = read_text(job, base + OAUTH2_TOKEN_URL, "auth.oauth2", "tokenUrl");
    auth->client_id = secret_or_text(job->L, base + OAUTH2_ID);
    auth->client_secret = secret_or_text(job->L, base + OAUTH2_SECRET);
    auth->scope = secret_or_text(job->L, base + OAUTH2_SCOPE);
    read_params(job, base + OAUTH2_PARAMS);
    if (!is_url(job, auth->token_url))
        tellf(job, "tokenUrl", "auth.oauth2.tokenUrl must begin with https:// or http://");
    struct slice place = secret_or_text(job->L, base + OAUTH2_IN);
    auth->is_in_body = slice_is_equal(place, slice_str(places[1]));
    if (place.data && !auth->is_in_body && !slice_is_equal(place, slice_str(places[0])))
        tellf(job, "credentialsIn", "auth.oauth2.credentialsIn must be \"header\" or \"body\"");
}

static void read_sigv4(struct job *job, int index)
{
    struct script_auth *auth = &job->auth->public;
    int base = read_rows(job, index, &sigv4_options);
    if (!has_all(job, &sigv4_options, base, SIGV4_TOKEN, "sigv4"))
        return;
    auth->aws_key = read_text(job, base + SIGV4_KEY, "auth.sigv4", "key");
    auth->aws_secret = secret_or_text(job->L, base + SIGV4_SECRET);
    auth->aws_region = read_text(job, base + SIGV4_REGION, "auth.sigv4", "region");
    auth->aws_service = read_text(job, base + SIGV4_SERVICE, "auth.sigv4", "service");
    auth->aws_token = read_text(job, base + SIGV4_TOKEN, "auth.sigv4", "token");
}

/* [-1, +0] The secret on top. */
static void add_secret(struct job *job)
{
    lua_State *L = job->L;
    struct script_auth *auth = &job->auth->public;
    struct err err = {0};
    int index = lua_gettop(L);
    struct slice secret = is_text(L, index) ? secret_or_text(L, index) : SLICE_NULL;
    if (!secret.data)
        tellf(job, "sign", "auth: `sign` must be a secret, or a list of such, not %s",
              argument_describe(L, index));
    else if (!machine_of(L)->has_stand_ins && webhook_check_secret(secret, &err) < 0)
        tellf(job, "sign", "auth: `sign`: %s", err.message);
    else if (auth->n_secrets == AUTH_SECRETS_MAX)
        tellf(job, "sign", "auth: `sign` takes %d secrets at most", AUTH_SECRETS_MAX);
    else
        job->auth->secrets[auth->n_secrets++] = secret;
    lua_pop(L, 1);
}

static void read_sign(struct job *job, int index)
{
    lua_State *L = job->L;
    if (!lua_istable(L, index)) {
        lua_pushvalue(L, index);
        add_secret(job);
        return;
    }
    int n = (int)lua_objlen(L, index);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, index, i);
        add_secret(job);
    }
    if (n == 0)
        tellf(job, "sign", "auth: `sign` must be a secret, or a list of such");
}

static void read_tls(struct job *job, int index)
{
    lua_State *L = job->L;
    struct err err = {0};
    int base = read_rows(job, index, &tls_options);
    struct slice cert = secret_or_text(L, base + TLS_CERT), key = secret_or_text(L, base + TLS_KEY);
    struct slice ca = secret_or_text(L, base + TLS_CA);
    if (!job->is_ok)
        return;
    if (!cert.data != !key.data || (!cert.data && !ca.data))
        tellf(job, "tls",
              "auth.tls takes `cert` and `key` together, or `ca` alone, each the path of a PEM "
              "file");
    else if (auth_read_identity(machine_of(L), cert, key, ca, &job->auth->public.identity, &err) <
             0)
        tellf(job, "tls", "%s", err.message);
}

/* ---- the whole ---- */

static void check_together(struct job *job, int base)
{
    const char *first = NULL;
    bool is_any = false;
    for (int i = 0; i < auth_options.n_rows; i++) {
        if (lua_isnil(job->L, base + i))
            continue;
        is_any = true;
        if (first && i < AUTH_HEADERS)
            tellf(job, auth_rows[i].name,
                  "auth: `%s` and `%s` both make the Authorization header: keep one of them", first,
                  auth_rows[i].name);
        if (i < AUTH_HEADERS)
            first = auth_rows[i].name;
    }
    if (!is_any && job->is_ok)
        tellf(
            job, "auth",
            "auth: it is empty; it takes one of bearer, basic, oauth2 and sigv4, and with it sign "
            "and tls");
}

bool auth_read(lua_State *L, int index, option_offence_fn offence, void *ctx, struct auth *auth)
{
    static void (*const readers[])(struct job * job, int index) = {
        [AUTH_BASIC] = read_basic, [AUTH_OAUTH2] = read_oauth2, [AUTH_SIGV4] = read_sigv4,
        [AUTH_SIGN] = read_sign,   [AUTH_TLS] = read_tls,
    };
    struct job job = {L, offence, ctx, auth, true};
    int top = lua_gettop(L);
    memset(&auth->public, 0, sizeof(auth->public));
    auth->public.secrets = auth->secrets;
    auth->public.params = auth->params;
    luaL_checkstack(L, 40, "too deep");
    int base = read_rows(&job, index, &auth_options);
    check_together(&job, base);
    if (!lua_isnil(L, base + AUTH_BEARER)) {
        auth->public.bearer = read_text(&job, base + AUTH_BEARER, "auth", "bearer");
        if (auth->public.bearer.data && auth->public.bearer.len == 0)
            tellf(&job, "bearer", "auth: `bearer` is empty");
    }
    for (int i = AUTH_BASIC; i < auth_options.n_rows; i++)
        if (!lua_isnil(L, base + i))
            readers[i](&job, base + i);
    lua_settop(L, top);
    return job.is_ok;
}

/* ---- kept ---- */

#define OWN_SECRETS 5
#define OWN_TEXTS 12
#define TEXTS_MAX (OWN_TEXTS + AUTH_SECRETS_MAX + 2 * AUTH_PARAMS_MAX)

/* All texts but those of the identity; what is secret comes first. */
struct texts {
    struct slice *all[TEXTS_MAX];
    size_t len, n_secret;
};

static void list_texts(struct auth *auth, struct texts *texts)
{
    struct script_auth *own = &auth->public;
    struct slice *const fixed[OWN_TEXTS] = {
        &own->bearer,    &own->password,   &own->client_secret, &own->aws_secret,
        &own->aws_token, /* those were OWN_SECRETS */
        &own->user,      &own->token_url,  &own->client_id,     &own->scope,
        &own->aws_key,   &own->aws_region, &own->aws_service,
    };
    size_t n = 0;
    for (size_t i = 0; i < OWN_SECRETS; i++)
        texts->all[n++] = fixed[i];
    for (size_t i = 0; i < own->n_secrets; i++)
        texts->all[n++] = &auth->secrets[i];
    texts->n_secret = n;
    for (size_t i = OWN_SECRETS; i < OWN_TEXTS; i++)
        texts->all[n++] = fixed[i];
    for (size_t i = 0; i < own->n_params; i++) {
        texts->all[n++] = &auth->params[i].name;
        texts->all[n++] = &auth->params[i].value;
    }
    texts->len = n;
}

static struct hash128 hash_of(const struct script_auth *auth, const struct texts *texts)
{
    struct slice parts[TEXTS_MAX + 5];
    const char counts[] = {(char)auth->n_secrets, (char)auth->n_params, auth->is_in_body ? 'b' : 0};
    size_t n = 0;
    parts[n++] = slice_of(counts, sizeof(counts));
    parts[n++] = auth->identity.cert;
    parts[n++] = auth->identity.key;
    parts[n++] = auth->identity.authorities;
    for (size_t i = 0; i < texts->len; i++)
        parts[n++] = *texts->all[i];
    return hash_parts(parts, n);
}

struct auth *auth_keep(struct script_machine *m, const struct auth *auth)
{
    struct auth *kept = mem_alloc(sizeof(*kept));
    struct texts texts;
    *kept = *auth;
    kept->public.secrets = kept->secrets;
    kept->public.params = kept->params;
    list_texts(kept, &texts);
    for (size_t i = 0; i < texts.len; i++) {
        if (!texts.all[i]->data)
            continue;
        *texts.all[i] = machine_keep(m, *texts.all[i]);
        if (i < texts.n_secret && m->mask)
            mask_add(m->mask, *texts.all[i]);
    }
    struct hash128 hash = hash_of(&kept->public, &texts);
    memcpy(kept->public.hash, hash.bytes, sizeof(kept->public.hash));
    return kept;
}
