/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/sources.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/text.h"
#include "crypto/hash.h"

#define FILE_MAX (16u << 20)
#define LUA ".lua"
#define INIT "init" LUA
#define EXAMPLE "example" LUA
/* Folders of lib/ within each other. */
#define DEPTH_MAX 8

/* One block with its texts behind it. */
struct file {
    struct source public; /* first: struct source is given out */
    size_t refs;
    char bytes[];
};

struct sources {
    size_t refs;
    char *project, *data_dir; /* data_dir may be NULL */
    struct file **files;
    size_t len, cap;
};

static const struct folder {
    const char *name;
    const char *const *suffixes;
    bool has_init;   /* NAME/init.lua is a module, too */
    bool is_nested;  /* folder/NAME.lua is a module, too: "folder.NAME" */
    bool is_shipped; /* some come with Liaison */
} folders[SOURCE_KINDS] = {
    [SOURCE_TRANSFORMER] = {"transformers", (const char *const[]){LUA, NULL}, true, false, true},
    [SOURCE_CONNECTOR] = {"connectors", (const char *const[]){LUA, NULL}, true, false, true},
    [SOURCE_SCRIPT] = {"scripts", (const char *const[]){LUA, NULL}, false, false, false},
    [SOURCE_LIB] = {"lib", (const char *const[]){LUA, NULL}, true, true, false},
    [SOURCE_DATA] = {"data", (const char *const[]){".csv", ".json", NULL}, false, false, false},
    [SOURCE_EXAMPLE] = {.name = NULL},
    [SOURCE_SPEC] = {.name = NULL},
    [SOURCE_CONFIG] = {.name = NULL},
};

/* ---- one file ---- */

/* Copies `s` behind what is there. */
static struct slice put(char **at, struct slice s)
{
    char *start = *at;
    if (s.len > 0)
        memcpy(start, s.data, s.len);
    start[s.len] = '\0';
    *at += s.len + 1;
    return slice_of(start, s.len);
}

static struct file *file_new(enum source_kind kind, struct slice module, struct slice name,
                             struct slice text, const char *failure)
{
    struct slice why = slice_str(failure);
    size_t size = module.len + name.len + text.len + why.len + 4;
    struct file *f = mem_alloc(sizeof(*f) + size);
    char *at = f->bytes;
    f->refs = 1;
    f->public = (struct source){
        .kind = kind,
        .module = put(&at, module),
        .name = put(&at, name),
        .text = put(&at, text),
    };
    struct slice kept = put(&at, why);
    f->public.failure = failure ? kept.data : NULL;
    return f;
}

static void file_unref(struct file *f)
{
    if (--f->refs == 0)
        free(f);
}

static void add_file(struct sources *s, struct file *f)
{
    if (s->len == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 16;
        s->files = mem_realloc(s->files, s->cap * sizeof(struct file *));
    }
    s->files[s->len++] = f;
}

static struct file *read_file(struct sources *s, enum source_kind kind, struct slice module,
                              const char *name, const char *path)
{
    struct buf text = {0};
    struct err err = {0};
    int rc = buf_read_file(&text, path, FILE_MAX, &err);
    struct file *f =
        file_new(kind, module, slice_str(name), buf_slice(&text), rc < 0 ? err.message : NULL);
    add_file(s, f);
    buf_deinit(&text);
    return f;
}

/* ---- a folder ---- */

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A folder while it is walked: `path` within the project, "lib/a", and "a." before its modules. */
struct walk {
    struct sources *sources;
    enum source_kind kind;
    struct buf path, full, prefix;
    int depth;
};

static void walk_folder(struct walk *w);

/* Reads the file that stands in w->path as `module` behind the prefix. */
static void walk_file(struct walk *w, struct slice module)
{
    struct buf name = {0};
    buf_printf(&name, "%.*s%.*s", SLICE_FMT(buf_slice(&w->prefix)), SLICE_FMT(module));
    read_file(w->sources, w->kind, buf_slice(&name), w->path.data, w->full.data);
    buf_deinit(&name);
}

static void set_path(struct walk *w, size_t len, const char *entry)
{
    buf_truncate(&w->path, len);
    buf_printf(&w->path, "/%s", entry);
    buf_clear(&w->full);
    buf_printf(&w->full, "%s/%s", w->sources->project, w->path.data);
}

/* A folder's own init.lua, and what else lies in it. */
static void walk_inner(struct walk *w, const char *entry)
{
    size_t path_len = w->path.len, prefix_len = w->prefix.len;
    const struct folder *folder = &folders[w->kind];
    if (folder->has_init) {
        set_path(w, path_len, INIT);
        if (is_file(w->full.data))
            walk_file(w, slice_str(entry));
        buf_truncate(&w->path, path_len);
    }
    if (folder->is_nested && w->depth < DEPTH_MAX) {
        buf_printf(&w->prefix, "%s.", entry);
        walk_folder(w);
        buf_truncate(&w->prefix, prefix_len);
    }
}

