/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the transfers alone cost: libcurl's multi interface on libev, the bytes and headers of the
 * daemon's own requests, nothing else.
 *
 *     curl_loop --port P [--events N] [--keys K] [--at-once 64]     posts to /curl
 *
 * Prints {"events", "cpuUs", "us"}, measured over the posting alone. Exits 1 when an answer wasn't
 * 200.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <curl/curl.h>
#include <ev.h>

#include "stand_in.h"

struct curl_loop {
    struct ev_loop *loop;
    CURLM *multi;
    struct ev_timer timer;
    int64_t events, keys, next, done, failed;
    char url[64];
};

/* One transfer of those at once, used again and again. */
struct slot {
    struct curl_loop *owner;
    CURL *easy;
    struct curl_slist *headers;
    char id[64], body[EVENT_MAX];
};

/* What a watched socket needs. */
struct watch {
    struct ev_io io;
    struct curl_loop *owner;
};

static int64_t cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* ---- one POST ---- */

static size_t ignore_body(char *data, size_t size, size_t n, void *ctx)
{
    (void)data;
    (void)ctx;
    return size * n;
}

/* Each delivery has headers of its own, so they are made anew, as the daemon must. */
static void post_next(struct slot *slot)
{
    struct curl_loop *l = slot->owner;
    int64_t n = ++l->next;
    size_t len = event_data(slot->body, n, l->keys, now_us());
    snprintf(slot->id, sizeof(slot->id), "Idempotency-Key: %" PRId64 "-645b5579eced45748e917055",
             n);
    curl_slist_free_all(slot->headers);
    slot->headers = curl_slist_append(NULL, "Content-Type: application/json");
    slot->headers = curl_slist_append(slot->headers, "Expect:");
    slot->headers = curl_slist_append(slot->headers, "User-Agent: Liaison/0.1.0");
    slot->headers = curl_slist_append(slot->headers, slot->id);
    curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, (long)len);
    curl_multi_add_handle(l->multi, slot->easy);
}

static void slot_open(struct slot *slot, struct curl_loop *l)
{
    *slot = (struct slot){.owner = l, .easy = curl_easy_init()};
    curl_easy_setopt(slot->easy, CURLOPT_URL, l->url);
    curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, slot->body);
    curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, ignore_body);
    curl_easy_setopt(slot->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    post_next(slot);
}

static void slot_ended(struct slot *slot, CURLcode code)
{
    struct curl_loop *l = slot->owner;
    long status = 0;
    curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    l->done++;
    if (code != CURLE_OK || status != 200)
        l->failed++;
    curl_multi_remove_handle(l->multi, slot->easy);
    if (l->next < l->events) {
        post_next(slot);
        return;
    }
    curl_easy_cleanup(slot->easy);
    curl_slist_free_all(slot->headers);
}

static void collect(struct curl_loop *l)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(l->multi, &left))) {
        struct slot *slot;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
        slot_ended(slot, code);
    }
    if (l->done == l->events)
        ev_break(l->loop, EVBREAK_ALL);
}

/* ---- curl on libev ---- */

static void on_io(struct ev_loop *loop, struct ev_io *io, int events)
{
    (void)loop;
    struct curl_loop *l = ((struct watch *)io)->owner;
    int mask =
        (events & EV_READ ? CURL_CSELECT_IN : 0) | (events & EV_WRITE ? CURL_CSELECT_OUT : 0);
    int running;
    curl_multi_socket_action(l->multi, io->fd, mask, &running);
    collect(l);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct curl_loop *l = timer->data;
    int running;
    curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(l);
}

static int set_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    struct curl_loop *l = ctx;
    ev_timer_stop(l->loop, &l->timer);
    if (timeout_ms >= 0) {
        ev_timer_set(&l->timer, (double)timeout_ms / 1000, 0);
        ev_timer_start(l->loop, &l->timer);
    }
    return 0;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_socket)
{
    (void)easy;
    struct curl_loop *l = ctx;
    struct watch *watch = of_socket;
    if (watch)
        ev_io_stop(l->loop, &watch->io);
    if (what == CURL_POLL_REMOVE) {
        free(watch);
        return 0;
    }
    if (!watch) {
        watch = calloc(1, sizeof(*watch));
        if (!watch)
            exit(1);
        watch->owner = l;
        ev_init(&watch->io, on_io);
        curl_multi_assign(l->multi, fd, watch);
    }
    ev_io_set(&watch->io, fd,
              (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));
    ev_io_start(l->loop, &watch->io);
    return 0;
}

int main(int argc, char **argv)
{
    struct curl_loop l = {
        .loop = ev_default_loop(0),
        .events = argument(argc, argv, "events", 50000),
        .keys = argument(argc, argv, "keys", 10000),
    };
    int64_t at_once = argument(argc, argv, "at-once", 64);
    snprintf(l.url, sizeof(l.url), "http://127.0.0.1:%d/curl",
             (int)argument(argc, argv, "port", 0));
    curl_global_init(CURL_GLOBAL_ALL);
    l.multi = curl_multi_init();
    curl_multi_setopt(l.multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(l.multi, CURLMOPT_SOCKETDATA, &l);
    curl_multi_setopt(l.multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(l.multi, CURLMOPT_TIMERDATA, &l);
    curl_multi_setopt(l.multi, CURLMOPT_MAXCONNECTS, (long)at_once);
    ev_init(&l.timer, on_timer);
    l.timer.data = &l;

    struct slot *slots = calloc((size_t)at_once, sizeof(*slots));
    if (!slots)
        return 1;
    int64_t started_us = now_us(), cpu_before = cpu_us();
    for (int64_t i = 0; i < at_once && l.next < l.events; i++)
        slot_open(&slots[i], &l);
    ev_run(l.loop, 0);
    printf("{\"events\":%" PRId64 ",\"cpuUs\":%" PRId64 ",\"us\":%" PRId64 "}\n", l.done,
           cpu_us() - cpu_before, now_us() - started_us);
    curl_multi_cleanup(l.multi);
    free(slots);
    return l.failed ? 1 : 0;
}
