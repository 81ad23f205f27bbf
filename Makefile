# SPDX-License-Identifier: BSD-2-Clause
# Pagelift.  `make help` lists what a person types; each folder says in its own
# build.mk how its parts are made.  All output goes to $(B).

B := build
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# ---- compilers and flags ---------------------------------------------------
CC      := gcc
CLANG   := clang
AR      := ar
LD      := ld
OBJCOPY := objcopy
PYTHON  := /usr/bin/python3# Debian's, whose pytest `make deps` installs

# Includes show the direction of dependencies: always from the root.
COMMON := -std=c11 -I. -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
          -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith -Wwrite-strings \
          -MMD -MP

# For the host: everything that can be caught is; asserts on.
HOST_FLAGS := $(COMMON) -O1 -D_GNU_SOURCE -DPGT_ASSERT \
              -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Freestanding code shared by the application and the kernel.
#   general-regs-only  no SSE: a kernel has not saved it, firmware's handlers neither
#   no-red-zone        interrupts use the stack that the code runs on
#   no stack protector, no unwind tables: nobody is there to use them
FREESTANDING := $(COMMON) -O2 -ffreestanding -mgeneral-regs-only -mno-red-zone \
                -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
                -ffunction-sections -fdata-sections

# ---- one rule a kind of object --------------------------------------------
$(B)/host/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOST_FLAGS) -c $< -o $@

# With its suffix, as x.c and x.S are two objects.
$(B)/host/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(HOST_FLAGS) -c $< -o $@

$(B)/host/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

include pagetables/build.mk
include pagetables/bench/build.mk
include pagetables/proof/build.mk
include pagetables/fuzz/build.mk
include pagetables/mutation/build.mk
include pagetables/proof/eva.mk
include loader/build.mk
include loader/stub/build.mk
include loader/net/build.mk
include loader/first/build.mk
include loader/inspect/build.mk
include loader/fuzz/build.mk
include efi/build.mk
include firmware/build.mk

# ---- host unit tests: every <folder>/tests/test_*.c is a cmocka program; what
# else is to be run a folder adds to TEST_MORE ---------------------------------
TEST_SRC := $(wildcard pagetables/tests/test_*.c loader/tests/test_*.c efi/tests/test_*.c)
TEST_BIN := $(TEST_MORE) $(TEST_SRC:%.c=$(B)/host/%)
TEST_RUNS := $(TEST_BIN:%=run-%)

$(B)/host/%: $(B)/host/%.o
	$(CC) $(HOST_FLAGS) -o $@ $^ $(HOST_LIBS) -lcmocka

# A test links what its folder depends on, and the helpers beside it.
$(filter $(B)/host/pagetables/%,$(TEST_BIN)): $(PAGETABLES_TEST_OBJ) $(B)/host/pagetables.a
$(filter $(B)/host/loader/%,$(TEST_BIN)): $(LOADER_TEST_OBJ) $(B)/host/loader.a $(B)/host/pagetables.a
$(filter $(B)/host/efi/%,$(TEST_BIN)): $(EFI_TEST_OBJ) $(B)/host/loader.a $(B)/host/pagetables.a

.PHONY: all test test-host $(TEST_RUNS) format clean help
all: ## build everything

# Without a -j of its own on all processors: first what runs on the host, each with its output in
# one piece; then the machines, of which two run at once anyway, and which have time limits.
SIDE_BY_SIDE = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) --output-sync=target

test: ## run every test
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) test-host layering
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) test-machines

# Each runner prints its own closing lines.
test-host: $(TEST_RUNS) ## unit tests on the host (cmocka)

$(TEST_RUNS): run-%: %
	@echo "== $<"; $<

format: ## lay out the C sources with clang-format
	clang-format -i $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')

clean: ## remove build/
	rm -rf $(B)

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1\t\2/p' $(filter Makefile %.mk,$(MAKEFILE_LIST)) \
	    | expand -t 16

# `make -j deps test` would start to build before the compiler is there.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

-include $(shell find $(B) -name '*.d' 2>/dev/null)
