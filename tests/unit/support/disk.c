/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A file's image is what is on the platter for sure, and the changes since. The file below is what
 * the system would show, so that reading costs nothing here; after a cut it is written anew.
 */
#include "disk.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"

/* A write, or a new length. */
struct change {
    struct list link;
    bool is_length;
    size_t at, len; /* a length is `at` */
    char bytes[];
};

struct image {
    struct list link; /* in disk.images */
    char *path;
    bool is_listed;  /* for sure in the folder */
    bool is_removed; /* not in the folder as it is seen */
    struct buf sure;
    struct list changes;
    struct buf shm; /* the shared memory beside it, as it was when the power ended */
};

/* A file made or removed, which isn't sure. */
struct entry {
    struct list link;
    struct image *image;
    bool is_removal;
};

struct order {
    unsigned after, times;
    int code;
};

struct disk {
    sqlite3_vfs vfs; /* ours */
    sqlite3_vfs *below;
    sqlite3_io_methods methods;
    pthread_mutex_t mutex;
    pthread_cond_t released;
    bool hangs;
    struct order orders[DISK_OPS];
    size_t n_failures, n_changes;
    int read_errno; /* what the system would have said of a read that failed */
    unsigned left;  /* changes until the power ends; 0: it doesn't */
    bool is_off;
    struct list images;
    struct list entries; /* in the order in which they were made */
};

struct file {
    sqlite3_file base;
    struct disk *disk;
    struct image *image; /* NULL: a temporary file's */
    bool syncs_folder;
    sqlite3_file *below;
};

static struct file *file_of(sqlite3_file *base)
{
    return container_of(base, struct file, base);
}

static struct disk *disk_of(sqlite3_vfs *vfs)
{
    return container_of(vfs, struct disk, vfs);
}

/* ---- Orders --------------------------------------------------------------------------------- */

static int obey(struct disk *d, enum disk_op op)
{
    struct order *o = &d->orders[op];
    int code = SQLITE_OK;
    pthread_mutex_lock(&d->mutex);
    if (o->times > 0 && o->after > 0) {
        o->after--;
    } else if (o->times > 0) {
        o->times -= o->times != DISK_FOREVER;
        d->n_failures++;
        code = o->code;
    }
    pthread_mutex_unlock(&d->mutex);
    return code;
}

void disk_fail(struct disk *d, enum disk_op op, unsigned after, unsigned times, int code)
{
    pthread_mutex_lock(&d->mutex);
    d->orders[op] = (struct order){after, times, code};
    pthread_mutex_unlock(&d->mutex);
}

void disk_mend(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    memset(d->orders, 0, sizeof(d->orders));
    d->read_errno = 0;
    pthread_mutex_unlock(&d->mutex);
}

size_t disk_failures(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    size_t n = d->n_failures;
    pthread_mutex_unlock(&d->mutex);
    return n;
}

void disk_hang(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    d->hangs = true;
    pthread_mutex_unlock(&d->mutex);
}

void disk_release(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    d->hangs = false;
    pthread_mutex_unlock(&d->mutex);
    pthread_cond_broadcast(&d->released);
}

static void write_file(const char *path, const struct buf *bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes->data, 1, bytes->len, file) != bytes->len || fclose(file) != 0) {
        perror(path);
        abort();
    }
}

/* ---- Power ---------------------------------------------------------------------------------- */

/* It is written by no call: the system may have done so at any time. */
static void keep_shm(struct disk *d)
{
    list_each (it, &d->images) {
        struct image *image = list_entry(it, struct image, link);
        struct buf path = {0};
        buf_printf(&path, "%s-shm", image->path);
        buf_clear(&image->shm);
        if (buf_read_file(&image->shm, path.data, SIZE_MAX, NULL) < 0)
            buf_clear(&image->shm);
        buf_deinit(&path);
    }
}

static void put_shm(struct image *image, struct rng *rng)
{
    struct buf path = {0};
    buf_printf(&path, "%s-shm", image->path);
    remove(path.data);
    if (image->shm.len > 0 && rng_upto(rng, 1) == 0)
        write_file(path.data, &image->shm);
    buf_deinit(&path);
}

/* One more change is about to be made; whether there is power for it. The last one is begun. */
static bool has_power(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    bool powered = !d->is_off;
    d->n_changes += powered;
    if (powered && d->left > 0 && --d->left == 0) {
        d->is_off = true;
        keep_shm(d);
    }
    pthread_mutex_unlock(&d->mutex);
    return powered;
}

void disk_cut(struct disk *d, unsigned n)
{
    pthread_mutex_lock(&d->mutex);
    d->left = n;
    pthread_mutex_unlock(&d->mutex);
}

