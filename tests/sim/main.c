/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * sim: simulations of the daemon, each in a process of its own, as many at once as asked for.
 *
 *     sim --seeds 1000 --jobs 2        the seeds 1 to 1000
 *     sim --seed 17 --trace            what happens with one of them
 *
 * Prints the seed that breaks a law, and how to see it. Exit status 1 when one did.
 */
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "outage.h"
#include "simulate.h"

#define HOURS_DEFAULT 8.76 /* a thousandth of a year */
#define SECONDS_MAX 300    /* of real time that one may take before it counts as hanging */
#define JOBS_MAX 64

struct options {
    struct wish wish;
    uint64_t first, n;
    int jobs;
    bool goes_on; /* behind a failure */
};

/* What a process tells of its simulation, and who runs it. */
struct job {
    uint64_t seed;
    pid_t pid; /* 0: none */
    int from;
};

struct tally {
    uint64_t n_done, n_failed, n_lives, n_lines;
    int64_t us;
    uint64_t hash; /* of all traces, whatever their order */
};

static const char usage[] =
    "usage: sim [--seeds N] [--from N] [--jobs N] [--hours H] [--keep-going]\n"
    "       sim --outage [--trace]\n"
    "       sim --seed N [--trace] [--log] [--hours H]\n";

/* ---- one ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void remove_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void print_result(uint64_t seed, const struct simulated *s)
{
    printf("seed %" PRIu64 ": %.1f hours, %u lives, %" PRIu64 " lines, trace %016" PRIx64 "\n",
           seed, (double)s->us / US_PER_H, s->n_lives, s->n_lines, s->hash);
}

static void begin(struct job *job, const struct options *o, uint64_t seed)
{
    int ends[2];
    if (pipe(ends) < 0)
        die("no pipe can be made");
    fflush(stdout);
    *job = (struct job){.pid = fork(), .seed = seed, .from = ends[0]};
    if (job->pid < 0)
        die("no process can be made");
    if (job->pid > 0) {
        close(ends[1]);
        return;
    }
    struct wish wish = o->wish;
    wish.seed = seed;
    setvbuf(stdout, NULL, _IOLBF, 0); /* in one order with the daemon's log */
    alarm(SECONDS_MAX);
    struct simulated result = {0};
    if (wish.is_outage)
        simulate_outage(&wish);
    else
        result = simulate(&wish);
    if (write(ends[1], &result, sizeof(result)) != sizeof(result))
        die("the result can't be told");
    fflush(stdout);
    _exit(0);
}

/* Whether it went well. Its folder goes: a thousand of them would fill the memory that they are in. */
static bool end(const struct options *o, struct job *job, int status, struct tally *tally)
{
    char folder[64];
    snprintf(folder, sizeof(folder), "%s/%" PRIu64, o->wish.root, job->seed);
    remove_folder(folder);
    struct simulated result;
    bool is_well = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                   read(job->from, &result, sizeof(result)) == sizeof(result);
    close(job->from);
    job->pid = 0;
    tally->n_done++;
    if (!is_well) {
        tally->n_failed++;
        if (WIFSIGNALED(status))
            printf("seed %" PRIu64 ": ended by signal %d%s\n", job->seed, WTERMSIG(status),
                   WTERMSIG(status) == SIGALRM ? ", it hangs" : "");
        printf("see: sim --seed %" PRIu64 " --trace\n", job->seed);
        return false;
    }
    tally->us += result.us;
    tally->n_lives += result.n_lives;
    tally->n_lines += result.n_lines;
    tally->hash += result.hash;
    if (o->n == 1 && result.us > 0)
        print_result(job->seed, &result);
    return true;
}

/* ---- many ---- */

static struct job *wait_for_one(struct job *jobs, int n, int *status)
{
    pid_t pid = wait(status);
    for (int i = 0; i < n; i++) {
        if (jobs[i].pid == pid)
            return &jobs[i];
    }
    die("a process ended that wasn't begun");
}

