/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Names that people give, of connectors, channels and handlers.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "engine/parts.h"

#define NAME_SHOWN 100 /* bytes of what was given */
#define NAMES_SHOWN 5  /* of those that there are */

/* "there is no connector crn: did you mean crm?" */
static int no_such(const char *what, struct slice name, const char **names, size_t n,
                   struct err *err)
{
    struct buf text = {0};
    const char *nearest = text_nearest(name, names, n);
    buf_printf(&text, "there is no %s %.*s", what, SLICE_FMT(utf8_cut(name, NAME_SHOWN)));
    if (nearest) {
        buf_printf(&text, ": did you mean %s?", nearest);
    } else if (n > 0) {
        buf_add_str(&text, n == 1 ? ": there is " : ": there are ");
        text_add_names(&text, names, n, NAMES_SHOWN);
    }
    int rc = err_set(err, ERR_NOT_FOUND, "%s", text.data);
    buf_deinit(&text);
    return rc;
}

/* Whether it is one of them. */
static int check_among(const char *what, struct slice name, const char **names, size_t n,
                       struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_is_equal(name, slice_str(names[i])))
            return 0;
    }
    return no_such(what, name, names, n, err);
}

int engine_check_connector(struct engine *e, struct slice name, struct err *err)
{
    if (lanes_find_target(e->lanes, name, false))
        return 0;
    size_t n = script_connector_count(e->machine);
    const char **names = mem_calloc(n, sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = script_connector_at(e->machine, i)->name.data;
    int rc = no_such("connector", name, names, n, err);
    free(names);
    return rc;
}

int engine_check_channel(struct engine *e, struct slice name, struct err *err)
{
    const char **names = NULL;
    size_t n = 0;
    list_each (it, &e->channels) {
        names = mem_grow(names, n, sizeof(*names));
        names[n++] = list_entry(it, struct engine_channel, link)->channel->name;
    }
    int rc = check_among("channel", name, names, n, err);
    free(names);
    return rc;
}

int engine_check_handler(struct engine *e, struct slice name, struct err *err)
{
    size_t n = script_handler_count(e->machine);
    const char **names = mem_calloc(n, sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = script_handler_at(e->machine, i)->name.data;
    int rc = check_among("handler", name, names, n, err);
    free(names);
    return rc;
}
