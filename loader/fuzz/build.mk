# SPDX-License-Identifier: BSD-2-Clause
# What the loader's fuzzers link; pagetables/fuzz/build.mk has the rest.

$(B)/fuzz/loader.a: $(LOADER_SRC:%.c=$(B)/fuzz/%.o)

$(filter $(B)/fuzz/loader/%,$(FUZZERS)): $(B)/fuzz/loader/fuzz/fuzz.o $(B)/fuzz/loader.a $(B)/fuzz/pagetables.a
