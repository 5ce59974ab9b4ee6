/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* base64, hex, hash, hmac: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_base64_is_rfc_4648(void **state)
{
    (void)state;
    assert_eval("return map({ '', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar' }, function(s) "
                "return base64.encode(s) end)",
                "[\"\",\"Zg==\",\"Zm8=\",\"Zm9v\",\"Zm9vYg==\",\"Zm9vYmE=\",\"Zm9vYmFy\"]");
    assert_eval("return map({ '', 'Zg==', 'Zg', 'Zm8', 'Zm9v', ' Zm9v\\nYg== ' }, function(s) "
                "return base64.decode(s) end)",
                "[\"\",\"f\",\"f\",\"fo\",\"foo\",\"foob\"]");
    assert_eval("return { base64.encode('\\251\\255', { url = true }), base64.encode('\\251\\255', "
                "{ url = true, padding = true }), base64.encode('f', { padding = false }), "
                "base64.decode('-_8=') == '\\251\\255' }",
                "[\"-_8\",\"-_8=\",\"Zg\",true]");
    assert_eval(
        "local s = ('\\1\\2\\3\\4\\5'):rep(400000) return base64.decode(base64.encode(s)) == s",
        "true");
    assert_eval("return base64.decode 'Zg='", "\"f\"");
    project_assert_error("base64.decode 'Z'", "this is not base64: its end is missing or too much");
    project_assert_error("base64.decode 'Zm=v'", "this is not base64");
    project_assert_error("base64.decode 'Zh=='", "this is not base64");
    project_assert_error("base64.decode '\\255'", "the byte at position 1 doesn't belong there");
    project_assert_error("base64.decode(('Zm9v'):rep(196607) .. 'Zg==Zm9v')", "this is not base64");
    project_assert_error("base64.encode(nil)", "base64.encode: bytes must be a string, not nil");
    project_assert_error("base64.encode('', { urll = true })", "did you mean `url`?");
}

static void test_hex_is_two_digits_a_byte(void **state)
{
    (void)state;
    assert_eval("return { hex.encode '', hex.encode '\\0\\255', hex.decode '00fF' == '\\0\\255' }",
                "[\"\",\"00ff\",true]");
    project_assert_error("hex.decode 'abc'", "an odd number of digits");
    project_assert_error("hex.decode 'ag'", "the character g at position 2");
    project_assert_error("hex.decode 'ga'", "the character g at position 1");
}

static void test_digests_are_those_of_the_standards(void **state)
{
    (void)state;
    assert_eval(
        "return { hash.md5 '', hash.sha1 'abc', hash.sha256 '' }",
        "[\"d41d8cd98f00b204e9800998ecf8427e\",\"a9993e364706816aba3e25717850c26c9cd0d89d\","
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"]");
    assert_eval("return hash.sha512 'abc'",
                "\"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
                "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f\"");
    assert_eval("return hmac.sha256(hex.decode(('0b'):rep(20)), 'Hi There')",
                "\"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7\"");
    assert_eval("return hmac.sha1('key', 'The quick brown fox jumps over the lazy dog')",
                "\"de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9\"");
    assert_eval("return { hmac.sha256('', ''), hmac.sha512('k', 'x', 'base64'):len() }",
                "[\"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad\",88]");
    assert_eval("return hash.sha256(('a'):rep(1000000))",
                "\"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0\"");
    assert_eval("return { hash.sha256(12345678901234) == hash.sha256 '12345678901234', "
                "hash.sha1(1e15) == hash.sha1 '1000000000000000' }",
                "[true,true]");
    project_assert_error("hash.sha256({})", "hash.sha256: text must be a string, not an object");
    project_assert_error("hash.md5('', 'hax')",
                         "hash.md5: as must be \"hex\", \"base64\" or \"bytes\"");
    project_assert_error("hmac.sha256(nil, '')", "hmac.sha256: key must be a string, not nil");
    project_assert_error("hmac.sha256('')", "hmac.sha256: text must be a string, not nil");
}

static void test_what_is_made_of_a_secret_is_one(void **state)
{
    (void)state;
    setenv("HELPERS_KEY", "super-secret-key", 1);
    assert_eval("local key = secret 'HELPERS_KEY'\n"
                "return map({ base64.encode(key), hex.encode(key), url.encode(key), "
                "hash.sha256(key), base64.decode(base64.encode(key)) }, tostring)",
                "[\"***\",\"***\",\"***\",\"***\",\"***\"]");
    assert_eval("local key = secret 'HELPERS_KEY'\n"
                "return { hmac.sha256(key, 'x') == hmac.sha256('super-secret-key', 'x'), "
                "tostring(url.build { host = 'h', user = 'u', password = key }) }",
                "[true,\"***\"]");
    assert_eval("local u = url.build { host = 'h', path = { 'a', secret 'HELPERS_KEY' } }\n"
                "return { tostring(u), tostring(u .. '?x') }",
                "[\"***\",\"***\"]");
    project_assert_error("return csv.encode { { secret 'HELPERS_KEY' } }",
                         "a secret can't be a field");
    unsetenv("HELPERS_KEY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64_is_rfc_4648),
        cmocka_unit_test(test_hex_is_two_digits_a_byte),
        cmocka_unit_test(test_digests_are_those_of_the_standards),
        cmocka_unit_test(test_what_is_made_of_a_secret_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
