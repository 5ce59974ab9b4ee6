/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A terminal's whole screen, for a command that draws it anew time and again. Signals that end or
 * stop the process put the terminal back first.
 *
 *     struct screen screen;
 *     if (screen_open(&screen, &err) == 0) {
 *         do
 *             screen_draw(&screen, text);
 *         while (screen_wait(&screen, 1000) != SCREEN_QUIT);
 *         screen_close(&screen);
 *     }
 */
#ifndef LIAISON_CLI_SCREEN_H
#define LIAISON_CLI_SCREEN_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

/* In place. */
struct screen {
    struct termios before;
    sigset_t mask_before;
    int signals; /* a descriptor by which they come */
    int ending;  /* the signal that ended it, 0: none */
    size_t rows, columns;
};

enum screen_event {
    SCREEN_TIME,   /* the time is over */
    SCREEN_RESIZE, /* or back from a stop: to be drawn anew */
    SCREEN_QUIT,   /* q, or a signal that ends the process */
};

/* ERR_INVALID where standard input or output is no terminal. */
int screen_open(struct screen *s, struct err *err) must_check;
/* Puts everything back; by the signal that ended it, where one did, the process ends. */
void screen_close(struct screen *s);
/* Lines of text, as many and as much of each as there is room for. */
void screen_draw(struct screen *s, struct slice text);
enum screen_event screen_wait(struct screen *s, int64_t ms);

#endif
