/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * RateLimit fields. The input's lines: the wall time in seconds, and headers, "Name: value" each. A wait
 * is never negative, the same in any case of the names, and the same with other headers around it; a
 * list says as much as its members.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "http/quota.h"

#define HEADERS_MAX 16
#define NOW_MAX 249000000000

static void try_list(struct slice value)
{
    struct http_quotas list = {.rest = value};
    struct http_quota quota;
    while (http_quotas_next(&list, &quota)) {
        require(quota.name.len == 0 ||
                (quota.name.data >= value.data &&
                 quota.name.data + quota.name.len <= value.data + value.len));
        require(quota.q >= -1 && quota.w >= -1 && quota.r >= -1 && quota.t >= -1);
        require(quota.value >= -1);
    }
    require(list.is_bad || list.rest.len == 0);
}

static void turn_case(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(isupper((unsigned char)text[i]) ? tolower((unsigned char)text[i])
                                                         : toupper((unsigned char)text[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of((const char *)data, size);
    char *now = slice_dup(take_line(&input));
    int64_t now_s = strtoll(now, NULL, 10);
    now_s = now_s < 0 ? 0 : now_s > NOW_MAX ? NOW_MAX : now_s;
    struct http_header items[HEADERS_MAX + 2];
    char *names[HEADERS_MAX];
    size_t n = 0;
    items[n++] = (struct http_header){SLICE_LIT("Server"), SLICE_LIT("x")};
    while (input.len > 0 && n <= HEADERS_MAX) {
        struct slice value = take_line(&input), name = slice_split(&value, ':');
        names[n - 1] = slice_dup(name);
        items[n] = (struct http_header){slice_of(names[n - 1], name.len), slice_trim(value)};
        n++;
        try_list(slice_trim(value));
    }
    struct http_headers bare = {items + 1, n - 1}, all = {items, n};
    int64_t wait_ms = http_quota_wait_ms(bare, now_s * 1000);
    require(wait_ms >= 0 && http_quota_wait_ms(all, now_s * 1000) == wait_ms);
    for (size_t i = 1; i < n; i++)
        turn_case(names[i - 1], items[i].name.len);
    require(http_quota_wait_ms(bare, now_s * 1000) == wait_ms);
    for (size_t i = 1; i < n; i++)
        free(names[i - 1]);
    free(now);
    return 0;
}
