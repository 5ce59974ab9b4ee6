/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/answer.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include <lauxlib.h>

#include "base/utf8.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/connector_statuses.h"
#include "script/machine.h"

#define BODY_SHOWN 200
#define URL_SHOWN 300
#define HEADER_NAME_MAX 256

/* ---- what counts as success ---- */

bool answer_read_statuses(lua_State *L, int index, int *low, int *high)
{
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number n = lua_tonumber(L, index);
        *low = *high = (int)n;
        return n >= 100 && n <= 599 && n == floor(n);
    }
    const char *s = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
    if (strlen(s) != 3 || s[0] < '1' || s[0] > '5')
        return false;
    if (strcasecmp(s + 1, "xx") == 0) {
        *low = (s[0] - '0') * 100;
        *high = *low + 99;
        return true;
    }
    *low = *high = (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
    return isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]);
}

void answer_check_accept(lua_State *L, int index, const char *what)
{
    int low, high;
    if (lua_isnil(L, index))
        return;
    bool is_list = lua_istable(L, index);
    int n = is_list ? (int)lua_objlen(L, index) : 1;
    for (int i = 1; i <= n; i++) {
        if (is_list)
            lua_rawgeti(L, index, i);
        else
            lua_pushvalue(L, index);
        if (!answer_read_statuses(L, lua_gettop(L), &low, &high))
            machine_raise(L, "%s: `accept` takes statuses as in 404, \"4xx\" or { 404, 409 }",
                          what);
        lua_pop(L, 1);
    }
}

/* Whether the value at `index` means that status. */
static bool is_status(lua_State *L, int index, int status)
{
    int low, high;
    return answer_read_statuses(L, index, &low, &high) && status >= low && status <= high;
}

/* Whether a call's `accept` names it. */
static bool is_named(lua_State *L, int index, int status)
{
    if (!lua_istable(L, index))
        return is_status(L, index, status);
    bool is = false;
    for (int i = 1; !is && i <= (int)lua_objlen(L, index); i++) {
        lua_rawgeti(L, index, i);
        is = is_status(L, lua_gettop(L), status);
        lua_pop(L, 1);
    }
    return is;
}

/* ---- the tables ---- */

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* [-0, +1] Pushes a header's name in lower case. */
static void push_lower(lua_State *L, struct slice name)
{
    char lower[HEADER_NAME_MAX];
    size_t len = name.len < HEADER_NAME_MAX ? name.len : HEADER_NAME_MAX;
    for (size_t i = 0; i < len; i++)
        lower[i] = to_lower(name.data[i]);
    lua_pushlstring(L, lower, len);
}

/* Header names in lower case; the values of one that came repeatedly are joined (RFC 9110, 5.3). */
static void push_headers(lua_State *L, const struct script_answer *answer)
{
    lua_createtable(L, 0, (int)answer->n_headers);
    for (size_t i = 0; i < answer->n_headers; i++) {
        const struct script_header *h = &answer->headers[i];
        push_lower(L, h->name);
        lua_pushvalue(L, -1);
        lua_rawget(L, -3);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_pushlstring(L, h->value.data ? h->value.data : "", h->value.len);
        } else {
            lua_pushliteral(L, ", ");
            lua_pushlstring(L, h->value.data ? h->value.data : "", h->value.len);
            lua_concat(L, 3);
        }
        lua_rawset(L, -3);
    }
    machine_mark(L, lua_gettop(L), REF_HEADERS);
}

/* [-0, +1] { status, headers, body } */
static void push_answer(lua_State *L, const struct script_answer *answer,
                        enum machine_ref metatable)
{
    machine_push(L, REF_NEW_ANSWER);
    lua_pushinteger(L, answer->failure ? 0 : answer->status);
    push_headers(L, answer);
    lua_pushlstring(L, answer->body.data ? answer->body.data : "", answer->body.len);
    lua_call(L, 3, 1);
    machine_mark(L, lua_gettop(L), metatable);
}

/* answer.json: decoded when it is first asked for; nil when the body is no JSON. */
static int answer_index(lua_State *L)
{
    struct slice body = SLICE_NULL;
    if (lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "json") != 0)
        return 0;
    lua_pushliteral(L, "body");
    lua_rawget(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING)
        body.data = lua_tolstring(L, -1, &body.len);
    if (!body.data || codec_decode(L, body, NULL) < 0)
        return 0;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

