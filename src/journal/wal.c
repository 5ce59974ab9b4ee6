/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A frame is sound when its salts are the header's and its checksum follows from the one of the
 * frame before it. The writer syncs each commit before the next, so a crash can leave one commit in
 * pieces, and nothing sound behind that.
 */
#include "journal/wal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define HEADER_LEN 32
#define FRAME_HEADER_LEN 24
#define SALTS_LEN 8
#define MAGIC 0x377f0682u /* with 1 added where checksums are over big-endian words */
#define INDEX_LEN 136     /* of the shared memory, up to the end of what is read */
#define INDEX_COPY_LEN 48
#define INDEX_WRITTEN_BACK 96 /* where it stands how much of the log the database has */

struct sum {
    uint32_t s0, s1;
};

struct wal {
    int fd;
    const char *path;
    bool is_big; /* the words that checksums are over */
    size_t page_len;
    unsigned char salts[SALTS_LEN];
    unsigned char *frame; /* the one read last */
};

/* The shared memory's header. */
struct index {
    bool is_sound; /* and knows of commits that aren't in the database yet */
    unsigned char salts[SALTS_LEN];
    uint32_t last; /* the last frame that was committed */
};

static uint32_t read_big(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t read_native(const unsigned char *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

static uint32_t read_little(const unsigned char *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static struct sum add_up(struct sum sum, bool is_big, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i + 8 <= len; i += 8) {
        sum.s0 += (is_big ? read_big(bytes + i) : read_little(bytes + i)) + sum.s1;
        sum.s1 += (is_big ? read_big(bytes + i + 4) : read_little(bytes + i + 4)) + sum.s0;
    }
    return sum;
}

static struct sum stored_sum(const unsigned char *p)
{
    return (struct sum){read_big(p), read_big(p + 4)};
}

static bool sums_equal(struct sum a, struct sum b)
{
    return a.s0 == b.s0 && a.s1 == b.s1;
}

/* ---- The shared memory ---------------------------------------------------------------------- */

static bool is_big_machine(void)
{
    const unsigned char one[4] = {0, 0, 0, 1};
    return read_native(one) == 1;
}

/* Two copies of a header with its checksum, then how far the database has what the log holds. */
static void read_index(const char *path, struct index *index)
{
    unsigned char bytes[INDEX_LEN];
    struct buf name = {0};
    buf_printf(&name, "%s-shm", path);
    int fd = open(name.data, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);
    if (fd >= 0)
        close(fd);
    buf_deinit(&name);
    *index = (struct index){.is_sound = false};
    if (n != INDEX_LEN || memcmp(bytes, bytes + INDEX_COPY_LEN, INDEX_COPY_LEN) != 0)
        return;
    struct sum sum = add_up((struct sum){0, 0}, is_big_machine(), bytes, 40);
    bool is_whole =
        bytes[12] == 1 && sum.s0 == read_native(bytes + 40) && sum.s1 == read_native(bytes + 44);
    index->last = read_native(bytes + 16);
    memcpy(index->salts, bytes + 32, SALTS_LEN);
    index->is_sound = is_whole && index->last > read_native(bytes + INDEX_WRITTEN_BACK);
}

/* ---- The log -------------------------------------------------------------------------------- */

static bool is_page_len(uint32_t len)
{
    return len >= 512 && len <= 65536 && (len & (len - 1)) == 0;
}

/* 1: read; 0: it isn't all there; -1 with err. */
static int read_at(const struct wal *w, void *to, size_t len, size_t at, struct err *err)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = pread(w->fd, (char *)to + got, len - got, (off_t)(at + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, ERR_IO, errno, "cannot read %s", w->path);
        if (n == 0)
            return 0;
        got += (size_t)n;
    }
    return 1;
}

/* As read_at; the page length is taken even where the rest is damaged. `sum` is what the first
   frame's follows from. */
static int read_header(struct wal *w, struct sum *sum, bool *is_sound, struct err *err)
{
    unsigned char h[HEADER_LEN];
    int rc = read_at(w, h, sizeof(h), 0, err);
    if (rc <= 0)
        return rc;
    uint32_t magic = read_big(h), page_len = read_big(h + 8);
    w->is_big = magic == MAGIC + 1;
    w->page_len = is_page_len(page_len) ? page_len : 8192;
    memcpy(w->salts, h + 16, SALTS_LEN);
    *sum = add_up((struct sum){0, 0}, w->is_big, h, 24);
    *is_sound =
        (magic | 1) == (MAGIC | 1) && is_page_len(page_len) && sums_equal(*sum, stored_sum(h + 24));
    w->frame = mem_alloc(FRAME_HEADER_LEN + w->page_len);
    return 1;
}

/* Frame `n`, the first being 0. */
static int read_frame(struct wal *w, uint32_t n, struct err *err)
{
    size_t len = FRAME_HEADER_LEN + w->page_len;
    return read_at(w, w->frame, len, HEADER_LEN + n * len, err);
}

static bool is_of_this_log(const struct wal *w)
{
    return memcmp(w->frame + 8, w->salts, SALTS_LEN) == 0;
}

static bool is_commit(const struct wal *w)
{
    return read_big(w->frame + 4) != 0;
}

/* Whether the frame follows from the sum of the one before; *sum becomes its own. */
static bool follows(const struct wal *w, struct sum *sum)
{
    struct sum own = add_up(*sum, w->is_big, w->frame, 8);
    own = add_up(own, w->is_big, w->frame + FRAME_HEADER_LEN, w->page_len);
    *sum = stored_sum(w->frame + 16);
    return sums_equal(own, *sum);
}

/* Walks the frames that SQLite takes: their number, and that of those up to the last commit. */
static int walk_sound(struct wal *w, struct sum *sum, uint32_t *n, uint32_t *n_committed,
                      struct err *err)
{
    int rc;
    for (*n = *n_committed = 0; (rc = read_frame(w, *n, err)) > 0; ++*n) {
        if (!is_of_this_log(w) || !follows(w, sum))
            break;
        if (is_commit(w))
            *n_committed = *n + 1;
    }
    return rc < 0 ? -1 : 0;
}

/* How many whole commits stand behind a frame that is none. Frames that follow from one another are
   a chain; the first commit in one may be that which was on its way when power failed, or was given
   up, now or an earlier time, and what came after that was written over its beginning. It isn't
   counted: those behind it were begun when it was through. */
static int count_behind(struct wal *w, uint32_t broken, uint32_t *n_commits, struct err *err)
{
    struct sum sum = {0, 0};
    bool is_behind = false; /* a commit of the same chain */
    int rc;
    *n_commits = 0;
    for (uint32_t n = broken; (rc = read_frame(w, n, err)) > 0; n++) {
        bool is_own = is_of_this_log(w), is_next = follows(w, &sum) && is_own;
        if (!is_next || n == broken)
            is_behind = false;
        if (is_own && is_commit(w)) {
            *n_commits += is_behind;
            is_behind = true;
        }
    }
    return rc < 0 ? -1 : 0;
}

/* ---- Judging -------------------------------------------------------------------------------- */

static int judge_frames(struct wal *w, const struct index *index, struct sum sum, struct err *err)
{
    uint32_t n, n_committed, n_behind;
    if (walk_sound(w, &sum, &n, &n_committed, err) < 0 || count_behind(w, n, &n_behind, err) < 0)
        return -1;
    bool is_same = index->is_sound && memcmp(index->salts, w->salts, SALTS_LEN) == 0;
    if (is_same && index->last > n_committed)
        return err_set(err, ERR_CORRUPT,
                       "the write-ahead log %s is damaged: of %u pages that were committed the "
                       "last %u can't be read any more",
                       w->path, index->last, index->last - n_committed);
    if (n_behind > 0)
        return err_set(err, ERR_CORRUPT,
                       "the write-ahead log %s is damaged at its page %u: the commit there and at "
                       "least %u behind it can't be read any more",
                       w->path, n + 1, n_behind);
    return 0;
}

/* A header is written and synced before the first frame: frames behind one that is none are of
   commits. */
static int judge_headless(struct wal *w, struct err *err)
{
    uint32_t n_behind = 0;
    if (read_frame(w, 0, err) > 0) {
        memcpy(w->salts, w->frame + 8, SALTS_LEN);
        if (count_behind(w, 0, &n_behind, err) < 0)
            return -1;
    }
    if (n_behind == 0)
        return 0;
    return err_set(err, ERR_CORRUPT,
                   "the header of the write-ahead log %s is damaged: its commits can't be read any "
                   "more",
                   w->path);
}

static int judge(struct wal *w, const struct index *index, struct err *err)
{
    struct sum sum;
    bool is_sound = false;
    int rc = read_header(w, &sum, &is_sound, err);
    if (rc < 0)
        return -1;
    if (!is_sound && index->is_sound)
        return err_set(err, ERR_CORRUPT,
                       "the write-ahead log %s has lost its header: %u pages that were committed "
                       "can't be read any more",
                       w->path, index->last);
    if (rc == 0)
        return 0; /* shorter than a header: nothing was committed to it */
    return is_sound ? judge_frames(w, index, sum, err) : judge_headless(w, err);
}

static int fail_missing(const struct wal *w, int system, const struct index *index, struct err *err)
{
    if (system != ENOENT)
        return err_set_errno(err, ERR_IO, system, "cannot open %s", w->path);
    if (!index->is_sound)
        return 0;
    return err_set(err, ERR_CORRUPT,
                   "the write-ahead log %s isn't there: %u pages that were committed to it are "
                   "lost",
                   w->path, index->last);
}

int wal_inspect(const char *path, struct err *err)
{
    struct buf name = {0};
    struct index index;
    buf_printf(&name, "%s-wal", path);
    struct wal w = {.path = name.data};
    read_index(path, &index);
    w.fd = open(name.data, O_RDONLY | O_CLOEXEC);
    int rc = w.fd < 0 ? fail_missing(&w, errno, &index, err) : judge(&w, &index, err);
    if (w.fd >= 0)
        close(w.fd);
    free(w.frame);
    buf_deinit(&name);
    return rc;
}
