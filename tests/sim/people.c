/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "ledger.h"
#include "life.h"
#include "project.h"
#include "world.h"

#define REST_US (12 * US_PER_MIN) /* between two of their deeds, in the mean */
#define LETTERS_MAX 200           /* that they look at */

struct letter {
    char id[48];    /* begins with its event's seq */
    char event[24]; /* its id */
    char data[192]; /* of a delivery; empty: it is a handler's run, or has more than that */
};

struct people {
    struct world *world;
    struct agenda_item next;
    bool is_paused[PLAN_CONNECTORS];
    struct letter letters[LETTERS_MAX];
    size_t n_letters;
    bool is_healed;
};

/* ---- dead letters ---- */

static bool note_letter(void *ctx, const struct delivery_row *row)
{
    struct people *p = ctx;
    if (row->handler.data && p->n_letters < LETTERS_MAX) {
        struct letter *letter = &p->letters[p->n_letters++];
        *letter = (struct letter){.event = ""};
        snprintf(letter->id, sizeof(letter->id), "%.*s", SLICE_FMT(row->id));
        if (row->connector.data && row->data.len > 0 && row->data.len < sizeof(letter->data))
            snprintf(letter->data, sizeof(letter->data), "%.*s", SLICE_FMT(row->data));
    }
    return p->n_letters < LETTERS_MAX;
}

static bool note_event(void *ctx, struct event *event, enum event_state state)
{
    struct letter *letter = ctx;
    (void)state;
    snprintf(letter->event, sizeof(letter->event), "%.*s", SLICE_FMT(event->id));
    return true;
}

static void read_letters(struct journal_reader *reader, void *ctx)
{
    struct people *p = ctx;
    struct err err = {0};
    const struct journal_filter dead = {.state = DELIVERY_DEAD, .limit = LETTERS_MAX};
    p->n_letters = 0;
    bool is_read = journal_list_deliveries(reader, &dead, note_letter, p, &err) == 0;
    for (size_t i = 0; i < p->n_letters && is_read; i++) {
        struct letter *letter = &p->letters[i];
        is_read = journal_find_event(reader, atoll(letter->id), note_event, letter, &err) == 0;
    }
    if (!is_read && !p->world->is_unreadable)
        world_broken(p->world, 9, "dead letters can't be listed: %s", err.message);
    if (!is_read)
        p->n_letters = 0;
}

/* As whoever asks the daemon: it reads between its own work, and `then` comes unless it ends before. */
static void list_letters(struct people *p, journal_done_fn then)
{
    journal_read(engine_journal(life_engine(p->world->life)), read_letters, then, p);
}

static void on_treated(void *ctx, enum letter_result result, const char *text)
{
    static const char *const words[] = {"done", "not found", "not dead", "refused", "failed"};
    struct people *p = ctx;
    (void)text;
    world_say(p->world, "people: %s", words[result]);
}

static void retry_letter(struct people *p, const struct letter *letter, bool is_forced)
{
    struct world *w = p->world;
    world_say(w, "people: retry %s%s", letter->id, is_forced ? " by force" : "");
    ledger_retried(w->ledger, slice_str(letter->id), slice_str(letter->event));
    engine_retry_letter(life_engine(w->life), slice_str(letter->id), is_forced, on_treated, p);
}

static void drop_letter(struct people *p, const struct letter *letter)
{
    struct world *w = p->world;
    world_say(w, "people: drop %s", letter->id);
    ledger_dropped(w->ledger, slice_str(letter->id));
    engine_drop_letter(life_engine(w->life), slice_str(letter->id), on_treated, p);
}

/* A letter that is changed, and retried when it is told that this is kept. */
struct edit {
    struct people *people;
    struct letter letter;
};

static void on_edited(void *ctx, enum letter_result result, const char *text)
{
    struct edit *edit = ctx;
    (void)text;
    world_say(edit->people->world, "people: edited %s: %d", edit->letter.id, (int)result);
    if (result == LETTER_DONE) {
        ledger_edited(edit->people->world->ledger, slice_str(edit->letter.id));
        retry_letter(edit->people, &edit->letter, true);
    }
    free(edit);
}

static void edit_letter(struct people *p, const struct letter *letter)
{
    struct edit *edit = mem_alloc(sizeof(*edit));
    struct buf data = {0};
    *edit = (struct edit){.people = p, .letter = *letter};
    buf_printf(&data, "{%s,%s", LEDGER_EDITED, letter->data + 1);
    world_say(p->world, "people: edit %s", letter->id);
    engine_edit_letter(life_engine(p->world->life), slice_str(letter->id), buf_slice(&data),
                       on_edited, edit);
    buf_deinit(&data);
}

static bool can_be_edited(const struct letter *letter)
{
    return letter->data[0] == '{' && !strstr(letter->data, LEDGER_EDITED);
}

static void treat_letter(struct people *p, const struct letter *letter)
{
    struct world *w = p->world;
    if (world_chance(w, 250))
        drop_letter(p, letter);
    else if (world_chance(w, 300) && can_be_edited(letter))
        edit_letter(p, letter);
    else
        retry_letter(p, letter, world_chance(w, 200));
}

