/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A socket that listens on an address as users write it; for server.c. It is ours and not the HTTP
 * library's, so that what goes wrong is told in our words.
 */
#ifndef LIAISON_HTTP_LISTEN_H
#define LIAISON_HTTP_LISTEN_H

#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/* In place. */
struct listener {
    int fd;        /* -1 when it doesn't listen (any more) */
    char *address; /* as bound */
    char *path;    /* of a socket file, else NULL */
    dev_t device;  /* the file that we made, so that no other's is removed */
    ino_t inode;
};

/* "127.0.0.1:8750", "[::1]:8750", "localhost:8750", "*:8750" (all addresses, IPv6 too),
   "unix:PATH". ERR_INVALID when it is none of these, ERR_EXISTS when another program listens there.
   A socket file that nobody listens on is replaced. */
int listener_open(struct listener *l, const char *address, struct err *err) must_check;
/* Whether it is such an address, by its notation alone. -1 with ERR_INVALID, which says how it is
   written. */
int listener_check(const char *address, struct err *err) must_check;
/* Closes the socket and removes its file; the address stays. */
void listener_stop(struct listener *l);
void listener_close(struct listener *l);

#endif
