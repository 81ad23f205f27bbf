# SPDX-License-Identifier: BSD-2-Clause
# What the loader's fuzzers link; pagetables/fuzz/build.mk has the rest.

$(B)/fuzz/loader.a: $(LOADER_SRC:%.c=$(B)/fuzz/%.o)

# All of pagelift-inspect: its own main() under another name, and the early-fault net that it places
# (loader/net/build.mk).
$(B)/fuzz/loader/inspect/main.o: FUZZ_FLAGS += -Dmain=inspect_main -Wno-missing-prototypes
$(B)/fuzz/loader/net.S.o: loader/net.S
	$(CLANG) $(FUZZ_FLAGS) -c $< -o $@
$(B)/fuzz/loader/fuzz/fuzz_inspect: \
    $(patsubst %.c,$(B)/fuzz/%.o,$(wildcard loader/inspect/*.c)) $(B)/fuzz/loader/net.S.o

$(filter $(B)/fuzz/loader/%,$(FUZZERS)): $(B)/fuzz/loader/fuzz/fuzz.o $(B)/fuzz/loader.a $(B)/fuzz/pagetables.a
