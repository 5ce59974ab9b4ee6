/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Where in liaison.lua something stands that was found wrong when it had run: its table is looked
 * through as a tree. Each fills `err` with "liaison.lua:3: WORDS" and, behind a line feed, the line
 * itself; where nothing is found, "liaison.lua: WORDS".
 */
#ifndef LIAISON_SCRIPT_CONFIG_PLACE_H
#define LIAISON_SCRIPT_CONFIG_PLACE_H

#include "base/err.h"
#include "base/slice.h"

#define CONFIG_NAME "liaison.lua"

/* It returned a value of that type's name and no table; or nothing. */
void config_place_return(struct slice text, const char *type, struct err *err);
/* The table has elements without a name. */
void config_place_element(struct slice text, struct err *err);
/* What is wrong at this line. */
void config_place_line(struct slice text, int line, const char *words, struct err *err);

#endif
