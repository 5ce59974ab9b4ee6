/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Paths that stay what people gave them: made absolute with the links that they lead through, so that
 * a link which is turned later is followed. All results are the caller's.
 */
#ifndef LIAISON_BASE_PATH_H
#define LIAISON_BASE_PATH_H

/* The working directory as it was entered: $PWD where that still leads there, else as getcwd says. */
char *path_here(void);

/* Absolute, seen from path_here, without "." and doubled slashes. Behind a "..", which is meant from
   where links lead, what stands before it is resolved. */
char *path_absolute(const char *path);

/* Links resolved as far as the path is there; the rest as it is. */
char *path_resolve(const char *path);

/* Makes it the working directory, by that name. -1 with errno. */
int path_enter(const char *path);

#endif
