#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# The service under a systemd of its own: packaging/debian/check-service.sh FILE.deb BASE WORK, as root.
# A copy of BASE, a debootstrapped Debian, is booted by systemd-nspawn, whose one task is
# check-service-life.sh.
set -euo pipefail

package=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$3/service

rm -rf "$root"
cp -a "$2" "$root"
cp "$here/check-service-life.sh" "$here/check-common.sh" "$root/srv/"
cp "$package" "$root/srv/first.deb"
"$here/next-version.sh" "$package" "$root/srv/next.deb"

depends=$(dpkg-deb --field "$package" Depends | tr ',' '\n' | sed 's/[(|].*//')
# shellcheck disable=SC2086
chroot "$root" sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -qy \
    --no-install-recommends "$@"' sh systemd systemd-sysv dbus libnss-systemd $depends \
    >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }

cat >"$root/etc/systemd/system/check.service" <<'END'
[Unit]
After=dbus.service
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/srv/check-service-life.sh
StandardOutput=file:/srv/said
StandardError=file:/srv/said
[Install]
WantedBy=multi-user.target
END
chroot "$root" systemctl enable --quiet check.service

timeout --kill-after=10 300 systemd-nspawn --quiet --register=no --keep-unit --directory="$root" --boot \
    </dev/null >"$root.log" 2>&1 || true
cat "$root/srv/said" || tail "$root.log"
grep -q '^the service is well$' "$root/srv/said"
rm -rf "$root"
