/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Where in liaison.lua something stands that was found wrong when it had run: its table is looked
 * through as a tree. Each tells it at that line, or of the file where nothing is found.
 */
#ifndef LIAISON_SCRIPT_CONFIG_PLACE_H
#define LIAISON_SCRIPT_CONFIG_PLACE_H

#include "script/load.h"

/* It returned a value of that type's name and no table; or nothing. */
void config_tell_return(struct loader *l, const struct source *source, const char *type);
/* The table has elements without a name. */
void config_tell_element(struct loader *l, const struct source *source);
/* Something is wrong with the key, "limits.drain": see script_refuse_setting. */
void config_tell_key(struct loader *l, const struct source *source, const char *key,
                     const char *words);

#endif
