/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "life.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "bus.h"
#include "disk.h"
#include "door.h"
#include "engine/engine.h"
#include "fake_loop.h"
#include "laws.h"
#include "ledger.h"
#include "project.h"
#include "world.h"

#define DOWN_LOW_US (100 * US_PER_MS)
#define DOWN_HIGH_US (20 * US_PER_MIN)
#define LIFE_US (70 * US_PER_MIN) /* in the mean */
#define CUT_MAX 60                /* changes of files that a power cut waits for */
#define JUMP_US (3 * US_PER_H)    /* between two jumps of the clock, in the mean */
#define REFUSAL_US                                                                                 \
    (2 * US_PER_H)             /* between two times in which the disk takes nothing, in the mean */
#define REST_US (5 * US_PER_S) /* after which an idle disk is looked at, for retention */

/* How a life ends. */
enum end {
    IN_ORDER,
    KILLED,
    WITH_THE_POWER,
};

struct life {
    struct world *world;
    unsigned n; /* of the life: 1 for the first */
    struct loop *loop;
    struct log *log;
    struct mask *mask;
    struct config config;
    struct config_source source;
    struct engine *engine;
    struct laws *laws;
    int nowhere; /* a descriptor for what nobody reads */
    struct agenda_item begin, disk_step, crash, jump, refusal;
    bool is_refused; /* the disk takes nothing */
    bool is_ending;
    enum end end;
    bool has_drained;
    bool is_idle;   /* the disk had nothing to do in this turn */
    bool is_asleep; /* so has its loop, and nothing that was on the agenda has woken it */
    bool is_healed;
};

static char *const no_environment[] = {NULL};

/* ---- the disk ---- */

static void work_soon(struct life *l)
{
    struct world *w = l->world;
    int64_t after_us = world_chance(w, 5) ? world_span_us(w, 100 * US_PER_MS, 3 * US_PER_S)
                                          : world_span_us(w, 2 * US_PER_MS, 200 * US_PER_MS);
    if (!heap_has(&l->disk_step.node) || l->disk_step.node.rank > w->agenda.now_us + after_us)
        agenda_put(&w->agenda, &l->disk_step, after_us);
}

static void on_disk_step(void *ctx)
{
    struct life *l = ctx;
    struct journal *j = engine_journal(l->engine);
    bool did = journal_step(j);
    l->is_idle = !did;
    if (disk_is_off(l->world->disk)) {
        l->is_ending = true;
        l->end = WITH_THE_POWER;
        return;
    }
    if (journal_queued(j) == 0)
        ledger_settled(l->world->ledger);
    if (did)
        laws_after_commit(l->laws);
    agenda_put(&l->world->agenda, &l->disk_step, REST_US);
}

static void accept_again(struct life *l)
{
    disk_mend(l->world->disk);
    l->is_refused = l->world->is_unreadable = false;
    if (!l->is_healed)
        agenda_put(&l->world->agenda, &l->refusal, world_wait_us(l->world, REFUSAL_US));
}

/* For some time the disk is full, or writes, syncs or reads fail. */
static void on_refusal(void *ctx)
{
    static const struct {
        enum disk_op op;
        int code;
        const char *word;
    } kinds[] = {{DISK_WRITE, SQLITE_FULL, "is full"},
                 {DISK_WRITE, SQLITE_IOERR_WRITE, "can't be written"},
                 {DISK_SYNC, SQLITE_IOERR_FSYNC, "can't be synced"},
                 {DISK_READ, SQLITE_IOERR_READ, "can't be read"}};
    struct life *l = ctx;
    struct world *w = l->world;
    if (l->is_refused) {
        world_say(w, "the disk works again");
        accept_again(l);
        return;
    }
    size_t kind = world_below(w, ARRAY_LEN(kinds));
    world_say(w, "the disk %s", kinds[kind].word);
    l->is_refused = true;
    w->is_unreadable = kinds[kind].op == DISK_READ;
    disk_fail(w->disk, kinds[kind].op, (unsigned)world_below(w, 20), DISK_FOREVER,
              kinds[kind].code);
    agenda_put(&w->agenda, &l->refusal, world_span_us(w, US_PER_S, US_PER_MIN));
}

/* ---- its beginning ---- */

