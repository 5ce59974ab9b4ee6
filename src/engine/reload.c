/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The scripts and settings loaded anew, all or nothing. They are loaded and checked aside, into a
 * machine of their own; where anything is wrong, nothing has changed. Else one step on the loop puts
 * the new machine in the old one's place:
 *
 *     settings ─▶ targets, with their new policies ─▶ channels ─▶ handlers that await run again
 *
 * The old machine is retired: it ends the runs and attempts that are in progress on it, and is freed.
 * What isn't in progress holds nothing of a machine: targets are found by their names, and an item's
 * `version` says by which scripts it was let through. Two machines may be retired at once, so that a
 * reload waits where a third would be; and each for a minute, after which what it still has is taken
 * back as a crash would, and attempted on the new one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/findings.h"
#include "engine/parts.h"
#include "engine/project.h"
#include "event/pattern.h"
#include "loop/watch.h"
#include "script/sources.h"

#define RETIRED_MAX 2
#define RETIRED_MS 60000
/* How often they are looked at. A machine's watchdog sleeps by then, and ends without a wait. */
#define LOOK_MS 300

/* A machine whose place another has taken. */
struct retired {
    struct list link;
    struct script_machine *machine;
    int64_t since_at; /* monotonic */
};

/* Who waits for a reload. */
struct request {
    struct list link;
    const char *why;
    struct sources *sources; /* to be loaded; NULL: those on disk */
    engine_reload_fn done;
    void *ctx;
};

/* The last error of a file's functions. */
struct file_error {
    struct map_node node; /* by file */
    char *file;
    struct buf text;
    int64_t at_ms;
};

struct reloads {
    struct engine *engine;
    const struct config_source *source;
    const char *data_dir, *module_dir;
    void (*on_reload)(void *ctx);
    void *ctx;

    struct list retired; /* the oldest first */
    size_t n_retired;
    struct list requests;
    struct loop_timer *look;
    struct watch *watch; /* NULL: changes of files aren't looked for */
    char *script;        /* the one that was named, within the project; NULL: none was */
    const char *files[3];

    int64_t loaded_ms, tried_ms; /* wall */
    bool was_done, is_stopped;
    uint64_t n_done, n_failed;
    struct findings findings; /* of the last time */
    struct buf restart;
    struct map errors; /* struct file_error */
};

/* ---- the last errors of the files ---- */

static void free_error(void *ctx, struct map_node *node)
{
    struct reloads *r = ctx;
    struct file_error *error = container_of(node, struct file_error, node);
    map_remove(&r->errors, node);
    buf_deinit(&error->text);
    free(error->file);
    free(error);
}

void reload_note_error(struct engine *e, const struct target *t, struct slice error)
{
    struct reloads *r = e->reloads;
    struct slice file = targets_file(e, t);
    if (!file.data)
        return;
    struct map_node *node = map_find(&r->errors, file);
    struct file_error *kept = node ? container_of(node, struct file_error, node) : NULL;
    if (!kept) {
        kept = mem_calloc(1, sizeof(*kept));
        kept->file = slice_dup(file);
        kept->node.key = slice_str(kept->file);
        map_insert(&r->errors, &kept->node);
    }
    buf_clear(&kept->text);
    buf_add_slice(&kept->text, error);
    kept->at_ms = clock_wall_ms(&e->clock);
}

bool engine_script_error(const struct engine *e, struct slice file, struct slice *error,
                         int64_t *at_ms)
{
    struct map_node *node = map_find(&e->reloads->errors, file);
    if (!node)
        return false;
    const struct file_error *kept = container_of(node, struct file_error, node);
    *error = buf_slice(&kept->text);
    *at_ms = kept->at_ms;
    return true;
}

/* ---- retired machines ---- */

