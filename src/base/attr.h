/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Promises to the compiler, in one place. Everybody includes this.
 */
#ifndef LIAISON_BASE_ATTR_H
#define LIAISON_BASE_ATTR_H

#include <stddef.h>

/* The result says whether it worked: ignoring it does not compile. */
#define must_check __attribute__((warn_unused_result))

/* A printf-like function: the format is argument `fmt`, its values begin at `args`
   (0 for va_list). */
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

/* The struct of type `type` whose member `member` stands at `ptr`. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
