#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# A service's life under systemd, from within: see check-service.sh. Each step says what it is.
set -euo pipefail
cd /srv
url=unix:/run/liaison/demo/socket
unit=liaison@demo.service
sink=
export LIAISON_TOKEN="open sesame"

show_log() { journalctl --no-pager -u "$unit" -n 30; }
# shellcheck source=/dev/null
. ./check-common.sh
property() { systemctl show --property "$1" --value "$unit"; }
is() { [ "$(property "$1")" = "$2" ]; }

step "installed"
quietly dpkg --install first.deb
quietly liaison new /etc/liaison/demo
[ "$(property ActiveState)" = inactive ] || fail "nobody asked for a service"

step "started, as nobody in particular"
start_sink
cat >/etc/liaison/demo/liaison.lua <<END
return {
  listen = "$url",
  token = secret "LIAISON_TOKEN",
  settings = { eventBusUrl = "embedded", calendarUrl = "http://$sink/", warehouseUrl = "http://$sink/" },
}
END
echo "$LIAISON_TOKEN" >/root/token
chmod 600 /root/token
mkdir -p "/etc/systemd/system/$unit.d"
printf '[Service]\nLoadCredential=LIAISON_TOKEN:/root/token\n' >"/etc/systemd/system/$unit.d/secrets.conf"
systemctl daemon-reload
quietly systemctl start "$unit"
is StatusText "takes events on $url" || fail "its status is $(property StatusText)"
status=/proc/$(property MainPID)/status
grep -q '^Seccomp:[[:space:]]*2$' "$status" || fail "no filter of system calls"
grep -q '^CapEff:[[:space:]]*0*$' "$status" || fail "it has capabilities"
[ "$(stat -c '%a' /var/lib/private/liaison/demo /var/lib/liaison/demo/journal.db | xargs)" = "700 600" ] ||
    fail "the journal can be read by others"

step "at work"
emit
until_true has_received 2
quietly liaison fsck /var/lib/liaison/demo/journal.db
quietly liaison backup copy.db --journal /var/lib/liaison/demo/journal.db

step "killed, and started again by itself"
systemctl kill --signal KILL "$unit"
until_true is NRestarts 1
until_true counts closed 1

step "upgraded, and restarted by that"
before=$(property MainPID)
quietly dpkg --install next.deb
until_true is ActiveState active
[ "$(property MainPID)" != "$before" ] || fail "the old program still runs"
until_true counts closed 1

step "stopped"
quietly systemctl stop "$unit"
is Result success || fail "it ended with $(property Result)"

step "refused, and not started again"
echo "this is no Lua" >/etc/liaison/demo/scripts/bad.lua
systemctl start "$unit" >/dev/null 2>&1 && fail "it took a script that is none"
is ExecMainStatus 78 || fail "it ended with $(property ExecMainStatus)"
is ActiveState failed || fail "it is $(property ActiveState)"
rm /etc/liaison/demo/scripts/bad.lua
quietly systemctl start "$unit"

step "purged, its journal kept"
quietly apt-get purge -qy liaison
is ActiveState inactive || fail "it runs without its package"
[ -e /var/lib/liaison/demo/journal.db ] || fail "the journal was removed"
echo "the service is well"
