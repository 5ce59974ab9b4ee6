/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Keeps secrets out of what is stored or shown: holds the values that `secret` returned, and
 * replaces each occurrence in a text by "***". One mask is shared by a process's log, journal and
 * API. Only the loop thread adds and removes, while other threads that log may read.
 */
#ifndef LIAISON_BASE_MASK_H
#define LIAISON_BASE_MASK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct mask;

struct mask *mask_new(void);
void mask_free(struct mask *mask);
/* Remembers `secret` (copied); its forms in JSON, percent-encoding and base64 (also inside longer
   bytes, as in "user:password") are known with it. Values of fewer than 4 bytes are not masked:
   they would blot out ordinary text. */
void mask_add(struct mask *mask, struct slice secret);
/* One that is good for a time only, as a token is: known as it stands, in JSON and percent-encoded,
   until it is removed as often as it was added. A NULL mask remembers nothing. */
void mask_add_passing(struct mask *mask, struct slice secret);
void mask_remove_passing(struct mask *mask, struct slice secret);
/* Masks bytes from..len of `b` in place. The longest secret wins where several fit, and those that
   overlap become one "***". A NULL mask changes nothing. */
void mask_apply(const struct mask *mask, struct buf *b, size_t from);
/* Whether that may change `s`: quickly no where nothing in it begins as a secret does. */
bool mask_may_change(const struct mask *mask, struct slice s);

#endif