static int headers_index(lua_State *L)
{
    struct slice name;
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    name.data = lua_tolstring(L, 2, &name.len);
    push_lower(L, name);
    lua_rawget(L, 1);
    return 1;
}

/* ---- errors ---- */

static const char *reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {423, "Locked"},
        {425, "Too Early"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "";
}

void answer_add_masked(const struct mask *mask, struct slice text, size_t max, struct buf *out)
{
    size_t from = out->len;
    buf_add_slice(out, text);
    mask_apply(mask, out, from);
    buf_truncate(out, from + utf8_cut(slice_from(buf_slice(out), from), max).len);
}

/* The start of a text on one line; nothing of what is no text. */
static void add_start(struct script_machine *m, const char *before, struct slice text, size_t max)
{
    struct buf *out = &m->text;
    size_t before_at = out->len;
    buf_add_str(out, before);
    size_t from = out->len;
    /* A character more tells whether something is left out. */
    answer_add_masked(m->mask, text, max + UTF8_LEN_MAX, out);
    struct slice all = slice_from(buf_slice(out), from);
    size_t len = utf8_cut(all, max).len;
    bool is_cut = len < all.len;
    if (len == 0 || !slice_is_utf8(slice_upto(all, len))) {
        buf_truncate(out, before_at);
        return;
    }
    buf_truncate(out, from + len);
    for (size_t i = from; i < out->len; i++)
        if ((unsigned char)out->data[i] < 0x20)
            out->data[i] = ' ';
    if (is_cut)
        buf_add_str(out, "…");
}

/* "POST https://host/path": without the query, where tokens tend to stand. */
static void add_request(struct script_machine *m, struct slice method, struct slice url)
{
    buf_add_slice(&m->text, method);
    add_start(m, " ", slice_upto(url, slice_find(url, '?')), URL_SHOWN);
}

static void add_message(struct script_machine *m, const struct script_answer *a,
                        enum script_said said)
{
    struct buf *out = &m->text;
    if (a->failure) {
        buf_printf(out, " failed (%s)", a->failure);
        if (a->error.len > 0)
            buf_printf(out, ": %.*s", SLICE_FMT(a->error));
        return;
    }
    buf_printf(out, " answered %d", a->status);
    if (*reason_phrase(a->status))
        buf_printf(out, " %s", reason_phrase(a->status));
    if (said != SCRIPT_SAID_NOTHING)
        buf_printf(out, " (`statuses`: %s)", statuses_word(said));
    if (m->current->is_verifying && a->status == 404)
        buf_add_str(out, " in `verify`: write accept = 404 where that says that it isn't there");
    else
        add_start(m, ": ", slice_trim(a->body), BODY_SHOWN);
}

/* Raises the error object of an answer, or of none. */
static _Noreturn void raise_answer(lua_State *L, struct slice method, struct slice url,
                                   const struct script_answer *answer, enum script_said said)
{
    struct script_machine *m = machine_of(L);
    push_answer(L, answer, REF_HTTP_ERROR);
    lua_pushstring(L, answer->failure ? answer->failure : "status");
    lua_setfield(L, -2, "code");
    lua_pushstring(L, statuses_word(said));
    lua_setfield(L, -2, "outcome");
    buf_clear(&m->text);
    add_request(m, method, url);
    add_message(m, answer, said);
    mask_apply(m->mask, &m->text, 0);
    lua_pushlstring(L, m->text.data, m->text.len);
    lua_setfield(L, -2, "message");
    lua_error(L);
    __builtin_unreachable();
}

_Noreturn void answer_raise_late(lua_State *L, struct slice method, struct slice url)
{
    const struct script_answer late = {
        .failure = "timeout",
        .error = SLICE_LIT("it was not sent, since the connector's `timeout` is used up"),
    };
    raise_answer(L, method, url, &late, SCRIPT_SAID_NOTHING);
}

/* [-0, +0, e] */
static enum script_said find_said(lua_State *L, const struct statuses *statuses,
                                  const struct script_answer *answer)
{
    if (!statuses_is_function(statuses))
        return statuses_find(statuses, answer->status);
    push_answer(L, answer, REF_ANSWER);
    return statuses_ask(L, statuses);
}

