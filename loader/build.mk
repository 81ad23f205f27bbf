# SPDX-License-Identifier: BSD-2-Clause
# The loader: depends on pagetables.

LOADER_SRC := $(wildcard loader/*.c)
LOADER_ASM := $(wildcard loader/*.S)
LOADER_TEST_OBJ := $(patsubst %.c,$(B)/host/%.o,$(filter-out loader/tests/test_%,$(wildcard loader/tests/*.c)))
# A virtual machine: both folders' tests run some instructions in one.
LOADER_TEST_OBJ += $(B)/host/pagetables/tests/vm.o


# Reports of faults, on serial and on the screen: for the stub kernel, and for the early-fault net,
# which is a program of its own (loader/net/build.mk).  Not in the application itself.
LOADER_SHARED_SRC := $(wildcard loader/fault/*.c loader/screen/*.c)

# A test brings its own <string.h>, and has no ports.
$(B)/host/loader.a: $(LOADER_SRC:%.c=$(B)/host/%.o) $(LOADER_ASM:%=$(B)/host/%.o) \
    $(patsubst %.c,$(B)/host/%.o,$(filter-out %/serial.c %/memory.c,$(LOADER_SHARED_SRC)))

# Another BLAKE2b, which ours is compared with.
$(B)/host/loader/tests/test_blake2b: HOST_LIBS := -l:libb2.a
