/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Folders, modes, and a lock that ends with its holder.
 */
#include "journal/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define OWNER_MAX 512

/* The folder that `path` lies in, to be freed. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_strdup(".");
    return slice_dup(slice_of(path, slash == path ? 1 : (size_t)(slash - path)));
}

int files_make_folder(const char *path, struct err *err)
{
    char *folder = folder_of(path);
    int rc = 0;
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        rc = err_set_errno(err, ERR_IO, errno, "cannot make the folder %s of the journal", folder);
    free(folder);
    return rc;
}

static int sync_as(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int rc = fd < 0 ? -1 : fsync(fd);
    int system = errno;
    if (fd >= 0)
        close(fd);
    errno = system;
    return rc;
}

int files_sync(const char *path, struct err *err)
{
    return sync_as(path, 0) < 0 ? err_set_errno(err, ERR_IO, errno, "cannot write %s", path) : 0;
}

/* A new name in a folder is on disk only when the folder is. */
int files_sync_folder(const char *path, struct err *err)
{
    char *folder = folder_of(path);
    int rc = sync_as(folder, O_DIRECTORY);
    if (rc < 0)
        err_set_errno(err, ERR_IO, errno, "cannot write the folder %s of the journal", folder);
    free(folder);
    return rc;
}

int files_create(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return 0;
    if (fd < 0)
        return err_set_errno(err, ERR_IO, errno, "cannot make %s", path);
    close(fd);
    return files_sync_folder(path, err);
}

bool files_exist(const char *path)
{
    return access(path, F_OK) == 0;
}

int files_move(const char *from, const char *to, struct err *err)
{
    if (rename(from, to) < 0 && errno != ENOENT)
        return err_set_errno(err, ERR_IO, errno, "cannot rename %s to %s", from, to);
    return 0;
}

int files_remove(const char *path, struct err *err)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return err_set_errno(err, ERR_IO, errno, "cannot remove %s", path);
    return 0;
}

static enum err_code code_of(int system)
{
    return system == ENOSPC || system == EDQUOT || system == EFBIG ? ERR_FULL : ERR_IO;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int copy_bytes(int from, int to)
{
    char bytes[65536];
    for (;;) {
        ssize_t n = read(from, bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        if (write_all(to, bytes, (size_t)n) < 0)
            return -1;
    }
}

int files_copy(const char *from, const char *to, struct err *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = out < 0 || copy_bytes(in, out) < 0 || fsync(out) < 0 ? -1 : 0;
    if (rc < 0)
        err_set_errno(err, code_of(errno), errno, "cannot copy %s to %s", from, to);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return rc < 0 ? -1 : files_sync_folder(to, err);
}

int files_put_text(const char *path, struct slice text, struct err *err)
{
    struct buf next = {0};
    buf_printf(&next, "%s.next", path);
    int fd = open(next.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = fd < 0 || write_all(fd, text.data, text.len) < 0 || fsync(fd) < 0 ? -1 : 0;
    if (rc < 0)
        err_set_errno(err, code_of(errno), errno, "cannot write %s", next.data);
    if (fd >= 0)
        close(fd);
    if (rc == 0 && (files_move(next.data, path, err) < 0 || files_sync_folder(path, err) < 0))
        rc = -1;
    buf_deinit(&next);
    return rc;
}

/* ---- The files in use ------------------------------------------------------------------------ */

int files_watch_init(struct files_watch *w, const char *path, struct err *err)
{
    struct buf log = {0};
    struct stat st;
    buf_printf(&log, "%s-wal", path);
    *w = (struct files_watch){.paths = {mem_strdup(path), buf_take(&log)}};
    for (size_t i = 0; i < ARRAY_LEN(w->paths); i++) {
        if (stat(w->paths[i], &st) < 0)
            return err_set_errno(err, ERR_IO, errno, "cannot look at %s", w->paths[i]);
        w->devices[i] = st.st_dev;
        w->inodes[i] = st.st_ino;
    }
    return 0;
}

void files_watch_deinit(struct files_watch *w)
{
    for (size_t i = 0; i < ARRAY_LEN(w->paths); i++)
        free(w->paths[i]);
    *w = (struct files_watch){0};
}

int files_watch_check(const struct files_watch *w, struct err *err)
{
    struct stat st;
    for (size_t i = 0; i < ARRAY_LEN(w->paths); i++) {
        if (stat(w->paths[i], &st) == 0 && st.st_dev == w->devices[i] && st.st_ino == w->inodes[i])
            continue;
        return err_set(err, ERR_IO,
                       "%s was moved or removed while it is in use: put it back; or stop the "
                       "daemon, which then saves what it has into the database file",
                       w->paths[i]);
    }
    return 0;
}

/* ---- The lock ------------------------------------------------------------------------------- */

/* An open file description's lock: unlike a process's it isn't lost when the process closes another
   descriptor of the file, and it keeps out a second journal in the same process. */
static int try_lock(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

static int fail_locked(int fd, const char *path, struct err *err)
{
    char owner[OWNER_MAX];
    ssize_t n = pread(fd, owner, sizeof(owner), 0);
    if (n <= 0)
        return err_set(err, ERR_EXISTS, "the journal %s is in use by another process", path);
    return err_set(err, ERR_EXISTS, "the journal %s is in use by another Liaison: %.*s", path,
                   SLICE_FMT(slice_trim(slice_of(owner, (size_t)n))));
}

static int write_owner(int fd, const char *owner)
{
    size_t len = strnlen(owner, OWNER_MAX);
    if (ftruncate(fd, 0) < 0)
        return -1;
    return pwrite(fd, owner, len, 0) == (ssize_t)len ? 0 : -1;
}

int files_lock(const char *path, const char *owner, struct err *err)
{
    struct buf lock = {0};
    buf_printf(&lock, "%s.lock", path);
    int fd = open(lock.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int rc = -1;
    if (fd < 0)
        err_set_errno(err, ERR_IO, errno, "cannot open the lock %s", lock.data);
    else if (try_lock(fd) == 0)
        rc = 0;
    else if (errno == EAGAIN || errno == EACCES)
        fail_locked(fd, path, err);
    else
        err_set_errno(err, ERR_IO, errno, "cannot lock %s", lock.data);
    /* A full disk must not keep the daemon from starting: then the lock holds without a name. */
    if (rc == 0 && write_owner(fd, owner ? owner : "") < 0 && errno != ENOSPC && errno != EDQUOT &&
        errno != EFBIG)
        rc = err_set_errno(err, ERR_IO, errno, "cannot write the lock %s", lock.data);
    if (rc < 0 && fd >= 0)
        close(fd);
    buf_deinit(&lock);
    return rc < 0 ? -1 : fd;
}

bool files_is_locked(const char *path, struct buf *owner)
{
    char text[OWNER_MAX];
    struct buf name = {0};
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    buf_printf(&name, "%s.lock", path);
    int fd = open(name.data, O_RDONLY | O_CLOEXEC);
    buf_deinit(&name);
    if (fd < 0)
        return false;
    bool is = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    ssize_t n = is && owner ? pread(fd, text, sizeof(text), 0) : 0;
    if (n > 0)
        buf_add_slice(owner, slice_trim(slice_of(text, (size_t)n)));
    close(fd);
    return is;
}

void files_unlock(int lock)
{
    if (lock < 0)
        return;
    if (ftruncate(lock, 0) < 0)
        errno = 0; /* a name that is out of date: it is read only while somebody holds the lock */
    close(lock);
}