/* [-0, +0, e] What the connector's `statuses` say of it. */
static enum script_said ask_statuses(lua_State *L, const struct script_answer *answer)
{
    const struct script_run *run = machine_of(L)->current;
    if (!run->connector || !run->connector->statuses)
        return SCRIPT_SAID_NOTHING;
    enum script_said said = find_said(L, run->connector->statuses, answer);
    /* What is bearable to have sent is no answer to whether something is there. */
    return run->is_verifying && said == SCRIPT_SAID_ACCEPT ? SCRIPT_SAID_NOTHING : said;
}

int answer_finish(lua_State *L, struct slice method, struct slice url, int accept)
{
    const struct script_answer *answer = machine_of(L)->current->answer;
    if (answer->failure)
        raise_answer(L, method, url, answer, SCRIPT_SAID_NOTHING);
    if (!is_named(L, accept, answer->status)) {
        enum script_said said = ask_statuses(L, answer);
        bool is_error = said == SCRIPT_SAID_NOTHING ? answer->status < 200 || answer->status > 299
                                                    : said != SCRIPT_SAID_ACCEPT;
        if (is_error)
            raise_answer(L, method, url, answer, said);
    }
    push_answer(L, answer, REF_ANSWER);
    return 1;
}

static int error_tostring(lua_State *L)
{
    lua_pushliteral(L, "message");
    lua_rawget(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
        lua_pushliteral(L, "http error");
    return 1;
}

/* Both as tostring shows them. */
static int concat_texts(lua_State *L)
{
    for (int i = 1; i <= 2; i++) {
        lua_getglobal(L, "tostring");
        lua_pushvalue(L, i);
        lua_call(L, 1, 1);
    }
    lua_concat(L, 2);
    return 1;
}

/* ---- for the host ---- */

/* [-0, +0] A member that is a string; borrowed from the table. */
static struct slice raw_string(lua_State *L, int index, const char *name)
{
    struct slice s = SLICE_NULL;
    lua_pushstring(L, name);
    lua_rawget(L, index);
    if (lua_type(L, -1) == LUA_TSTRING)
        s.data = lua_tolstring(L, -1, &s.len);
    lua_pop(L, 1);
    return s;
}

static int raw_status(lua_State *L, int index)
{
    lua_pushliteral(L, "status");
    lua_rawget(L, index);
    int status = lua_type(L, -1) == LUA_TNUMBER ? (int)lua_tointeger(L, -1) : 0;
    lua_pop(L, 1);
    return status;
}

void answer_read_error(lua_State *L, int index, struct script_result *result)
{
    struct slice code = raw_string(L, index, "code");
    result->status = raw_status(L, index);
    result->failure = code.data && strcmp(code.data, "status") != 0 ? code.data : NULL;
    result->said = statuses_said(raw_string(L, index, "outcome"));
    result->answer = raw_string(L, index, "body");
    lua_pushliteral(L, "headers");
    lua_rawget(L, index);
    if (lua_istable(L, -1)) {
        result->retry_after = raw_string(L, lua_gettop(L), "retry-after");
        result->date = raw_string(L, lua_gettop(L), "date");
    }
    lua_pop(L, 1);
}

/* "200 {"id":7}": its status and how its body begins. */
static int answer_tostring(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    buf_clear(&m->text);
    buf_printf(&m->text, "%d", raw_status(L, 1));
    add_start(m, " ", slice_trim(raw_string(L, 1, "body")), BODY_SHOWN);
    lua_pushlstring(L, m->text.data, m->text.len);
    return 1;
}

/* ---- opening ---- */

static const luaL_Reg answer_metamethods[] = {
    {"__index", answer_index},
    {"__tostring", answer_tostring},
    {"__concat", concat_texts},
    {NULL, NULL},
};
static const luaL_Reg headers_metamethods[] = {{"__index", headers_index}, {NULL, NULL}};
static const luaL_Reg error_metamethods[] = {
    {"__index", answer_index},
    {"__tostring", error_tostring},
    {"__concat", concat_texts},
    {NULL, NULL},
};

void answer_open(lua_State *L)
{
    bindings_add_metatable(L, REF_ANSWER, answer_metamethods);
    bindings_add_metatable(L, REF_HEADERS, headers_metamethods);
    bindings_add_metatable(L, REF_HTTP_ERROR, error_metamethods);
}
