# SPDX-License-Identifier: MIT
# A thin front: everything is built by Meson (meson.build); this file only says what a user types.
#
#   make          builds into build/         make check       all tests        make demo   a walk through it
#   make install  PREFIX=/usr/local DESTDIR= make check-asan  with sanitizers  make bench  held against others
#   make check-lxc       the library's tests on Debian's liblxc, too    make check-tsan      its threads under ThreadSanitizer
#   make check-bindings  Ruby and Haskell, which it installs            make check-clients  LXD, go-lxc, python3-lxc, lua-lxc
#   make deb      Debian packages, into build-deb/  make check-deb   installs, uses and purges them in a Debian of its own
#   make killer   every verb, killed before each of its system calls
#   make fuzz     looks for input that breaks a parser, FUZZ_SECONDS each
#   make chaos    random verbs and kills on 50 containers, CHAOS_SECONDS     make soak     what grows? SOAK_SCALE
#   make together 10,000 starts, 40 at once                                  make density  500 idle containers

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
PYTEST  ?= pytest
# What is given to pytest: make check TESTS=tests/blackbox/test_life.py
TESTS   ?= tests/blackbox

.PHONY: all demo chaos together soak density check check-units check-layers check-waits check-asan check-tsan check-lxc check-bindings fuzz bench bench-many install deb check-deb lint lint-format lint-scripts lint-man killer clean check-clients

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@tools/deps.sh build
	@meson setup $(BUILD) $(MESON_FLAGS)

demo: all
	@tools/deps.sh demo
	@tools/demo.sh $(BUILD)/bin

# The tools come first: whether Meson builds the units is decided when it configures.
check:
	@tools/deps.sh build check
	@$(MAKE) --no-print-directory check-units check-layers check-waits
	@KEG_BIN=$(abspath $(BUILD)/bin) $(PYTEST) -q $(TESTS)

check-units: all
	@if ! [ -e $(BUILD)/tests/unit ]; then meson setup --reconfigure $(BUILD) >/dev/null && ninja -C $(BUILD); fi
	@meson test -C $(BUILD) --print-errorlogs

check-layers:
	@tools/layers.py

# What can wait has a deadline, or says why it ends.
check-waits:
	@tools/waits.py

# The processes of a container have no terminal for a sanitizer's report: it goes to a file, and the
# black box fails where there is one. Leaks are looked for in the units only: LeakSanitizer traces its
# own process, which a fresh pid namespace does not let it do.
check-asan:
	@tools/deps.sh build check
	@[ -e build-asan/build.ninja ] || meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false $(MESON_FLAGS)
	@ninja -C build-asan
	@UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 meson test -C build-asan --print-errorlogs --timeout-multiplier 4
	@$(MAKE) --no-print-directory all
	@KEG_LIBEXEC=$(abspath $(BUILD))/libexec UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 build-asan/tests/abi/parity $(BUILD)/tests/answer
	@rm -rf build-asan/reports && mkdir -p build-asan/reports
	@KEG_BIN=$(abspath build-asan/bin) KEG_SANITIZER_REPORTS=$(abspath build-asan/reports) KEG_SLOW=5 \
		ASAN_OPTIONS=detect_leaks=0:log_path=$(abspath build-asan/reports)/asan \
		UBSAN_OPTIONS=print_stacktrace=1:log_path=$(abspath build-asan/reports)/ubsan $(PYTEST) -q $(TESTS)

# What the tests of liblxc.so.1 ask is LXC's truth: Debian's header, Debian's library, and ours.
check-lxc: all
	@tools/deps.sh build abi
	@tools/with_lxc.sh tests/abi/against_lxc.sh $(BUILD)

# The library and the test alone have the sanitizer: containers are kept by the programs of the other build.
STRESS_SECONDS ?= 15
check-tsan: all
	@[ -e build-tsan/build.ninja ] || meson setup build-tsan -Db_sanitize=thread -Db_lundef=false $(MESON_FLAGS)
	@ninja -C build-tsan lib/liblxc.so.1.9.0 tests/abi/stress
	@KEG_LIBEXEC=$(abspath $(BUILD))/libexec TSAN_OPTIONS=die_after_fork=0 build-tsan/tests/abi/stress $(BUILD)/tests/answer $(STRESS_SECONDS)

# Programs of Debian's that were written for LXC, unmodified, on our library. LIBLXC_DIR= make check-clients: on Debian's.
CLIENTS ?= python lua go lxd
check-clients: export LIBLXC_DIR ?= $(abspath $(BUILD))/lib
check-clients: all
	@tools/deps.sh build clients
	@tools/with_lxc.sh tests/clients/all.sh $(CLIENTS)

