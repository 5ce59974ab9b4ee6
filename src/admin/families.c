/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A function for each family that is more than a number of a channel or connector, and the table of
 * them all.
 */
#include "admin/families.h"

#include "admin/exposition.h"
#include "delivery/tally.h"
#include "version.h"

static const struct labels none = {0};

static struct slice name_of(const struct engine_target_view *t)
{
    return slice_str(target_name(t->target));
}

/* The next connector behind the i-th target; NULL: there is none. */
static const struct engine_target_view *next_connector(const struct metrics_view *v, size_t *i)
{
    while (*i < v->n_targets) {
        const struct engine_target_view *t = &v->targets[(*i)++];
        if (!target_is_handler(t->target))
            return t;
    }
    return NULL;
}

static bool has_connector(const struct metrics_view *v, struct slice name)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(v, &i));) {
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

static void add_lag(struct exposition *x, const struct metrics_view *v)
{
    for (size_t i = 0; i < v->n_channels; i++) {
        const struct engine_channel_view *c = &v->channels[i];
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
    return target_status_is_paused(&t->status) || t->status.is_held;
}

static int64_t breaker_state(const struct engine_target_view *t)
{
    return t->status.breaker;
}

/* On disk; false: it wasn't looked for. */
static bool find_oldest(const struct metrics_view *v, struct slice connector, int64_t *oldest_ms)
{
    const struct figure *f = figures_find(&v->figures->waiting, SLICE_NULL, connector, SLICE_NULL);
    if (!f || !v->figures->is_read)
        return false;
    *oldest_ms = f->value;
    return true;
}

static void add_oldest(struct exposition *x, const struct metrics_view *v)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(v, &i));) {
        int64_t oldest_ms = target_oldest_ms(t->target);
        if (oldest_ms == TARGET_OLDEST_ON_DISK && !find_oldest(v, name_of(t), &oldest_ms))
            continue;
        int64_t age_ms = oldest_ms > 0 && oldest_ms < v->now_ms ? v->now_ms - oldest_ms : 0;
        exposition_seconds(x, label("connector", name_of(t)), age_ms * 1000);
    }
}

static void add_attempts(struct exposition *x, const struct metrics_view *v)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(v, &i));) {
        const struct tally *tally = target_tally(t->target);
        for (size_t c = 0; c < tally->n_codes; c++) {
            char code[OUTCOME_CODE_SIZE];
            outcome_code_format(tally->codes[c].code, code);
            exposition_integer(x, label_two("connector", name_of(t), "code", slice_str(code)),
                               (int64_t)tally->codes[c].n);
        }
    }
}

static void add_attempt_durations(struct exposition *x, const struct metrics_view *v)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(v, &i));)
        exposition_histogram(x, label("connector", name_of(t)), &target_tally(t->target)->attempts);
}

static void add_delivery_durations(struct exposition *x, const struct metrics_view *v)
{
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(v, &i));)
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
static void add_dropped(struct exposition *x, const struct metrics_view *v)
{
    const struct slice scope = SLICE_LIT("connector"), term = SLICE_LIT("dropped");
    const struct engine_target_view *t;
    list_each (it, &v->figures->sums) {
        const struct figure *f = list_entry(it, struct figure, link);
        if (slice_is_equal(f->scope, scope) && slice_is_equal(f->term, term))
            add_outcome(x, f->name, DELIVERY_DROPPED,
                        f->value - engine_dropped_before(v->engine, f->name));
    }
    for (size_t i = 0; (t = next_connector(v, &i));) {
        if (!figures_find(&v->figures->sums, scope, name_of(t), term))
            add_outcome(x, name_of(t), DELIVERY_DROPPED, 0);
    }
}

static void add_deliveries(struct exposition *x, const struct metrics_view *v)
{
    static const enum delivery_state counted[] = {DELIVERY_DELIVERED, DELIVERY_DEAD,
                                                  DELIVERY_SKIPPED, DELIVERY_SUPERSEDED};
    const struct engine_target_view *t;
    for (size_t i = 0; (t = next_connector(v, &i));) {
        for (size_t o = 0; o < ARRAY_LEN(counted); o++)
            add_outcome(x, name_of(t), counted[o],
                        (int64_t)target_tally(t->target)->ended[counted[o]]);
    }
    if (v->figures->is_read)
        add_dropped(x, v);
}

/* ---- dead letters: connector "" is for handlers, and for messages that are no event ---- */

#define MALFORMED SLICE_LIT("malformed")

static void add_letters(struct exposition *x, struct slice connector, struct slice cause, int64_t n)
{
    exposition_integer(x, label_two("connector", connector, "cause", cause), n);
}

