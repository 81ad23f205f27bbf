# SPDX-License-Identifier: BSD-2-Clause
# Fuzzers: every loader/fuzz/fuzz_*.c is a program on libFuzzer, and so is every
# pagetables/fuzz/fuzz_*.c.  loader/fuzz/README.md says more.

SECONDS := 60# for each fuzzer

# Warnings are gcc's business, which compiles the same files: clang has others.
FUZZ_FLAGS := $(COMMON) -w -O1 -D_GNU_SOURCE -DPGT_ASSERT \
              -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_LINK  := $(FUZZ_FLAGS) -fsanitize=fuzzer

FUZZERS := $(patsubst %.c,$(B)/fuzz/%,$(wildcard pagetables/fuzz/fuzz_*.c loader/fuzz/fuzz_*.c))
FUZZ_PAGETABLES_OBJ := $(patsubst %.c,$(B)/fuzz/%.o,$(filter-out pagetables/fuzz/fuzz_%,$(wildcard pagetables/fuzz/*.c)))

$(B)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_FLAGS) -c $< -o $@

$(B)/fuzz/pagetables.a: $(PAGETABLES_SRC:%.c=$(B)/fuzz/%.o)
$(B)/fuzz/loader.a: $(LOADER_SRC:%.c=$(B)/fuzz/%.o)
$(B)/fuzz/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

$(filter $(B)/fuzz/pagetables/%,$(FUZZERS)): %: %.o $(FUZZ_PAGETABLES_OBJ) $(B)/fuzz/pagetables.a
	$(CLANG) $(FUZZ_LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^)
$(filter $(B)/fuzz/loader/%,$(FUZZERS)): %: %.o $(B)/fuzz/loader/fuzz/fuzz.o $(B)/fuzz/loader.a $(B)/fuzz/pagetables.a
	$(CLANG) $(FUZZ_LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^)

# The tool's own main(), under another name.
$(B)/fuzz/loader/inspect/main.o: FUZZ_FLAGS += -Dmain=inspect_main -Wno-missing-prototypes
$(B)/fuzz/loader/fuzz/fuzz_inspect: $(INSPECT_SRC:%.c=$(B)/fuzz/%.o)

fuzz: $(FUZZERS) ## fuzz for SECONDS= each, two at a time; what they find is under build/fuzz/findings
	$(PYTHON) loader/fuzz/run.py --seconds $(SECONDS) --output $(B)/fuzz $(FUZZERS:$(B)/fuzz/%=%)

.PHONY: fuzz
