/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/streams.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "admin/tape.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/list.h"
#include "event/pattern.h"

#define PREFIX_LEN 8 /* of the journal's id, in the stream's ids */
/* A page of the journal: rows that are looked at, and bytes after which it ends. */
#define PAGE_ROWS 512u
#define PAGE_BYTES ((size_t)16 * 1024)
/* At once, since others wait for the reader, too. */
#define PAGES_MAX 4
#define RETRY_AFTER_S "5"

static const char heartbeat[] = ":\n\n";

struct streams {
    struct engine *engine;
    struct loop_timer *beat;
    struct slice prefix;
    struct tape tape;   /* while anybody reads */
    int64_t kept_seq;   /* the newest event that is on disk */
    struct list idle;   /* struct stream: those that have nothing to say */
    struct list hungry; /* those that wait for a page */
    struct list pages;  /* struct page_read, under way */
    size_t n, n_pages;
    size_t n_closing; /* that need only hear that it is over */
    bool is_ending;
};

struct stream {
    struct list waiting; /* in streams.idle or streams.hungry */
    struct streams *all;
    struct http_exchange *exchange;
    char *pattern;  /* of types; NULL: all */
    int64_t cursor; /* the last event that was looked at */
    bool is_along;  /* … and the next stands on the tape, at `place` */
    uint64_t place;
    bool needs_beat;
    bool is_closing; /* counted in n_closing */
    bool has_failed;
    struct page_read *reading; /* its page, while it is read */
    struct frame **page;       /* the rest of the one it has */
    size_t page_at, page_len;
    struct frame *current; /* is being sent */
    size_t sent;
};

/* A page, between the loop and the reader's thread. */
struct page_read {
    struct list link;
    struct streams *all;
    struct stream *stream; /* NULL: it has gone */
    struct slice prefix;
    char *pattern;
    int64_t after, through; /* all up to `through` are on disk */
    int64_t last;           /* that was looked at */
    unsigned n_rows;
    size_t bytes;
    struct frame **frames;
    size_t n_frames;
    bool is_last;
    struct err err;
};

/* ---- pages of the journal ------------------------------------------------------------------- */

static bool is_wanted(const char *pattern, struct slice type)
{
    return !pattern || (type.data && pattern_matches(slice_str(pattern), type));
}

static bool find_event(void *ctx, struct event *event, enum event_state state)
{
    struct page_read *p = ctx;
    p->last = event->seq;
    p->n_rows++;
    if (state != EVENT_MALFORMED && is_wanted(p->pattern, event->type)) {
        struct frame *frame = frame_new(p->prefix, event);
        p->frames[p->n_frames++] = frame;
        p->bytes += frame->text.len;
    }
    return p->bytes < PAGE_BYTES;
}

static void read_page(struct journal_reader *reader, void *ctx)
{
    struct page_read *p = ctx;
    const struct journal_filter filter = {.after_seq = p->after, .state = -1, .limit = PAGE_ROWS};
    if (journal_list_events(reader, &filter, find_event, p, &p->err) == 0)
        p->is_last = p->n_rows < PAGE_ROWS && p->bytes < PAGE_BYTES;
}

static void page_free(struct page_read *p)
{
    list_remove(&p->link);
    for (size_t i = 0; i < p->n_frames; i++)
        frame_unref(p->frames[i]);
    free(p->frames);
    free(p->pattern);
    free(p);
}

static void take_page(struct stream *s, struct page_read *p)
{
    if (p->n_frames > 0) {
        s->page = p->frames;
        s->page_len = p->n_frames;
        p->frames = NULL;
        p->n_frames = 0;
    }
    s->has_failed = p->err.code != ERR_NONE;
    s->cursor = p->last;
    if (!p->is_last)
        return;
    if (s->cursor < p->through)
        s->cursor = p->through;
    s->is_along = s->cursor >= s->all->tape.lost_seq;
    s->place = tape_find(&s->all->tape, s->cursor);
}

static void start_pages(struct streams *all);

static void on_page(void *ctx)
{
    struct page_read *p = ctx;
    struct stream *s = p->stream;
    p->all->n_pages--;
    if (s) {
        s->reading = NULL;
        take_page(s, p);
        http_exchange_feed_more(s->exchange);
    }
    start_pages(p->all);
    page_free(p);
}

