/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Mailboxes: a list under a mutex. A signal is sent only when one was empty, so that a busy thread
 * costs those who push nothing but the lock.
 */
#include "journal/task.h"

#include "base/err.h"
#include "base/thread.h"

void mailbox_init(struct mailbox *box)
{
    *box = (struct mailbox){.closed = false};
    pthread_mutex_init(&box->mutex, NULL);
    pthread_cond_init(&box->filled, NULL);
    list_init(&box->tasks);
}

void mailbox_deinit(struct mailbox *box)
{
    tasks_finish(&box->tasks, false);
    pthread_cond_destroy(&box->filled);
    pthread_mutex_destroy(&box->mutex);
}

void mailbox_push(struct mailbox *box, struct task *task)
{
    pthread_mutex_lock(&box->mutex);
    bool was_empty = list_is_empty(&box->tasks);
    list_add_tail(&box->tasks, &task->link);
    pthread_mutex_unlock(&box->mutex);
    if (was_empty)
        pthread_cond_signal(&box->filled);
}

void mailbox_push_all(struct mailbox *box, struct list *tasks)
{
    pthread_mutex_lock(&box->mutex);
    list_splice_tail(&box->tasks, tasks);
    pthread_mutex_unlock(&box->mutex);
    pthread_cond_signal(&box->filled);
}

void mailbox_take(struct mailbox *box, struct list *tasks)
{
    pthread_mutex_lock(&box->mutex);
    list_splice_tail(tasks, &box->tasks);
    pthread_mutex_unlock(&box->mutex);
}

bool mailbox_wait(struct mailbox *box, struct list *tasks)
{
    pthread_mutex_lock(&box->mutex);
    while (list_is_empty(&box->tasks) && !box->closed)
        pthread_cond_wait(&box->filled, &box->mutex);
    list_splice_tail(tasks, &box->tasks);
    bool open = !box->closed;
    pthread_mutex_unlock(&box->mutex);
    return open;
}

void mailbox_close(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    box->closed = true;
    pthread_mutex_unlock(&box->mutex);
    pthread_cond_signal(&box->filled);
}

bool mailbox_is_closed(struct mailbox *box)
{
    pthread_mutex_lock(&box->mutex);
    bool closed = box->closed;
    pthread_mutex_unlock(&box->mutex);
    return closed;
}

void tasks_finish(struct list *tasks, bool tell)
{
    /* One by one from the head: finishing one may add others. */
    while (!list_is_empty(tasks)) {
        struct task *task = list_first(tasks, struct task, link);
        list_remove(&task->link);
        task->finish(task, tell);
    }
}

void tasks_start_thread(pthread_t *thread, const char *name, void *(*run)(void *ctx), void *ctx)
{
    struct err err = {0};
    if (thread_start(thread, name, run, ctx, &err) < 0)
        die("%s", err.message);
}
