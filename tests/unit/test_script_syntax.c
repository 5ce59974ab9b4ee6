/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Lua's text in tokens and as a tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "script/lexer.h"
#include "script/syntax.h"

/* ---- tokens ---- */

static void assert_tokens(const char *text, const char *expected)
{
    static const char kinds[] = "?nk#s-";
    struct lexer x = lexer_of(slice_str(text));
    struct buf got = {0};
    buf_add_str(&got, "");
    for (struct token t; lexer_next(&x, &t);)
        buf_printf(&got, "%s%c%d:%.*s", got.len ? " " : "", kinds[t.kind], t.line,
                   SLICE_FMT(t.text));
    assert_string_equal(got.data, expected);
    buf_deinit(&got);
}

static void test_names_keywords_numbers_and_strings_are_told_apart(void **state)
{
    (void)state;
    assert_tokens("local x_1 = 1.5e-3 .. 'a\\'b'\n\"c\"",
                  "k1:local n1:x_1 -1:= #1:1.5e-3 -1:.. s1:'a\\'b' s2:\"c\"");
    assert_tokens("0xFF 3LL .5 1..2", "#1:0xFF #1:3LL #1:.5 #1:1..2");
    assert_tokens("1E-2 0x1P+2 0xe+2", "#1:1E-2 #1:0x1P+2 #1:0xe -1:+ #1:2");
    assert_tokens("größe", "n1:größe");
}

static void test_comments_are_passed_over(void **state)
{
    (void)state;
    assert_tokens("#!/bin/lua\na -- b\n--[[ c\n ]] d --[==[ ]] ]==] e", "n2:a n4:d n4:e");
    assert_tokens("a --[[ never closed", "n1:a");
    assert_tokens("\xEF\xBB\xBFlocal", "k1:local");
}

static void test_long_strings_count_their_lines(void **state)
{
    (void)state;
    assert_tokens("[[a\nb]] x [==[]]]==]", "s1:[[a\nb]] n2:x s2:[==[]]]==]");
}

static void test_operators_of_other_languages_are_one_symbol(void **state)
{
    (void)state;
    assert_tokens("a != b && c === d", "n1:a -1:!= n1:b -1:&& n1:c -1:=== n1:d");
    assert_tokens("a[b][[c]]", "n1:a -1:[ n1:b -1:] s1:[[c]]");
    assert_tokens("'not closed\nx", "s1:'not closed n2:x");
    assert_tokens("'a\\\nb\\z \n c\\\r\n' x", "s1:'a\\\nb\\z \n c\\\r\n' n4:x");
}

/* ---- the tree ---- */

static const char *const kinds[] = {
    "function", "local", "assign", "return", "name",  "string", "number", "word",
    "index",    "call",  "method", "table",  "field", "binary", "unary",
};

/* (kind name children), a local's name with its flags, a name's with an * where it is a global. */
static void dump(const struct node *n, struct buf *out)
{
    buf_printf(out, "%s(%s", out->len && out->data[out->len - 1] != '(' ? " " : "", kinds[n->kind]);
    if (n->name.data)
        buf_printf(out, " %.*s", SLICE_FMT(n->name));
    if (n->kind == NODE_NAME && !n->declaration)
        buf_add_char(out, '*');
    buf_add_str(out, n->is_parameter ? "!" : "");
    buf_add_str(out, n->is_loop ? "@" : "");
    buf_add_str(out, n->is_reassigned ? "+" : "");
    for (const struct node *child = n->first; child; child = child->next) {
        assert_ptr_equal(child->parent, n);
        dump(child, out);
    }
    buf_add_char(out, ')');
}

static void assert_tree(const char *text, const char *expected)
{
    struct syntax *s = syntax_parse(slice_str(text));
    struct buf got = {0};
    assert_non_null(s);
    buf_add_str(&got, "");
    for (const struct node *n = syntax_root(s)->first; n; n = n->next)
        dump(n, &got);
    assert_string_equal(got.data, expected);
    buf_deinit(&got);
    syntax_free(s);
}

static void test_chains_are_nested_from_the_left(void **state)
{
    (void)state;
    assert_tree("f(a.b['c'][1]:d{x = 1, 2, [y] = z}.e 's')",
                "(call (name f*) (call (index e (method d (index (index (index b (name a*)) "
                "(string c)) (number 1)) (table (field x (number 1)) (number 2) (field (name y*) "
                "(name z*))))) (string s)))");
    assert_tree("return (a).b, ...", "(return (index b (name a*)) (word ...))");
}

static void test_operators_bind_as_luas_do(void **state)
{
    (void)state;
    assert_tree(
        "return not a == b or -x ^ 2 * 3 .. y .. z",
        "(return (binary or (binary == (unary not (name a*)) (name b*)) (binary .. (binary "
        "* (unary - (binary ^ (name x*) (number 2))) (number 3)) (binary .. (name y*) (name "
        "z*)))))");
}

