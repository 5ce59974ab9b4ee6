/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "crypto/uuid.h"

#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/hash.h"

static void draw(struct uuid_source *source)
{
    if (source->rng) {
        for (size_t i = 0; i < sizeof(source->bytes); i += sizeof(uint64_t)) {
            uint64_t drawn = rng_next(source->rng);
            memcpy(source->bytes + i, &drawn, sizeof(drawn));
        }
    } else {
        crypto_random(source->bytes, sizeof(source->bytes));
    }
    source->left = sizeof(source->bytes);
}

/* `len` of the source's bytes, which are given out once. */
static void take_random(struct uuid_source *source, void *out, size_t len)
{
    if (source->left < len)
        draw(source);
    source->left -= len;
    memcpy(out, source->bytes + source->left, len);
}

/* Marks version and variant, and writes the text. */
static void write(unsigned char b[UUID_SIZE], int version, char out[static UUID_LEN + 1])
{
    b[6] = (unsigned char)(version << 4 | (b[6] & 0x0F));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
    char *p = out;
    for (size_t i = 0; i < UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = "0123456789abcdef"[b[i] >> 4];
        *p++ = "0123456789abcdef"[b[i] & 15];
    }
    *p = '\0';
}

void uuid_v4(struct uuid_source *source, char out[static UUID_LEN + 1])
{
    unsigned char b[UUID_SIZE];
    take_random(source, b, sizeof(b));
    write(b, 4, out);
}

void uuid_v7(struct uuid_source *source, char out[static UUID_LEN + 1], int64_t unix_ms)
{
    unsigned char b[UUID_SIZE];
    uint64_t time = unix_ms < 0 ? 0 : (uint64_t)unix_ms;
    for (int i = 5; i >= 0; i--, time >>= 8)
        b[i] = (unsigned char)time;
    take_random(source, b + 6, sizeof(b) - 6);
    write(b, 7, out);
}

int uuid_v5(const unsigned char space[static UUID_SIZE], struct slice name,
            char out[static UUID_LEN + 1])
{
    unsigned char sum[DIGEST_LEN_MAX];
    struct digest *digest = digest_new(DIGEST_SHA1, SLICE_NULL);
    if (!digest)
        return -1;
    digest_add(digest, slice_of((const char *)space, UUID_SIZE));
    digest_add(digest, name);
    (void)digest_end(digest, sum);
    write(sum, 5, out);
    return 0;
}

int uuid_parse(struct slice text, unsigned char out[static UUID_SIZE])
{
    char digits[2 * UUID_SIZE];
    size_t n = 0;
    if (text.len != UUID_LEN)
        return -1;
    for (size_t i = 0; i < UUID_LEN; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash != (text.data[i] == '-'))
            return -1;
        if (!is_dash)
            digits[n++] = text.data[i];
    }
    return text_parse_hex(slice_of(digits, n), out, UUID_SIZE);
}