/* As a crash would: the next attempt begins where nothing is known of this one. */
static void take_back(void *ctx, void *run_ctx)
{
    struct engine *e = ctx;
    struct item *item = run_ctx;
    if (item->batch) {
        batch_attempt_take_back(item, true);
        return;
    }
    await_forget(item);
    script_cancel(item->run);
    item->run = NULL;
    lanes_take_back(e->lanes, &item->d, !target_is_handler(item->d.target));
}

static void retired_free(struct reloads *r, struct retired *old)
{
    list_remove(&old->link);
    r->n_retired--;
    script_free(old->machine);
    free(old);
}

static void end_run_of(struct reloads *r, struct retired *old)
{
    log_warn(r->engine->log,
             "runs on scripts that were replaced a minute ago are ended, and made once more");
    script_each_run(old->machine, take_back, r->engine);
}

/* Frees those that have ended, and has those that are over their time end. */
static void look_after(struct reloads *r)
{
    int64_t now = clock_mono_ms(&r->engine->clock);
    list_each (it, &r->retired) {
        struct retired *old = list_entry(it, struct retired, link);
        if (!script_is_idle(old->machine) && now - old->since_at >= RETIRED_MS)
            end_run_of(r, old);
        if (script_is_idle(old->machine))
            retired_free(r, old);
    }
}

static void retire(struct reloads *r, struct script_machine *machine)
{
    struct retired *old = mem_calloc(1, sizeof(*old));
    old->machine = machine;
    old->since_at = clock_mono_ms(&r->engine->clock);
    list_add_tail(&r->retired, &old->link);
    r->n_retired++;
}

/* ---- the switch ---- */

/* Types that are taken now aren't told of any more as those that nobody takes. */
static void forget_matched(void *ctx, struct map_node *node)
{
    struct engine *e = ctx;
    struct unmatched *u = container_of(node, struct unmatched, node);
    for (size_t i = 0; i < script_handler_count(e->machine); i++) {
        if (!pattern_matches(script_handler_at(e->machine, i)->pattern, node->key))
            continue;
        map_remove(&e->unmatched, node);
        free(u->type);
        free(u);
        return;
    }
}

static void take_settings(struct engine *e, struct config *next)
{
    config_replace(e->config, next);
    log_set(e->log, e->config->log_level, e->config->log_format);
    lanes_set_in_flight(e->lanes, (size_t)e->config->in_flight);
    e->host.message_max = (size_t)e->config->message_max;
    const struct journal_retention retention = retention_of(e->config);
    journal_set_retention(e->journal, &retention);
}

/* What was checked; from here on nothing may fail that would have to be undone. */
static void switch_to(struct reloads *r, struct script_machine *machine, struct config *next,
                      struct journal_reader *reader)
{
    struct engine *e = r->engine;
    struct err err = {0};
    struct script_machine *old = e->machine;
    if (r->source)
        take_settings(e, next);
    if (strcmp(script_hash(old), script_hash(machine)) != 0)
        journal_put_scripts(e->journal, ++e->script_version, slice_str(script_hash(machine)));
    e->machine = machine;
    e->version++;
    targets_set(e);
    batchers_note(e);
    if (channels_set(e, reader, &err) < 0)
        log_error(e->log, "a channel can't be opened", LOG_STR("error", err.message));
    await_run_all_again(e);
    map_each(&e->unmatched, forget_matched, e);
    map_each(&r->errors, free_error, r);
    retire(r, old);
    r->loaded_ms = clock_wall_ms(&e->clock);
}

/* ---- loading aside ---- */

static void say_journal_stays(const struct engine *e, const struct config *next)
{
    if (strcmp(next->journal, e->config->journal) != 0)
        log_warn(e->log, "the journal that is open is used until the next start",
                 LOG_STR("open", e->config->journal), LOG_STR("next", next->journal));
}

