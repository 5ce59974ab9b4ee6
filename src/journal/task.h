/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What passes between the loop thread and the journal's threads: tasks, and mailboxes for them. A
 * task is made on the loop, worked off by a thread, and finished on the loop.
 */
#ifndef LIAISON_JOURNAL_TASK_H
#define LIAISON_JOURNAL_TASK_H

#include <pthread.h>
#include <stdbool.h>

#include "base/list.h"

/* In place, as part of what it is a task of. */
struct task {
    struct list link;
    /* On the loop thread: frees the task, after it has told whoever waits for it if `tell`. */
    void (*finish)(struct task *task, bool tell);
};

/* In place. Any thread may push, one takes. */
struct mailbox {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct list tasks;
    bool closed;
};

void mailbox_init(struct mailbox *box);
/* Drops the tasks that are left. */
void mailbox_deinit(struct mailbox *box);
void mailbox_push(struct mailbox *box, struct task *task);
/* Moves all of `tasks` behind those in the box. */
void mailbox_push_all(struct mailbox *box, struct list *tasks);
/* Moves all that is in the box behind `tasks`. */
void mailbox_take(struct mailbox *box, struct list *tasks);
/* The same, after waiting until there is something or the box is closed; false when
   it is closed. */
bool mailbox_wait(struct mailbox *box, struct list *tasks);
void mailbox_close(struct mailbox *box);
bool mailbox_is_closed(struct mailbox *box);

/* Finishes them all, in order. */
void tasks_finish(struct list *tasks, bool tell);

/* As thread_start, but a journal can't do without: dies when there can be no thread. */
void tasks_start_thread(pthread_t *thread, const char *name, void *(*run)(void *ctx), void *ctx);

#endif
