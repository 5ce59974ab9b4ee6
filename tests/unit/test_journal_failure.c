/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: processes that are killed and disks that are full lose nothing that was told as kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "journal_fixture.h"

/* ---- Killed ---- */

#define REPORT_MS 60000 /* for a child's first report, on a slow machine */

/* An append of the child, told through the pipe once it is kept. */
struct report {
    struct event *event;
    int pipe;
};

static void report_kept(void *ctx, size_t duplicates)
{
    struct report *report = ctx;
    int64_t seq = report->event->seq;
    if (duplicates != 0 || write(report->pipe, &seq, sizeof(seq)) != sizeof(seq))
        _exit(1);
    event_unref(report->event);
    free(report);
}

/* Appends, closes and delivers for ever; from each round one event stays open. */
static _Noreturn void run_child(struct fixture *f, int pipe)
{
    f->threaded = true;
    fixture_open(f);
    for (int64_t last = 0;; last++) {
        struct report *report = mem_alloc(sizeof(*report));
        *report = (struct report){fixture_event("x"), pipe};
        const struct journal_append append = {
            .events = &report->event, .n_events = 1, .channel = SLICE_LIT(FIXTURE_CHANNEL)};
        journal_append(f->journal, &append, report_kept, report);
        int64_t seq = report->event->seq;
        if (last % 2 == 0) {
            struct delivery_row row = fixture_delivery(seq, 0, DELIVERY_DELIVERED);
            journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
            journal_set_event(f->journal, seq, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, EVENT_CLOSED,
                              NULL, NULL);
        }
        journal_dispatch(f->journal);
        while (journal_queued(f->journal) > 500) {
            sem_wait(&f->notified);
            journal_dispatch(f->journal);
        }
    }
}

static bool take_seq(void *ctx, struct event *event, enum event_state state)
{
    int64_t *found = ctx;
    (void)state;
    *found = event->seq;
    return true;
}

/* Each number in the pipe is that of an event in the journal; how many there were. */
static size_t check_reported(struct fixture *f, int pipe)
{
    struct journal_reader *r = fixture_reader(f);
    size_t n = 0;
    for (int64_t seq; read(pipe, &seq, sizeof(seq)) == sizeof(seq); n++) {
        int64_t found = 0;
        assert_int_equal(journal_find_event(r, seq, take_seq, &found, NULL), 0);
        assert_int_equal(found, seq);
    }
    journal_reader_close(r);
    return n;
}

/* Kills a child `ms` after its first report; how many appends it was told were kept. */
static size_t kill_one(struct fixture *f, int64_t ms)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    /* Room for all reports: a child that waits for its reader tells nothing of a crash. */
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    pid_t child = fork();
    if (child == 0)
        run_child(f, ends[1]);
    close(ends[1]);
    struct pollfd first = {.fd = ends[0], .events = POLLIN};
    assert_int_equal(poll(&first, 1, REPORT_MS), 1);
    const struct timespec wait = {.tv_nsec = ms * 1000000};
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fixture_open(f); /* repairs what the child left, as a start does */
    size_t n = check_reported(f, ends[0]);
    fixture_check(f);
    fixture_close(f);
    close(ends[0]);
    return n;
}

static void a_killed_process_has_kept_what_it_was_told(void **state)
{
    struct fixture *f = *state;
    struct rng rng;
    size_t told = 0;
    rng_init_entropy(&rng);
    fixture_close(f);
    for (int i = 0; i < 8; i++)
        told += kill_one(f, (int64_t)rng_upto(&rng, 200));
    assert_true(told > 0);
    fixture_open(f);
}

/* ---- Full ---- */