static void treat_letters(void *ctx)
{
    struct people *p = ctx;
    struct world *w = p->world;
    bool all = world_chance(w, 300);
    for (size_t i = 0; i < p->n_letters; i++) {
        if (all || world_chance(w, 200))
            treat_letter(p, &p->letters[i]);
    }
}

/* They give it all one more chance, and what parks its key until it is through. */
static void retry_all(void *ctx)
{
    struct people *p = ctx;
    for (size_t i = 0; i < p->n_letters; i++)
        retry_letter(p, &p->letters[i], true);
}

/* ---- pauses ---- */

static void on_paused(void *ctx, bool was_done)
{
    struct people *p = ctx;
    (void)was_done;
    world_say(p->world, "people: that is kept");
}

static void set_paused(struct people *p, int connector, bool is_paused)
{
    struct err err = {0};
    const char *name = plan_connectors[connector].name;
    world_say(p->world, "people: %s %s", is_paused ? "pause" : "resume", name);
    p->is_paused[connector] = is_paused;
    if (engine_set_paused(life_engine(p->world->life), slice_str(name), is_paused, on_paused, p,
                          &err) < 0)
        world_broken(p->world, 9, "%s can't be paused: %s", name, err.message);
}

static void pause_or_resume(struct people *p)
{
    int connector = (int)world_below(p->world, PLAN_CONNECTORS);
    set_paused(p, connector, !p->is_paused[connector]);
}

/* ---- reloads ---- */

static void on_reload(void *ctx, bool was_done)
{
    struct people *p = ctx;
    world_say(p->world, "people: the reload was%s done", was_done ? "" : "n't");
}

static void reload(struct people *p)
{
    project_change(p->world);
    world_say(p->world, "people: reload");
    engine_reload(life_engine(p->world->life), "the simulation", on_reload, p);
}

/* ---- replays ---- */

static void on_replay(void *ctx, bool has_begun)
{
    struct people *p = ctx;
    world_say(p->world, "people: the replay has%s begun", has_begun ? "" : "n't");
}

/* Of one key, and some time. */
static void replay(struct people *p)
{
    struct world *w = p->world;
    bool is_of_bus = world_chance(w, 500);
    char key[24];
    snprintf(key, sizeof(key), "k%u", (unsigned)world_below(w, 12));
    const struct engine_replay wish = {
        .filter = {.channel = is_of_bus ? SLICE_LIT("bus") : SLICE_LIT("embedded"),
                   .key = slice_str(key),
                   .state = -1,
                   .since_ms = (w->agenda.now_us + w->agenda.wall_us - US_PER_H) / US_PER_MS},
        .is_forced = world_chance(w, 300),
        .rate_n = world_chance(w, 500) ? 1 : 0,
        .rate_ms = 2000,
    };
    if (!ledger_replays(w->ledger, is_of_bus ? "bus" : "embedded", key))
        return;
    world_say(w, "people: replay %s of %s%s", key, is_of_bus ? "the bus" : "the door",
              wish.is_forced ? " by force" : "");
    engine_replay(life_engine(w->life), &wish, on_replay, p);
}

/* ---- their life ---- */

static void on_next(void *ctx)
{
    struct people *p = ctx;
    struct world *w = p->world;
    agenda_put(&w->agenda, &p->next, world_wait_us(w, REST_US));
    if (!life_engine(w->life))
        return;
    switch (world_below(w, 9)) {
    case 0:
    case 1:
    case 2:
    case 3:
        list_letters(p, treat_letters);
        break;
    case 4:
    case 5:
        pause_or_resume(p);
        break;
    case 6:
        replay(p);
        break;
    default:
        reload(p);
    }
}

/* Where no daemon lives at this moment, a little later. */
static void on_heal(void *ctx)
{
    struct people *p = ctx;
    struct world *w = p->world;
    agenda_put(&w->agenda, &p->next, US_PER_MIN);
    if (!life_engine(w->life))
        return;
    list_letters(p, retry_all);
    if (p->is_healed)
        return;
    project_mend(w);
    engine_reload(life_engine(w->life), "the simulation", on_reload, p);
    for (int i = 0; i < PLAN_CONNECTORS; i++)
        set_paused(p, i, false); /* a crash may have lost what they think was done */
    p->is_healed = true;
}

struct people *people_new(struct world *w)
{
    struct people *p = mem_calloc(1, sizeof(*p));
    p->world = w;
    p->next = (struct agenda_item){.fn = on_next, .ctx = p};
    agenda_put(&w->agenda, &p->next, world_wait_us(w, REST_US));
    return p;
}

void people_free(struct people *p)
{
    free(p);
}

void people_heal(struct people *p)
{
    p->next.fn = on_heal;
    agenda_put(&p->world->agenda, &p->next, US_PER_S);
}

bool people_have_healed(const struct people *p)
{
    return p->is_healed;
}