check-bindings: all
	@tools/deps.sh build bindings
	@bindings/check.sh $(BUILD)

# Each verb is called as often as it makes system calls, and killed before the next of them. KILLER_FLAGS="--verb destroy -v"
killer: all
	@$(BUILD)/tests/killer/killer $(BUILD)/bin $(BUILD)/tests/answer $(KILLER_FLAGS)

# Each target looks for FUZZ_SECONDS; what it finds interesting stays in build-fuzz/corpus, what breaks it in build-fuzz/.
FUZZ_SECONDS ?= 60
fuzz:
	@tools/deps.sh build fuzz
	@[ -e build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
		-Dc_args=-fsanitize=fuzzer-no-link $(MESON_FLAGS)
	@ninja -C build-fuzz fuzz
	@for t in build-fuzz/tests/fuzz/fuzz_*[a-z]; do n=$${t##*/fuzz_}; [ -f $$t ] || continue; mkdir -p build-fuzz/corpus/$$n; echo "fuzz $$n"; \
		$$t -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 -verbosity=0 -artifact_prefix=build-fuzz/$$n- \
		build-fuzz/corpus/$$n tests/fuzz/corpus/$$n || exit 1; done

# The long forms of tests/blackbox/test_chaos.py; as root. They want the interpreter that has pytest's modules.
CHAOS_SECONDS ?= 600
SOAK_SCALE ?= 1
CROWD = KEG_BIN=$(abspath $(BUILD)/bin) $$(sed -n '1s/^\#!//p' "$$(command -v $(PYTEST))")
chaos: all
	@tools/deps.sh check
	@$(CROWD) tests/chaos/chaos.py --seconds $(CHAOS_SECONDS) $(CHAOS_FLAGS)

together: all
	@tools/deps.sh check
	@$(CROWD) tests/chaos/together.py $(TOGETHER_FLAGS)

soak: all
	@tools/deps.sh check
	@$(CROWD) tests/chaos/soak.py --scale $(SOAK_SCALE)

# Tests at the size that they were asked for: 500 cycles, 2 GiB on a console, 1,000 stops of six kinds of init.
pains: all
	@tools/deps.sh check
	@KEG_WHOLE=1 KEG_BIN=$(abspath $(BUILD)/bin) $(PYTEST) -q -rP tests/blackbox/test_pains.py tests/blackbox/test_inits.py

density: all
	@tools/deps.sh check bench
	@tools/with_lxc.sh env $(CROWD) tests/chaos/density.py $(DENSITY_FLAGS)

bench: all
	@tools/deps.sh bench
	@tools/with_lxc.sh bench/bench.py --keg $(BUILD)/bin --out $(BUILD) $(BENCH_FLAGS)

# 1,000 containers listed, 500 watched, a rootfs of 1 GiB copied.
bench-many: all
	@tools/deps.sh check bench
	@tools/with_lxc.sh bench/many.py --keg $(BUILD)/bin --out $(BUILD) $(BENCH_FLAGS)

# A build folder of its own: the paths of the prefix are compiled in, and build/ runs from where it lies.
install:
	@tools/deps.sh build
	@meson setup build-install $$([ -e build-install/build.ninja ] && echo --reconfigure) --buildtype=release \
		-Dtests=false --prefix=$(PREFIX) --sysconfdir=/etc --localstatedir=/var $(MESON_FLAGS) >/dev/null
	@DESTDIR=$(DESTDIR) meson install -C build-install --quiet
	@[ -n "$(DESTDIR)" ] || PATH="$$PATH:/sbin" ldconfig 2>/dev/null || :

deb:
	@tools/deps.sh deb
	@tools/deb.sh build-deb

check-deb: deb
	@tools/deps.sh check-deb
	@tests/deb/check.sh build-deb

# How the code is laid out (.clang-format), and what clang-tidy finds (.clang-tidy).
lint: lint-format lint-scripts lint-man check-waits
	@tools/options.py $(BUILD)
	@run-clang-tidy -quiet -p $(BUILD) '$(CURDIR)/src/.*'

# Every script of ours, whatever its name.
lint-scripts:
	@tools/deps.sh lint
	@shellcheck -s sh -S warning bin/lxc-unpriv.in
	@git ls-files | grep -v '\.in$$' | xargs grep -lE '^#!/bin/(ba)?sh' | xargs shellcheck -x -S warning

# mandoc speaks of style, too; what it calls a warning is wrong in some reader.
lint-man: all
	@tools/deps.sh lint
	@mandoc -T lint -W warning $(BUILD)/doc/*.[15]

lint-format:
	@tools/deps.sh lint
	@git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

clean:
	@rm -rf build build-asan build-tsan build-fuzz build-install build-deb