static int read_settings(struct reloads *r, struct config *next)
{
    struct engine *e = r->engine;
    struct err err = {0};
    struct buf cert = {0}, key = {0};
    if (config_load(next, r->source, e->mask, findings_add, &r->findings) < 0)
        return -1;
    say_journal_stays(e, next);
    if (config_follow(next, e->config, &r->restart, &err) < 0 ||
        config_read_tls(next, &cert, &key, &err) < 0)
        findings_add_err(&r->findings, &err);
    buf_deinit(&cert);
    buf_deinit(&key);
    return err.code == ERR_NONE ? 0 : -1;
}

/* Tells each problem to two: the log, or whoever starts the daemon, and who asks later. */
struct teller {
    struct findings *findings;
    script_problem_fn problem;
    void *ctx;
};

static void tell(void *ctx, const struct script_problem *problem)
{
    const struct teller *t = ctx;
    findings_add(t->findings, problem);
    if (t->problem)
        t->problem(t->ctx, problem);
}

static struct script_machine *load(struct reloads *r, const struct config *config,
                                   struct sources *sources, script_problem_fn problem, void *ctx)
{
    const struct engine *e = r->engine;
    struct teller teller = {&r->findings, problem, ctx};
    const struct project_options options = {
        .config = config,
        .data_dir = r->data_dir,
        .module_dir = r->module_dir,
        .ports = &e->ports,
        .clock = e->clock,
        .log = e->log,
        .mask = e->mask,
        .sources = sources,
    };
    return project_load(&options, tell, &teller);
}

const struct config_source *reload_source(const struct engine *e)
{
    return e->reloads->source;
}

struct sources *reload_read_sources(const struct engine *e, const struct config *config)
{
    const char *script = config->script;
    return sources_read(&(struct sources_options){
        .project = config->project,
        .scripts = script ? &script : NULL,
        .n_scripts = script ? 1 : 0,
        .data_dir = e->reloads->data_dir,
    });
}

/* Where channels are to be opened, how far they had come. */
static int open_reader(struct reloads *r, const struct script_machine *machine,
                       struct journal_reader **reader)
{
    const struct engine *e = r->engine;
    struct err err = {0};
    if (!channels_need_reader(e, machine))
        return 0;
    *reader = journal_reader_open(e->config->journal, &err);
    if (!*reader)
        findings_add_err(&r->findings, &err);
    return *reader ? 0 : -1;
}

static bool reload(struct reloads *r, struct sources *sources)
{
    struct engine *e = r->engine;
    struct config next = {0};
    struct script_machine *machine = NULL;
    struct journal_reader *reader = NULL;
    bool is_done = false;
    findings_clear(&r->findings);
    buf_clear(&r->restart);
    if (r->watch && !sources) /* what changed since those were read is still to be told of */
        watch_catch_up(r->watch);
    if (r->source && read_settings(r, &next) < 0)
        goto out;
    machine = load(r, r->source ? &next : e->config, sources, NULL, NULL);
    if (!machine || open_reader(r, machine, &reader) < 0)
        goto out;
    switch_to(r, machine, &next, reader);
    machine = NULL;
    is_done = true;
out:
    script_free(machine);
    journal_reader_close(reader);
    config_deinit(&next);
    return is_done;
}

/* ---- changed files ---- */

static void on_changed(void *ctx)
{
    engine_reload(ctx, "files changed", NULL, NULL);
}

/* A script may be named that lies in none of the folders; it is the same one as long as the daemon
   runs. */
static void name_files(struct reloads *r)
{
    const struct config *config = r->engine->config;
    if (config->script)
        r->script = mem_strdup(config->script + strlen(config->project) + 1);
    r->files[0] = SOURCES_CONFIG;
    r->files[1] = r->script;
}

