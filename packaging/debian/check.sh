#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# Tries a package: packaging/debian/check.sh FILE.deb, as root. lintian looks at it, then it lives once
# in a Debian that has nothing else: installed, at work, upgraded, purged (check-life.sh).
set -euo pipefail

package=$(realpath "${1:?usage: check.sh FILE.deb}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(dirname "$package")/package-check

fail() { echo "package-check: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "debootstrap and chroot need root"
mkdir -p "$work"

echo "lintian"
lintian --allow-root --fail-on error,warning "$package"

"$here/../debian-base.sh" "$work/base"
rm -rf "$work/root"
cp -a "$work/base" "$work/root"
root=$work/root
cp "$here/check-life.sh" "$here/check-common.sh" "$root/srv/"
cp "$package" "$root/srv/first.deb"
"$here/next-version.sh" "$package" "$root/srv/next.deb"

# In a process space of its own: what was started in there ends with it.
unshare --mount --pid --fork --mount-proc="$root/proc" chroot "$root" /srv/check-life.sh
rm -rf "$root"
echo "the package is well"

"$here/check-service.sh" "$package" "$work/base" "$work"
