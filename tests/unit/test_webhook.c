/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * crypto/webhook against the vectors of Standard Webhooks, each of them, and beside them. What is to
 * be verified is judged by a receiver as the specification describes one. Skipped where the vectors
 * aren't there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/json_items.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/hash.h"
#include "crypto/webhook.h"

#include <cmocka.h>

#define VECTORS LIAISON_SOURCE_DIR "/../shared/conformance/webhook-vectors.json"
#define TOLERANCE_S 300
#define NOW_S INT64_C(1767225600)

/* ---- the vectors ---- */

static struct slice member(struct slice object, const char *name)
{
    struct slice value;
    return json_get(object, name, &value) ? value : SLICE_NULL;
}

/* To be freed. */
static char *text_of(struct slice object, const char *name)
{
    struct buf text = {0};
    struct slice value = member(object, name);
    if (value.data)
        assert_int_equal(json_get_string(value, &text), 0);
    return buf_take(&text);
}

static int64_t number_of(struct slice object, const char *name)
{
    int64_t n;
    assert_int_equal(json_get_integer(member(object, name), &n), 0);
    return n;
}

/* Calls `check` with each case of a list; returns how many there are. */
static size_t each_case(const char *list, void (*check)(struct slice one))
{
    struct buf text = {0};
    struct err err = {0};
    struct json_items items;
    struct slice name, one;
    size_t n = 0;
    if (access(VECTORS, R_OK) != 0) {
        print_message("skipped: %s isn't there\n", VECTORS);
        skip();
    }
    assert_int_equal(buf_read_file(&text, VECTORS, 1 << 20, &err), 0);
    json_items_begin(&items, member(buf_slice(&text), list));
    for (; json_items_next(&items, &name, &one); n++)
        check(one);
    json_items_end(&items);
    buf_deinit(&text);
    return n;
}

/* ---- signing ---- */

static void check_signature(struct slice one)
{
    char *secret = text_of(one, "secret"), *id = text_of(one, "id"), *name = text_of(one, "name");
    char *expected = text_of(one, "signature"), *payload = text_of(one, "payload_b64");
    struct buf bytes = {0}, signature = {0};
    struct err err = {0};
    assert_int_equal(base64_parse(slice_str(payload), &bytes), 0);
    if (webhook_add_signature(&signature, slice_str(secret), slice_str(id),
                              number_of(one, "timestamp"), buf_slice(&bytes), &err) < 0)
        fail_msg("%s: %s", name, err.message);
    if (strcmp(signature.data, expected) != 0)
        fail_msg("%s: signed with %s, not %s", name, signature.data, expected);
    buf_deinit(&bytes);
    buf_deinit(&signature);
    free(secret), free(id), free(name), free(expected), free(payload);
}

static void messages_are_signed_as_the_specification_has_it(void **state)
{
    (void)state;
    assert_true(each_case("sign", check_signature) > 0);
}

static void check_hmac(struct slice one)
{
    char *key = text_of(one, "key_hex"), *data = text_of(one, "data_hex");
    char *expected = text_of(one, "hmac_sha256_hex");
    size_t key_len = strlen(key) / 2, data_len = strlen(data) / 2;
    char *key_bytes = malloc(key_len + 1), *data_bytes = malloc(data_len + 1);
    unsigned char sum[DIGEST_LEN_MAX];
    struct buf hex = {0};
    assert_int_equal(text_parse_hex(slice_str(key), key_bytes, key_len), 0);
    assert_int_equal(text_parse_hex(slice_str(data), data_bytes, data_len), 0);
    struct digest *d = digest_new(DIGEST_SHA256, slice_of(key_bytes, key_len));
    digest_add(d, slice_of(data_bytes, data_len));
    text_add_hex(&hex, sum, digest_end(d, sum));
    assert_string_equal(hex.data, expected);
    buf_deinit(&hex);
    free(key_bytes), free(data_bytes), free(key), free(data), free(expected);
}

static void the_hmac_below_is_that_of_its_own_vectors(void **state)
{
    (void)state;
    assert_true(each_case("hmac_raw", check_hmac) > 0);
}

/* ---- a receiver ---- */

struct message {
    const char *names[3];
    char *values[3]; /* id, timestamp, signatures; NULL: the header is missing */
};

static const char *header_of(const struct message *m, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(m->names); i++)
        if (m->values[i] && strcasecmp(m->names[i], name) == 0)
            return m->values[i];
    return NULL;
}

