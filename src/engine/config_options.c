/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The keys of liaison.lua.
 */
#include <string.h>

#include "engine/config_parts.h"

#define AT(member) offsetof(struct config, member)
static const struct config_option options[] = {
    {"listen", CONFIG_ADDRESS, AT(listen), "127.0.0.1:8750",
     "address of ingest and API, or unix:PATH", NULL},
    {"token", CONFIG_TOKEN, AT(tokens[CONFIG_ADMIN]), NULL, "one token for everything", NULL},
    {"tokens.ingest", CONFIG_TOKEN, AT(tokens[CONFIG_INGEST]), NULL, "token for POST /events",
     NULL},
    {"tokens.read", CONFIG_TOKEN, AT(tokens[CONFIG_READ]), NULL, "token for reading", NULL},
    {"tokens.admin", CONFIG_TOKEN, AT(tokens[CONFIG_ADMIN]), NULL, "token for everything", NULL},
    {"tls.cert", CONFIG_PATH, AT(tls_cert), NULL, "PEM file: serve HTTPS by this certificate",
     NULL},
    {"tls.key", CONFIG_PATH, AT(tls_key), NULL, "PEM file: the key of tls.cert", NULL},
    {"journal", CONFIG_PATH, AT(journal), "var/journal.db", "where events and deliveries are kept",
     NULL},
    {"limits.handlerTime", CONFIG_DURATION, AT(handler_time_ms), "100ms", "running time of one run",
     "1ms"},
    {"limits.memory", CONFIG_SIZE, AT(memory_max), "64MB", "memory of the scripts", "1MB"},
    {"limits.inFlight", CONFIG_COUNT, AT(in_flight), "10000", "attempts and runs at once", NULL},
    {"limits.message", CONFIG_SIZE, AT(message_max), "16MB", "one message of a bus", "1"},
    {"limits.body", CONFIG_SIZE, AT(body_max), "1MB", "one POST /events", "1"},
    {"limits.drain", CONFIG_DURATION, AT(drain_ms), "8s", "time to end what runs when stopped",
     NULL},
    {"limits.journal", CONFIG_SIZE, AT(journal_max), "10GB", "the journal's size", "4MB"},
    {"limits.diskFree", CONFIG_SIZE, AT(disk_free_min), "500MB", "left free on the journal's disk",
     NULL},
    {"retain.delivered", CONFIG_DURATION, AT(retain_delivered_ms), "7d", "events that are over",
     "1s"},
    {"retain.dead", CONFIG_DURATION, AT(retain_dead_ms), "90d", "dead letters", "1s"},
    {"log.level", CONFIG_LEVEL, AT(log_level), "info", "least level that is logged", NULL},
    {"log.format", CONFIG_FORMAT, AT(log_format), "text", "for people, or for machines", NULL},
    {"reload", CONFIG_RELOAD, AT(reload), "watch", "load the scripts anew when a file changes",
     NULL},
};

static const struct config_group groups[] = {
    {"tokens", "tokens = { ingest = secret \"INGEST\", read = …, admin = … }"},
    {"tls", "tls = { cert = \"FILE\", key = \"FILE\" }"},
    {"limits", "limits = { handlerTime = \"100ms\" }"},
    {"retain", "retain = { delivered = \"7d\", dead = \"90d\" }"},
    {"log", "log = { level = \"info\" }"},
    {CONFIG_SETTINGS, "settings = { warehouseUrl = \"http://127.0.0.1:8123\" }"},
};

const struct config_option *config_find_option(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strcmp(options[i].path, path) == 0)
            return &options[i];
    }
    return NULL;
}

const struct config_option *config_option_at(size_t n)
{
    return n < ARRAY_LEN(options) ? &options[n] : NULL;
}

const struct config_group *config_find_group(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        if (strcmp(groups[i].name, name) == 0)
            return &groups[i];
    }
    return NULL;
}

const struct config_group *config_group_at(size_t n)
{
    return n < ARRAY_LEN(groups) ? &groups[n] : NULL;
}

bool config_key_at(size_t n, struct config_key *key)
{
    const struct config_option *o = config_option_at(n);
    if (o)
        *key = (struct config_key){o->path, config_type_name(o->type), o->fallback, o->help};
    else
        *key =
            (struct config_key){CONFIG_SETTINGS ".NAME", "", NULL, "what setting \"NAME\" reads"};
    return n <= ARRAY_LEN(options);
}
