/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * GET /metrics. What the loop's thread knows is shown as it stands when the answer is written; what
 * the journal alone knows is read for each scrape, on its reader's thread, and left out where that
 * takes too long: an ill disk must show in metrics, not end them.
 */
#include <stdlib.h>

#include "admin/exposition.h"
#include "admin/figures.h"
#include "admin/process.h"
#include "admin/routes.h"
#include "base/buf.h"
#include "delivery/tally.h"
#include "version.h"

/* Prometheus itself gives up after 10 s unless it is told otherwise. */
#define WAIT_MS 5000
/* Counting a million dead letters takes a second or two: they are counted again after so many times
   as long as it took. */
#define LETTERS_REST 50

struct metrics {
    struct list letters; /* as counted last */
    bool has_letters;
    int64_t letters_at_us, letters_us; /* when that was, monotonic, and how long it took */
    size_t n_late;                     /* readings that were given up and still go on */
};

/* One answer on its way. */
struct scrape {
    struct admin *admin;
    struct http_exchange *x; /* NULL: answered */
    struct loop_timer *late;
    struct figures figures;
    /* As they stand when the answer is written. */
    struct engine_channel_view *channels;
    struct engine_target_view *targets;
    size_t n_channels, n_targets;
    int64_t now_ms;
    struct process_figures process;
};

static const struct labels none = {0};

static struct slice name_of(const struct engine_target_view *t)
{
    return slice_str(target_name(t->target));
}

/* The next connector behind the i-th target; NULL: there is none. */
static const struct engine_target_view *next_connector(const struct scrape *s, size_t *i)
{
    while (*i < s->n_targets) {
        const struct engine_target_view *t = &s->targets[(*i)++];
        if (!target_is_handler(t->target))
            return t;
    }
    return NULL;
}

static bool has_connector(const struct scrape *s, struct slice name)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(s, &i));) {
        if (slice_is_equal(name_of(t), name))
            return true;
    }
    return false;
}

/* ---- of a channel ---- */

static int64_t received(const struct engine_channel_view *c)
{
    return (int64_t)c->received;
}

static int64_t duplicate(const struct engine_channel_view *c)
{
    return (int64_t)c->duplicate;
}

static int64_t unmatched(const struct engine_channel_view *c)
{
    return (int64_t)c->unmatched;
}

static int64_t is_connected(const struct engine_channel_view *c)
{
    return c->status.is_connected;
}

static void add_lag(struct exposition *x, const struct scrape *s)
{
    for (size_t i = 0; i < s->n_channels; i++) {
        const struct engine_channel_view *c = &s->channels[i];
        if (c->has_lag)
            exposition_seconds(x, label("channel", slice_str(c->name)), c->lag_ms * 1000);
    }
}

/* ---- of a connector ---- */

static int64_t waiting(const struct engine_target_view *t)
{
    return (int64_t)t->status.waiting;
}

static int64_t in_flight(const struct engine_target_view *t)
{
    return (int64_t)t->status.in_flight;
}

static int64_t is_paused(const struct engine_target_view *t)
{
    return t->status.pause != PAUSE_NONE;
}

static void add_oldest(struct exposition *x, const struct scrape *s)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(s, &i));) {
        int64_t oldest_ms = target_oldest_ms(t->target);
        if (oldest_ms == TARGET_OLDEST_ON_DISK && !s->figures.is_read)
            continue;
        if (oldest_ms == TARGET_OLDEST_ON_DISK)
            oldest_ms = figures_value(&s->figures.waiting, name_of(t), SLICE_NULL);
        int64_t age_ms = oldest_ms > 0 && oldest_ms < s->now_ms ? s->now_ms - oldest_ms : 0;
        exposition_seconds(x, label("connector", name_of(t)), age_ms * 1000);
    }
}

static void add_attempts(struct exposition *x, const struct scrape *s)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(s, &i));) {
        const struct tally *tally = target_tally(t->target);
        for (size_t c = 0; c < tally->n_codes; c++) {
            char code[OUTCOME_CODE_SIZE];
            outcome_code_format(tally->codes[c].code, code);
            exposition_integer(x, label_two("connector", name_of(t), "code", slice_str(code)),
                               (int64_t)tally->codes[c].n);
        }
    }
}

static void add_attempt_durations(struct exposition *x, const struct scrape *s)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(s, &i));)
        exposition_histogram(x, label("connector", name_of(t)), &target_tally(t->target)->attempts);
}

