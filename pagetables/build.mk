# SPDX-License-Identifier: BSD-2-Clause
# The page-table library: depends on nothing.

PAGETABLES_SRC := $(wildcard pagetables/*.c)
# Programs of their own among the tests, with other flags than cmocka's.
PAGETABLES_PROGRAMS := $(wildcard pagetables/tests/exhaustive*.c pagetables/tests/threads*.c)
PAGETABLES_TEST_OBJ := $(patsubst %.c,$(B)/host/%.o,$(filter-out \
    pagetables/tests/test_% $(PAGETABLES_PROGRAMS),$(wildcard pagetables/tests/*.c)))

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