static void start_page(struct stream *s)
{
    struct streams *all = s->all;
    struct page_read *p = mem_calloc(1, sizeof(*p));
    p->all = all;
    p->stream = s;
    p->prefix = all->prefix;
    p->pattern = s->pattern ? mem_strdup(s->pattern) : NULL;
    p->after = p->last = s->cursor;
    p->through = all->kept_seq;
    p->frames = mem_calloc(PAGE_ROWS, sizeof(struct frame *));
    s->reading = p;
    list_add_tail(&all->pages, &p->link);
    all->n_pages++;
    journal_read(engine_journal(all->engine), read_page, on_page, p);
}

static void start_pages(struct streams *all)
{
    while (all->n_pages < PAGES_MAX && !list_is_empty(&all->hungry)) {
        struct stream *s = list_first(&all->hungry, struct stream, waiting);
        list_remove(&s->waiting);
        start_page(s);
    }
}

/* ---- what a stream says --------------------------------------------------------------------- */

static void ask_for_page(struct stream *s)
{
    if (s->reading || s->has_failed)
        return;
    list_remove(&s->waiting);
    list_add_tail(&s->all->hungry, &s->waiting);
    start_pages(s->all);
}

static bool take_from_page(struct stream *s)
{
    if (s->page_at == s->page_len)
        return false;
    s->current = s->page[s->page_at++];
    if (s->page_at == s->page_len) {
        free(s->page);
        s->page = NULL;
        s->page_at = s->page_len = 0;
    }
    return true;
}

static bool take_from_tape(struct stream *s)
{
    const struct tape *tape = &s->all->tape;
    s->is_along = s->place >= tape->begin;
    for (struct frame *frame; s->is_along && (frame = tape_at(tape, s->place));) {
        s->place++;
        s->cursor = frame->seq;
        if (is_wanted(s->pattern, frame->type)) {
            s->current = frame_ref(frame);
            return true;
        }
    }
    return false;
}

/* Whether there is something to send. */
static bool take_next(struct stream *s)
{
    if (s->current || take_from_page(s) || (s->is_along && take_from_tape(s)))
        return true;
    if (!s->is_along && !s->all->is_ending)
        ask_for_page(s);
    return false;
}

static size_t copy_some(struct stream *s, char *out, size_t max)
{
    struct slice rest = slice_from(s->current->text, s->sent);
    size_t n = rest.len < max ? rest.len : max;
    memcpy(out, rest.data, n);
    s->sent += n;
    if (n == rest.len) {
        frame_unref(s->current);
        s->current = NULL;
        s->sent = 0;
    }
    return n;
}

static bool has_ended(const struct stream *s)
{
    return s->has_failed || s->all->is_ending;
}

static ssize_t read_stream(void *ctx, char *out, size_t max)
{
    struct stream *s = ctx;
    size_t n = 0;
    list_remove(&s->waiting);
    while (n < max && take_next(s))
        n += copy_some(s, out + n, max - n);
    if (n == 0 && has_ended(s))
        return HTTP_FEED_END;
    if (n == 0 && s->needs_beat && max >= sizeof(heartbeat) - 1) {
        n = sizeof(heartbeat) - 1;
        memcpy(out, heartbeat, n);
    }
    s->needs_beat = false;
    if (n == 0 && list_is_empty(&s->waiting))
        list_add_tail(&s->all->idle, &s->waiting);
    return (ssize_t)n;
}

static void stream_gone(void *ctx)
{
    struct stream *s = ctx;
    struct streams *all = s->all;
    list_remove(&s->waiting);
    if (s->reading)
        s->reading->stream = NULL;
    do
        frame_unref(s->current);
    while (take_from_page(s));
    all->n_closing -= s->is_closing;
    free(s->pattern);
    free(s);
    if (--all->n == 0)
        tape_deinit(&all->tape);
}

/* ---- a request ------------------------------------------------------------------------------ */

static bool is_prefix(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isxdigit((unsigned char)s.data[i]))
            return false;
    return s.len == PREFIX_LEN;
}

/* "PREFIX-SEQ", as the stream gives them, or SEQ alone. A prefix of another journal leads to the
   beginning of this one, which has replaced it; whoever has seen more than there is, as after a
   restore, goes on with what is new. */
