# SPDX-License-Identifier: BSD-2-Clause
# The page-table library: depends on nothing.

PAGETABLES_SRC := $(wildcard pagetables/*.c)
# Programs of their own among the tests, with other flags than cmocka's.
PAGETABLES_PROGRAMS := $(wildcard pagetables/tests/exhaustive*.c pagetables/tests/threads*.c) \
                       pagetables/tests/stage.c pagetables/tests/timeline.c
PAGETABLES_TEST_OBJ := $(patsubst %.c,$(B)/host/%.o,$(filter-out \
    pagetables/tests/test_% $(PAGETABLES_PROGRAMS),$(wildcard pagetables/tests/*.c)))
# What runs in the virtual machine of vm.h.
PAGETABLES_TEST_OBJ += $(B)/host/pagetables/tests/guest_code.S.o

$(B)/host/pagetables.a: $(PAGETABLES_SRC:%.c=$(B)/host/%.o)

# ---- tests that have to be fast ----------------------------------------------
# Optimised, with UBSan and without ASan.  A million random operations, each followed by
# pgt_check(), take less than a minute so, and two with ASan: the same program without `fast`
# runs 100,000 with it.  The exhaustive test goes by tens of millions.
PGT_FAST_FLAGS := $(COMMON) -O2 -D_GNU_SOURCE -DPGT_ASSERT \
                  -fsanitize=undefined -fno-sanitize-recover=all

define compile-fast
@mkdir -p $(@D)
$(CC) $(PGT_FAST_FLAGS) $(PGT_FAST_DEFINES) -c $< -o $@
endef

# In three places, since the exhaustive test wants tables of 2 and of 4 entries, and the random
# one other sequences than the run with ASan.
$(B)/fast/%.o: %.c
	$(compile-fast)
$(B)/bits1/%.o: %.c
	$(compile-fast)
$(B)/bits2/%.o: %.c
	$(compile-fast)
$(B)/fast/%: PGT_FAST_DEFINES = -DDEFAULT_SEED=2 -DDEFAULT_OPERATIONS=1000000
$(B)/bits1/%: PGT_FAST_DEFINES = -DPGT_INDEX_BITS=1
$(B)/bits2/%: PGT_FAST_DEFINES = -DPGT_INDEX_BITS=2

# What of the library they cover.
PGT_FAST_CORE := $(addprefix pagetables/,check.o clone.o flush.o harvest.o map.o protect.o read.o \
                                         resize.o runs.o space.o text.o unmap.o)
PGT_RANDOM_OBJ := $(patsubst %.c,%.o,$(wildcard pagetables/tests/model*.c pagetables/tests/world*.c)) \
                  $(addprefix pagetables/tests/,arena.o suite.o walker.o test_random.o)
PGT_EXHAUSTIVE_OBJ := $(patsubst %.c,%.o,$(wildcard pagetables/tests/exhaustive*.c))

$(B)/fast/random: $(addprefix $(B)/fast/,$(PGT_RANDOM_OBJ) $(PGT_FAST_CORE))
	$(CC) $(PGT_FAST_FLAGS) -o $@ $^ -lcmocka
$(B)/bits1/exhaustive: $(addprefix $(B)/bits1/,$(PGT_EXHAUSTIVE_OBJ) $(PGT_FAST_CORE))
	$(CC) $(PGT_FAST_FLAGS) -o $@ $^
$(B)/bits2/exhaustive: $(addprefix $(B)/bits2/,$(PGT_EXHAUSTIVE_OBJ) $(PGT_FAST_CORE))
	$(CC) $(PGT_FAST_FLAGS) -o $@ $^

TEST_MORE += $(B)/fast/random $(B)/bits1/exhaustive $(B)/bits2/exhaustive

# ---- threads, under ThreadSanitizer -------------------------------------------
# No ASan beside it: a program can have one of the two.
TSAN_FLAGS := $(COMMON) -O1 -D_GNU_SOURCE -DPGT_ASSERT -fsanitize=thread
TSAN_OBJ   := $(addprefix $(B)/tsan/pagetables/tests/,stage.o timeline.o threads_writer.o threads_reader.o) \
              $(PAGETABLES_SRC:%.c=$(B)/tsan/%.o)
THREADS    := $(addprefix $(B)/tsan/,threads threads_marks)

$(B)/tsan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(TSAN_FLAGS) -c $< -o $@

$(THREADS): $(B)/tsan/%: $(B)/tsan/pagetables/tests/%.o $(TSAN_OBJ)
	$(CC) $(TSAN_FLAGS) -o $@ $^

test-threads: $(THREADS) ## readers beside writers, under ThreadSanitizer (10 s)
	@set -e; for t in $(THREADS); do echo "== $$t"; TSAN_OPTIONS=halt_on_error=1 $$t; done

# ---- the stack of every call, from the compiler's own figures ------------------
# What a kernel's author includes; the rest is for the library's own files.
PAGETABLES_PRIVATE := $(addprefix pagetables/,fill.h page.h ram_map.h recursive_edit.h space.h text.h walk.h \
                                             $(notdir $(wildcard pagetables/*_parts.h)))
PAGETABLES_PUBLIC  := $(filter-out $(PAGETABLES_PRIVATE),$(wildcard pagetables/*.h))
# Calls that stand on others which are at the limit themselves: they map and unmap for a caller.
PAGETABLES_HIGH    := $(addprefix pagetables/,areas.h regions.h resolve.h sections.h)
STACK_OBJ          := $(PAGETABLES_SRC:%.c=$(B)/stack/%.o)

$(B)/stack/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -fcallgraph-info=su -c $< -o $@

test-stack: $(STACK_OBJ) ## at most 512 bytes of stack a call, no recursion
	@$(PYTHON) pagetables/tests/stack.py $(STACK_OBJ:%.o=%.ci) \
	    512 $(filter-out $(PAGETABLES_HIGH),$(PAGETABLES_PUBLIC)) 768 $(PAGETABLES_HIGH)

# ---- coverage -------------------------------------------------------------------
# Of the library's code as it is shipped, so without its asserts.  What is always inlined
# otherwise is not here, or each line would count once for every place that it is used in.
COVERAGE_FLAGS := $(COMMON) -O0 -D_GNU_SOURCE --coverage -fno-inline '-DWALK_INLINE=static inline'
COVERAGE_TESTS := $(patsubst %.c,$(B)/coverage/%,$(wildcard pagetables/tests/test_*.c))
# Ring 0 instructions: a program can't run them.  The stub kernel does (firmware/tests).
COVERAGE_LIVE  := pagetables/live.c $(wildcard pagetables/*_live.c)

$(B)/coverage/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(COVERAGE_FLAGS) -c $< -o $@

$(B)/coverage/pagetables/tests/%.o: pagetables/tests/%.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -O1 -D_GNU_SOURCE -c $< -o $@

$(B)/coverage/pagetables/tests/%.S.o: pagetables/tests/%.S
	@mkdir -p $(@D)
	$(CC) $(COMMON) -c $< -o $@

$(B)/coverage/pagetables.a: $(PAGETABLES_SRC:%.c=$(B)/coverage/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(COVERAGE_TESTS): %: %.o $(PAGETABLES_TEST_OBJ:$(B)/host/%=$(B)/coverage/%) $(B)/coverage/pagetables.a
	$(CC) --coverage -o $@ $^ -lcmocka

coverage: $(COVERAGE_TESTS) ## lines and branches of pagetables/ that its tests reach (gcovr)
	@find $(B)/coverage -name '*.gcda' -delete
	@set -e; for t in $(COVERAGE_TESTS); do $$t >$$t.log 2>&1 || { cat $$t.log; exit 1; }; done
	@$(PYTHON) pagetables/tests/coverage.py $(B)/coverage $(COVERAGE_LIVE)

.PHONY: test-threads test-stack coverage
test-host: test-threads test-stack

include pagetables/install.mk
