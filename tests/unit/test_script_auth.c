/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * `auth`, in a connector, in an http option and in SyncManager.new: what is read of it, what of it
 * goes along with a request, and what is told of what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cmocka.h>

#include "script_project.h"

#define SIGN "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OLD_SIGN "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define EVENTS "local s = SyncManager.new{}\ns:start()"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* A connector "out" with that option, whose function has that body. */
static void write_connector(struct project *p, const char *option, const char *body)
{
    struct buf text = {0};
    buf_printf(&text, "return { send = function(data)\n%s\nend,\n%s }", body, option);
    project_write(p, "connectors/out.lua", text.data);
    project_write(p, "scripts/s.lua", EVENTS);
    buf_deinit(&text);
}

static struct project *load(const char *option, const char *body)
{
    struct project *p = project_new();
    write_connector(p, option, body);
    project_load_well(p);
    return p;
}

/* What goes along with the first request of an attempt. */
static void assert_auth(const char *option, const char *body, const char *auth)
{
    struct project *p = load(option, body);
    project_attempt(p, "out", "{}");
    if (p->n_requests == 0)
        fail_msg("no request: %s", project_error(p));
    assert_string_equal(p->requests[0].auth.len > 0 ? p->requests[0].auth.data : "", auth);
    project_free(p);
}

/* ---- a certificate of our own ---- */

static void write_pem(struct project *p, const char *name, EVP_PKEY *key, X509 *certificate)
{
    char *data;
    BIO *bio = BIO_new(BIO_s_mem());
    if (certificate)
        PEM_write_bio_X509(bio, certificate);
    else
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    long len = BIO_get_mem_data(bio, &data);
    char *text = slice_dup(slice_of(data, (size_t)len));
    project_write(p, name, text);
    free(text);
    BIO_free(bio);
}