/* As the settings say by now. */
static void set_watch(struct reloads *r)
{
    static const char *const folders[] = {"scripts", "connectors", "transformers",
                                          "lib",     "data",       NULL};
    struct engine *e = r->engine;
    const struct watch_options options = {e->config->project, r->files, folders};
    struct err err = {0};
    bool is_wanted = e->config->reload == CONFIG_WATCH;
    if (is_wanted == (r->watch != NULL))
        return;
    watch_free(r->watch);
    r->watch = is_wanted ? watch_new(e->loop, &options, on_changed, e, &err) : NULL;
    if (is_wanted && !r->watch)
        log_warn(e->log, "changed files aren't seen: use `liaison reload`",
                 LOG_STR("error", err.message));
}

/* ---- telling ---- */

static void log_findings(struct reloads *r)
{
    struct log *log = r->engine->log;
    for (size_t i = 0; i < r->findings.len; i++) {
        const struct engine_finding *finding = &r->findings.items[i];
        struct buf text = {0};
        findings_format(finding, &text);
        if (finding->is_warning)
            log_warn(log, text.data);
        else
            log_error(log, text.data);
        buf_deinit(&text);
    }
}

static void log_end(struct reloads *r, const char *why)
{
    struct engine *e = r->engine;
    log_findings(r);
    if (!r->was_done)
        log_error(e->log, "not reloaded: what was loaded before goes on", LOG_STR("why", why));
    else
        log_info(e->log, "reloaded", LOG_STR("why", why), LOG_STR("hash", script_hash(e->machine)));
    if (r->restart.len > 0)
        log_warn(e->log, "what changed of these keys takes effect at the next start",
                 LOG_SLICE("keys", buf_slice(&r->restart)));
}

static void answer(struct reloads *r, bool was_done)
{
    struct list requests;
    list_init(&requests);
    list_splice_tail(&requests, &r->requests);
    list_each (it, &requests) {
        struct request *request = list_entry(it, struct request, link);
        list_remove(it);
        if (request->done)
            request->done(request->ctx, was_done);
        sources_unref(request->sources);
        free(request);
    }
}

/* What serves all that wait: what is on disk by now where anybody asked for that, else what was read
   last. Nobody is to get older files than were asked for. */
static struct sources *wanted(const struct reloads *r)
{
    struct sources *sources = NULL;
    list_each (it, &r->requests) {
        sources = list_entry(it, struct request, link)->sources;
        if (!sources)
            return NULL;
    }
    return sources;
}

/* All that wait are served by one. */
static void serve(struct reloads *r)
{
    const char *why = list_entry(r->requests.prev, struct request, link)->why;
    r->was_done = reload(r, wanted(r));
    r->tried_ms = clock_wall_ms(&r->engine->clock);
    if (r->was_done)
        r->n_done++;
    else
        r->n_failed++;
    log_end(r, why);
    set_watch(r);
    if (r->was_done && r->on_reload)
        r->on_reload(r->ctx);
    answer(r, r->was_done);
}

/* Those that wait, once there is room for another machine that retires. */
static void serve_waiting(struct reloads *r)
{
    if (!list_is_empty(&r->requests) && r->n_retired < RETIRED_MAX)
        serve(r);
    if (r->n_retired > 0 && !r->is_stopped && !loop_timer_is_active(r->look))
        loop_timer_start(r->look, LOOK_MS);
}

static void on_look(void *ctx)
{
    struct reloads *r = ctx;
    look_after(r);
    serve_waiting(r);
}

void engine_reload(struct engine *e, const char *why, engine_reload_fn done, void *ctx)
{
    engine_reload_from(e, why, NULL, done, ctx);
}

void engine_reload_from(struct engine *e, const char *why, struct sources *sources,
                        engine_reload_fn done, void *ctx)
{
    struct reloads *r = e->reloads;
    if (r->is_stopped) {
        if (done)
            done(ctx, false);
        return;
    }
    struct request *request = mem_alloc(sizeof(*request));
    *request = (struct request){.why = why, .done = done, .ctx = ctx};
    request->sources = sources ? sources_ref(sources) : NULL;
    list_add_tail(&r->requests, &request->link);
    if (r->n_retired == RETIRED_MAX)
        look_after(r);
    serve_waiting(r);
    if (!list_is_empty(&r->requests))
        log_info(e->log, "reloads as soon as what runs on earlier scripts has ended");
    loop_hurry(e->loop); /* what goes on by it is started in on_pump */
}

