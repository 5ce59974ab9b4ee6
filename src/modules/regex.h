/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Perl's regular expressions on UTF-8, over PCRE2, with an end: a search asks at each item of the
 * pattern that it tries whether it is to stop, and has limits of its own on steps and memory.
 */
#ifndef LIAISON_MODULES_REGEX_H
#define LIAISON_MODULES_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "modules/module.h"

#define REGEX_PATTERN_MAX 10000 /* bytes */
#define REGEX_GROUPS_MAX 100
#define REGEX_UNSET SIZE_MAX /* both ends of a group that took no part in the match */

struct regex; /* a compiled pattern */

/* Why a pattern is none. */
struct regex_fault {
    size_t offset; /* in bytes, where it was found */
    char text[128];
};

/* Bytes `from` to `to` of the text. */
struct regex_span {
    size_t from, to;
};

struct regex_search {
    const char *text; /* UTF-8; whoever asks has made sure of it */
    size_t len;
    size_t from;       /* where to begin, at a character */
    bool is_not_empty; /* no empty match at `from`: there was one before */
    bool (*is_stopping)(void *ctx);
    void *ctx;
};

enum regex_end {
    REGEX_FOUND,
    REGEX_NONE,
    REGEX_LIMIT,   /* too many steps, or too much memory */
    REGEX_STOPPED, /* is_stopping said so */
};

struct regex_module {
    struct module_head head;
    /* NULL with *fault. */
    struct regex *(*compile)(const char *pattern, size_t len, struct regex_fault *fault);
    void (*free)(struct regex *r); /* accepts NULL */
    /* Groups beside the whole match, which is number 0. */
    unsigned (*count_groups)(const struct regex *r);
    /* The name of a group, or NULL; lives as long as `r`. */
    const char *(*group_name)(const struct regex *r, unsigned group);
    /* The first match at or behind `from`; with REGEX_FOUND, its groups' spans, whole match first. */
    enum regex_end (*search)(const struct regex *r, const struct regex_search *search,
                             struct regex_span spans[REGEX_GROUPS_MAX + 1]);
};

#endif