static bool is_inner_init(const struct walk *w, const char *entry)
{
    return w->depth > 1 && strcmp(entry, INIT) == 0;
}

static void walk_entry(struct walk *w, const char *entry)
{
    if (entry[0] == '.' || is_inner_init(w, entry))
        return;
    if (is_folder(w->full.data)) {
        walk_inner(w, entry);
        return;
    }
    for (const char *const *suffix = folders[w->kind].suffixes; *suffix; suffix++) {
        struct slice module = slice_str(entry);
        if (!slice_has_suffix(module, slice_str(*suffix)) || module.len == strlen(*suffix) ||
            !is_file(w->full.data))
            continue;
        module.len -= strlen(*suffix);
        walk_file(w, module);
    }
}

static void walk_folder(struct walk *w)
{
    size_t len = w->path.len;
    buf_clear(&w->full);
    buf_printf(&w->full, "%s/%s", w->sources->project, w->path.data);
    DIR *dir = opendir(w->full.data);
    w->depth++;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        set_path(w, len, e->d_name);
        walk_entry(w, e->d_name);
        buf_truncate(&w->path, len);
    }
    w->depth--;
    if (dir)
        closedir(dir);
}

static int compare(const void *a, const void *b)
{
    const struct file *const *left = a, *const *right = b;
    int order = strcmp((*left)->public.module.data, (*right)->public.module.data);
    return order ? order : strcmp((*left)->public.name.data, (*right)->public.name.data);
}

static void read_folder(struct sources *s, enum source_kind kind)
{
    struct walk w = {.sources = s, .kind = kind};
    size_t before = s->len;
    buf_add_str(&w.path, folders[kind].name);
    buf_add_str(&w.prefix, "");
    walk_folder(&w);
    if (s->len > before)
        qsort(s->files + before, s->len - before, sizeof(struct file *), compare);
    buf_deinit(&w.path);
    buf_deinit(&w.full);
    buf_deinit(&w.prefix);
}

/* ---- files named by path ---- */

/* A path as problems show it; the caller frees it. */
static char *show_path(const char *project, const char *path)
{
    char *real_project = realpath(project, NULL), *real = realpath(path, NULL);
    struct slice shown = slice_str(real ? real : path);
    struct slice prefix = slice_str(real_project ? real_project : project);
    bool is_root = slice_is_equal(prefix, SLICE_LIT("/"));
    bool is_inside = shown.len > prefix.len && slice_has_prefix(shown, prefix) &&
                     (shown.data[prefix.len] == '/' || is_root);
    char *result =
        is_inside ? slice_dup(slice_from(shown, prefix.len + !is_root)) : mem_strdup(path);
    free(real);
    free(real_project);
    return result;
}

static void read_path(struct sources *s, enum source_kind kind, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice module = slice_str(slash ? slash + 1 : path);
    if (slice_has_suffix(module, SLICE_LIT(LUA)))
        module.len -= strlen(LUA);
    char *name = show_path(s->project, path);
    read_file(s, kind, module, name, path);
    free(name);
}

/* Beside a connector's spec of that name. */
static void read_example(struct sources *s, struct slice spec)
{
    struct buf name = {0}, path = {0};
    struct slice folder = SLICE_LIT("connectors/");
    struct slice rest = slice_from(spec, slice_has_prefix(spec, folder) ? folder.len : spec.len);
    struct slice module = slice_upto(rest, slice_find(rest, '/'));
    buf_printf(&name, "connectors/%.*s/" EXAMPLE, SLICE_FMT(module));
    buf_printf(&path, "%s/%s", s->project, name.data);
    if (module.len < rest.len && is_file(path.data))
        read_file(s, SOURCE_EXAMPLE, module, name.data, path.data);
    buf_deinit(&name);
    buf_deinit(&path);
}

static const struct source *read_shipped(struct sources *s, enum source_kind kind,
                                         struct slice module, const char *rest)
{
    struct buf path = {0};
    struct file *f = NULL;
    buf_printf(&path, "%s/%s/%.*s%s", s->data_dir, folders[kind].name, SLICE_FMT(module), rest);
    if (is_file(path.data)) {
        char *name = show_path(s->project, path.data);
        f = read_file(s, kind, module, name, path.data);
        f->public.is_shipped = true;
        free(name);
    }
    buf_deinit(&path);
    return f ? &f->public : NULL;
}

/* ---- what was read ---- */

static const struct source *find(const struct sources *s, enum source_kind kind,
                                 struct slice module, bool is_shipped)
{
    for (size_t i = 0; i < s->len; i++) {
        const struct source *source = &s->files[i]->public;
        if (source->kind == kind && slice_is_equal(source->module, module) &&
            source->is_shipped == is_shipped)
            return source;
    }
    return NULL;
}

const char *sources_project(const struct sources *s)
{
    return s->project;
}

const struct source *sources_find_own(const struct sources *s, enum source_kind kind,
                                      struct slice module)
{
    return find(s, kind, module, false);
}

