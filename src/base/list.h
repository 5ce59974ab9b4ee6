/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An intrusive doubly linked list. A link is part of the thing it links, is empty when it points to
 * itself, and may be removed twice without harm.
 *
 *     struct list waiting; list_init(&waiting);
 *     list_add_tail(&waiting, &item->link);
 *     if (!list_is_empty(&waiting))
 *         start(list_first(&waiting, struct item, link));
 */
#ifndef LIAISON_BASE_LIST_H
#define LIAISON_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert_between(struct list *link, struct list *prev, struct list *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

static inline void list_add_tail(struct list *l, struct list *link)
{
    list_insert_between(link, l->prev, l);
}

static inline void list_add_head(struct list *l, struct list *link)
{
    list_insert_between(link, l, l->next);
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Moves all of `from` behind the last of `to`; `from` is empty after. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define list_entry(link, type, member) container_of(link, type, member)
#define list_first(l, type, member) list_entry((l)->next, type, member)

/* Walks the list; the current link may be removed while walking. */
#define list_each(it, l)                                                                           \
    for (struct list *it = (l)->next, *it##_next = it->next; it != (l);                            \
         it = it##_next, it##_next = it->next)

#endif
