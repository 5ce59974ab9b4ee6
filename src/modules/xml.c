/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "modules/xml.h"

#include <stdio.h>

#include <expat.h>

/* Bytes between two looks at whether to stop. */
#define PIECE 65536

struct parse {
    XML_Parser parser;
    const struct xml_sink *sink;
    unsigned depth;
    const char *refused; /* why it was stopped from within */
};

static void stop(struct parse *p, const char *why)
{
    p->refused = p->refused ? p->refused : why;
    XML_StopParser(p->parser, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct parse *p = ctx;
    if (p->refused)
        return;
    if (++p->depth > p->sink->depth_max)
        stop(p, "elements are nested too deep");
    else
        p->sink->start(p->sink->ctx, name, (const char *const *)attributes);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct parse *p = ctx;
    (void)name;
    if (p->refused)
        return;
    p->depth--;
    p->sink->end(p->sink->ctx);
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
    struct parse *p = ctx;
    if (!p->refused)
        p->sink->text(p->sink->ctx, text, (size_t)len);
}

static void XMLCALL on_entity(void *ctx, const XML_Char *name, int is_parameter,
                              const XML_Char *value, int value_len, const XML_Char *base,
                              const XML_Char *system_id, const XML_Char *public_id,
                              const XML_Char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)value_len;
    (void)base, (void)system_id, (void)public_id, (void)notation;
    stop(ctx, "declarations of entities aren't taken");
}

static void XMLCALL on_skipped(void *ctx, const XML_Char *name, int is_parameter)
{
    (void)name, (void)is_parameter;
    stop(ctx, "an entity isn't known here; only &lt; &gt; &amp; &quot; &apos; and numbers are");
}

static int fail(struct parse *p, struct xml_fault *fault)
{
    const char *why = p->refused ? p->refused : XML_ErrorString(XML_GetErrorCode(p->parser));
    fault->line = XML_GetCurrentLineNumber(p->parser);
    fault->column = XML_GetCurrentColumnNumber(p->parser) + 1;
    snprintf(fault->text, sizeof(fault->text), "%s", why);
    return -1;
}

static int feed(struct parse *p, const char *text, size_t len, struct xml_fault *fault)
{
    do {
        size_t n = len < PIECE ? len : PIECE;
        if (p->sink->is_stopping(p->sink->ctx))
            stop(p, "stopped");
        if (XML_Parse(p->parser, text, (int)n, n == len) != XML_STATUS_OK || p->refused)
            return fail(p, fault);
        text += n;
        len -= n;
    } while (len > 0);
    return 0;
}

static int parse(const char *text, size_t len, const struct xml_sink *sink, struct xml_fault *fault)
{
    struct parse p = {.parser = XML_ParserCreate(NULL), .sink = sink};
    if (!p.parser) {
        *fault = (struct xml_fault){1, 1, "there is no memory for it"};
        return -1;
    }
    XML_SetUserData(p.parser, &p);
    XML_SetElementHandler(p.parser, on_start, on_end);
    XML_SetCharacterDataHandler(p.parser, on_text);
    XML_SetEntityDeclHandler(p.parser, on_entity);
    XML_SetSkippedEntityHandler(p.parser, on_skipped);
    int rc = feed(&p, text, len, fault);
    XML_ParserFree(p.parser);
    return rc;
}

extern const struct xml_module liaison_module;
const struct xml_module liaison_module = {MODULE_HEAD(struct xml_module), parse};
