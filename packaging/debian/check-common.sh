# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# What check-life.sh and check-service-life.sh say and do alike. They set `url`, where the daemon is, and
# may define show_log.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

fail() {
    echo "package-check: $*" >&2
    show_log >&2
    exit 1
}
step() { echo "life: $*"; }
quietly() { "$@" >quiet.log 2>&1 || { cat quiet.log; fail "$*"; }; }
until_true() { # COMMAND...: polls for half a minute
    local deadline=$((SECONDS + 30))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "gave up waiting for: $*"
        sleep 0.1
    done
}

# A receiver in place of the other systems; `sink` is its address.
start_sink() {
    liaison sink --port 0 >sink.log 2>&1 &
    until_true grep -q listening sink.log
    sink=$(sed -n 's,^listening on http://,,p' sink.log)
}
has_received() { [ "$(grep -c ' POST / 200 ' sink.log)" = "$1" ]; }
counts() { liaison status --url "$url" --json | grep -q "\"$1\":$2\b"; }
emit() { quietly liaison emit schedule.updated '{"id": 7, "startTime": "2026-11-23T09:00:00Z"}' --url "$url"; }