static int64_t count_malformed(const struct metrics_view *v)
{
    uint64_t n = 0;
    for (size_t i = 0; i < v->n_channels; i++)
        n += v->channels[i].malformed;
    return (int64_t)n;
}

static void add_deaths(struct exposition *x, const struct metrics_view *v)
{
    uint64_t of_handlers[TALLY_CAUSES] = {0};
    for (size_t i = 0; i < v->n_targets; i++) {
        const struct target *t = v->targets[i].target;
        for (size_t c = 0; c < TALLY_CAUSES; c++) {
            if (target_is_handler(t))
                of_handlers[c] += target_tally(t)->dead[c];
            else
                add_letters(x, name_of(&v->targets[i]), slice_str(tally_causes[c]),
                            (int64_t)target_tally(t)->dead[c]);
        }
    }
    for (size_t c = 0; c < TALLY_CAUSES; c++)
        add_letters(x, SLICE_NULL, slice_str(tally_causes[c]), (int64_t)of_handlers[c]);
    add_letters(x, SLICE_NULL, MALFORMED, count_malformed(v));
}

static bool is_cause(struct slice cause)
{
    for (size_t c = 0; c < TALLY_CAUSES; c++) {
        if (slice_is_equal(cause, slice_str(tally_causes[c])))
            return true;
    }
    return false;
}

static int64_t held(const struct letters_count *letters, struct slice connector, struct slice cause)
{
    const struct figure *f = figures_find(&letters->found, SLICE_NULL, connector, cause);
    return f ? f->value : 0;
}

/* All causes of each, so that a series doesn't end when its last letter was retried; then what there
   is of connectors that are gone. */
static void add_held(struct exposition *x, const struct metrics_view *v)
{
    const struct letters_count *letters = v->letters;
    const struct engine_target_view *t;
    if (!letters->is_known)
        return;
    for (size_t c = 0; c < TALLY_CAUSES; c++) {
        struct slice cause = slice_str(tally_causes[c]);
        for (size_t i = 0; (t = next_connector(v, &i));)
            add_letters(x, name_of(t), cause, held(letters, name_of(t), cause));
        add_letters(x, SLICE_NULL, cause, held(letters, SLICE_NULL, cause));
    }
    add_letters(x, SLICE_NULL, MALFORMED, held(letters, SLICE_NULL, MALFORMED));
    list_each (it, &letters->found) {
        const struct figure *f = list_entry(it, struct figure, link);
        bool is_shown = f->name.len == 0 ? is_cause(f->term) || slice_is_equal(f->term, MALFORMED)
                                         : is_cause(f->term) && has_connector(v, f->name);
        if (!is_shown)
            add_letters(x, f->name, f->term, f->value);
    }
}

/* ---- scripts ---- */

