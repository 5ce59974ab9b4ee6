#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# A package's life in a new Debian, from within: see check.sh. Each step says what it is.
set -euo pipefail
cd /srv
url=unix:/run/liaison.sock
daemon=''
sink=''

show_log() { [ ! -e run.log ] || tail -n 20 run.log; }
# shellcheck source=/dev/null
. ./check-common.sh
files() { find /etc /lib /usr /var -xdev | grep -vE '^/var/(cache|log|lib/(apt|dpkg))/|^/etc/ld\.so\.cache' | sort; }

start() {
    liaison run project --listen "$url" --set settings.eventBusUrl=embedded \
        --set "settings.calendarUrl=http://$sink/" --set "settings.warehouseUrl=http://$sink/" \
        >>run.log 2>&1 &
    daemon=$!
    until_true liaison status --url "$url"
}
stop() {
    kill -TERM "$daemon"
    wait "$daemon" || fail "the daemon ended with $?"
}

quietly apt-get update
# What the package needs comes first, so that nothing else differs in the end.
dpkg-deb --field first.deb Depends | tr ',' '\n' | sed 's/[(|].*//' | xargs apt-get install -qy \
    --no-install-recommends >quiet.log 2>&1 || { cat quiet.log; fail "its dependencies"; }
files >before

step "installed"
quietly dpkg --install first.deb
[ "$(liaison version)" = "liaison $(dpkg-query -Wf '${Version}' liaison)" ] || fail "another version"
[ -d /etc/liaison ] || fail "no /etc/liaison"
[ -z "$(dpkg-query -Wf '${Conffiles}' liaison)" ] || fail "files in /etc"
quietly liaison check /usr/share/liaison
quietly liaison check /usr/share/doc/liaison/examples/two-step

step "at work"
quietly liaison new project
start_sink
start
emit
until_true counts closed 1
until_true has_received 2

step "upgraded while dead letters wait"
real=$sink
stop
sink=127.0.0.1:1
start
emit
has_letters() { [ "$(liaison dead list --url "$url" --json | grep -c '"cause":"exhausted"')" = 2 ]; }
until_true has_letters
quietly dpkg --install next.deb
has_letters || fail "the daemon didn't outlive the upgrade"
stop
sink=$real
start
quietly liaison dead retry --all --url "$url"
until_true counts delivered 2
until_true has_received 4
quietly liaison fsck project/var/journal.db
stop

step "removed, then purged"
mkdir /etc/liaison/mine
quietly dpkg --remove liaison
[ ! -e /usr/bin/liaison ] || fail "the program is still there"
dpkg --purge liaison >quiet.log 2>&1
grep -q "/etc/liaison isn't empty and stays" quiet.log || fail "it doesn't say that a project stays"
[ -d /etc/liaison/mine ] || fail "a project was removed"
rm -r /etc/liaison
files >after
diff before after || fail "something is left"
