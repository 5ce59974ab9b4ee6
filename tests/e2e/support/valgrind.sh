#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# The program that LIAISON_BINARY names, under valgrind: LIAISON is this file then. Valgrind is silent
# but for what is wrong, which it also tells by the exit status. A run's first steps take it longer than
# a handler has, and what is in progress longer than a stop waits.
export LIAISON_LIMITS_HANDLER_TIME=2s LIAISON_LIMITS_DRAIN=80s
exec valgrind --quiet --error-exitcode=99 --leak-check=full \
    --errors-for-leak-kinds=definite,indirect "${LIAISON_BINARY:?}" "$@"