static bool is_valid(const struct message *m, const char *secret, struct slice payload)
{
    const char *id = header_of(m, "webhook-id"), *time = header_of(m, "webhook-timestamp");
    const char *signatures = header_of(m, "webhook-signature");
    struct buf own = {0};
    struct err err = {0};
    if (!id || !time || !signatures)
        return false;
    int64_t unix_s = atoll(time);
    bool is_found = false;
    if (llabs(unix_s - NOW_S) <= TOLERANCE_S &&
        webhook_add_signature(&own, slice_str(secret), slice_str(id), unix_s, payload, &err) == 0) {
        for (struct slice rest = slice_str(signatures); rest.data;)
            is_found |= crypto_is_equal(slice_split(&rest, ' '), buf_slice(&own));
    }
    buf_deinit(&own);
    return is_found;
}

/* {good} is the signature, {good:8} its first 8 characters. */
static char *fill_in(const char *template, struct slice good)
{
    struct buf out = {0};
    const char *at;
    size_t len;
    while ((at = strstr(template, "{good"))) {
        buf_add(&out, template, (size_t)(at - template));
        len = at[5] == ':' ? (size_t)atoi(at + 6) : good.len;
        buf_add_slice(&out, slice_upto(good, len));
        template = strchr(at, '}') + 1;
    }
    buf_add_str(&out, template);
    return buf_take(&out);
}

static void check_verification(struct slice one)
{
    char *secret = text_of(one, "secret"), *id = text_of(one, "id"), *name = text_of(one, "name");
    char *payload = text_of(one, "payload"), *template = text_of(one, "signature_template");
    char *dropped = text_of(one, "drop_header"), *letters = text_of(one, "header_case");
    bool is_upper = strcmp(letters, "upper") == 0;
    int64_t unix_s = NOW_S + number_of(one, "timestamp_offset_s");
    struct slice valid = member(one, "valid");
    struct buf good = {0}, time = {0};
    struct err err = {0};
    assert_int_equal(webhook_add_signature(&good, slice_str(secret), slice_str(id), unix_s,
                                           slice_str(payload), &err),
                     0);
    buf_printf(&time, "%lld", (long long)unix_s);
    struct message m = {
        .names = {is_upper ? "WEBHOOK-ID" : "webhook-id",
                  is_upper ? "WEBHOOK-TIMESTAMP" : "webhook-timestamp",
                  is_upper ? "WEBHOOK-SIGNATURE" : "webhook-signature"},
        .values = {id, time.data, fill_in(template, buf_slice(&good))},
    };
    char *signatures = m.values[2];
    for (size_t i = 0; i < ARRAY_LEN(m.names); i++)
        if (strcmp(m.names[i], dropped) == 0)
            m.values[i] = NULL;
    if (is_valid(&m, secret, slice_str(payload)) != slice_is_equal(valid, SLICE_LIT("true")))
        fail_msg("%s: a receiver says the other", name);
    buf_deinit(&good);
    buf_deinit(&time);
    free(signatures), free(secret), free(id), free(name), free(payload), free(template);
    free(dropped), free(letters);
}

static void receivers_take_what_was_signed_and_nothing_else(void **state)
{
    (void)state;
    assert_true(each_case("verify", check_verification) > 0);
}

/* ---- secrets ---- */

static void check_secret(struct slice one)
{
    char *secret = text_of(one, "secret");
    struct err err = {0};
    bool is_good = webhook_check_secret(slice_str(secret), &err) == 0;
    if (is_good != slice_is_equal(member(one, "valid"), SLICE_LIT("true")))
        fail_msg("\"%s\" is taken for the other", secret);
    free(secret);
}

static void secrets_are_told_from_what_is_none(void **state)
{
    (void)state;
    assert_true(each_case("secrets", check_secret) > 0);
}

static void what_cant_sign_is_refused_without_being_shown(void **state)
{
    static const char *const bad[] = {"hunter2!", "whsec_hunter2!", "whsk_aHVudGVyMg=="};
    struct buf out = {0};
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err = (struct err){0};
        assert_int_equal(webhook_check_secret(slice_str(bad[i]), &err), -1);
        assert_null(strstr(err.message, "hunter2"));
        assert_null(strstr(err.message, "aHVudGVyMg"));
        assert_int_equal(webhook_add_signature(&out, slice_str(bad[i]), SLICE_LIT("id"), 1,
                                               SLICE_LIT("x"), &err),
                         -1);
        assert_int_equal(out.len, 0);
    }
    assert_non_null(strstr(err.message, "32"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_signed_as_the_specification_has_it),
        cmocka_unit_test(the_hmac_below_is_that_of_its_own_vectors),
        cmocka_unit_test(receivers_take_what_was_signed_and_nothing_else),
        cmocka_unit_test(secrets_are_told_from_what_is_none),
        cmocka_unit_test(what_cant_sign_is_refused_without_being_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
