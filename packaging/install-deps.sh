#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
#     packaging/install-deps.sh [--section NAME]... [PACKAGE]...
#
# Installs what is missing of packaging/debian-packages.txt, or of its sections that are named, and of
# the packages that are named; without sections and where there is npm, the libraries, too, that some tests
# post and read events with (tests/node). Silent when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")"

install_node_modules() {
    local folder=../tests/node
    if ! command -v npm >/dev/null || [ "$folder/node_modules" -nt "$folder/package-lock.json" ]; then
        return
    fi
    echo "make deps: installing the packages of tests/node"
    # Where there is no network it would wait for minutes.
    timeout 180 npm ci --prefix "$folder" --no-audit --no-fund --ignore-scripts \
        --fetch-timeout=30000 --fetch-retries=1 >/dev/null &&
        touch "$folder/node_modules"
}

sections=()
while [ "${1:-}" = --section ]; do
    sections+=("$2")
    shift 2
done
if [ ${#sections[@]} -eq 0 ]; then
    install_node_modules || echo "make deps: npm failed: tests that need tests/node are skipped" >&2
fi

# A comment that begins with a small letter begins a section.
mapfile -t wanted < <(awk -v wanted="${sections[*]}" '
    /^# [a-z]/ { section = $2 }
    { sub(/[[:space:]]*#.*/, "") }
    $0 != "" && (wanted == "" || index(" " wanted " ", " " section " "))' debian-packages.txt)
wanted+=("$@")
[ ${#wanted[@]} -gt 0 ] || { echo "make deps: no such section: ${sections[*]}" >&2; exit 1; }

if ! command -v dpkg-query >/dev/null; then
    echo "make deps: this isn't Debian: install the equivalents of packaging/debian-packages.txt" >&2
    exit 0
fi

installed=$(dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null |
    sed -n 's/ installed$//p') || true
mapfile -t missing < <(printf '%s\n' "${wanted[@]}" | grep -vxF -f <(echo "$installed"))
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "make deps: not root, and there is no sudo. As root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Servers that tests run themselves are installed: none is to start as a service of the machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$log"; "${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1
}

echo "make deps: installing ${missing[*]}"
# The lists of packages are fetched only where those at hand are missing or too old.
if ! apt install --no-install-recommends "${missing[@]}" &&
    ! { apt update && apt install --no-install-recommends "${missing[@]}"; }; then
    cat "$log" >&2
    echo "make deps: apt-get failed, see above" >&2
    exit 1
fi
