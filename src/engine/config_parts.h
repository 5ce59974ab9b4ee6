/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the files of config share. Nobody else includes this.
 */
#ifndef LIAISON_ENGINE_CONFIG_PARTS_H
#define LIAISON_ENGINE_CONFIG_PARTS_H

#include "engine/config.h"

#define CONFIG_FILE "liaison.lua"
#define CONFIG_VARIABLE_PREFIX "LIAISON_"

/* Fills in config->project, and config->script where `path` names one. */
int config_find_project(struct config *config, const char *path, struct err *err) must_check;

/* -1 where whoever can reach `listen` from outside would need no token. */
int config_check_tokens(const struct config *config, struct err *err) must_check;

/* Sets `name` of config->settings from a text: it takes the type of the value whose place it takes,
   a number or a truth value where liaison.lua has one; else it is text. */
void config_set_setting(struct config *config, const char *name, struct slice text);
/* From LIAISON_SETTINGS_WAREHOUSE_URL to the setting warehouseUrl, for all there are. */
void config_load_settings(struct config *config, char *const *environment);

#endif
