/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "entropy.h"

#include <openssl/rand.h>
#include <string.h>
#include <sys/random.h>

#include "base/rng.h"

/* The functions whose places these take have no context either. */
static struct rng entropy;

void entropy_seed(uint64_t seed)
{
    rng_init(&entropy, seed);
}

static void draw(void *out, size_t len)
{
    unsigned char *bytes = out;
    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t drawn = rng_next(&entropy);
        size_t left = len - at;
        memcpy(bytes + at, &drawn, left < sizeof(drawn) ? left : sizeof(drawn));
    }
}

/* The names that the system's header gives them are its own. */
ssize_t getrandom(void *out, size_t len, unsigned flags) /* NOLINT(*-parameter-name) */
{
    (void)flags;
    draw(out, len);
    return (ssize_t)len;
}

int RAND_bytes(unsigned char *buf, int num)
{
    draw(buf, (size_t)num);
    return 1;
}
