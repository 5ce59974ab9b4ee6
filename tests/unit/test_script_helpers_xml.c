/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* xml: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_names_lead_to_what_is_meant(void **state)
{
    (void)state;
    assert_eval(
        "return { xml.decode '<a/>', xml.decode '<a> x </a>', xml.decode '<a>\\n <b>1</b>\\n "
        "<b/>\\n <b>3</b></a>' }",
        "[{\"a\":\"\"},{\"a\":\" x \"},{\"a\":{\"b\":[\"1\",\"\",\"3\"]}}]");
    assert_eval("return xml.decode '<a x=\"1\">t<b/>u</a>'",
                "{\"a\":{\"#text\":\"tu\",\"@x\":\"1\",\"b\":\"\"}}");
    assert_eval("return xml.decode('<a><b/><c/><c/></a>', { lists = true })",
                "{\"a\":{\"b\":[\"\"],\"c\":[\"\",\"\"]}}");
    assert_eval("return xml.decode '<a><![CDATA[<&>]]>&lt;&#xe9;<!-- no --><?pi no?></a>'",
                "{\"a\":\"<&><\u00e9\"}");
    assert_eval("return xml.decode '<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\\233</a>'",
                "{\"a\":\"\u00e9\"}");
}

static void test_both_forms_come_back(void **state)
{
    (void)state;
    assert_eval(
        "local text = '<a x=\"&quot;&amp;&#10;\"><b>&lt;&gt;</b><b/><c d=\"1\">e</c></a>'\n"
        "local plain = { declaration = false }\n"
        "return { xml.encode(xml.decode(text), plain) == text, xml.encode(xml.decode(text, { "
        "tree = true }), { tree = true, declaration = false }) == text }",
        "[true,true]");
    assert_eval(
        "return xml.encode({ a = { n = json.decode '12345678901234567890', t = true, z = null, "
        "l = array {} } }, { declaration = false })",
        "\"<a><n>12345678901234567890</n><t>true</t><z/></a>\"");
}

static void test_what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    project_assert_error("xml.decode ''", "xml.decode: line 1, column 1: no element found");
    project_assert_error("xml.decode '<a>\\n<b x=1/></a>'", "line 2, column 6: ");
    project_assert_error("xml.decode '<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>'",
                         "declarations of entities aren't taken");
    project_assert_error("xml.decode '<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a>&e;</a>'",
                         "entity");
    project_assert_error("xml.decode(('<a>'):rep(600))", "elements are nested too deep");
    project_assert_error("xml.decode '<a>\\255</a>'", "not well-formed");
    project_assert_error("xml.decode(null)", "xml.decode: text must be a string, not null");
    project_assert_error("xml.decode('<a/>', { list = true })", "did you mean `lists`?");
    project_assert_error("xml.encode { a = 1, b = 2 }", "value must have one member");
    project_assert_error("xml.encode { a = { 1, 2 } }", "value must have one member");
    project_assert_error("xml.encode { ['a b'] = 1 }", "\"a b\" can't be the name of an element");
    project_assert_error("xml.encode { a = '\\1' }", "a has a character that can't stand in XML");
    project_assert_error("xml.encode { a = '\\255' }", "isn't UTF-8");
    project_assert_error("local t = {} t.t = t return xml.encode { a = t }",
                         "nested deeper than 500");
    project_assert_error("xml.encode 'a'", "value must be an object, not a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_lead_to_what_is_meant),
        cmocka_unit_test(test_both_forms_come_back),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
