#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# Compresses the manual pages in a folder, and the changelog into it, as Debian's policy wants them.
set -eu

gzip -9nf "$1"/*.1
gzip -9nc "$(dirname "$0")/changelog" >"$1/changelog.gz"
