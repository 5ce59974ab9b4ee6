#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# The main job in half a minute: the project in this repository's root, with two receivers on this
# machine in place of the calendar and the warehouse. The calendar is down at first.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
liaison=${LIAISON:-$root/build/release/bin/liaison}
case $liaison in /*) ;; *) liaison=$root/$liaison ;; esac

work=$(mktemp -d)
children=()
finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

bold=$(tput bold 2>/dev/null || true)
plain=$(tput sgr0 2>/dev/null || true)
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
shown() { # prints a command as it would be typed, and runs it
    printf '\n%s$ liaison' "$bold"
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9._/:=-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '%s\n' "$plain"
    "$liaison" "$@"
}
until_true() { # until_true SECONDS COMMAND...: polls
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "demo: gave up waiting for: $*" >&2; exit 1; }
        sleep 0.1
    done
}

# start NAME COMMAND...: in the background, each line behind its name; its address from its log.
start() {
    local name=$1
    shift
    "$@" > >(tee "$work/$name" | sed -u "s/^/  [$name] /") 2>&1 &
    children+=($!)
}
address_of() { sed -n 's/.*listening on \(http[^ ]*\).*/\1/p' "$work/$1" | head -n 1; }
has_address() { [ -s "$work/$1" ] && [ -n "$(address_of "$1")" ]; }

say "Two receivers: the calendar, which fails its first four requests, and the warehouse."
start calendar "$liaison" sink --port 0 --fail 503:4
start warehouse "$liaison" sink --port 0
until_true 10 has_address calendar
until_true 10 has_address warehouse

say "The daemon, running scripts/register_sync.lua with its two connectors."
start liaison "$liaison" run "$root" --listen 127.0.0.1:0 --journal "$work/journal.db" \
    --set settings.eventBusUrl=embedded \
    --set settings.calendarUrl="$(address_of calendar)/api/update" \
    --set settings.warehouseUrl="$(address_of warehouse)/ingest"
listening() { grep -q 'listen=' "$work/liaison"; }
until_true 10 listening
LIAISON_URL=http://$(sed -n 's/.*listen=\([^ ]*\).*/\1/p' "$work/liaison" | head -n 1)
export LIAISON_URL

say "A scientist moves experiment 7. The warehouse has it at once; the calendar fails three times,
200 and 400 ms apart, so its delivery becomes a dead letter."
shown emit schedule.updated '{"id":7,"startTime":"2026-12-01T09:00:00Z"}'
has_dead() { [ "$("$liaison" dead list --json | grep -c '"id"')" -gt 0 ]; }
until_true 10 has_dead

say "Experiment 8: the calendar fails once more, then it is well; the retry delivers."
shown emit schedule.updated '{"id":8,"startTime":"2026-12-02T09:00:00Z"}'
delivered() { [ "$(grep -c 'delivered connector=calendarApi' "$work/liaison")" -ge "$1" ]; }
until_true 10 delivered 1

say "Nothing is lost: the dead letter waits for a person, who reads it and sends it again."
shown dead list
id=$("$liaison" dead list --json | sed -n 's/.*"id":"\([0-9]*-[0-9a-f]*\)".*/\1/p' | head -n 1)
shown dead retry "$id"
until_true 10 delivered 2
shown status

say "That was it. To go on by yourself:"
cat <<'END'
  make install                        # or use build/release/bin/liaison as it is
  liaison new my-sync && cd my-sync   # a project of your own that runs
  liaison sink --port 9999 &          # a receiver to play with
  liaison run                         # the daemon
  liaison emit schedule.updated '{"id":1,"startTime":"2026-12-01T09:00:00Z"}'
END