static void add_delivery_durations(struct exposition *x, const struct scrape *s)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(s, &i));)
        exposition_histogram(x, label("connector", name_of(t)), &target_tally(t->target)->lives);
}

/* ---- ends of deliveries ---- */

static void add_outcome(struct exposition *x, struct slice connector, enum delivery_state state,
                        int64_t n)
{
    exposition_integer(
        x, label_two("connector", connector, "outcome", slice_str(delivery_state_name(state))), n);
}

/* Those that were dropped, by hand or by age, since the process began. */
static void add_dropped(struct exposition *x, const struct scrape *s)
{
    const struct slice scope = SLICE_LIT("connector"), term = SLICE_LIT("dropped");
    const struct engine_target_view *t;
    list_each (it, &s->figures.sums) {
        const struct figure *f = list_entry(it, struct figure, link);
        if (slice_is_equal(f->scope, scope) && slice_is_equal(f->term, term))
            add_outcome(x, f->name, DELIVERY_DROPPED,
                        f->value - engine_dropped_before(s->admin->engine, f->name));
    }
    for (size_t i = 0; (t = next_connector(s, &i));) {
        if (!figures_find(&s->figures.sums, name_of(t), term))
            add_outcome(x, name_of(t), DELIVERY_DROPPED, 0);
    }
}

static void add_deliveries(struct exposition *x, const struct scrape *s)
{
    static const enum delivery_state counted[] = {DELIVERY_DELIVERED, DELIVERY_DEAD,
                                                  DELIVERY_SKIPPED, DELIVERY_SUPERSEDED};
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(s, &i));) {
        for (size_t o = 0; o < ARRAY_LEN(counted); o++)
            add_outcome(x, name_of(t), counted[o],
                        (int64_t)target_tally(t->target)->ended[counted[o]]);
    }
    if (s->figures.is_read)
        add_dropped(x, s);
}

/* ---- dead letters: connector "" is for handlers, and for messages that are no event ---- */

#define MALFORMED SLICE_LIT("malformed")

static void add_letters(struct exposition *x, struct slice connector, struct slice cause, int64_t n)
{
    exposition_integer(x, label_two("connector", connector, "cause", cause), n);
}

static int64_t count_malformed(const struct scrape *s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s->n_channels; i++)
        n += s->channels[i].malformed;
    return (int64_t)n;
}

static void add_deaths(struct exposition *x, const struct scrape *s)
{
    uint64_t of_handlers[TALLY_CAUSES] = {0};
    for (size_t i = 0; i < s->n_targets; i++) {
        const struct target *t = s->targets[i].target;
        for (size_t c = 0; c < TALLY_CAUSES; c++) {
            if (target_is_handler(t))
                of_handlers[c] += target_tally(t)->dead[c];
            else
                add_letters(x, name_of(&s->targets[i]), slice_str(tally_causes[c]),
                            (int64_t)target_tally(t)->dead[c]);
        }
    }
    for (size_t c = 0; c < TALLY_CAUSES; c++)
        add_letters(x, SLICE_NULL, slice_str(tally_causes[c]), (int64_t)of_handlers[c]);
    add_letters(x, SLICE_NULL, MALFORMED, count_malformed(s));
}

static bool is_cause(struct slice cause)
{
    for (size_t c = 0; c < TALLY_CAUSES; c++) {
        if (slice_is_equal(cause, slice_str(tally_causes[c])))
            return true;
    }
    return false;
}

/* All causes of each, so that a series doesn't end when its last letter was retried; then what there
   is of connectors that are gone. */
static void add_held(struct exposition *x, const struct scrape *s)
{
    const struct metrics *m = s->admin->metrics;
    const struct engine_target_view *t;
    if (!m->has_letters)
        return;
    for (size_t c = 0; c < TALLY_CAUSES; c++) {
        struct slice cause = slice_str(tally_causes[c]);
        for (size_t i = 0; (t = next_connector(s, &i));)
            add_letters(x, name_of(t), cause, figures_value(&m->letters, name_of(t), cause));
        add_letters(x, SLICE_NULL, cause, figures_value(&m->letters, SLICE_NULL, cause));
    }
    add_letters(x, SLICE_NULL, MALFORMED, figures_value(&m->letters, SLICE_NULL, MALFORMED));
    list_each (it, &m->letters) {
        const struct figure *f = list_entry(it, struct figure, link);
        bool is_shown = f->name.len == 0 ? is_cause(f->term) || slice_is_equal(f->term, MALFORMED)
                                         : is_cause(f->term) && has_connector(s, f->name);
        if (!is_shown)
            add_letters(x, f->name, f->term, f->value);
    }
}

