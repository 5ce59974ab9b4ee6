/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A file's text as a tree: what `check` looks through, and what the explanation of an error finds
 * the failed expression in. Statements are there as far as they bind names; of the others their
 * expressions stand in the tree, in the order of the text.
 *
 *     struct syntax *s = syntax_parse(text);   // NULL: not Lua; LuaJIT says where
 *     for (const struct node *n = syntax_root(s); n; n = node_next(n))
 *         if (n->kind == NODE_NAME && !n->declaration) …    // a global
 *     syntax_free(s);
 */
#ifndef LIAISON_SCRIPT_SYNTAX_H
#define LIAISON_SCRIPT_SYNTAX_H

#include "base/attr.h"
#include "base/slice.h"
#include "script/node.h"

struct syntax;

/* `text` is borrowed for as long as the tree lives. NULL for what is no Lua, nested too deep, or a chain
   of too many steps. */
struct syntax *syntax_parse(struct slice text) must_check;
void syntax_free(struct syntax *s); /* accepts NULL */
const struct node *syntax_root(const struct syntax *s);

#endif
