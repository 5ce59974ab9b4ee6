#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# Makes a Debian that has nothing else in FOLDER, if it isn't there: packaging/debian-base.sh FOLDER, as
# root. MIRROR names where its packages come from, if not this machine's own.
set -euo pipefail

base=${1:?usage: debian-base.sh FOLDER}
[ ! -e "$base.complete" ] || exit 0
mirror=${MIRROR:-$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)}

echo "debootstrap"
rm -rf "$base"
debootstrap --variant=minbase bookworm "$base" "${mirror:-http://deb.debian.org/debian}" \
    >"$base.log" || { tail "$base.log"; exit 1; }
cp /etc/resolv.conf "$base/etc/"
touch "$base.complete"
