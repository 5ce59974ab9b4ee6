/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What was lost of the journal waits for a person's word, through this process or another one.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

#define LOOK_MS 1000

/* A word that is being written. */
struct confirmation {
    struct list link; /* in engine.confirmations */
    struct engine *engine;
    confirm_fn done;
    void *ctx;
    struct err err;
};

static void look(void *ctx)
{
    struct engine *e = ctx;
    if (journal_unconfirmed(e->journal)) {
        loop_timer_start(e->confirm, LOOK_MS);
        return;
    }
    loop_timer_stop(e->confirm);
    log_info(e->log, "journal: the loss is confirmed");
    accept_resume(e);
}

/* On the reader's thread, since it waits for the disk. */
static void write_word(struct journal_reader *reader, void *ctx)
{
    struct confirmation *c = ctx;
    (void)reader;
    if (journal_confirm(c->engine->config->journal, &c->err) == 0)
        c->err.code = ERR_NONE;
}

static void on_written(void *ctx)
{
    struct confirmation *c = ctx;
    if (c->err.code == ERR_NONE)
        look(c->engine);
    c->done(c->ctx, &c->err);
    list_remove(&c->link);
    free(c);
}

void engine_confirm(struct engine *e, confirm_fn done, void *ctx)
{
    struct confirmation *c = mem_calloc(1, sizeof(*c));
    *c = (struct confirmation){.engine = e, .done = done, .ctx = ctx};
    list_add_tail(&e->confirmations, &c->link);
    journal_read(e->journal, write_word, on_written, c);
}

void confirm_start(struct engine *e)
{
    const char *lost = journal_unconfirmed(e->journal);
    e->confirm = loop_timer_new(e->loop, look, e);
    if (!lost)
        return;
    log_error(e->log, "no events are taken until what was lost is confirmed",
              LOG_STR("lost", lost));
    loop_timer_start(e->confirm, LOOK_MS);
}

void confirm_free(struct engine *e)
{
    list_each (it, &e->confirmations) {
        list_remove(it);
        free(list_entry(it, struct confirmation, link));
    }
    loop_timer_free(e->confirm);
}
