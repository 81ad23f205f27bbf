# SPDX-License-Identifier: BSD-2-Clause
# A kernel of one's own: depends on pagetables, and on two headers of the loader.
#
# build/kernel/first.elf

FIRST_KERNEL := $(B)/kernel/first.elf
# The last two: what every kernel has, memcpy() and the other three; and the library.
FIRST_OBJ := $(patsubst %,$(B)/kernel/%.o,$(basename $(wildcard loader/first/*.[cS]))) \
             $(B)/kernel/loader/fault/memory.o $(PAGETABLES_SRC:%.c=$(B)/kernel/%.o)

# A program is no kernel: it runs at another address than it is linked to.
$(B)/kernel/loader/first/program.o: KERNEL_FLAGS := $(FREESTANDING) -fpie

$(FIRST_KERNEL): $(FIRST_OBJ) loader/first/first.ld
	$(LD) -static -nostdlib --gc-sections -z noexecstack -z max-page-size=0x1000 \
	    -T loader/first/first.ld -o $@ $(FIRST_OBJ)

all test-machines: $(FIRST_KERNEL)