static int read_last_id(const struct streams *all, struct slice id, int64_t *seq, struct err *err)
{
    struct slice rest = id, prefix = slice_split(&rest, '-');
    struct slice digits = rest.data ? rest : prefix;
    bool is_own = !rest.data || is_prefix(prefix);
    if (!is_own || json_get_integer(digits, seq) < 0 || *seq < 0)
        return err_set(err, ERR_INVALID,
                       "Last-Event-ID has to be an id that this stream gave, or 0 for all that the "
                       "journal holds");
    if (rest.data && !slice_is_equal(prefix, all->prefix))
        *seq = 0;
    if (*seq > all->kept_seq)
        *seq = all->kept_seq;
    return 0;
}

/* Whether its stream may begin; it has been answered where it may not. */
static bool check(struct streams *all, struct http_exchange *x, int64_t *seq, bool *is_along)
{
    struct err err = {0};
    struct slice type = http_exchange_query(x, "type");
    struct slice last_id = http_exchange_header(x, "Last-Event-ID");
    *is_along = last_id.len == 0;
    *seq = all->kept_seq;
    if (all->n >= STREAMS_MAX || all->is_ending) {
        http_exchange_add_header(x, "Retry-After", RETRY_AFTER_S);
        http_exchange_problem(
            x, 503, all->is_ending ? "Liaison is stopping" : "too many read this stream already");
        return false;
    }
    if ((type.data && pattern_check(type, &err) < 0) ||
        (!*is_along && read_last_id(all, last_id, seq, &err) < 0)) {
        http_exchange_problem(x, 400, "%s", err.message);
        return false;
    }
    return true;
}

void streams_add(struct streams *all, struct http_exchange *x)
{
    int64_t seq;
    bool is_along;
    if (!check(all, x, &seq, &is_along))
        return;
    if (all->n++ == 0)
        tape_init(&all->tape, all->kept_seq);
    struct slice type = http_exchange_query(x, "type");
    struct stream *s = mem_calloc(1, sizeof(*s));
    *s = (struct stream){
        .all = all,
        .exchange = x,
        .pattern = type.data ? slice_dup(type) : NULL,
        .cursor = seq,
        .is_along = is_along,
        .place = all->tape.end,
        .needs_beat = true, /* so that the client sees at once that it is connected */
    };
    list_init(&s->waiting);
    http_exchange_add_header(x, "Cache-Control", "no-store");
    http_exchange_feed(x, 200, "text/event-stream",
                       &(struct http_feed){.read = read_stream, .gone = stream_gone, .ctx = s});
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void wake(struct list *waiting)
{
    list_each (it, waiting) {
        struct stream *s = list_entry(it, struct stream, waiting);
        list_remove(&s->waiting);
        http_exchange_feed_more(s->exchange);
    }
}

static void on_kept(void *ctx, const struct event *event)
{
    struct streams *all = ctx;
    all->kept_seq = event->seq;
    if (all->n == 0)
        return;
    tape_push(&all->tape, frame_new(all->prefix, event));
    wake(&all->idle);
}

static void on_beat(void *ctx)
{
    struct streams *all = ctx;
    list_each (it, &all->idle)
        list_entry(it, struct stream, waiting)->needs_beat = true;
    wake(&all->idle);
    loop_timer_start(all->beat, STREAMS_HEARTBEAT_MS);
}

struct streams *streams_new(struct loop *loop, struct engine *engine)
{
    struct streams *all = mem_calloc(1, sizeof(*all));
    all->engine = engine;
    all->prefix = slice_upto(slice_str(journal_id(engine_journal(engine))), PREFIX_LEN);
    all->kept_seq = journal_next_seq(engine_journal(engine)) - 1;
    list_init(&all->idle);
    list_init(&all->hungry);
    list_init(&all->pages);
    all->beat = loop_timer_new(loop, on_beat, all);
    loop_timer_start(all->beat, STREAMS_HEARTBEAT_MS);
    engine_on_kept(engine, on_kept, all);
    return all;
}

size_t streams_closing(const struct streams *all)
{
    return all->n_closing;
}

void streams_end(struct streams *all)
{
    all->is_ending = true;
    list_each (it, &all->idle) {
        list_entry(it, struct stream, waiting)->is_closing = true;
        all->n_closing++;
    }
    wake(&all->idle);
    wake(&all->hungry);
}

void streams_close(struct streams *all)
{
    engine_on_kept(all->engine, NULL, NULL);
    loop_timer_free(all->beat);
}

void streams_free(struct streams *all)
{
    if (!all)
        return;
    list_each (it, &all->pages)
        page_free(list_entry(it, struct page_read, link));
    free(all);
}
