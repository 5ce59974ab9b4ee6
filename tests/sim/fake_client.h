/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/client.h without a network, linked in place of the real one: what becomes of a request is
 * said by receivers.h, when, by the agenda; a stream is one end of the bus.
 */
#ifndef LIAISON_SIM_FAKE_CLIENT_H
#define LIAISON_SIM_FAKE_CLIENT_H

#include "http/client.h"

/* The bus's end of a stream: what it does to it. After fake_stream_end it is gone, and perhaps after the
   others: then they return false. */
bool fake_stream_head(struct http_stream *stream, int status);
bool fake_stream_bytes(struct http_stream *stream, struct slice bytes);
void fake_stream_end(struct http_stream *stream, enum http_failure failure);
bool fake_stream_is_paused(const struct http_stream *stream);

#endif
