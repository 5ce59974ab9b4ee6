/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the files of slips share. Nobody else includes this.
 */
#ifndef LIAISON_SCRIPT_SLIPS_PARTS_H
#define LIAISON_SCRIPT_SLIPS_PARTS_H

#include "script/slips.h"

/* Words for the same slip as a name and as syntax. */
#define NEW_DATE "the time is time.now(), that of a text time.parse(text)"
#define NEW_ERROR "an error is raised by error(text), or reject \"reason\""
#define NO_PROMISE "nothing has to be waited for: http and await do it by themselves"
#define NO_TRY "write local ok, failure = pcall(function() … end), then if not ok then … end"
#define JOIN "a text stands in \" or ', and its parts are joined by ..: \"Room \" .. name"

/* Of the text of a name that has bytes in it that a word processor, or a page of the web, has put in the place of
   others; NULL: it has none. */
const char *slips_find_foreign(struct slice text);

#endif