static void test_names_find_what_declares_them(void **state)
{
    (void)state;
    assert_tree("local a = a local b = a", "(local a (name a*)) (local b (name a))");
    assert_tree("do local a end return a", "(local a) (return (name a*))");
    assert_tree("local a, b = 1, 2, 3 a, c = b",
                "(local a+ (number 1)) (local b (number 2) (number 3)) (assign (name a) (name c*) "
                "(name b))");
    assert_tree("for i = 1, n do f(i) end f(i)",
                "(local i@) (number 1) (name n*) (call (name f*) (name i)) (call (name f*) (name "
                "i*))");
    assert_tree("for a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q in x do end",
                "(local a@) (local b@) (local c@) (local d@) (local e@) (local f@) (local g@) "
                "(local h@) (local i@) (local j@) (local k@) (local l@) (local m@) (local n@) "
                "(local o@) (local p@) (local q@) (name x*)");
    assert_tree("for k, v in pairs(t) do end",
                "(local k@) (local v@) (call (name pairs*) (name t*))");
    assert_tree("repeat local x until x x = x", "(local x) (name x) (assign (name x*) (name x*))");
    assert_tree("if a then local b elseif b then local c else c() end",
                "(name a*) (local b) (name b*) (local c) (call (name c*))");
}

static void test_functions_have_their_parameters(void **state)
{
    (void)state;
    assert_tree("local function f(x, ...) return f(x) end",
                "(local f (function (local x!) (return (call (name f) (name x)))))");
    assert_tree("function a.b:c(d) return self end",
                "(assign (index c (index b (name a*))) (function (local self!) (local d!) (return "
                "(name self))))");
    assert_tree("local f = function() return end", "(local f (function (return)))");
}

static void test_every_statement_is_taken(void **state)
{
    (void)state;
    assert_tree("goto x; ::x:: while a do break end do local goto_ = 1 end ;",
                "(name a*) (local goto_ (number 1))");
    assert_tree("::goto:: goto goto_ goto = a.goto {goto = 1} goto() local goto = goto",
                "(assign (name goto*) (call (index goto (name a*)) (table (field goto (number "
                "1))))) (call (name goto*)) (local goto (name goto*))");
    assert_tree("#!shebang\nreturn", "(return)");
    assert_tree("", "");
}

static void test_a_node_knows_its_place(void **state)
{
    (void)state;
    struct syntax *s = syntax_parse(SLICE_LIT("f(\n  a.b\n    .c\n)"));
    const struct node *call = syntax_root(s)->first, *c = node_child(call, 1);
    assert_int_equal(call->line, 1);
    assert_int_equal(call->last_line, 4);
    assert_true(slice_is_equal(c->text, SLICE_LIT("a.b\n    .c")));
    assert_int_equal(c->line, 2);
    assert_int_equal(c->name_line, 3);
    assert_true(node_is_within(c, call));
    assert_false(node_is_within(call, c));
    assert_ptr_equal(node_function(c), syntax_root(s));
    assert_ptr_equal(node_next(call), call->first);
    assert_null(node_skip(call));
    syntax_free(s);
    s = syntax_parse(SLICE_LIT("x = (a + b).c"));
    assert_true(slice_is_equal(node_child(syntax_root(s)->first, 1)->text, SLICE_LIT("(a + b).c")));
    syntax_free(s);
}

static void test_what_is_no_lua_has_no_tree(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "x",          "f(",     "local",     "if a then",      "x = = 2",       "a != b",
        "return 1 2", "end",    "x.end = 1", "for a, b",       "function f() ", "'open",
        "{",          "goto 1", "goto goto", "local function", "a.b:c = 1 =",   "a = 1 =",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct syntax *s = syntax_parse(slice_str(texts[i]));
        if (s)
            fail_msg("taken: %s", texts[i]);
        syntax_free(s);
    }
    struct buf deep = {0};
    buf_add_str(&deep, "return ");
    for (int i = 0; i < 100000; i++)
        buf_add_char(&deep, '(');
    assert_null(syntax_parse(buf_slice(&deep)));
    buf_deinit(&deep);
}

/* Whether a chain of so many steps is taken. */
static bool takes_chain(const char *step, int n)
{
    struct buf text = {0};
    buf_add_str(&text, "return a");
    for (int i = 0; i < n; i++)
        buf_add_str(&text, step);
    struct syntax *s = syntax_parse(buf_slice(&text));
    bool is_taken = s;
    syntax_free(s);
    buf_deinit(&text);
    return is_taken;
}

static void test_chains_have_an_end(void **state)
{
    (void)state;
    static const char *const steps[] = {".b", "[1]", "()", ":b()", " + b"};
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        if (!takes_chain(steps[i], 1000))
            fail_msg("not taken: %s", steps[i]);
        if (takes_chain(steps[i], 1001))
            fail_msg("taken: %s", steps[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_keywords_numbers_and_strings_are_told_apart),
        cmocka_unit_test(test_comments_are_passed_over),
        cmocka_unit_test(test_long_strings_count_their_lines),
        cmocka_unit_test(test_operators_of_other_languages_are_one_symbol),
        cmocka_unit_test(test_chains_are_nested_from_the_left),
        cmocka_unit_test(test_chains_have_an_end),
        cmocka_unit_test(test_operators_bind_as_luas_do),
        cmocka_unit_test(test_names_find_what_declares_them),
        cmocka_unit_test(test_functions_have_their_parameters),
        cmocka_unit_test(test_every_statement_is_taken),
        cmocka_unit_test(test_a_node_knows_its_place),
        cmocka_unit_test(test_what_is_no_lua_has_no_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
