/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t cpu_us(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return -1;
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* proc(5): pages of the whole, and of those in memory. */
static void read_memory(struct process_figures *figures)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long long whole, resident;
    if (!file)
        return;
    if (fscanf(file, "%lld %lld", &whole, &resident) == 2) {
        int64_t page = sysconf(_SC_PAGESIZE);
        figures->virtual_bytes = whole * page;
        figures->resident_bytes = resident * page;
    }
    fclose(file);
}

static int64_t open_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int64_t n = -1; /* the folder's own, which is open just now */
    if (!folder)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

static int64_t max_fds(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return -1;
    return (int64_t)limit.rlim_cur;
}

void process_look(struct process_figures *figures)
{
    *figures = (struct process_figures){cpu_us(), -1, -1, open_fds(), max_fds()};
    read_memory(figures);
}