static void on_problem(void *ctx, const struct script_problem *problem)
{
    struct life *l = ctx;
    if (l->world->wish.has_log || !problem->is_warning)
        fprintf(stderr, "%s:%d: %s\n", problem->file, problem->line, problem->text);
}

static void load(struct life *l)
{
    static const char *const loud[] = {"log.level=debug"}, *const quiet[] = {"log.level=error"};
    struct world *w = l->world;
    l->mask = mask_new();
    l->source = (struct config_source){
        .project = w->folder,
        .sets = w->wish.has_log ? loud : quiet,
        .n_sets = 1,
        .environment = no_environment,
    };
    if (config_load(&l->config, &l->source, l->mask, on_problem, l) < 0)
        die("the project's settings are wrong");
    l->log = log_new(&(struct log_options){
        .fd = w->wish.has_log ? STDOUT_FILENO : l->nowhere,
        .level = l->config.log_level,
        .clock = agenda_clock(&w->agenda),
    });
}

static bool start(struct life *l)
{
    struct world *w = l->world;
    struct err err = {0};
    struct lanes_limits limits = lanes_limits_default(0);
    limits.loaded = LAWS_LOADED;
    limits.lanes = 60;
    l->loop = fake_loop_new(&w->agenda, w);
    const struct engine_options options = {
        .config = &l->config,
        .source = &l->source,
        .loop = l->loop,
        .log = l->log,
        .mask = l->mask,
        .clock = loop_clock(l->loop),
        .stepped = true,
        .limits = &limits,
    };
    l->engine = engine_new(&options, on_problem, l, &err);
    if (!l->engine)
        die("%s", err.message);
    if (engine_start(l->engine, "the simulation", &err) == 0)
        return true;
    if (!disk_is_off(w->disk))
        world_broken(w, 9, "the daemon doesn't start: %s", err.message);
    return false;
}

static void bury(struct life *l);

void life_begin(struct life *l)
{
    struct world *w = l->world;
    l->n++;
    world_say(w, "life %u begins", l->n);
    l->is_ending = l->has_drained = l->is_asleep = false;
    if (l->is_refused) /* it would end at once, and somebody make room */
        accept_again(l);
    if (!l->is_healed && world_chance(w, 60)) /* the power goes while it starts */
        disk_cut(w->disk, 1 + (unsigned)world_below(w, CUT_MAX));
    if (!w->is_loadable) /* it would end at once, and somebody see why */
        project_mend(w);
    load(l);
    if (!start(l) || disk_is_off(w->disk)) {
        l->end = WITH_THE_POWER;
        bury(l);
        return;
    }
    disk_cut(w->disk, 0);
    l->laws = laws_open(w, l->engine);
    laws_after_start(l->laws);
    work_soon(l);
    if (!l->is_healed)
        agenda_put(&w->agenda, &l->crash, world_wait_us(w, LIFE_US));
}

/* ---- its end ---- */

static bool is_clear(void *ctx)
{
    (void)ctx;
    return true;
}

static void on_drained(void *ctx)
{
    struct life *l = ctx;
    l->has_drained = true;
}

/* What it had in memory goes, what it had queued with it, unless it ends in order. */
static void bury(struct life *l)
{
    static const char *const words[] = {"ends", "is killed", "ends with the power"};
    struct world *w = l->world;
    world_say(w, "life %u %s", l->n, words[l->end]);
    agenda_remove(&w->agenda, &l->disk_step);
    agenda_remove(&w->agenda, &l->crash);
    laws_close(l->laws);
    l->laws = NULL;
    if (l->end != IN_ORDER)
        disk_freeze(w->disk);
    engine_free(l->engine);
    l->engine = NULL;
    loop_free(l->loop);
    l->loop = NULL;
    log_free(l->log);
    l->log = NULL;
    config_deinit(&l->config);
    mask_free(l->mask);
    l->mask = NULL;
    door_hang_up(w->door);
    ledger_crashed(w->ledger);
    if (l->end == WITH_THE_POWER)
        disk_restart(w->disk, &w->rng);
    else
        disk_thaw(w->disk);
    agenda_put(&w->agenda, &l->begin, world_span_us(w, DOWN_LOW_US, DOWN_HIGH_US));
}