static void write_certificate(struct project *p)
{
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    write_pem(p, "tls/client.pem", NULL, certificate);
    write_pem(p, "tls/client.key", key, NULL);
    write_pem(p, "tls/other.key", other, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

/* ---- what goes along ---- */

static void a_connectors_auth_goes_along_with_its_requests(void **state)
{
    (void)state;
    static const struct {
        const char *option, *auth;
    } cases[] = {
        {"auth = { bearer = 't0ken' }", "bearer=t0ken"},
        {"auth = { basic = { user = 'me', password = '' } }", "user=me password="},
        {"auth = { oauth2 = { tokenUrl = 'https://idp/token', clientId = 'me', clientSecret = 's' "
         "} "
         "}",
         "token_url=https://idp/token client_id=me client_secret=s"},
        {"auth = { oauth2 = { tokenUrl = 'https://idp/token', clientId = 'me', clientSecret = 's', "
         "scope = 'a b', params = { resource = 'r', audience = 'x' }, credentialsIn = 'body' } }",
         "token_url=https://idp/token client_id=me client_secret=s scope=a b audience=x resource=r "
         "in=body"},
        {"auth = { sigv4 = { key = 'AKID', secret = 's', region = 'eu-north-1', service = 'sqs' } "
         "}",
         "aws_key=AKID aws_secret=s aws_region=eu-north-1 aws_service=sqs"},
        {"auth = { sigv4 = { key = 'AKID', secret = 's', region = 'r', service = 's3', token = 't' "
         "} }",
         "aws_key=AKID aws_secret=s aws_token=t aws_region=r aws_service=s3"},
        {"auth = { bearer = 't0ken', sign = { '" SIGN "', '" OLD_SIGN "' } }",
         "bearer=t0ken secrets=" SIGN "," OLD_SIGN},
        {"auth = false", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_auth(cases[i].option, "http.post('https://h', { json = data })", cases[i].auth);
}

static void a_requests_own_auth_takes_its_place(void **state)
{
    (void)state;
    assert_auth("auth = { bearer = 'c' }",
                "http.get('https://h', { auth = { basic = { user = 'u', password = 'p' } } })",
                "user=u password=p");
    assert_auth("auth = { bearer = 'c' }", "http.get('https://h', { auth = false })", "");
    assert_auth("timeout = 5", "http.get('https://h', { auth = { bearer = 'x' } })", "bearer=x");
}

static void handlers_give_their_own(void **state)
{
    (void)state;
    struct project *p = project_of_handler(
        "http.get('https://h', { auth = { bearer = 'x' } }) http.get('https://h')", 100, 0);
    project_handle(p, "{}");
    project_answer(p, 200, "ok");
    assert_int_equal(p->n_requests, 2);
    assert_string_equal(p->requests[0].auth.data, "bearer=x");
    assert_int_equal(p->requests[1].auth.len, 0);
    project_free(p);
}

static void what_is_secret_in_it_is_masked(void **state)
{
    (void)state;
    static const char secrets[] = "t0ken pa55word cl1ent aw5-secret 5ession " SIGN;
    struct project *p = project_new();
    struct buf text = {0};
    write_connector(p, "auth = { bearer = 't0ken', sign = '" SIGN "' }", "return nil");
    project_write(
        p, "connectors/b.lua",
        "return { send = print, auth = { basic = { user = 'me', password = 'pa55word' } } }");
    project_write(p, "connectors/c.lua",
                  "return { send = print, auth = { oauth2 = { tokenUrl = 'https://idp', clientId = "
                  "'me', clientSecret = 'cl1ent' } } }");
    project_write(p, "connectors/d.lua",
                  "return { send = print, auth = { sigv4 = { key = 'AKID', secret = 'aw5-secret', "
                  "region = 'r', service = 's', token = '5ession' } } }");
    project_load_well(p);
    buf_add_str(&text, secrets);
    mask_apply(p->mask, &text, 0);
    assert_string_equal(text.data, "*** *** *** *** *** ***");
    buf_deinit(&text);
    project_free(p);
}

/* ---- signed messages ---- */

static void what_is_written_is_signed_as_the_delivery(void **state)
{
    (void)state;
    struct project *p = load("auth = { sign = '" SIGN "' }",
                             "http.get('https://h')\n"
                             "http.post('https://h', { json = data })\n"
                             "http.put('https://h', { json = data })\n"
                             "http.delete('https://h', { headers = { ['webhook-id'] = 'own' } })");
    project_attempt(p, "out", "{}");
    for (int i = 0; i < 3; i++)
        project_answer(p, 200, "ok");
    assert_null(strstr(project_request_text(p, 0), "webhook-id"));
    assert_contains(project_request_text(p, 1), "webhook-id: d1\n");
    assert_contains(project_request_text(p, 2), "webhook-id: d1-2\n");
    assert_contains(project_request_text(p, 3), "webhook-id: own\n");
    project_free(p);
}

static void a_handlers_message_has_the_same_id_each_time(void **state)
{
    (void)state;
    char *ids[2];
    for (int i = 0; i < 2; i++) {
        struct project *p = project_of_handler(
            "http.post('https://h', { json = 1, auth = { sign = '" SIGN "' } })", 100, 0);
        project_handle(p, "{}");
        const char *id = strstr(project_request_text(p, 0), "webhook-id: ");
        assert_non_null(id);
        ids[i] = slice_dup(slice_upto(slice_str(id), slice_find(slice_str(id), '\n')));
        project_free(p);
    }
    assert_string_equal(ids[0], ids[1]);
    assert_null(strchr(ids[0], '.'));
    free(ids[0]), free(ids[1]);
}

/* ---- certificates ---- */

static void a_certificate_is_read_with_the_scripts(void **state)
{
    (void)state;
    struct project *p = project_new();
    write_certificate(p);
    write_connector(p,
                    "auth = { bearer = 't', tls = { cert = 'tls/client.pem', key = "
                    "'tls/client.key', ca = 'tls/client.pem' } }",
                    "http.post('https://h')\n"
                    "http.get('https://h', { auth = { tls = { ca = 'tls/client.pem' } } })\n"
                    "http.get('https://h', { auth = { tls = { cert = 'tls/no.pem', key = 'x' } } "
                    "})");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    project_answer(p, 200, "ok");
    project_answer(p, 200, "ok");
    assert_string_equal(p->requests[0].auth.data,
                        "bearer=t cert=tls/client.pem key=tls/client.key ca=tls/client.pem");
    assert_string_equal(p->requests[1].auth.data, "ca=tls/client.pem");
    assert_int_equal(p->n_requests, 2);
    assert_contains(project_error(p), "http.get: auth.tls.cert: ");
    assert_contains(project_error(p), "tls/no.pem");
    project_free(p);
}

static void with_stand_ins_nothing_is_read(void **state)
{
    (void)state;
    struct project *p = project_new();
    p->options.has_stand_ins = true;
    write_connector(p,
                    "auth = { oauth2 = { tokenUrl = secret 'URL', clientId = 'me', clientSecret = "
                    "secret 'S' }, sign = secret 'W', tls = { cert = 'a', key = 'b' } }",
                    "http.post('https://h')");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    assert_string_equal(p->requests[0].auth.data,
                        "token_url=stand-in-for-URL client_id=me client_secret=stand-in-for-S "
                        "secrets=stand-in-for-W cert=a key=b");
    project_free(p);
}

/* ---- what is wrong ---- */

#define OAUTH2 "tokenUrl = 'https://i', clientId = 'c', clientSecret = 's'"

static const struct {
    const char *auth, *problem;
} wrong[] = {
    {"{}", "auth: it is empty; it takes one of bearer, basic, oauth2 and sigv4"},
    {"{ 'x' }", "auth: a string without a name: its options are written name = value"},
    {"{ barer = 'x' }", "auth: there is no option `barer`: did you mean `bearer`?"},
    {"{ bearer = 5 }", "auth: `bearer` must be a string or a secret, not a number"},
    {"{ bearer = '' }", "auth: `bearer` is empty"},
    {"{ bearer = 'a\\nb' }", "auth.bearer has a line break"},
    {"{ bearer = 'a', basic = { user = 'u', password = 'p' } }",
     "auth: `bearer` and `basic` both make the Authorization header: keep one of them"},
    {"{ oauth2 = { " OAUTH2
     " }, sigv4 = { key = 'k', secret = 's', region = 'r', service = 's' } }",
     "auth: `oauth2` and `sigv4` both make the Authorization header"},
    {"{ basic = 'u:p' }", "auth: `basic` must be a table as in { user = \"me\""},
    {"{ basic = { password = 'p' } }", "auth.basic needs `user`"},
    {"{ basic = { user = 'u' } }", "auth.basic needs `password`"},
    {"{ basic = { user = 'a:b', password = 'p' } }", "auth.basic.user can't have a colon"},
    {"{ oauth2 = { clientId = 'c', clientSecret = 's' } }", "auth.oauth2 needs `tokenUrl`"},
    {"{ oauth2 = { tokenUrl = 'https://i', clientId = '', clientSecret = 's' } }",
     "auth.oauth2 needs `clientId`: it is empty"},
    {"{ oauth2 = { tokenUrl = 'idp', clientId = 'c', clientSecret = 's' } }",
     "auth.oauth2.tokenUrl must begin with https:// or http://"},
    {"{ oauth2 = { " OAUTH2 ", credentialsIn = 'form' } }",
     "auth.oauth2.credentialsIn must be \"header\" or \"body\""},
    {"{ oauth2 = { " OAUTH2 ", params = { a = 5 } } }",
     "auth.oauth2.params.a must be a string or a secret, not a number"},
    {"{ oauth2 = { " OAUTH2 ", audience = 'x' } }",
     "auth.oauth2: there is no option `audience`; it takes"},
    {"{ sigv4 = { key = 'k', secret = 's', region = 'r' } }", "auth.sigv4 needs `service`"},
    {"{ sign = 5 }", "auth: `sign` must be a secret, or a list of such, not a number"},
    {"{ sign = {} }", "auth: `sign` must be a secret, or a list of such"},
    {"{ sign = 'whsec_!' }", "auth: `sign`: a secret to sign by is whsec_"},
    {"{ sign = { '" SIGN "', true } }", "auth: `sign` must be a secret"},
    {"{ tls = {} }", "auth.tls takes `cert` and `key` together, or `ca` alone"},
    {"{ tls = { cert = 'x' } }", "auth.tls takes `cert` and `key` together"},
    {"{ tls = { cert = 'tls/no.pem', key = 'tls/client.key' } }", "auth.tls.cert: "},
    {"{ tls = { cert = 'tls/client.pem', key = 'tls/other.key' } }",
     "auth.tls: the key doesn't belong to the certificate"},
    {"{ tls = { ca = 'tls/client.key' } }",
     "auth.tls.ca: tls/client.key holds no certificate in PEM"},
    {"true", "`auth` must be a table as in { bearer = secret \"TOKEN\" }"},
    {"'x'", "`auth` must be a table as in { bearer = secret \"TOKEN\" }"},
};

static void what_is_wrong_in_a_connector_is_told_at_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct project *p = project_new();
        struct buf option = {0};
        buf_printf(&option, "auth = %s", wrong[i].auth);
        write_certificate(p);
        write_connector(p, option.data, "-- none");
        if (project_load(p))
            fail_msg("taken: %s", wrong[i].auth);
        assert_contains(p->problems.data, "connectors/out.lua:4: ");
        assert_contains(p->problems.data, wrong[i].problem);
        buf_deinit(&option);
        project_free(p);
    }
}

static void what_is_wrong_in_a_request_is_raised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct project *p = project_new();
        struct buf body = {0};
        buf_printf(&body, "http.post('https://h', { auth = %s })", wrong[i].auth);
        write_certificate(p);
        write_connector(p, "timeout = 5", body.data);
        project_load_well(p);
        project_attempt(p, "out", "{}");
        if (p->n_requests > 0)
            fail_msg("taken: %s", wrong[i].auth);
        assert_contains(project_error(p), "connectors/out.lua:2: http.post: ");
        assert_contains(project_error(p), wrong[i].problem);
        buf_deinit(&body);
        project_free(p);
    }
}

