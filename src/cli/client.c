/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "version.h"

#define TIMEOUT_MS 300000 /* many dead letters may have to be retried for one answer */
#define TOKEN_MAX 65536
#define ANSWER_MAX ((size_t)64 << 20)
#define AWAY_MS 250 /* between two tries at first, twice as long each time … */
#define AWAY_MAX_MS 4000

/* ---- opening --------------------------------------------------------------------------------- */

static bool is_one_line(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ')
            return false;
    }
    return true;
}

static int read_token(struct client *client, const struct options *options, struct err *err)
{
    struct buf text = {0};
    const char *file = options_get(options, "token-file");
    const char *variable = getenv("LIAISON_TOKEN");
    int result = 0;
    if (file)
        result = buf_read_file(&text, file, TOKEN_MAX, err);
    else if (variable)
        buf_add_str(&text, variable);
    struct slice token = slice_trim(buf_slice(&text));
    if (result == 0 && !is_one_line(token))
        result = err_set(err, ERR_INVALID, "%s holds more than a token, which is one line",
                         file ? file : "LIAISON_TOKEN");
    if (result == 0 && token.len > 0)
        buf_printf(&client->authorization, "Bearer %.*s", SLICE_FMT(token));
    buf_deinit(&text);
    return result;
}

int client_open(struct client *client, const struct invocation *in)
{
    return client_open_for(client, in, NULL);
}

int client_open_for(struct client *client, const struct invocation *in, const char *path)
{
    *client = (struct client){0};
    struct err err = {0};
    if (daemon_url_find(&client->at, &in->options, path, &err) < 0 ||
        read_token(client, &in->options, &err) < 0)
        return command_misuse(in, "%s", err.message);
    client->loop = loop_new(&err);
    if (client->loop)
        client->http = http_client_new(client->loop, "liaison/" LIAISON_VERSION, &err);
    return client->http ? EXIT_DONE : command_fail("%s", err.message);
}

void client_close(struct client *client)
{
    http_client_free(client->http);
    loop_free(client->loop);
    buf_deinit(&client->authorization);
    daemon_url_deinit(&client->at);
    *client = (struct client){0};
}

/* ---- what an answer says --------------------------------------------------------------------- */

/* One request, while the loop runs for it. */
struct exchange {
    struct client *client;
    const struct client_request *request;
    struct buf *body;
    int status;
};

/* Whether the daemon may have begun to do what it was asked to, and nobody knows how that went. */
static bool is_in_doubt(const struct exchange *e, const struct http_answer *answer)
{
    return (answer->failure == HTTP_BROKEN || answer->failure == HTTP_TIMEOUT) &&
           strcmp(e->request->method, "GET") != 0;
}

static bool is_socket_forbidden(const struct client *client)
{
    return client->at.socket.len && access(client->at.socket.data, W_OK) < 0 && errno == EACCES;
}

/* A refused connection needs no more words, any other failure does. */
static int say_no_daemon(const struct exchange *e, const struct http_answer *answer)
{
    struct buf name = {0};
    daemon_url_add_name(&e->client->at, &name);
    if (answer->failure != HTTP_CONNECT)
        buf_printf(&name, " (%.*s)", SLICE_FMT(answer->error));
    if (is_socket_forbidden(e->client))
        command_fail("%s is another user's: run this as that user, or as root", name.data);
    else if (is_in_doubt(e, answer))
        command_fail(
            "the answer of %s didn't come: what was asked for may have been done, wholly or "
            "in part",
            name.data);
    else
        command_fail("no Liaison answers at %s: start it with `liaison run`, or name another by "
                     "--url",
                     name.data);
    buf_deinit(&name);
    return EXIT_NO_DAEMON;
}

/* Something answers there, but not as a Liaison does. */
static int say_stranger(const struct client *client, int status)
{
    struct buf name = {0};
    daemon_url_add_name(&client->at, &name);
    command_fail("what answers at %.*s is no Liaison (status %d): is --url right?",
                 SLICE_FMT(buf_slice(&name)), status);
    buf_deinit(&name);
    return EXIT_NO_DAEMON;
}

static void say_finding(struct slice finding)
{
    struct buf text = {0}, safe = {0};
    int64_t line = view_integer(finding, "line", 0);
    view_add(&text, finding, "file");
    if (text.len > 0 && line > 0)
        buf_printf(&text, ":%lld", (long long)line);
    if (text.len > 0)
        buf_add_str(&text, ": ");
    if (view_is_true(finding, "warning"))
        buf_add_str(&text, "warning: ");
    view_add(&text, finding, "text");
    if (view_member(finding, "detail").data) {
        buf_add_char(&text, '\n');
        view_add(&text, finding, "detail");
    }
    view_add_safe(&safe, buf_slice(&text), true);
    fprintf(stderr, "%s\n", safe.data);
    buf_deinit(&text);
    buf_deinit(&safe);
}

void client_say_findings(struct slice document)
{
    struct json_items items;
    struct slice name, finding;
    json_items_begin(&items, view_member(document, "findings"));
    while (json_items_next(&items, &name, &finding))
        say_finding(finding);
    json_items_end(&items);
}

/* The detail is meant for people, the title stands in for it. */
static int say_problem(const struct client_request *request, int status, struct slice body)
{
    struct buf text = {0}, safe = {0};
    struct slice detail = view_member(body, "detail");
    view_add_value(&text, detail.data ? detail : view_member(body, "title"));
    view_add_safe(&safe, buf_slice(&text), true);
    const char *reason = safe.data ? safe.data : "it was refused";
    client_say_findings(body);
    if (request->problem)
        buf_add_slice(request->problem, body);
    bool is_named = !request->about || strstr(reason, request->about);
    command_fail("%s%s%s%s", is_named ? "" : request->about, is_named ? "" : ": ", reason,
                 status == 401 ? " (give it by --token-file or LIAISON_TOKEN)" : "");
    buf_deinit(&text);
    buf_deinit(&safe);
    return EXIT_FAILED;
}

