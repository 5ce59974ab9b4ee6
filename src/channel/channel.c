/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The kinds of channel there are, found by a URL's scheme, and what is the same for all of them.
 */
#include "channel/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "channel/embedded.h"
#include "channel/sse.h"

static const struct channel_kind *const kinds[] = {&channel_sse, &channel_embedded};

/* What stands before the first ':'; what has none is a word. */
static struct slice scheme_of(const char *url)
{
    struct slice s = slice_str(url);
    return slice_upto(s, slice_find(s, ':'));
}

static bool is_word(const char *url)
{
    return !strchr(url, ':');
}

static bool kind_has_scheme(const struct channel_kind *kind, struct slice scheme)
{
    for (size_t i = 0; i < ARRAY_LEN(kind->schemes) && kind->schemes[i]; i++)
        if (slice_is_equal_nocase(slice_str(kind->schemes[i]), scheme))
            return true;
    return false;
}

/* "http, https, embedded" */
static void add_scheme_names(struct buf *out)
{
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        for (size_t i = 0; i < ARRAY_LEN(kinds[k]->schemes) && kinds[k]->schemes[i]; i++)
            if (*kinds[k]->schemes[i])
                buf_printf(out, "%s%s", out->len > 0 ? ", " : "", kinds[k]->schemes[i]);
}

static int no_such_kind(const char *url, struct slice scheme, struct err *err)
{
    struct buf names = {0};
    add_scheme_names(&names);
    if (is_word(url))
        err_set(err, ERR_INVALID, "the URL of a bus begins with a scheme and \"://\"; there are %s",
                names.data);
    else
        err_set(err, ERR_INVALID, "there is no channel for the scheme \"%.*s\"; there are %s",
                SLICE_FMT(slice_upto(scheme, 32)), names.data);
    buf_deinit(&names);
    return -1;
}

int channel_kind_of(const char *url, const struct channel_kind **kind, struct err *err)
{
    struct slice scheme = scheme_of(url);
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        bool takes_words = kind_has_scheme(kinds[k], SLICE_LIT(""));
        if (takes_words != is_word(url) || !kind_has_scheme(kinds[k], scheme))
            continue;
        *kind = kinds[k];
        return 0;
    }
    return no_such_kind(url, scheme, err);
}

void channel_init(struct channel *c, const struct channel_kind *kind,
                  const struct channel_options *options, const struct channel_host *host)
{
    c->kind = kind;
    c->host = host;
    c->name = mem_strdup(options->name);
    c->url = mem_strdup(options->url);
}

void channel_deinit(struct channel *c)
{
    free(c->name);
    free(c->url);
}

void channel_rename(struct channel *c, const struct channel_options *options)
{
    char *name = mem_strdup(options->name), *url = mem_strdup(options->url); /* perhaps its own */
    channel_deinit(c);
    c->name = name;
    c->url = url;
}

int channel_check(const struct channel_options *options, struct err *err)
{
    const struct channel_kind *kind;
    if (channel_kind_of(options->url, &kind, err) < 0)
        return -1;
    return kind->check ? kind->check(options, err) : 0;
}

struct channel *channel_open(const struct channel_options *options, const struct channel_host *host,
                             struct err *err)
{
    const struct channel_kind *kind;
    if (channel_kind_of(options->url, &kind, err) < 0)
        return NULL;
    return kind->open(options, host, err);
}

bool channel_change(struct channel *c, const struct channel_options *options)
{
    const struct channel_kind *kind;
    struct err err = {0};
    if (channel_kind_of(options->url, &kind, &err) < 0 || kind != c->kind)
        return false;
    kind->change(c, options);
    return true;
}

void channel_pause(struct channel *c)
{
    c->kind->pause(c);
}

void channel_resume(struct channel *c)
{
    c->kind->resume(c);
}

void channel_status(const struct channel *c, struct channel_status *out)
{
    c->kind->status(c, out);
}

void channel_close(struct channel *c)
{
    if (c)
        c->kind->close(c);
}