static void assert_refused(const char *body, const char *error)
{
    struct project *p = load("timeout = 5", body);
    project_attempt(p, "out", "{}");
    assert_int_equal(p->n_requests, 0);
    assert_contains(project_error(p), error);
    project_free(p);
}

static void what_contradicts_a_request_is_raised(void **state)
{
    (void)state;
    assert_refused("http.get('https://h', { headers = { authorization = 'x' }, auth = { bearer = "
                   "'y' } })",
                   "http.get: `auth` and `headers` both give an Authorization: leave one of them");
    assert_refused("http.get('https://h', { follow = true, auth = { sigv4 = { key = 'k', secret = "
                   "'s', region = 'r', service = 's' } } })",
                   "signed for one URL: leave `follow` out");
    /* The connector's own gives way. */
    assert_auth("auth = { bearer = 'c' }",
                "http.get('https://h', { headers = { Authorization = 'x' } })", "bearer=c");
}

/* ---- buses ---- */

static void assert_problem(const char *script, const char *problem)
{
    struct project *p = project_new();
    project_write(p, "scripts/s.lua", script);
    assert_false(project_load(p));
    assert_contains(p->problems.data, problem);
    project_free(p);
}

static void a_bus_has_its_own(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(
        p, "scripts/s.lua",
        "SyncManager.new { eventBusUrl = 'http://x', auth = { bearer = 't0ken' } }:start()\n"
        "SyncManager.new { eventBusUrl = 'http://x', auth = { bearer = 't0ken' } }:start()\n"
        "SyncManager.new { eventBusUrl = 'http://y', auth = false }:start()");
    project_load_well(p);
    const struct script_manager *manager = script_manager_at(p->machine, 1);
    assert_true(slice_is_equal(manager->auth->bearer, SLICE_LIT("t0ken")));
    assert_null(script_manager_at(p->machine, 2)->auth);
    project_free(p);
}