/* ---- scripts ---- */

static void add_handler_durations(struct exposition *x, const struct scrape *s)
{
    for (size_t i = 0; i < s->n_targets; i++) {
        const struct engine_target_view *t = &s->targets[i];
        if (target_is_handler(t->target))
            exposition_histogram(x, label("handler", name_of(t)),
                                 &target_tally(t->target)->attempts);
    }
}

/* Of runs that an error in a script has ended, or the limits of one. */
static uint64_t script_errors(const struct target *t)
{
    static const enum attempt_kind kinds[] = {ATTEMPT_SCRIPT, ATTEMPT_LIMIT};
    uint64_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        n += tally_of_code(target_tally(t), outcome_code(&(struct attempt_end){.kind = kinds[i]}));
    return n;
}

/* Views of one file share its name. */
static bool is_first_of_file(const struct scrape *s, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (s->targets[before].file.data == s->targets[i].file.data)
            return false;
    }
    return true;
}

static void add_script_errors(struct exposition *x, const struct scrape *s)
{
    for (size_t i = 0; i < s->n_targets; i++) {
        struct slice file = s->targets[i].file;
        uint64_t n = 0;
        if (!file.data || !is_first_of_file(s, i))
            continue;
        for (size_t of = i; of < s->n_targets; of++) {
            if (s->targets[of].file.data == file.data)
                n += script_errors(s->targets[of].target);
        }
        exposition_integer(x, label("script", file), (int64_t)n);
    }
}

/* ---- the journal ---- */

static void add_commit_durations(struct exposition *x, const struct scrape *s)
{
    struct histogram commits;
    journal_commits(engine_journal(s->admin->engine), &commits);
    exposition_histogram(x, none, &commits);
}

static void add_bytes(struct exposition *x, const struct scrape *s)
{
    struct journal_space space;
    journal_space(engine_journal(s->admin->engine), &space);
    exposition_integer(x, none, space.bytes);
}

static void add_limit(struct exposition *x, const struct scrape *s)
{
    exposition_integer(x, none, s->admin->config->journal_max);
}

static void add_sums(struct exposition *x, const struct scrape *s, const char *scope)
{
    list_each (it, &s->figures.sums) {
        const struct figure *f = list_entry(it, struct figure, link);
        if (slice_is_equal(f->scope, slice_str(scope)))
            exposition_integer(x, label_two(scope, f->name, "term", f->term), f->value);
    }
}

static void add_event_sums(struct exposition *x, const struct scrape *s)
{
    add_sums(x, s, "channel");
}

static void add_delivery_sums(struct exposition *x, const struct scrape *s)
{
    add_sums(x, s, "connector");
}

/* ---- the daemon ---- */

static void count_problem(void *ctx, const struct engine_problem *problem)
{
    int64_t *counts = ctx;
    counts[problem->code]++;
}

static void add_problems(struct exposition *x, const struct scrape *s)
{
    int64_t counts[PROBLEM_CODES] = {0};
    engine_each_problem(s->admin->engine, count_problem, counts);
    for (size_t i = 0; i < PROBLEM_CODES; i++) {
        const char *code = engine_problem_name((enum problem_code)i);
        exposition_integer(x, label("code", slice_str(code)), counts[i]);
    }
}

static void add_build(struct exposition *x, const struct scrape *s)
{
    (void)s;
    exposition_integer(x, label("version", SLICE_LIT(LIAISON_VERSION)), 1);
}

static void add_start(struct exposition *x, const struct scrape *s)
{
    exposition_seconds(x, none, engine_started_ms(s->admin->engine) * 1000);
}

static void add_cpu(struct exposition *x, const struct scrape *s)
{
    if (s->process.cpu_us >= 0)
        exposition_seconds(x, none, s->process.cpu_us);
}

static void add_known(struct exposition *x, int64_t value)
{
    if (value >= 0)
        exposition_integer(x, none, value);
}

static void add_resident(struct exposition *x, const struct scrape *s)
{
    add_known(x, s->process.resident_bytes);
}

