/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * sync:send: the hand-over of a delivery from a handler's run to the ports.
 */
#ifndef LIAISON_SCRIPT_SEND_H
#define LIAISON_SCRIPT_SEND_H

#include <lua.h>

/* sync:send{…} with its table at index 2: [-0, +1, e] pushes what stands for the delivery. */
int send_from_script(lua_State *L);

/* [-0, +0, e] */
void send_open(lua_State *L);

#endif
