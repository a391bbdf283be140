# The everyday commands; Meson builds. `make help` lists them.
BUILD ?= build
PREFIX ?= /usr/local
# Where the loader and pkg-config look on every system; left alone, Meson guesses.
LIBDIR ?= lib

help:
	@echo 'make build     build the program and the library in $(BUILD)/'
	@echo 'make demo      build, then compare classifiers on Fashion-MNIST: a table and a report;'
	@echo '               FULL=1 adds the largest network'
	@echo 'make check     build, then pass every test'
	@echo 'make sanitize  the tests under ASan and UBSan, then under TSan'
	@echo 'make bench     the measurements in bench/'
	@echo 'make install   into PREFIX=$(PREFIX), under DESTDIR where that is set'
	@echo 'make format    apply clang-format'
	@echo 'make clean     remove the build folders'

setup:
	@tools/setup.sh

$(BUILD)/build.ninja: | setup
	meson setup $(BUILD) --prefix $(PREFIX) --libdir $(LIBDIR)

build: setup $(BUILD)/build.ninja
	@ninja -C $(BUILD)

demo: build
	@tools/demo.sh $(BUILD)/cli/weft $(if $(FULL),--full) $(ARGS)

check: build
	@tools/check.sh $(BUILD)

build-asan/build.ninja: | setup
	meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false \
		-Dbuildtype=debugoptimized

build-tsan/build.ninja: | setup
	meson setup build-tsan -Db_sanitize=thread -Db_lundef=false -Dbuildtype=debugoptimized

sanitize: build-asan/build.ninja build-tsan/build.ninja
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 tools/check.sh build-asan -t 5
	TSAN_OPTIONS=halt_on_error=1:suppressions=$(CURDIR)/tools/tsan.supp tools/check.sh build-tsan -t 5

bench: build
	meson test -C $(BUILD) --benchmark --verbose

install: build
	@meson configure $(BUILD) --prefix $(PREFIX) --libdir $(LIBDIR)
	meson install -C $(BUILD)
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf $(BUILD) build-asan build-tsan

.PHONY: help setup build demo check sanitize bench install format clean