void disk_freeze(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    d->is_off = true;
    pthread_mutex_unlock(&d->mutex);
}

void disk_thaw(struct disk *d)
{
    d->left = 0;
    d->is_off = false;
}

bool disk_is_off(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    bool off = d->is_off;
    pthread_mutex_unlock(&d->mutex);
    return off;
}

size_t disk_changes(struct disk *d)
{
    pthread_mutex_lock(&d->mutex);
    size_t n = d->n_changes;
    pthread_mutex_unlock(&d->mutex);
    return n;
}

/* ---- Images --------------------------------------------------------------------------------- */

static void resize(struct buf *b, size_t len)
{
    if (len < b->len) {
        buf_truncate(b, len);
        return;
    }
    size_t more = len - b->len;
    buf_reserve(b, more);
    memset(b->data + b->len, 0, more);
    b->len = len;
}

static void put(struct buf *b, size_t at, const char *bytes, size_t len)
{
    if (b->len < at)
        resize(b, at);
    if (b->len < at + len) {
        buf_reserve(b, at + len - b->len);
        b->len = at + len;
    }
    memcpy(b->data + at, bytes, len);
}

static void image_free(struct image *image)
{
    list_each (it, &image->changes) {
        list_remove(it);
        free(list_entry(it, struct change, link));
    }
    list_remove(&image->link);
    buf_deinit(&image->sure);
    buf_deinit(&image->shm);
    free(image->path);
    free(image);
}

static struct image *find_image(struct disk *d, const char *path)
{
    list_each (it, &d->images) {
        struct image *image = list_entry(it, struct image, link);
        if (!image->is_removed && strcmp(image->path, path) == 0)
            return image;
    }
    return NULL;
}

static struct image *image_new(struct disk *d, const char *path)
{
    struct image *image = mem_calloc(1, sizeof(*image));
    image->path = mem_strdup(path);
    list_init(&image->changes);
    list_add_tail(&d->images, &image->link);
    return image;
}

static void add_entry(struct disk *d, struct image *image, bool is_removal)
{
    struct entry *entry = mem_alloc(sizeof(*entry));
    *entry = (struct entry){.image = image, .is_removal = is_removal};
    list_add_tail(&d->entries, &entry->link);
}

/* The oldest entry becomes sure. */
static void settle_entry(struct disk *d)
{
    struct entry *entry = list_first(&d->entries, struct entry, link);
    list_remove(&entry->link);
    if (entry->is_removal)
        image_free(entry->image);
    else
        entry->image->is_listed = true;
    free(entry);
}

static void sync_folder(struct disk *d)
{
    while (!list_is_empty(&d->entries))
        settle_entry(d);
}

static void note(struct disk *d, struct image *image, const char *bytes, size_t at, size_t len)
{
    struct change *change = mem_alloc(sizeof(*change) + len);
    *change = (struct change){.is_length = !bytes, .at = at, .len = len};
    if (bytes)
        memcpy(change->bytes, bytes, len);
    pthread_mutex_lock(&d->mutex);
    list_add_tail(&image->changes, &change->link);
    pthread_mutex_unlock(&d->mutex);
}

static void sync_image(struct image *image)
{
    list_each (it, &image->changes) {
        struct change *c = list_entry(it, struct change, link);
        if (c->is_length)
            resize(&image->sure, c->at);
        else
            put(&image->sure, c->at, c->bytes, c->len);
        list_remove(it);
        free(c);
    }
}

/* ---- What power leaves ---------------------------------------------------------------------- */

/* Of a file's changes all, none, or each sector with this chance in 8. */
static void lose(struct image *image, struct rng *rng)
{
    uint64_t chance = rng_upto(rng, 8);
    size_t len = image->sure.len;
    list_each (it, &image->changes) {
        struct change *c = list_entry(it, struct change, link);
        size_t end = c->is_length ? c->at : c->at + c->len;
        if (rng_upto(rng, 7) < chance && (c->is_length || end > len))
            len = end;
        for (size_t from = c->at; !c->is_length && from < end;) {
            size_t to = (from / DISK_SECTOR + 1) * DISK_SECTOR;
            to = to < end ? to : end;
            if (rng_upto(rng, 7) < chance)
                put(&image->sure, from, c->bytes + (from - c->at), to - from);
            from = to;
        }
        list_remove(it);
        free(c);
    }
    resize(&image->sure, len);
}

