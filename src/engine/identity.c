/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/identity.h"

#include <string.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "engine/parts.h"

#define HASH_BYTES 12

static uint64_t prefix_of(const unsigned char *bytes)
{
    uint64_t prefix;
    memcpy(&prefix, bytes, sizeof(prefix));
    return prefix;
}

uint64_t identity_format(const struct identity *identity, char out[static DELIVERY_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    const int64_t numbers[] = {identity->event, identity->replay, identity->n,
                               identity->has_key ? 1 : 0};
    const struct slice parts[] = {identity->journal,
                                  slice_of((const char *)numbers, sizeof(numbers)),
                                  identity->handler, identity->connector, identity->key};
    struct hash128 hash = hash_parts(parts, ARRAY_LEN(parts));

    char *p = out + text_format_integer(out, identity->event);
    *p++ = '-';
    for (size_t i = 0; i < HASH_BYTES; i++) {
        *p++ = digits[hash.bytes[i] >> 4];
        *p++ = digits[hash.bytes[i] & 15];
    }
    *p = '\0';
    return prefix_of(hash.bytes);
}

void identity_format_run(const struct engine *e, const struct event *event, struct slice handler,
                         char out[static DELIVERY_ID_SIZE])
{
    identity_format(
        &(struct identity){
            .journal = slice_str(journal_id(e->journal)),
            .event = event->seq,
            .replay = event->replay,
            .handler = handler,
        },
        out);
}

uint64_t identity_prefix(struct slice id)
{
    size_t dash = slice_find(id, '-');
    unsigned char bytes[HASH_BYTES];
    if (dash == id.len || text_parse_hex(slice_from(id, dash + 1), bytes, sizeof(bytes)) < 0)
        return 0;
    return prefix_of(bytes);
}

bool identity_find(struct identity *identity, struct slice id, unsigned n_replays, unsigned n_sends)
{
    char made[DELIVERY_ID_SIZE];
    for (unsigned tried = 0; tried < n_sends; tried++) {
        for (identity->replay = 0; identity->replay < n_replays; identity->replay++) {
            identity_format(identity, made);
            if (slice_is_equal(id, slice_str(made)))
                return true;
        }
        identity->n = identity->n + 1 < n_sends ? identity->n + 1 : 0;
    }
    return false;
}