static void dead_letters_are_posted_with_the_buss_auth(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(
        p, "scripts/s.lua",
        "SyncManager.new { eventBusUrl = 'http://x', auth = { bearer = 't0ken', sign = '" SIGN
        "' } }:start()");
    project_load_well(p);
    project_attempt(p, SCRIPT_DEAD_LETTERS, "{\"id\":\"x\"}");
    assert_int_equal(p->n_requests, 1);
    assert_string_equal(p->requests[0].auth.data, "bearer=t0ken secrets=" SIGN);
    assert_contains(project_request_text(p, 0), "webhook-id: d1\n");
    project_free(p);
}

static void what_is_wrong_with_a_buss_auth_is_told(void **state)
{
    (void)state;
    assert_problem("\nSyncManager.new { eventBusUrl = 'http://x', auth = { barer = 'x' } }",
                   "scripts/s.lua:2: SyncManager.new: auth: there is no option `barer`");
    assert_problem("SyncManager.new { eventBusUrl = 'http://x', auth = 'x' }",
                   "SyncManager.new: `auth` must be a table as in");
    assert_problem("SyncManager.new { auth = { bearer = 'x' } }",
                   "SyncManager.new: `auth` needs an `eventBusUrl`");
    assert_problem("SyncManager.new { eventBusUrl = 'http://u:p@x', auth = { bearer = 'x' } }",
                   "`auth` and the `eventBusUrl` both give credentials");
    assert_problem("SyncManager.new { eventBusUrl = 'http://x', headers = { authorization = 'x' }, "
                   "auth = { bearer = 'x' } }",
                   "`auth` and `headers` both give an Authorization");
    assert_problem("SyncManager.new { eventBusUrl = 'http://x', auth = { bearer = 'one' } }\n"
                   "SyncManager.new { eventBusUrl = 'http://x', auth = { bearer = 'two' } }",
                   "scripts/s.lua:2: SyncManager.new: the channel http://x is made with another "
                   "`auth` at scripts/s.lua:1");
    assert_problem("SyncManager.new { eventBusUrl = 'http://x' }\n"
                   "SyncManager.new { eventBusUrl = 'http://x', auth = { bearer = 'two' } }",
                   "is made with another `auth`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connectors_auth_goes_along_with_its_requests),
        cmocka_unit_test(a_requests_own_auth_takes_its_place),
        cmocka_unit_test(handlers_give_their_own),
        cmocka_unit_test(what_is_secret_in_it_is_masked),
        cmocka_unit_test(what_is_written_is_signed_as_the_delivery),
        cmocka_unit_test(a_handlers_message_has_the_same_id_each_time),
        cmocka_unit_test(a_certificate_is_read_with_the_scripts),
        cmocka_unit_test(with_stand_ins_nothing_is_read),
        cmocka_unit_test(what_is_wrong_in_a_connector_is_told_at_its_line),
        cmocka_unit_test(what_is_wrong_in_a_request_is_raised),
        cmocka_unit_test(what_contradicts_a_request_is_raised),
        cmocka_unit_test(a_bus_has_its_own),
        cmocka_unit_test(dead_letters_are_posted_with_the_buss_auth),
        cmocka_unit_test(what_is_wrong_with_a_buss_auth_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
