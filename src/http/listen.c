/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Addresses, binding, and what to tell when that fails.
 */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"

#define UNIX_PREFIX "unix:"

static int err_in_use(struct err *err, const char *address)
{
    return err_set(err, ERR_EXISTS,
                   "%s is in use by another program; stop it or choose another address with "
                   "--listen",
                   address);
}

/* ---- Notation ------------------------------------------------------------------------------- */

struct address {
    struct slice host; /* without brackets */
    const char *port;
    const char *path; /* of a socket file, else NULL */
};

static bool is_number(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s);
}

static bool is_port(const char *s)
{
    return is_number(s) && strlen(s) < 10 && atol(s) <= 65535;
}

/* "HOST:PORT" and "[HOST]:PORT". */
static bool split_address(const char *text, struct address *a)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !is_port(colon + 1))
        return false;
    struct slice host = slice_of(text, (size_t)(colon - text));
    bool is_bracketed = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (is_bracketed)
        host = slice_of(host.data + 1, host.len - 2);
    else if (slice_find(host, ':') < host.len || host.data[0] == '[')
        return false;
    *a = (struct address){.host = host, .port = colon + 1};
    return true;
}

/* What to write in its place. */
static void add_advice(struct buf *out, const char *text)
{
    const char *colon = strchr(text, ':');
    if (is_port(text))
        buf_printf(out, "write \"127.0.0.1:%s\"", text);
    else if (colon == text && is_port(text + 1))
        buf_printf(out, "write \"127.0.0.1%s\", or \"*%s\" for all addresses of this machine", text,
                   text);
    else if (colon && strncmp(colon, "://", 3) == 0)
        buf_printf(out, "leave %.*s out, as in \"127.0.0.1:8750\"", (int)(colon + 3 - text), text);
    else if (colon && strrchr(text, ':') == colon && is_number(colon + 1))
        buf_add_str(out, "ports end at 65535");
    else if (!colon && *text)
        buf_printf(out, "it has no port: write \"%s:8750\"", text);
    else
        buf_add_str(out, "write it as 127.0.0.1:8750, [::1]:8750, *:8750 or unix:PATH");
}

static int refuse(const char *text, struct err *err)
{
    struct buf advice = {0};
    add_advice(&advice, text);
    err_set(err, ERR_INVALID, "\"%s\" is no address to listen on: %s", text, advice.data);
    buf_deinit(&advice);
    return -1;
}

static int read_address(const char *text, struct address *a, struct err *err)
{
    const size_t path_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) != 0)
        return split_address(text, a) ? 0 : refuse(text, err);
    *a = (struct address){.path = text + strlen(UNIX_PREFIX)};
    size_t len = strlen(a->path);
    if (len == 0 || len > path_max)
        return err_set(err, ERR_INVALID, "the path in \"%s\" must have 1 to %zu bytes", text,
                       path_max);
    return 0;
}

int listener_check(const char *address, struct err *err)
{
    struct address ignored;
    return read_address(address, &ignored, err);
}

/* ---- Socket files --------------------------------------------------------------------------- */

static bool is_listened_on(const struct sockaddr_un *sa)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 ||
                               errno == EAGAIN); /* its queue is full */
    if (fd >= 0)
        close(fd);
    return answers;
}

/* Removes a socket file that an earlier process left behind. */
static int clear_path(const struct sockaddr_un *sa, const char *address, struct err *err)
{
    struct stat st;
    if (lstat(sa->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return err_set(err, ERR_EXISTS, "%s can't be listened on: the file exists and is no socket",
                       address);
    if (is_listened_on(sa))
        return err_in_use(err, address);
    if (unlink(sa->sun_path) < 0 && errno != ENOENT)
        return err_set_errno(err, ERR_IO, errno, "cannot replace %s", sa->sun_path);
    return 0;
}

static int open_unix(struct listener *l, const char *path, struct err *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    memcpy(sa.sun_path, path, strlen(path) + 1);
    if (clear_path(&sa, l->address, err) < 0)
        return -1;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return err_set_errno(err, ERR_IO, errno, "cannot make a socket");
    struct stat st;
    /* Nobody can connect before it is listened on. */
    if (bind(l->fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || chmod(path, 0600) < 0 ||
        lstat(path, &st) < 0)
        return err_set_errno(err, ERR_IO, errno, "cannot listen on %s", l->address);
    l->path = mem_strdup(path);
    l->device = st.st_dev;
    l->inode = st.st_ino;
    return 0;
}

/* ---- Internet addresses --------------------------------------------------------------------- */

static int bind_one(struct listener *l, const struct addrinfo *ai, bool is_any)
{
    l->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return -1;
    int on = 1, v6_only = !is_any;
    if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        (ai->ai_family != AF_INET6 ||
         setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only)) == 0) &&
        bind(l->fd, ai->ai_addr, ai->ai_addrlen) == 0)
        return 0;
    int errnum = errno;
    close(l->fd);
    l->fd = -1;
    errno = errnum;
    return -1;
}