void engine_scripts(const struct engine *e, struct engine_scripts *out)
{
    const struct reloads *r = e->reloads;
    *out = (struct engine_scripts){
        .hash = script_hash(e->machine),
        .loaded_ms = r->loaded_ms,
        .sources = script_sources(e->machine),
        .n_done = r->n_done,
        .n_failed = r->n_failed,
        .was_done = r->was_done,
        .tried_ms = r->tried_ms,
        .findings = r->findings.items,
        .n_findings = r->findings.len,
        .restart = r->restart.len > 0 ? r->restart.data : NULL,
    };
}

static void failure(const struct reloads *r, engine_problem_fn fn, void *ctx)
{
    const struct engine_finding *first = findings_first_error(&r->findings);
    struct buf text = {0};
    buf_add_str(&text, "what was loaded before goes on: ");
    if (first)
        findings_format(first, &text);
    fn(ctx, &(struct engine_problem){PROBLEM_RELOAD, first && first->file ? first->file : "reload",
                                     r->tried_ms, text.data});
    buf_deinit(&text);
}

void reload_problems(struct engine *e, engine_problem_fn fn, void *ctx)
{
    const struct reloads *r = e->reloads;
    if (!r->was_done)
        failure(r, fn, ctx);
    if (r->restart.len > 0)
        fn(ctx,
           &(struct engine_problem){PROBLEM_RESTART, r->restart.data, r->tried_ms,
                                    "changed in the settings: takes effect at the next start"});
}

/* ---- its life ---- */

int reload_first(struct engine *e, const struct engine_options *options, script_problem_fn problem,
                 void *ctx)
{
    struct reloads *r = e->reloads = mem_calloc(1, sizeof(*r));
    r->engine = e;
    r->source = options->source;
    r->data_dir = options->data_dir;
    r->module_dir = options->module_dir;
    r->on_reload = options->on_reload;
    r->ctx = options->ctx;
    r->was_done = true;
    r->loaded_ms = r->tried_ms = e->started_ms;
    list_init(&r->retired);
    list_init(&r->requests);
    map_init(&r->errors);
    r->look = loop_timer_new(e->loop, on_look, r);
    name_files(r);
    set_watch(r); /* first: what changes from here on is newer than what is loaded */
    e->machine = load(r, e->config, NULL, problem, ctx);
    return e->machine ? 0 : -1;
}

int reload_start(struct engine *e, struct journal_reader *reader, struct err *err)
{
    struct slice hash = slice_str(script_hash(e->machine));
    struct buf last = {0};
    int result = journal_last_scripts(reader, &e->script_version, &last, err);
    if (result == 0 && !slice_is_equal(buf_slice(&last), hash))
        journal_put_scripts(e->journal, ++e->script_version, hash);
    buf_deinit(&last);
    return result;
}

void reload_stop(struct engine *e)
{
    struct reloads *r = e->reloads;
    r->is_stopped = true;
    loop_timer_stop(r->look);
    watch_free(r->watch);
    r->watch = NULL;
    answer(r, false);
}

void reload_free(struct engine *e)
{
    struct reloads *r = e->reloads;
    if (!r)
        return;
    list_each (it, &r->requests) {
        struct request *request = list_entry(it, struct request, link);
        list_remove(it);
        sources_unref(request->sources);
        free(request);
    }
    list_each (it, &r->retired)
        retired_free(r, list_entry(it, struct retired, link));
    loop_timer_free(r->look);
    watch_free(r->watch);
    map_each(&r->errors, free_error, r);
    map_deinit(&r->errors);
    findings_clear(&r->findings);
    buf_deinit(&r->restart);
    free(r->script);
    free(r);
    e->reloads = NULL;
}
