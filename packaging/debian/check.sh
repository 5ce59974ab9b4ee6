#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# Tries a package: packaging/debian/check.sh FILE.deb, as root. lintian looks at it, then it lives once
# in a Debian that has nothing else: installed, at work, upgraded, purged (check-life.sh).
#
# MIRROR names where packages come from, if not this machine's own.
set -euo pipefail

package=$(realpath "${1:?usage: check.sh FILE.deb}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(dirname "$package")/package-check
mirror=${MIRROR:-$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)}

fail() { echo "package-check: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "debootstrap and chroot need root"
mkdir -p "$work"

echo "lintian"
lintian --allow-root --fail-on error,warning "$package"

# Made once; each check lives in a copy.
if [ ! -e "$work/base.complete" ]; then
    echo "debootstrap"
    rm -rf "$work/base"
    debootstrap --variant=minbase bookworm "$work/base" "${mirror:-http://deb.debian.org/debian}" \
        >"$work/debootstrap.log" || { tail "$work/debootstrap.log"; exit 1; }
    touch "$work/base.complete"
fi
rm -rf "$work/root"
cp -a "$work/base" "$work/root"
root=$work/root
cp /etc/resolv.conf "$root/etc/"
cp "$here/check-life.sh" "$root/srv/"
cp "$package" "$root/srv/first.deb"

# The same again, as a later version.
rm -rf "$work/next"
dpkg-deb --raw-extract "$package" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group --build "$work/next" "$root/srv/next.deb" >/dev/null

# In a process space of its own: what was started in there ends with it.
unshare --mount --pid --fork --mount-proc="$root/proc" chroot "$root" /srv/check-life.sh
rm -rf "$root" "$work/next"
echo "the package is well"