static struct job *find_free(struct job *jobs, int n)
{
    for (int i = 0; i < n; i++) {
        if (jobs[i].pid == 0)
            return &jobs[i];
    }
    return NULL;
}

static void run_all(const struct options *o, struct tally *tally)
{
    struct job jobs[JOBS_MAX] = {0};
    uint64_t n_begun = 0;
    int n_running = 0;
    bool stops = false;
    while (n_running > 0 || (n_begun < o->n && !stops)) {
        struct job *job = n_begun < o->n && !stops ? find_free(jobs, o->jobs) : NULL;
        if (job) {
            begin(job, o, o->first + n_begun++);
            n_running++;
            continue;
        }
        int status;
        job = wait_for_one(jobs, o->jobs, &status);
        n_running--;
        if (!end(o, job, status, tally) && !o->goes_on)
            stops = true;
    }
}

/* ---- the folder ---- */

/* In memory where the machine has that. */
static void make_root(struct options *o, char *in_memory, char *on_disk)
{
    o->wish.root = mkdtemp(in_memory);
    if (!o->wish.root)
        o->wish.root = mkdtemp(on_disk);
    if (!o->wish.root)
        die("no folder can be made in /tmp");
}

static uint64_t read_number(const char *text)
{
    char *rest;
    uint64_t n = strtoull(text, &rest, 10);
    if (*rest || rest == text)
        die("%s is no number", text);
    return n;
}

static void read_options(int argc, char **argv, struct options *o)
{
    static const struct option rows[] = {
        {"seed", required_argument, NULL, 's'},  {"seeds", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},  {"jobs", required_argument, NULL, 'j'},
        {"hours", required_argument, NULL, 'h'}, {"trace", no_argument, NULL, 't'},
        {"log", no_argument, NULL, 'l'},         {"outage", no_argument, NULL, 'o'},
        {"keep-going", no_argument, NULL, 'k'},  {0},
    };
    *o = (struct options){.first = 1, .n = 1, .jobs = 1};
    o->wish.hours_us = (int64_t)(HOURS_DEFAULT * US_PER_H);
    for (int c; (c = getopt_long(argc, argv, "", rows, NULL)) != -1;) {
        if (c == 's' || c == 'f')
            o->first = read_number(optarg);
        else if (c == 'n')
            o->n = read_number(optarg);
        else if (c == 'j')
            o->jobs = (int)read_number(optarg);
        else if (c == 'h')
            o->wish.hours_us = (int64_t)(atof(optarg) * US_PER_H);
        else if (c == 't')
            o->wish.has_trace = true;
        else if (c == 'l')
            o->wish.has_trace = o->wish.has_log = true;
        else if (c == 'o')
            o->wish.is_outage = true;
        else if (c == 'k')
            o->goes_on = true;
        else
            exit((fputs(usage, stderr), 2));
    }
    o->jobs = o->jobs < 1 ? 1 : o->jobs > JOBS_MAX ? JOBS_MAX : o->jobs;
}

int main(int argc, char **argv)
{
    struct options o;
    struct tally tally = {0};
    struct timespec began, ended;
    char in_memory[] = "/dev/shm/liaison-sim-XXXXXX", on_disk[] = "/tmp/liaison-sim-XXXXXX";
    read_options(argc, argv, &o);
    make_root(&o, in_memory, on_disk);
    clock_gettime(CLOCK_MONOTONIC, &began);
    run_all(&o, &tally);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double seconds =
        (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", tally.n_done - tally.n_failed,
           tally.n_failed);
    if (o.n > 1)
        printf("%.1f simulated days, %" PRIu64 " lives, %" PRIu64 " lines, traces %016" PRIx64
               ", %.1f s\n",
               (double)tally.us / US_PER_H / 24, tally.n_lives, tally.n_lines, tally.hash, seconds);
    remove_folder(o.wish.root);
    return tally.n_failed > 0;
}
