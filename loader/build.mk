# SPDX-License-Identifier: BSD-2-Clause
# The loader: depends on pagetables.

LOADER_SRC := $(wildcard loader/*.c)
LOADER_ASM := $(wildcard loader/*.S)
LOADER_TEST_OBJ := $(patsubst %.c,$(B)/host/%.o,$(filter-out loader/tests/test_%,$(wildcard loader/tests/*.c)))

$(B)/host/loader.a: $(LOADER_SRC:%.c=$(B)/host/%.o) $(LOADER_ASM:%=$(B)/host/%.o)
