# SPDX-License-Identifier: BSD-2-Clause
# Fuzzers: every <folder>/fuzz/fuzz_*.c is a program on libFuzzer.  Here is what all of them
# share, and those of the page tables; loader/fuzz/README.md says more.

SECONDS := 60# for each fuzzer

# Warnings are gcc's business, which compiles the same files: clang has others.
FUZZ_FLAGS := $(COMMON) -w -O1 -D_GNU_SOURCE -DPGT_ASSERT \
              -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_LINK  := $(FUZZ_FLAGS) -fsanitize=fuzzer

FUZZERS := $(patsubst %.c,$(B)/fuzz/%,$(wildcard */fuzz/fuzz_*.c))

$(B)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -c $< -o $@

$(B)/fuzz/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(FUZZERS): $(B)/fuzz/%: $(B)/fuzz/%.o
	$(CLANG) $(FUZZ_LINK) -o $@ $^ $(FUZZ_LIBS)

fuzz: $(FUZZERS) ## fuzz for SECONDS= each; what is found lies under build/fuzz/findings
	$(PYTHON) pagetables/fuzz/run.py --seconds $(SECONDS) --output $(B)/fuzz $(FUZZERS:$(B)/fuzz/%=%)

.PHONY: fuzz

# ---- those of the page tables: with the model, the walker and the arena of the tests, whose
# asserts are cmocka's ------------------------------------------------------------

# No byte of their inputs is ever compared with anything as it is: to trace comparisons, tens of
# thousands of entries an input, took two thirds of the time and taught nothing.
$(B)/fuzz/pagetables/%.o: FUZZ_FLAGS += -fno-sanitize-coverage=trace-cmp

# What judges goes over every entry after every operation.  The host tests run it with sanitizers;
# and what it covers says nothing of the library.
FUZZ_JUDGE_FLAGS := $(COMMON) -w -O2 -D_GNU_SOURCE -DPGT_ASSERT
FUZZ_PAGETABLES_OBJ := $(patsubst %.c,$(B)/fuzz/%.o, \
    $(wildcard pagetables/tests/model*.c pagetables/tests/world*.c) \
    $(addprefix pagetables/tests/,arena.c suite.c walker.c))

$(FUZZ_PAGETABLES_OBJ) $(B)/fuzz/pagetables/check.o: FUZZ_FLAGS := $(FUZZ_JUDGE_FLAGS)

$(B)/fuzz/pagetables.a: $(PAGETABLES_SRC:%.c=$(B)/fuzz/%.o)

$(filter $(B)/fuzz/pagetables/%,$(FUZZERS)): $(FUZZ_PAGETABLES_OBJ) $(B)/fuzz/pagetables.a
$(filter $(B)/fuzz/pagetables/%,$(FUZZERS)): FUZZ_LIBS := -lcmocka