/* Binds the first of the addresses that can be. IPv6 stands first among those of "*": it takes IPv4
   too; a machine without it has the next. */
static int bind_any(struct listener *l, const struct addrinfo *list, bool is_any, struct err *err)
{
    for (int family = is_any ? AF_INET6 : AF_UNSPEC;; family = AF_UNSPEC) {
        for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
            if (family != AF_UNSPEC && ai->ai_family != family)
                continue;
            if (bind_one(l, ai, is_any) == 0)
                return 0;
            if (errno == EADDRINUSE)
                return err_in_use(err, l->address);
        }
        if (family == AF_UNSPEC)
            break;
    }
    if (errno == EADDRNOTAVAIL)
        return err_set(err, ERR_INVALID, "cannot listen on %s: this machine has no such address",
                       l->address);
    return err_set_errno(err, ERR_IO, errno, "cannot listen on %s", l->address);
}

/* Puts the port that was bound into the address, for port 0. */
static void note_port(struct listener *l)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    char port[NI_MAXSERV];
    if (getsockname(l->fd, (struct sockaddr *)&sa, &len) < 0 ||
        getnameinfo((struct sockaddr *)&sa, len, NULL, 0, port, sizeof(port), NI_NUMERICSERV) != 0)
        return;
    struct buf text = {0};
    buf_add(&text, l->address, (size_t)(strrchr(l->address, ':') + 1 - l->address));
    buf_add_str(&text, port);
    free(l->address);
    l->address = buf_take(&text);
}

static int open_internet(struct listener *l, const char *host, const char *port, struct err *err)
{
    bool is_any = strcmp(host, "*") == 0;
    struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    struct addrinfo *list;
    int code = getaddrinfo(is_any ? NULL : host, port, &hints, &list);
    if (code != 0)
        return err_set(err, ERR_INVALID, "cannot listen on %s: %s", l->address, gai_strerror(code));
    int result = bind_any(l, list, is_any, err);
    freeaddrinfo(list);
    if (result == 0)
        note_port(l);
    return result;
}

/* ---- Public --------------------------------------------------------------------------------- */

static int open_socket(struct listener *l, struct err *err)
{
    struct address address;
    if (read_address(l->address, &address, err) < 0)
        return -1;
    if (address.path)
        return open_unix(l, address.path, err);
    char *host = slice_dup(address.host), *port = mem_strdup(address.port);
    int result = open_internet(l, host, port, err); /* which changes l->address */
    free(host);
    free(port);
    return result;
}

int listener_open(struct listener *l, const char *address, struct err *err)
{
    *l = (struct listener){.fd = -1, .address = mem_strdup(address)};
    if (open_socket(l, err) < 0) {
        listener_close(l);
        return -1;
    }
    if (listen(l->fd, SOMAXCONN) < 0) {
        int errnum = errno;
        if (errnum == EADDRINUSE)
            err_in_use(err, l->address);
        else
            err_set_errno(err, ERR_IO, errnum, "cannot listen on %s", l->address);
        listener_close(l);
        return -1;
    }
    return 0;
}

void listener_stop(struct listener *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    struct stat st;
    if (l->path && lstat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode)
        unlink(l->path);
}

void listener_close(struct listener *l)
{
    listener_stop(l);
    free(l->path);
    free(l->address);
    *l = (struct listener){.fd = -1};
}
