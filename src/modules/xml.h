/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * XML 1.0 as a stream of elements and texts, over Expat. Declarations of entities are refused, and
 * nothing outside the text is read.
 */
#ifndef LIAISON_MODULES_XML_H
#define LIAISON_MODULES_XML_H

#include <stdbool.h>

#include "modules/module.h"

/* Told of what comes, in UTF-8. A text may come in several parts. */
struct xml_sink {
    /* Names and values by turns, NULL at their end. */
    void (*start)(void *ctx, const char *name, const char *const *attributes);
    void (*end)(void *ctx);
    void (*text)(void *ctx, const char *text, size_t len);
    bool (*is_stopping)(void *ctx); /* asked now and then */
    void *ctx;
    unsigned depth_max;
};

struct xml_fault {
    unsigned long line, column; /* from 1 */
    char text[120];
};

struct xml_module {
    struct module_head head;
    /* -1 with *fault; what was told until then is worth nothing. */
    int (*parse)(const char *text, size_t len, const struct xml_sink *sink,
                 struct xml_fault *fault);
};

#endif
