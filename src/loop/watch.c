/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "loop/watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"

/* Folders within each other: links may lead round in a circle. */
#define DEPTH_MAX 8
/* A write counts when the file is closed: what is half written needn't be looked at. */
#define MASK                                                                                       \
    (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |            \
     IN_DELETE_SELF | IN_MOVE_SELF)

/* One folder that inotify looks at; found again by each survey, or given up. */
struct place {
    int wd;
    bool is_met;
};

struct watch {
    struct watch_options options;
    char *root;
    loop_fn changed;
    void *ctx;
    int fd;
    struct loop_io *io;
    struct loop_timer *rest;
    struct clock clock;
    int64_t first_at; /* of the hints since it last rested, monotonic; 0: there was none */
    struct place *places;
    size_t n_places, cap_places;
    int root_wd;
    uint64_t seen; /* what all files were when they were looked at last */
    int failure;   /* errno of a folder that can't be watched, or 0 */
};

/* ---- what the files are ---- */

/* FNV-1a, by words: it only has to differ where something does. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x100000001b3);
}

/* Entries come in any order, so that what is made of each is added up. */
static void note_file(struct watch *w, const char *path, const struct stat *st)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = path; *c; c++)
        hash = mix(hash, (unsigned char)*c);
    hash = mix(mix(hash, (uint64_t)st->st_dev), (uint64_t)st->st_ino);
    hash = mix(mix(hash, (uint64_t)st->st_size), (uint64_t)st->st_mode);
    hash = mix(mix(hash, (uint64_t)st->st_mtim.tv_sec), (uint64_t)st->st_mtim.tv_nsec);
    hash = mix(mix(hash, (uint64_t)st->st_ctim.tv_sec), (uint64_t)st->st_ctim.tv_nsec);
    w->seen += hash;
}

/* inotify knows a folder that it looks at already. */
static int look_at(struct watch *w, const char *folder)
{
    int wd = inotify_add_watch(w->fd, folder, MASK | IN_ONLYDIR);
    if (wd < 0) {
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            w->failure = errno;
        return -1;
    }
    for (size_t i = 0; i < w->n_places; i++) {
        if (w->places[i].wd == wd) {
            w->places[i].is_met = true;
            return wd;
        }
    }
    if (w->n_places == w->cap_places) {
        w->cap_places = w->cap_places ? 2 * w->cap_places : 8;
        w->places = mem_realloc(w->places, w->cap_places * sizeof(*w->places));
    }
    w->places[w->n_places++] = (struct place){wd, true};
    return wd;
}

/* The folder that holds what the path names. */
static void look_at_holder(struct watch *w, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slice_dup(slice_of(path, slash > path ? (size_t)(slash - path) : 1));
    look_at(w, folder);
    free(folder);
}

static void look_along(struct watch *w, const char *path, int depth);

/* Where the link that the first `len` bytes of the path name leads to, seen from its folder. */
static void look_behind(struct watch *w, const char *path, size_t len, int depth)
{
    struct buf at = {0}, next = {0};
    char target[PATH_MAX];
    buf_add(&at, path, len);
    ssize_t n = readlink(at.data, target, sizeof(target));
    if (n > 0 || errno == ENOENT)
        look_at_holder(w, at.data); /* one that isn't there may come */
    if (n > 0) {
        if (target[0] != '/')
            buf_add(&next, path, (size_t)(strrchr(at.data, '/') + 1 - at.data));
        buf_add(&next, target, (size_t)n);
        look_along(w, next.data, depth + 1);
    }
    buf_deinit(&at);
    buf_deinit(&next);
}

/* Each link on the way may be turned, in a folder of its own. */
static void look_at_links(struct watch *w, const char *path, int depth)
{
    for (const char *end = path + 1; *end; end += strspn(end, "/")) {
        end += strcspn(end, "/");
        look_behind(w, path, (size_t)(end - path), depth);
    }
}

/* … and so may what is at the end. */
static void look_along(struct watch *w, const char *path, int depth)
{
    if (depth > DEPTH_MAX)
        return;
    look_at_links(w, path, depth);
    look_at_holder(w, path);
}

static void survey(struct watch *w, struct buf *path, int depth);

/* Before the folder is read, so that nothing is missed between. */
static void survey_folder(struct watch *w, struct buf *path, int depth)
{
    size_t len = path->len;
    look_at(w, path->data);
    DIR *dir = depth < DEPTH_MAX ? opendir(path->data) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        buf_printf(path, "/%s", e->d_name);
        survey(w, path, depth + 1);
        buf_truncate(path, len);
    }
    if (dir)
        closedir(dir);
}

