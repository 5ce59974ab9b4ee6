/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* ical.*, which is written in Lua. */
#include "script/library.h"

static const char *const names[] = {"ical.decode", "ical.encode", "ical.event", NULL};

const struct subject subject_ical = {"ical", names, NULL, NULL};
