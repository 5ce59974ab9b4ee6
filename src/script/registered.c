/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What a loaded project has registered, as script.h shows it. */
#include "base/text.h"
#include "script/machine.h"

void script_free(struct script_machine *m)
{
    machine_free(m);
}

const char *script_hash(const struct script_machine *m)
{
    return m->hash;
}

struct sources *script_sources(const struct script_machine *m)
{
    return m->sources;
}

size_t script_manager_count(const struct script_machine *m)
{
    return m->n_managers;
}

const struct script_manager *script_manager_at(const struct script_machine *m, size_t i)
{
    return &m->managers[i].public;
}

size_t script_handler_count(const struct script_machine *m)
{
    return m->n_handlers;
}

const struct script_handler *script_handler_at(const struct script_machine *m, size_t i)
{
    return &m->handlers[i].public;
}

size_t script_connector_count(const struct script_machine *m)
{
    return m->n_connectors;
}

const struct script_connector *script_connector_at(const struct script_machine *m, size_t i)
{
    return &m->connectors[i]->public;
}

const struct script_connector *script_connector_find(const struct script_machine *m,
                                                     struct slice name)
{
    struct map_node *node = map_find(&m->connector_map, name);
    return node ? &container_of(node, struct connector, node)->public : NULL;
}

const char *script_connector_nearest(const struct script_machine *m, struct slice name)
{
    return text_nearest(name, m->connector_names, m->n_connectors);
}