static void survey(struct watch *w, struct buf *path, int depth)
{
    struct stat st;
    if (lstat(path->data, &st) < 0)
        return;
    if (S_ISLNK(st.st_mode)) {
        look_behind(w, path->data, path->len, 0); /* the way there was looked along */
        if (stat(path->data, &st) < 0)
            return;
    }
    if (S_ISDIR(st.st_mode))
        survey_folder(w, path, depth);
    else
        note_file(w, path->data, &st);
}

static void survey_names(struct watch *w, const char *const *names)
{
    struct buf path = {0};
    for (; *names; names++) {
        buf_clear(&path);
        buf_printf(&path, "%s/%s", w->options.root, *names);
        look_at_holder(w, path.data);
        survey(w, &path, 0);
    }
    buf_deinit(&path);
}

static void forget_unmet(struct watch *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->n_places; i++) {
        if (w->places[i].is_met)
            w->places[kept++] = w->places[i];
        else
            inotify_rm_watch(w->fd, w->places[i].wd); /* gone already, perhaps */
    }
    w->n_places = kept;
}

void watch_catch_up(struct watch *w)
{
    for (size_t i = 0; i < w->n_places; i++)
        w->places[i].is_met = false;
    w->seen = 0;
    look_at_links(w, w->options.root, 0);
    w->root_wd = look_at(w, w->options.root);
    survey_names(w, w->options.files);
    survey_names(w, w->options.folders);
    forget_unmet(w);
}

/* ---- hints ---- */

static void on_rest(void *ctx)
{
    struct watch *w = ctx;
    uint64_t before = w->seen;
    w->first_at = 0;
    watch_catch_up(w);
    if (w->seen != before)
        w->changed(w->ctx);
}

static void wait_for_rest(struct watch *w)
{
    int64_t now = clock_mono_ms(&w->clock);
    if (w->first_at == 0)
        w->first_at = now;
    int64_t left = w->first_at + WATCH_REST_MAX_MS - now;
    loop_timer_start(w->rest, left < WATCH_REST_MS ? left : WATCH_REST_MS);
}

static bool is_named(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* In the root other files may be written that are nobody's business here; what comes and goes there may be
   a link that the files lead through. */
static bool is_hint(const struct watch *w, const struct inotify_event *event)
{
    if (event->mask & IN_IGNORED)
        return false;
    if (event->wd != w->root_wd || event->len == 0 || !(event->mask & (IN_CLOSE_WRITE | IN_ATTRIB)))
        return true;
    return is_named(w->options.files, event->name) || is_named(w->options.folders, event->name);
}

static void on_events(void *ctx, int events)
{
    (void)events;
    struct watch *w = ctx;
    _Alignas(struct inotify_event) char bytes[4096];
    bool has_hint = false;
    ssize_t len;
    while ((len = read(w->fd, bytes, sizeof(bytes))) > 0) {
        for (const char *at = bytes; at < bytes + len;) {
            const struct inotify_event *event = (const void *)at;
            has_hint |= is_hint(w, event);
            at += sizeof(*event) + event->len;
        }
    }
    if (has_hint)
        wait_for_rest(w);
}

/* ---- its life ---- */

struct watch *watch_new(struct loop *loop, const struct watch_options *options, loop_fn changed,
                        void *ctx, struct err *err)
{
    struct watch *w = mem_calloc(1, sizeof(*w));
    w->options = *options;
    w->options.root = w->root = mem_strdup(options->root);
    w->changed = changed;
    w->ctx = ctx;
    w->clock = clock_system();
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0) {
        err_set_errno(err, ERR_IO, errno, "files can't be watched");
        free(w->root);
        free(w);
        return NULL;
    }
    w->rest = loop_timer_new(loop, on_rest, w);
    w->io = loop_io_new(loop, w->fd, LOOP_READ, on_events, w);
    watch_catch_up(w);
    if (w->failure) {
        err_set_errno(err, ERR_IO, w->failure, "%s can't be watched", options->root);
        watch_free(w);
        return NULL;
    }
    return w;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    loop_io_free(w->io);
    loop_timer_free(w->rest);
    close(w->fd);
    free(w->places);
    free(w->root);
    free(w);
}