static void add_handler_durations(struct exposition *x, const struct metrics_view *v)
{
    for (size_t i = 0; i < v->n_targets; i++) {
        const struct engine_target_view *t = &v->targets[i];
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
static bool is_first_of_file(const struct metrics_view *v, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (v->targets[before].file.data == v->targets[i].file.data)
            return false;
    }
    return true;
}

static void add_script_errors(struct exposition *x, const struct metrics_view *v)
{
    for (size_t i = 0; i < v->n_targets; i++) {
        struct slice file = v->targets[i].file;
        uint64_t n = 0;
        if (!file.data || !is_first_of_file(v, i))
            continue;
        for (size_t of = i; of < v->n_targets; of++) {
            if (v->targets[of].file.data == file.data)
                n += script_errors(v->targets[of].target);
        }
        exposition_integer(x, label("script", file), (int64_t)n);
    }
}

/* ---- reloads ---- */

static void add_reloads(struct exposition *x, const struct metrics_view *v)
{
    struct engine_scripts scripts;
    engine_scripts(v->engine, &scripts);
    exposition_integer(x, label("result", SLICE_LIT("done")), (int64_t)scripts.n_done);
    exposition_integer(x, label("result", SLICE_LIT("failed")), (int64_t)scripts.n_failed);
}

static void add_reload_success(struct exposition *x, const struct metrics_view *v)
{
    struct engine_scripts scripts;
    engine_scripts(v->engine, &scripts);
    exposition_integer(x, none, scripts.was_done);
}

static void add_reload_time(struct exposition *x, const struct metrics_view *v)
{
    struct engine_scripts scripts;
    engine_scripts(v->engine, &scripts);
    exposition_integer(x, none, scripts.loaded_ms / 1000);
}

/* ---- the journal ---- */

static void add_commit_durations(struct exposition *x, const struct metrics_view *v)
{
    struct histogram commits;
    journal_commits(engine_journal(v->engine), &commits);
    exposition_histogram(x, none, &commits);
}

static void add_bytes(struct exposition *x, const struct metrics_view *v)
{
    struct journal_space space;
    journal_space(engine_journal(v->engine), &space);
    exposition_integer(x, none, space.bytes);
}

static void add_limit(struct exposition *x, const struct metrics_view *v)
{
    exposition_integer(x, none, v->config->journal_max);
}

static void add_sums(struct exposition *x, const struct metrics_view *v, const char *scope)
{
    list_each (it, &v->figures->sums) {
        const struct figure *f = list_entry(it, struct figure, link);
        if (slice_is_equal(f->scope, slice_str(scope)))
            exposition_integer(x, label_two(scope, f->name, "term", f->term), f->value);
    }
}

static void add_event_sums(struct exposition *x, const struct metrics_view *v)
{
    add_sums(x, v, "channel");
}

static void add_delivery_sums(struct exposition *x, const struct metrics_view *v)
{
    add_sums(x, v, "connector");
}

/* ---- the daemon ---- */

static void count_problem(void *ctx, const struct engine_problem *problem)
{
    int64_t *counts = ctx;
    counts[problem->code]++;
}

static void add_problems(struct exposition *x, const struct metrics_view *v)
{
    int64_t counts[PROBLEM_CODES] = {0};
    engine_each_problem(v->engine, count_problem, counts);
    for (size_t i = 0; i < PROBLEM_CODES; i++) {
        const char *code = engine_problem_name((enum problem_code)i);
        exposition_integer(x, label("code", slice_str(code)), counts[i]);
    }
}

static void add_build(struct exposition *x, const struct metrics_view *v)
{
    (void)v;
    exposition_integer(x, label("version", SLICE_LIT(LIAISON_VERSION)), 1);
}

static void add_start(struct exposition *x, const struct metrics_view *v)
{
    exposition_seconds(x, none, engine_started_ms(v->engine) * 1000);
}

static void add_cpu(struct exposition *x, const struct metrics_view *v)
{
    if (v->process.cpu_us >= 0)
        exposition_seconds(x, none, v->process.cpu_us);
}

static void add_known(struct exposition *x, int64_t value)
{
    if (value >= 0)
        exposition_integer(x, none, value);
}

static void add_resident(struct exposition *x, const struct metrics_view *v)
{
    add_known(x, v->process.resident_bytes);
}

static void add_virtual(struct exposition *x, const struct metrics_view *v)
{
    add_known(x, v->process.virtual_bytes);
}

static void add_open_fds(struct exposition *x, const struct metrics_view *v)
{
    add_known(x, v->process.open_fds);
}

static void add_max_fds(struct exposition *x, const struct metrics_view *v)
{
    add_known(x, v->process.max_fds);
}

/* ---- all of them ---- */

/* One of the three functions gives its samples: a number of each channel, of each connector, or all
   of them as they are. */
struct family {
    const char *name, *type, *help;
    int64_t (*of_channel)(const struct engine_channel_view *c);
    int64_t (*of_connector)(const struct engine_target_view *t);
    void (*add)(struct exposition *x, const struct metrics_view *v);
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
    {"liaison_breaker_state", "gauge",
     "Whether the connector's breaker is closed (0), half-open (1) or open (2).",
     .of_connector = breaker_state},
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

    {"liaison_reloads_total", "counter", "Scripts and settings loaded anew, by how it ended.",
     .add = add_reloads},
    {"liaison_last_reload_success", "gauge", "1 unless the last of these failed.",
     .add = add_reload_success},
    {"liaison_last_reload_timestamp_seconds", "gauge", "When what is loaded was, in Unix time.",
     .add = add_reload_time},

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

static void add_family(struct exposition *x, const struct metrics_view *v, const struct family *f)
{
    const struct engine_target_view *t;
    exposition_begin(x, f->name, f->type, f->help);
    for (size_t i = 0; f->of_channel && i < v->n_channels; i++)
        exposition_integer(x, label("channel", slice_str(v->channels[i].name)),
                           f->of_channel(&v->channels[i]));
    for (size_t i = 0; f->of_connector && (t = next_connector(v, &i));)
        exposition_integer(x, label("connector", name_of(t)), f->of_connector(t));
    if (f->add)
        f->add(x, v);
}

void families_add(struct buf *out, const struct metrics_view *v)
{
    struct exposition x = {.out = out};
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        add_family(&x, v, &families[i]);
}
