# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
#
# The front door to CMake: `make help` lists what it can do.

PREFIX ?= /usr/local
DESTDIR ?=
SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c
# Which build `make test` tests: dev, asan, tsan or release (CMakePresets.json).
PRESET ?= dev
# How long `make fuzz` lets each target run.
FUZZ_SECONDS ?= 15
# Whence its inputs are drawn: the same ones for the same number; 0 is another one each time.
FUZZ_SEED ?= 0
# Options of build/release/tests/sim, such as SIM="--from 1001 --keep-going".
SIM ?=
# Options of tests/bench/bench.py, such as BENCH="--runs 7 --only W1".
BENCH ?=
BENCH_TARGETS = liaison bench_source bench_receiver bench_curl_loop bench_script
LIAISON = $(CURDIR)/build/release/bin/liaison

.DEFAULT_GOAL := build
.PHONY: build deps test asan tsan valgrind fuzz fuzz-long sim sim-mutants bench bench-long plots soak check format demo \
	install package package-check clean help

build: ## build the program: build/release/bin/liaison (the default)
	@$(call compile,release,,liaison)
	@echo build/release/bin/liaison

deps: ## install the Debian packages that are missing (packaging/debian-packages.txt)
	@packaging/install-deps.sh

test: deps ## build and run all tests; PRESET=asan or tsan for a sanitized build
	@$(call compile,$(PRESET))
	@tests/run.py $(PRESET)

asan: ## all tests with the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory test PRESET=asan

tsan: ## all tests with the thread sanitizer
	@$(MAKE) --no-print-directory test PRESET=tsan

valgrind: deps ## all tests under valgrind
	@$(call compile,valgrind)
	@tests/run.py valgrind

fuzz: deps ## the fuzzers, each for FUZZ_SECONDS (15) seconds
	@$(call compile,fuzz)
	@tests/fuzz/run.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

fuzz-long: ## the fuzzers, each for an hour
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=3600

sim: deps ## 1,000 simulations, a year in all; see docs/SIMULATION.md
	@$(call compile,release,,sim)
	@build/release/tests/sim --seeds 1000 --jobs $$(nproc) $(SIM)

sim-mutants: deps ## break each law on purpose, and see how many simulations it takes to find it
	@tests/sim/mutants.py

soak: deps ## a backlog of 2,000,000 events on disk, a kill, and all within bounds
	@$(call compile,release,,$(BENCH_TARGETS))
	@LIAISON=$(LIAISON) LIAISON_PRESET=release tests/bench/backlog.py build/release/bench

check: deps ## format, static analysis, linters, and the rules of the layers
	@$(call compile,dev)
	@tests/check.sh build/dev

format: ## format all C sources in place
	@find src tests -name '*.[ch]' -print0 | xargs -0 -r clang-format -i

demo: deps build ## run the demonstration of examples/demo
	@LIAISON=$(LIAISON) examples/demo/run.sh

bench: deps ## measure what the daemon costs, beside others: build/bench/results.md
	@$(call compile,release,,$(BENCH_TARGETS))
	@LIAISON=$(LIAISON) tests/bench/bench.py $(BENCH)

plots: deps ## draw docs/*.svg anew: what a receiver sees through an outage
	@$(call compile,release,,bench_outage)
	@tests/bench/plots.py build/release/bench/outage docs

bench-long: deps ## memory over 2,000,000 events, and a backlog of as many: build/bench/long.md
	@$(call compile,release,,$(BENCH_TARGETS))
	@LIAISON=$(LIAISON) tests/bench/bench.py --long $(BENCH)

install: ## install below PREFIX (/usr/local), staged in DESTDIR where that is set
	@$(call compile,release,-DCMAKE_INSTALL_PREFIX=$(PREFIX),liaison docs)
	@DESTDIR=$(DESTDIR) cmake --install build/release

package: deps ## the Debian package: build/liaison_VERSION_ARCH.deb
	@$(call compile,package)
	@rm -f build/liaison_*.deb
	@cd build/package && cpack >../package-cpack.log 2>&1 || { cat ../package-cpack.log; exit 1; }
	@ls build/liaison_*.deb

package-check: package ## lintian; package, service and container tried in a new Debian; as root
	@packaging/install-deps.sh lintian debootstrap systemd-container
	@packaging/debian/check.sh build/liaison_*.deb
	@packaging/try-containerfile.py build/package-check/base build/package-check

clean: ## remove all that was built
	@rm -rf build

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 21

# $(call compile,PRESET[,OPTIONS[,TARGETS]]): all that there is, or TARGETS alone. CMake's own reports
# are shown only where it fails.
define compile
mkdir -p build && \
{ cmake --preset $(1) $(2) >build/$(1)-configure.log 2>&1 || { cat build/$(1)-configure.log; exit 1; }; } && \
cmake --build --preset $(1) $(if $(3),--target $(3)) -- --quiet | sed '/^ninja: no work to do.$$/d'
endef