void disk_restart(struct disk *d, struct rng *rng)
{
    size_t n = 0;
    list_each (it, &d->entries)
        n++;
    for (size_t sure = rng_upto(rng, n); sure > 0; sure--)
        settle_entry(d);
    list_each (it, &d->entries) {
        struct entry *entry = list_entry(it, struct entry, link);
        list_remove(it);
        free(entry);
    }
    list_each (it, &d->images) {
        struct image *image = list_entry(it, struct image, link);
        remove(image->path);
    }
    list_each (it, &d->images) {
        struct image *image = list_entry(it, struct image, link);
        image->is_removed = false;
        lose(image, rng);
        put_shm(image, rng);
        if (image->is_listed)
            write_file(image->path, &image->sure);
        else
            image_free(image);
    }
    d->left = 0;
    d->is_off = false;
}

/* ---- Files ---------------------------------------------------------------------------------- */

static int file_close(sqlite3_file *base)
{
    struct file *f = file_of(base);
    return f->below->pMethods ? f->below->pMethods->xClose(f->below) : SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *to, int len, sqlite3_int64 at)
{
    struct file *f = file_of(base);
    int code = obey(f->disk, DISK_READ);
    if (code == SQLITE_IOERR_CORRUPTFS)
        f->disk->read_errno = EIO;
    return code ? code : f->below->pMethods->xRead(f->below, to, len, at);
}

static int write_below(struct file *f, const void *bytes, int len, sqlite3_int64 at)
{
    if (f->image)
        note(f->disk, f->image, bytes, (size_t)at, (size_t)len);
    return f->below->pMethods->xWrite(f->below, bytes, len, at);
}

/* Of a write that fails: a half, but no half sector. */
static int half_of(int len, sqlite3_int64 at)
{
    sqlite3_int64 end = (at + len / 2) / DISK_SECTOR * DISK_SECTOR;
    return end > at ? (int)(end - at) : 0;
}

static int file_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 at)
{
    struct file *f = file_of(base);
    int code = obey(f->disk, DISK_WRITE);
    if (!has_power(f->disk))
        return SQLITE_IOERR_WRITE;
    int n = code == SQLITE_OK ? len : half_of(len, at);
    if (n > 0 && write_below(f, bytes, n, at) != SQLITE_OK)
        return SQLITE_IOERR_WRITE;
    return code || !disk_is_off(f->disk) ? code : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 len)
{
    struct file *f = file_of(base);
    int code = obey(f->disk, DISK_TRUNCATE);
    if (code || !has_power(f->disk))
        return code ? code : SQLITE_IOERR_TRUNCATE;
    if (f->image)
        note(f->disk, f->image, NULL, (size_t)len, 0);
    code = f->below->pMethods->xTruncate(f->below, len);
    return code || !disk_is_off(f->disk) ? code : SQLITE_IOERR_TRUNCATE;
}

/* A sync during which the power ends has synced nothing for sure. Nothing is synced below: that
   the machine itself goes on is the test's assumption. */
static int file_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct file *f = file_of(base);
    struct disk *d = f->disk;
    int code = obey(d, DISK_SYNC);
    pthread_mutex_lock(&d->mutex);
    while (d->hangs)
        pthread_cond_wait(&d->released, &d->mutex);
    pthread_mutex_unlock(&d->mutex);
    if (code || !has_power(d) || disk_is_off(d))
        return code ? code : SQLITE_IOERR_FSYNC;
    pthread_mutex_lock(&d->mutex);
    if (f->image)
        sync_image(f->image);
    if (f->syncs_folder)
        sync_folder(d);
    f->syncs_folder = false;
    pthread_mutex_unlock(&d->mutex);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *len)
{
    struct file *f = file_of(base);
    return f->below->pMethods->xFileSize(f->below, len);
}

