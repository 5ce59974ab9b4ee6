#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# Everything that can be said of the sources without running them: tests/check.sh BUILD, where BUILD
# is a folder that CMake has configured. One line a step; what fails is printed in full.

# The functions are called by step, which shellcheck doesn't see.
# shellcheck disable=SC2317

set -uo pipefail

build=$(realpath "${1:?usage: tests/check.sh BUILD}")
cd "$(dirname "$0")/.." || exit
cores=$(nproc)
failed=0

step() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        printf 'ok    %s\n' "$name"
    else
        printf 'FAIL  %s\n%s\n\n' "$name" "$output"
        failed=1
    fi
}

existing() {
    local path
    for path in "$@"; do
        [ -e "$path" ] && echo "$path"
    done
    return 0
}

c_files() {
    find "$@" -name '*.[ch]' -print0
}

check_format() {
    if ! c_files src tests | xargs -0 -r clang-format --dry-run -Werror |& sed -n '/error:/Ip'; then
        echo "mend it with: make format"
        return 1
    fi
}

# The counts of what clang-tidy left out are noise.
check_tidy() {
    find src -name '*.c' -print0 |
        xargs -0 -r -n 1 -P "$cores" clang-tidy --quiet -p "$build" |&
        sed '/^[0-9]* warnings\{0,1\} generated/d; /treated as errors*$/d'
}

check_cppcheck() {
    cppcheck --quiet -j "$cores" --enable=warning,performance,portability --inline-suppr \
        --std=c11 --error-exitcode=1 --suppress=missingIncludeSystem \
        --library=tests/cppcheck.cfg -D_GNU_SOURCE -I src src
}

check_lua() {
    local paths
    mapfile -t paths < <(
        existing scripts connectors transformers examples src/script/prelude src/script/spec src/cli/new/schedules.lua tests/lua)
    [ ${#paths[@]} -eq 0 ] || luacheck --quiet --codes --no-color --no-cache "${paths[@]}"
}

check_shell() {
    find . \( -name build -o -name .git \) -prune -o -type f -print0 |
        xargs -0 awk 'FNR == 1 { if (/^#!.*[\/ ](ba)?sh$/) printf "%s%c", FILENAME, 0; nextfile }' |
        xargs -0 -r shellcheck
}

step "clang-format" check_format
step "layers: who may include what" tests/check_sources.py layers
step "sizes of files and functions" tests/check_sources.py sizes
step "luacheck" check_lua
step "shellcheck" check_shell
step "cppcheck" check_cppcheck
step "clang-tidy" check_tidy
exit "$failed"
