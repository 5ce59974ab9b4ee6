/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A connector's options `order`, `onDead` and `coalesce`: what of a key waits for what. Those that need an order
 * are refused where there is none.
 */
#ifndef LIAISON_SCRIPT_CONNECTOR_ORDER_H
#define LIAISON_SCRIPT_CONNECTOR_ORDER_H

#include "script/connector_job.h"

/* Where the options stand; nil leaves the default. What is wrong is told. */
struct connector_order {
    int order, on_dead, coalesce;
};
void connector_read_order(struct connector_job *job, const struct connector_order *at);

#endif