static void add_virtual(struct exposition *x, const struct scrape *s)
{
    add_known(x, s->process.virtual_bytes);
}

static void add_open_fds(struct exposition *x, const struct scrape *s)
{
    add_known(x, s->process.open_fds);
}

static void add_max_fds(struct exposition *x, const struct scrape *s)
{
    add_known(x, s->process.max_fds);
}

/* ---- all of them ---- */

/* One of the three functions gives its samples: a number of each channel, of each connector, or all
   of them as they are. */
struct family {
    const char *name, *type, *help;
    int64_t (*of_channel)(const struct engine_channel_view *c);
    int64_t (*of_connector)(const struct engine_target_view *t);
    void (*add)(struct exposition *x, const struct scrape *s);
};

static const struct family families[] = {
    {"liaison_build_info", "gauge", "1, with the version that runs.", .add = add_build},
    {"liaison_problems", "gauge", "What needs a person's eye, by code: see liaison status.",
     .add = add_problems},

    {"liaison_events_received_total", "counter",
     "Messages that a channel brought and that are kept, duplicates and malformed ones included.",
     .of_channel = received},
    {"liaison_events_duplicate_total", "counter", "Events that were known already.",
     .of_channel = duplicate},
    {"liaison_events_unmatched_total", "counter", "Events whose type no handler takes.",
     .of_channel = unmatched},
    {"liaison_channel_connected", "gauge", "1 while a channel is connected to its bus.",
     .of_channel = is_connected},
    {"liaison_channel_lag_seconds", "gauge",
     "How old the newest event was when it came, by the time that it gives.", .add = add_lag},

    {"liaison_deliveries_total", "counter", "Deliveries that ended, by how.",
     .add = add_deliveries},
    {"liaison_delivery_duration_seconds", "histogram",
     "From the receipt of its event to the end of a delivery.", .add = add_delivery_durations},
    {"liaison_attempts_total", "counter",
     "Attempts that ended, by the answer's status, the kind of failure, or the script's word.",
     .add = add_attempts},
    {"liaison_attempt_duration_seconds", "histogram",
     "Attempts, from the transformer's start to the connector's end.",
     .add = add_attempt_durations},
    {"liaison_waiting", "gauge", "Deliveries that wait, and aren't being attempted.",
     .of_connector = waiting},
    {"liaison_oldest_waiting_seconds", "gauge",
     "For how long the oldest delivery that hasn't ended has been there; 0: there is none.",
     .add = add_oldest},
    {"liaison_in_flight", "gauge", "Attempts in progress.", .of_connector = in_flight},
    {"liaison_connector_paused", "gauge", "1 while a connector is paused.",
     .of_connector = is_paused},
    {"liaison_dead_letters_total", "counter",
     "Deliveries, handlers' runs and messages that became dead letters, by cause.",
     .add = add_deaths},
    {"liaison_dead_letters_held", "gauge", "Dead letters that wait for a person, by cause.",
     .add = add_held},

    {"liaison_handler_duration_seconds", "histogram",
     "Runs of a handler from start to end, what they wait for included.",
     .add = add_handler_durations},
    {"liaison_script_errors_total", "counter",
     "Runs of a script's handlers, or attempts of a connector, ended by an error or a limit.",
     .add = add_script_errors},

    {"liaison_journal_commit_duration_seconds", "histogram",
     "Commits of the journal, until they are on disk.", .add = add_commit_durations},
    {"liaison_journal_bytes", "gauge", "The journal's pages in use and its write-ahead log.",
     .add = add_bytes},
    {"liaison_journal_limit_bytes", "gauge", "limits.journal.", .add = add_limit},
    {"liaison_sum_events", "gauge",
     "The sums of a channel: received is the sum of the other terms.", .add = add_event_sums},
    {"liaison_sum_deliveries", "gauge",
     "The sums of a connector: made is the sum of the other terms.", .add = add_delivery_sums},

    {"process_cpu_seconds_total", "counter", "Processor time of this process.", .add = add_cpu},
    {"process_resident_memory_bytes", "gauge", "Memory of this process that is resident.",
     .add = add_resident},
    {"process_virtual_memory_bytes", "gauge", "Address space of this process.", .add = add_virtual},
    {"process_open_fds", "gauge", "Open file descriptors.", .add = add_open_fds},
    {"process_max_fds", "gauge", "File descriptors that may be open.", .add = add_max_fds},
    {"process_start_time_seconds", "gauge", "When this process began, in Unix time.",
     .add = add_start},
};