/* Every refusal of a Liaison is an RFC 9457 problem document. */
static bool is_problem(const struct http_answer *answer)
{
    struct slice kind = http_header_get(answer->headers, "Content-Type");
    return answer->status >= 400 && slice_has_prefix(kind, SLICE_LIT("application/problem+json"));
}

static bool is_json(struct slice text)
{
    struct err err = {0};
    return json_check(text, &err) == 0;
}

static bool is_success(const struct client_request *request, const struct http_answer *answer)
{
    int status = answer->status;
    if (request->success ? status != request->success : status < 200 || status > 299)
        return false;
    for (size_t i = 0; i < CLIENT_MEMBERS_MAX && request->members[i]; i++) {
        if (!view_member(answer->body, request->members[i]).data)
            return false;
    }
    return true;
}

/* Whether there is nothing to be said where nobody answers, or no Liaison: see enum client_absence. */
static bool is_silent(const struct exchange *e, bool is_stranger)
{
    switch (e->request->absence) {
    case ABSENCE_FINE:
        return !is_stranger;
    case ABSENCE_SHOWN:
    case ABSENCE_AWAITED:
        return e->client->has_answered;
    case ABSENCE_SAID:
        break;
    }
    return false;
}

static int judge_failure(const struct exchange *e, const struct http_answer *answer)
{
    bool is_stranger = answer->failure == HTTP_OK;
    progress_hide(e->client->progress);
    if (answer->failure == HTTP_TOO_BIG)
        return command_fail("the answer is too big: ask for less");
    if (is_stranger && is_json(answer->body) && is_problem(answer))
        return say_problem(e->request, answer->status, answer->body);
    if (is_silent(e, is_stranger))
        return EXIT_NO_DAEMON;
    return is_stranger ? say_stranger(e->client, answer->status) : say_no_daemon(e, answer);
}

static int judge(const struct exchange *e, const struct http_answer *answer)
{
    if (answer->failure != HTTP_OK || !is_json(answer->body) || !is_success(e->request, answer))
        return judge_failure(e, answer);
    buf_clear(e->body);
    buf_add_slice(e->body, answer->body);
    e->client->has_answered = true;
    return EXIT_DONE;
}

static void on_answer(void *ctx, const struct http_answer *answer)
{
    struct exchange *e = ctx;
    e->status = judge(e, answer);
    loop_stop(e->client->loop);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int send_once(struct client *client, const struct client_request *asked, struct buf *answer)
{
    struct exchange e = {.client = client, .request = asked, .body = answer, .status = EXIT_FAILED};
    struct buf url = {0};
    struct err err = {0};
    struct http_header headers[3] = {{SLICE_LIT("Accept"), SLICE_LIT("application/json")}};
    size_t n = 1;
    if (client->authorization.len)
        headers[n++] =
            (struct http_header){SLICE_LIT("Authorization"), buf_slice(&client->authorization)};
    if (asked->body.data)
        headers[n++] =
            (struct http_header){SLICE_LIT("Content-Type"), SLICE_LIT("application/json")};
    buf_printf(&url, "%s%s", client->at.url.data, asked->target);
    const struct http_request request = {
        .method = slice_str(asked->method),
        .url = buf_slice(&url),
        .headers = {headers, n},
        .body = asked->body,
        .has_body = asked->body.data != NULL,
        .timeout_ms = asked->timeout_ms ? asked->timeout_ms : TIMEOUT_MS,
        .answer_max = ANSWER_MAX,
        .unix_socket = buf_slice(&client->at.socket),
        .certificate = buf_slice(&client->at.certificate),
    };
    if (http_client_send(client->http, &request, on_answer, &e, &err))
        loop_run(client->loop);
    else
        command_fail("%s", err.message);
    buf_deinit(&url);
    return e.status;
}

void client_rest(int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Less and less often. */
static int send_until_answered(struct client *client, const struct client_request *asked,
                               struct buf *answer)
{
    int status = EXIT_NO_DAEMON;
    client->n_absences++;
    progress_hide(client->progress);
    fputs("liaison: the daemon is gone: waiting until it is back\n", stderr);
    for (int64_t ms = AWAY_MS; status == EXIT_NO_DAEMON;
         ms = ms * 2 > AWAY_MAX_MS ? AWAY_MAX_MS : ms * 2) {
        client_rest(ms);
        status = send_once(client, asked, answer);
    }
    progress_hide(client->progress);
    fputs("liaison: it is back\n", stderr);
    return status;
}

static int send_patiently(struct client *client, const struct client_request *asked,
                          struct buf *answer)
{
    int status = send_once(client, asked, answer);
    bool waits = asked->absence == ABSENCE_AWAITED && client->has_answered;
    return status == EXIT_NO_DAEMON && waits ? send_until_answered(client, asked, answer) : status;
}

/* A caller that shows that it is away has the terminal to itself. */
int client_send(struct client *client, const struct client_request *asked, struct buf *answer)
{
    if (client->progress || asked->absence == ABSENCE_SHOWN)
        return send_patiently(client, asked, answer);
    client->progress = progress_new(stderr, "waiting for the daemon");
    int status = send_patiently(client, asked, answer);
    progress_free(client->progress);
    client->progress = NULL;
    return status;
}