/* From the agenda, so in the midst of a turn: it ends behind that. */
static void on_crash(void *ctx)
{
    struct life *l = ctx;
    struct world *w = l->world;
    switch (world_below(w, 4)) {
    case 0:
        l->end = IN_ORDER;
        world_say(w, "life %u drains", l->n);
        engine_drain(l->engine, &(struct engine_drain){is_clear, on_drained, l});
        return;
    case 1:
        l->end = KILLED;
        l->is_ending = true;
        return;
    case 2:
        life_cut(l);
        return;
    default: /* in the midst of a commit to come */
        disk_cut(w->disk, 1 + (unsigned)world_below(w, CUT_MAX));
        return;
    }
}

void life_cut(struct life *l)
{
    if (!l->laws || l->is_healed)
        return;
    l->end = WITH_THE_POWER;
    l->is_ending = true;
}

/* Somebody sets the clock on the wall, by seconds mostly. */
static void on_jump(void *ctx)
{
    struct life *l = ctx;
    struct world *w = l->world;
    int64_t by_us = world_span_us(w, US_PER_S, 5 * US_PER_H);
    if (world_chance(w, 500))
        by_us = -by_us;
    world_say(w, "the clock jumps by %lld s", (long long)(by_us / US_PER_S));
    w->agenda.wall_us += by_us;
    agenda_put(&w->agenda, &l->jump, world_wait_us(w, JUMP_US));
}

void life_end(struct life *l)
{
    if (!l->engine)
        return;
    l->end = IN_ORDER;
    bury(l);
    agenda_remove(&l->world->agenda, &l->begin);
}

/* ---- its turns ---- */

void life_turn(struct life *l)
{
    struct world *w = l->world;
    if (!l->engine) {
        agenda_step(&w->agenda);
        return;
    }
    ledger_turn(w->ledger);
    l->is_idle = false;
    uint64_t seen = w->agenda.n_seen;
    if (l->is_asleep)
        agenda_step(&w->agenda);
    else
        loop_turn(l->loop, true);
    l->is_asleep = w->agenda.n_seen == seen && !fake_loop_is_woken(l->loop);
    if (l->is_ending || l->has_drained) {
        bury(l);
        return;
    }
    if (l->is_asleep)
        return;
    laws_after_turn(l->laws);
    work_soon(l);
}

static void on_begin(void *ctx)
{
    life_begin(ctx);
}

void life_heal(struct life *l)
{
    l->is_healed = true;
    agenda_remove(&l->world->agenda, &l->crash);
    agenda_remove(&l->world->agenda, &l->jump);
    agenda_remove(&l->world->agenda, &l->refusal);
    disk_cut(l->world->disk, 0);
    accept_again(l);
    if (!l->engine)
        agenda_put(&l->world->agenda, &l->begin, US_PER_S);
}

struct life *life_new(struct world *w)
{
    struct life *l = mem_calloc(1, sizeof(*l));
    l->world = w;
    l->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    l->begin = (struct agenda_item){.fn = on_begin, .ctx = l};
    l->disk_step = (struct agenda_item){.fn = on_disk_step, .ctx = l, .is_aside = true};
    l->crash = (struct agenda_item){.fn = on_crash, .ctx = l};
    l->jump = (struct agenda_item){.fn = on_jump, .ctx = l, .is_aside = true};
    l->refusal = (struct agenda_item){.fn = on_refusal, .ctx = l, .is_aside = true};
    agenda_put(&w->agenda, &l->jump, world_wait_us(w, JUMP_US));
    agenda_put(&w->agenda, &l->refusal, world_wait_us(w, REFUSAL_US));
    return l;
}

void life_free(struct life *l)
{
    close(l->nowhere);
    free(l);
}

struct engine *life_engine(struct life *l)
{
    return l->engine;
}

struct channel *life_door(struct life *l)
{
    return l->engine ? engine_embedded(l->engine) : NULL;
}

const char *life_journal_path(struct life *l)
{
    return l->config.journal;
}

bool life_is_over(struct life *l)
{
    return l->laws && l->is_idle && laws_is_over(l->laws);
}

void life_describe(struct life *l, struct buf *out)
{
    if (l->laws)
        laws_describe(l->laws, out);
    else
        buf_add_str(out, " no daemon lives");
}

unsigned life_number(const struct life *l)
{
    return l->n;
}