static void add_family(struct exposition *x, const struct scrape *s, const struct family *f)
{
    const struct engine_target_view *t;
    exposition_begin(x, f->name, f->type, f->help);
    for (size_t i = 0; f->of_channel && i < s->n_channels; i++)
        exposition_integer(x, label("channel", slice_str(s->channels[i].name)),
                           f->of_channel(&s->channels[i]));
    for (size_t i = 0; f->of_connector && (t = next_connector(s, &i));)
        exposition_integer(x, label("connector", name_of(t)), f->of_connector(t));
    if (f->add)
        f->add(x, s);
}

/* ---- a scrape ---- */

static void take_channel(void *ctx, const struct engine_channel_view *channel)
{
    struct scrape *s = ctx;
    s->channels = mem_realloc(s->channels, (s->n_channels + 1) * sizeof(*s->channels));
    s->channels[s->n_channels++] = *channel;
}

static void take_target(void *ctx, const struct engine_target_view *target)
{
    struct scrape *s = ctx;
    s->targets = mem_realloc(s->targets, (s->n_targets + 1) * sizeof(*s->targets));
    s->targets[s->n_targets++] = *target;
}

static void answer(struct scrape *s)
{
    struct engine *e = s->admin->engine;
    struct buf out = {0};
    struct exposition x = {.out = &out};
    engine_each_channel(e, take_channel, s);
    engine_each_target(e, take_target, s);
    s->now_ms = engine_now_ms(e);
    process_look(&s->process);
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        add_family(&x, s, &families[i]);
    http_exchange_reply(s->x, 200, EXPOSITION_TYPE, buf_slice(&out));
    s->x = NULL;
    buf_deinit(&out);
}

static void scrape_free(struct scrape *s)
{
    loop_timer_free(s->late);
    figures_deinit(&s->figures);
    free(s->channels);
    free(s->targets);
    free(s);
}

static void on_late(void *ctx)
{
    struct scrape *s = ctx;
    s->admin->metrics->n_late++;
    answer(s);
}

static void read_figures(struct journal_reader *reader, void *ctx)
{
    struct scrape *s = ctx;
    figures_read(&s->figures, reader);
}

static void take_letters(struct scrape *s)
{
    struct metrics *m = s->admin->metrics;
    struct clock clock = clock_system();
    figures_free(&m->letters);
    list_splice_tail(&m->letters, &s->figures.letters);
    m->has_letters = true;
    m->letters_at_us = clock_mono_us(&clock);
    m->letters_us = s->figures.letters_us;
}

static void on_read(void *ctx)
{
    struct scrape *s = ctx;
    if (s->figures.is_read && s->figures.counts_letters)
        take_letters(s);
    if (s->x)
        answer(s);
    else
        s->admin->metrics->n_late--;
    scrape_free(s);
}

static bool are_letters_due(const struct metrics *m)
{
    struct clock clock = clock_system();
    return !m->has_letters ||
           clock_mono_us(&clock) - m->letters_at_us >= LETTERS_REST * m->letters_us;
}

static void ask_oldest(void *ctx, const struct engine_target_view *target)
{
    struct scrape *s = ctx;
    if (!target_is_handler(target->target) &&
        target_oldest_ms(target->target) == TARGET_OLDEST_ON_DISK)
        figures_add(&s->figures.waiting, SLICE_NULL, name_of(target), SLICE_NULL, 0);
}

void route_metrics(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct scrape *s = mem_calloc(1, sizeof(*s));
    s->admin = a;
    s->x = x;
    figures_init(&s->figures);
    if (a->metrics->n_late > 0) { /* another reading would only wait behind that one */
        answer(s);
        scrape_free(s);
        return;
    }
    s->figures.counts_letters = are_letters_due(a->metrics);
    engine_each_target(a->engine, ask_oldest, s);
    s->late = loop_timer_new(a->loop, on_late, s);
    loop_timer_start(s->late, WAIT_MS);
    journal_read(engine_journal(a->engine), read_figures, on_read, s);
}

struct metrics *metrics_new(void)
{
    struct metrics *m = mem_calloc(1, sizeof(*m));
    list_init(&m->letters);
    return m;
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    figures_free(&m->letters);
    free(m);
}
