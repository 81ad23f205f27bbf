# SPDX-License-Identifier: BSD-2-Clause
# The page-table library: depends on nothing.

PAGETABLES_SRC := $(wildcard pagetables/*.c)
PAGETABLES_TEST_OBJ := $(patsubst %.c,$(B)/host/%.o,$(filter-out pagetables/tests/test_%,$(wildcard pagetables/tests/*.c)))

$(B)/host/pagetables.a: $(PAGETABLES_SRC:%.c=$(B)/host/%.o)