/* No file may grow beyond `bytes`, which to SQLite looks like a full disk. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int unlimit_files(void **state)
{
    limit_files(RLIM_INFINITY);
    return fixture_teardown(state);
}

static rlim_t wal_size(struct fixture *f)
{
    struct buf path = {0};
    struct stat st = {0};
    buf_printf(&path, "%s-wal", f->path.data);
    assert_int_equal(stat(path.data, &st), 0);
    buf_deinit(&path);
    return (rlim_t)st.st_size;
}

static void count_kept(void *ctx, size_t duplicates)
{
    int *kept = ctx;
    assert_int_equal(duplicates, 0);
    ++*kept;
}

/* Queues events that don't fit into what the disk has left; each has an identity of its own. */
static void queue_many(struct fixture *f, int n, int *kept)
{
    static int made;
    for (int i = 0; i < n; i++) {
        char id[32];
        unsigned char identity[1][16] = {{0}};
        const bool has_identity = true;
        snprintf(id, sizeof(id), "event-%d", made++);
        memcpy(identity[0], id, strlen(id));
        struct event *event = fixture_event(id);
        const struct journal_append append = {
            .events = &event,
            .n_events = 1,
            .identities = (const unsigned char(*)[16])identity,
            .has_identity = &has_identity,
            .channel = SLICE_LIT(FIXTURE_CHANNEL),
        };
        journal_append(f->journal, &append, count_kept, kept);
        event_unref(event);
    }
}

static void a_full_disk_is_told_and_nothing_lost(void **state)
{
    struct fixture *f = *state;
    int kept = 0;
    fixture_append(f, "first");
    limit_files(wal_size(f) + 20000);
    queue_many(f, 1000, &kept);
    assert_false(journal_step(f->journal));
    assert_false(journal_step(f->journal));
    journal_dispatch(f->journal);
    assert_int_equal(kept, 0);
    assert_int_equal(journal_queued(f->journal), 1000);
    assert_non_null(strstr(journal_problem(f->journal), "cannot commit to "));
    assert_non_null(strstr(journal_problem(f->journal), "journal.db"));
    assert_non_null(strstr(journal_problem(f->journal), strerror(EFBIG)));
    queue_many(f, 10, &kept);
    limit_files(RLIM_INFINITY);
    fixture_settle(f);
    assert_null(journal_problem(f->journal));
    assert_int_equal(kept, 1010);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "open"), 1011);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "duplicate"), 0);
    fixture_check(f);
}

static void closing_on_a_full_disk_gives_up(void **state)
{
    struct fixture *f = *state;
    int kept = 0;
    fixture_append(f, "first");
    limit_files(wal_size(f) + 20000);
    queue_many(f, 1000, &kept);
    fixture_close(f);
    limit_files(RLIM_INFINITY);
    assert_int_equal(kept, 0);
    fixture_open(f);
    assert_int_equal(fixture_append(f, "first"), 0);
    fixture_check(f);
}

static void the_thread_goes_on_by_itself_when_there_is_room_again(void **state)
{
    struct fixture *f = *state;
    int kept = 0;
    fixture_append(f, "first");
    limit_files(wal_size(f) + 20000);
    queue_many(f, 1000, &kept);
    while (!journal_problem(f->journal)) {
        sem_wait(&f->notified);
        journal_dispatch(f->journal);
    }
    limit_files(RLIM_INFINITY);
    fixture_settle(f);
    assert_int_equal(kept, 1000);
    assert_null(journal_problem(f->journal));
    fixture_check(f);
}

static void a_thread_whose_disk_is_full_ends_when_it_is_closed(void **state)
{
    struct fixture *f = *state;
    int kept = 0;
    fixture_append(f, "first");
    limit_files(wal_size(f) + 20000);
    queue_many(f, 1000, &kept);
    fixture_close(f);
    assert_int_equal(kept, 0);
}

int main(void)
{
#define STEPPED(name) cmocka_unit_test_setup_teardown(name, fixture_setup, unlimit_files)
#define THREADED(name) cmocka_unit_test_setup_teardown(name, fixture_setup_threaded, unlimit_files)
    const struct CMUnitTest tests[] = {
        STEPPED(a_killed_process_has_kept_what_it_was_told),
        STEPPED(a_full_disk_is_told_and_nothing_lost),
        STEPPED(closing_on_a_full_disk_gives_up),
        THREADED(the_thread_goes_on_by_itself_when_there_is_room_again),
        THREADED(a_thread_whose_disk_is_full_ends_when_it_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
