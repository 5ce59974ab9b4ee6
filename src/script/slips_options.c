/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Options. */
#include <string.h>

#include "script/slips.h"

#define IN_CALL "it stands in the call: http.post(url, { json = data, headers = { … } })"
#define IN_RETRY "write retry = { attempts = 3, base = \"200ms\" }"

static const struct option_slip option_slips[] = {
    {"SyncManager.new", "bus", "eventBusUrl", NULL},
    {"SyncManager.new", "token", NULL, "write auth = { bearer = secret \"TOKEN\" }"},
    {"SyncManager.new", "url", "eventBusUrl", NULL},
    {"a connector", "handler", "send", NULL},
    {"a connector", "headers", NULL, IN_CALL},
    {"a connector", "method", NULL, IN_CALL},
    {"a connector", "name", NULL, "its file's name is its name"},
    {"a connector", "post", "send", NULL},
    {"a connector", "rateLimit", "rate", NULL},
    {"a connector", "retries", NULL, IN_RETRY},
    {"a connector", "maxRetries", NULL, IN_RETRY},
    {"a connector", "run", "send", NULL},
    {"a connector", "transform", "transformer", NULL},
    {"a connector", "url", NULL, IN_CALL},
    {"auth", "apiKey", NULL,
     "a header of its own stands in the call: headers = { [\"X-Api-Key\"] = … }"},
    {"auth", "password", NULL, "write basic = { user = …, password = … }"},
    {"auth", "token", "bearer", NULL},
    {"auth", "user", NULL, "write basic = { user = …, password = … }"},
    {"auth", "username", NULL, "write basic = { user = …, password = … }"},
    {"auth.basic", "username", "user", NULL},
    {"batch", "count", "size", NULL},
    {"batch", "max", "size", NULL},
    {"batch", "timeout", "wait", NULL},
    {"breaker", "threshold", "failures", NULL},
    {"breaker", "timeout", "open", NULL},
    {"retry", "backoff", "growth", NULL},
    {"retry", "count", "attempts", NULL},
    {"retry", "delay", "base", NULL},
    {"retry", "initialDelay", "base", NULL},
    {"retry", "max", "attempts", NULL},
    {"retry", "maxAttempts", "attempts", NULL},
    {"retry", "maxDelay", "cap", NULL},
    {"retry", "maxRetries", "attempts", NULL},
    {"retry", "retries", "attempts", NULL},
    {"retry", "strategy", "growth", NULL},
    {"retry", "times", "attempts", NULL},
    {"sync:send", "body", "data", NULL},
    {"sync:send", "event", "data", NULL},
    {"sync:send", "payload", "data", NULL},
    {"sync:send", "target", "connector", NULL},
    {"sync:send", "to", "connector", NULL},
};

const struct option_slip *slips_find_option(const char *set, struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(option_slips); i++)
        if (strcmp(option_slips[i].set, set) == 0 &&
            slice_is_equal(name, slice_str(option_slips[i].name)))
            return &option_slips[i];
    return NULL;
}
