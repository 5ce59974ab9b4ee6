/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Where what ships with Liaison lies: beside the program (../share/liaison), as in a build tree or
 * an unpacked archive, else where it was to be installed. So its modules, in ../lib/liaison.
 */
#ifndef LIAISON_CLI_DATADIR_H
#define LIAISON_CLI_DATADIR_H

/* The folder that holds connectors/ and transformers/, to be freed; NULL when neither place has
   one. */
char *datadir_find(void);

/* The folder that holds the modules, likewise. */
char *datadir_find_modules(void);

#endif