const struct source *sources_find_shipped(struct sources *s, enum source_kind kind,
                                          struct slice module)
{
    const struct source *source = find(s, kind, module, true);
    bool is_name = module.len > 0 && module.data[0] != '.' &&
                   slice_find(module, '/') == module.len &&
                   memchr(module.data, '\0', module.len) == NULL;
    if (source || !s->data_dir || !folders[kind].is_shipped || !is_name)
        return source;
    source = read_shipped(s, kind, module, LUA);
    return source ? source : read_shipped(s, kind, module, "/" INIT);
}

const struct source *sources_find(struct sources *s, enum source_kind kind, struct slice module)
{
    const struct source *own = find(s, kind, module, false);
    return own ? own : sources_find_shipped(s, kind, module);
}

const struct source *sources_find_name(const struct sources *s, struct slice name)
{
    for (size_t i = 0; i < s->len; i++) {
        if (slice_is_equal(s->files[i]->public.name, name))
            return &s->files[i]->public;
    }
    return NULL;
}

size_t sources_count(const struct sources *s)
{
    return s->len;
}

const struct source *sources_at(const struct sources *s, size_t i)
{
    return &s->files[i]->public;
}

/* ---- hashes ---- */

static void format_hash(const struct slice *parts, size_t n, char out[static SOURCES_HASH_SIZE])
{
    struct hash128 hash = hash_parts(parts, n);
    struct buf hex = {0};
    text_add_hex(&hex, hash.bytes, sizeof(hash.bytes));
    snprintf(out, SOURCES_HASH_SIZE, "%s", hex.data);
    buf_deinit(&hex);
}

void source_hash(const struct source *source, char out[static SOURCES_HASH_SIZE])
{
    format_hash(&source->text, 1, out);
}

void sources_hash(const struct sources *s, char out[static SOURCES_HASH_SIZE])
{
    struct slice *parts = mem_calloc(2 * s->len + 1, sizeof(*parts));
    for (size_t i = 0; i < s->len; i++) {
        parts[2 * i] = s->files[i]->public.name;
        parts[2 * i + 1] = s->files[i]->public.text;
    }
    format_hash(parts, 2 * s->len, out);
    free(parts);
}

/* ---- life ---- */

static struct sources *sources_new(const char *project, const char *data_dir)
{
    struct sources *s = mem_calloc(1, sizeof(*s));
    s->refs = 1;
    /* So that all are read from one folder, though a link to it be turned meanwhile. */
    s->project = path_resolve(project ? project : ".");
    s->data_dir = data_dir ? mem_strdup(data_dir) : NULL;
    return s;
}

struct sources *sources_read(const struct sources_options *options)
{
    struct sources *s = sources_new(options->project, options->data_dir);
    for (enum source_kind kind = 0; kind < SOURCE_KINDS; kind++) {
        if (kind == SOURCE_SCRIPT && options->scripts)
            for (size_t i = 0; i < options->n_scripts; i++)
                read_path(s, kind, options->scripts[i]);
        else if (folders[kind].name)
            read_folder(s, kind);
    }
    return s;
}

/* The same files, but for those of a kind. */
static struct sources *copy_without(const struct sources *from, enum source_kind kind)
{
    struct sources *s = sources_new(from->project, from->data_dir);
    for (size_t i = 0; i < from->len; i++) {
        if (from->files[i]->public.kind == kind)
            continue;
        from->files[i]->refs++;
        add_file(s, from->files[i]);
    }
    return s;
}

struct sources *sources_copy(const struct sources *s)
{
    return copy_without(s, SOURCE_KINDS);
}

struct sources *sources_with_script(const struct sources *from, struct slice module,
                                    struct slice text)
{
    struct sources *s = copy_without(from, SOURCE_SCRIPT);
    struct buf name = {0};
    buf_printf(&name, "scripts/%.*s" LUA, SLICE_FMT(module));
    add_file(s, file_new(SOURCE_SCRIPT, module, buf_slice(&name), text, NULL));
    buf_deinit(&name);
    return s;
}

struct sources *sources_with_spec(const struct sources *from, const char *path)
{
    struct sources *s = sources_copy(from);
    char *name = show_path(s->project, path);
    read_example(s, slice_str(name));
    read_path(s, SOURCE_SPEC, path);
    free(name);
    return s;
}

struct sources *sources_of_config(struct slice text)
{
    struct sources *s = sources_new(NULL, NULL);
    const struct slice name = SLICE_LIT(SOURCES_CONFIG);
    add_file(s, file_new(SOURCE_CONFIG, name, name, text, NULL));
    return s;
}

struct sources *sources_of_shipped(const char *data_dir)
{
    struct sources *s = sources_new(data_dir, NULL);
    read_folder(s, SOURCE_CONNECTOR);
    return s;
}

struct sources *sources_ref(struct sources *s)
{
    s->refs++;
    return s;
}

void sources_unref(struct sources *s)
{
    if (!s || --s->refs > 0)
        return;
    for (size_t i = 0; i < s->len; i++)
        file_unref(s->files[i]);
    free(s->files);
    free(s->project);
    free(s->data_dir);
    free(s);
}
