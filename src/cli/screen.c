/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/command.h"
#include "cli/terminal.h"

#define OPEN "\033[?1049h\033[?25l" /* a screen of its own, no cursor */
#define CLOSE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void measure(struct screen *s)
{
    struct winsize size;
    bool is_known =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    s->rows = is_known ? size.ws_row : 24;
    s->columns = is_known ? size.ws_col : 80;
}

static void enter(struct screen *s)
{
    struct termios raw = s->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    fputs(OPEN, stdout);
    fflush(stdout);
    measure(s);
}

static void leave(const struct screen *s)
{
    fputs(CLOSE, stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &s->before);
}

int screen_open(struct screen *s, struct err *err)
{
    sigset_t mask;
    *s = (struct screen){0};
    if (!isatty(STDIN_FILENO) || !terminal_takes_controls(STDOUT_FILENO) ||
        tcgetattr(STDIN_FILENO, &s->before) < 0)
        return err_set(err, ERR_INVALID, "this needs a terminal");
    sigemptyset(&mask);
    for (size_t i = 0; i < ARRAY_LEN(ending); i++)
        sigaddset(&mask, ending[i]);
    sigaddset(&mask, SIGWINCH);
    sigaddset(&mask, SIGTSTP);
    sigprocmask(SIG_BLOCK, &mask, &s->mask_before);
    s->signals = signalfd(-1, &mask, SFD_CLOEXEC);
    if (s->signals < 0) {
        sigprocmask(SIG_SETMASK, &s->mask_before, NULL);
        return err_set_errno(err, ERR_IO, errno, "cannot wait for signals");
    }
    enter(s);
    return 0;
}

void screen_close(struct screen *s)
{
    leave(s);
    close(s->signals);
    if (s->ending)
        raise(s->ending); /* it comes when it is no longer blocked */
    sigprocmask(SIG_SETMASK, &s->mask_before, NULL);
}

void screen_draw(struct screen *s, struct slice text)
{
    struct buf out = {0};
    buf_add_str(&out, HOME);
    for (size_t row = 0; row < s->rows && text.data; row++) {
        struct slice line = slice_split(&text, '\n');
        buf_add_str(&out, row ? "\n" : "");
        buf_add_slice(&out, terminal_cut(line, s->columns));
        buf_add_str(&out, CLEAR_LINE);
    }
    buf_add_str(&out, CLEAR_BELOW);
    command_print(buf_slice(&out));
    fflush(stdout);
    buf_deinit(&out);
}

static enum screen_event stop(struct screen *s)
{
    leave(s);
    raise(SIGSTOP); /* here it stands until it is continued */
    enter(s);
    return SCREEN_RESIZE;
}

static enum screen_event take_signal(struct screen *s)
{
    struct signalfd_siginfo info;
    if (read(s->signals, &info, sizeof(info)) != sizeof(info))
        return SCREEN_TIME;
    if (info.ssi_signo == SIGTSTP)
        return stop(s);
    if (info.ssi_signo == SIGWINCH) {
        measure(s);
        return SCREEN_RESIZE;
    }
    s->ending = (int)info.ssi_signo;
    return SCREEN_QUIT;
}

static enum screen_event take_key(void)
{
    char key;
    ssize_t n = read(STDIN_FILENO, &key, 1);
    bool is_end = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
    return is_end || (n == 1 && (key == 'q' || key == 'Q')) ? SCREEN_QUIT : SCREEN_RESIZE;
}

enum screen_event screen_wait(struct screen *s, int64_t ms)
{
    struct pollfd fds[] = {{.fd = s->signals, .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
    if (poll(fds, ARRAY_LEN(fds), (int)ms) <= 0)
        return SCREEN_TIME;
    if (fds[0].revents)
        return take_signal(s);
    return take_key();
}