static int file_lock(sqlite3_file *base, int level)
{
    struct file *f = file_of(base);
    return f->below->pMethods->xLock(f->below, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    struct file *f = file_of(base);
    return f->below->pMethods->xUnlock(f->below, level);
}

static int file_check_lock(sqlite3_file *base, int *is_reserved)
{
    struct file *f = file_of(base);
    return f->below->pMethods->xCheckReservedLock(f->below, is_reserved);
}

static int file_control(sqlite3_file *base, int op, void *arg)
{
    struct file *f = file_of(base);
    if (op == SQLITE_FCNTL_LAST_ERRNO && f->disk->read_errno != 0) {
        *(int *)arg = f->disk->read_errno;
        return SQLITE_OK;
    }
    return f->below->pMethods->xFileControl(f->below, op, arg);
}

static int file_sector(sqlite3_file *base)
{
    (void)base;
    return DISK_SECTOR;
}

static int file_traits(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **to)
{
    struct file *f = file_of(base);
    return f->below->pMethods->xShmMap(f->below, page, size, extend, to);
}

static int file_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    struct file *f = file_of(base);
    return f->below->pMethods->xShmLock(f->below, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    struct file *f = file_of(base);
    f->below->pMethods->xShmBarrier(f->below);
}

static int file_shm_unmap(sqlite3_file *base, int remove_it)
{
    struct file *f = file_of(base);
    return f->below->pMethods->xShmUnmap(f->below, remove_it);
}

/* ---- The layer ------------------------------------------------------------------------------ */

/* What is there before this layer came is sure. */
static struct image *take_image(struct disk *d, const char *path, bool is_new)
{
    struct image *image = find_image(d, path);
    if (image)
        return image;
    image = image_new(d, path);
    image->is_listed = !is_new;
    if (is_new)
        add_entry(d, image, false);
    else if (buf_read_file(&image->sure, path, SIZE_MAX, NULL) < 0)
        abort();
    return image;
}

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                     int *out_flags)
{
    struct disk *d = disk_of(vfs);
    struct file *f = file_of(base);
    int exists = 0;
    *f = (struct file){.disk = d, .below = (sqlite3_file *)(f + 1)};
    int code = obey(d, DISK_OPEN);
    if (code)
        return code;
    if (path && d->below->xAccess(d->below, path, SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK)
        return SQLITE_CANTOPEN;
    bool makes = path && !exists && flags & SQLITE_OPEN_CREATE;
    if (makes && !has_power(d))
        return SQLITE_CANTOPEN;
    code = d->below->xOpen(d->below, path, f->below, flags, out_flags);
    if (f->below->pMethods)
        f->base.pMethods = &d->methods;
    if (code || !path)
        return code;
    pthread_mutex_lock(&d->mutex);
    f->image = take_image(d, path, makes);
    pthread_mutex_unlock(&d->mutex);
    f->syncs_folder = makes && flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int syncs_folder)
{
    struct disk *d = disk_of(vfs);
    int code = obey(d, DISK_DELETE);
    if (code || !has_power(d))
        return code ? code : SQLITE_IOERR_DELETE;
    code = d->below->xDelete(d->below, path, 0);
    pthread_mutex_lock(&d->mutex);
    struct image *image = code == SQLITE_OK ? find_image(d, path) : NULL;
    if (image) {
        image->is_removed = true;
        add_entry(d, image, true);
    }
    if (syncs_folder && !d->is_off)
        sync_folder(d);
    pthread_mutex_unlock(&d->mutex);
    return code;
}

static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    struct disk *d = disk_of(vfs);
    return d->below->xAccess(d->below, path, flags, out);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *path, int len, char *out)
{
    struct disk *d = disk_of(vfs);
    return d->below->xFullPathname(d->below, path, len, out);
}

static int disk_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    struct disk *d = disk_of(vfs);
    return d->below->xRandomness(d->below, len, out);
}

/* Who waits for a lock does so by turns, which pass at once. */
static int disk_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    sched_yield();
    return us;
}

static int disk_time(sqlite3_vfs *vfs, sqlite3_int64 *ms)
{
    struct disk *d = disk_of(vfs);
    return d->below->xCurrentTimeInt64(d->below, ms);
}

static int disk_last_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    (void)len;
    (void)out;
    return 0; /* the orders' codes have no errno */
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

struct disk *disk_new(void)
{
    struct disk *d = mem_calloc(1, sizeof(*d));
    d->below = sqlite3_vfs_find(NULL);
    d->methods = methods;
    d->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct file) + d->below->szOsFile,
        .mxPathname = d->below->mxPathname,
        .zName = "liaison-test-disk",
        .xOpen = disk_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_full_path,
        .xRandomness = disk_randomness,
        .xSleep = disk_sleep,
        .xGetLastError = disk_last_error,
        .xCurrentTimeInt64 = disk_time,
    };
    pthread_mutex_init(&d->mutex, NULL);
    pthread_cond_init(&d->released, NULL);
    list_init(&d->images);
    list_init(&d->entries);
    sqlite3_vfs_register(&d->vfs, 1);
    return d;
}

void disk_free(struct disk *d)
{
    if (!d)
        return;
    sqlite3_vfs_unregister(&d->vfs);
    sqlite3_vfs_register(d->below, 1);
    list_each (it, &d->entries)
        free(list_entry(it, struct entry, link));
    list_each (it, &d->images)
        image_free(list_entry(it, struct image, link));
    pthread_cond_destroy(&d->released);
    pthread_mutex_destroy(&d->mutex);
    free(d);
}
