# SPDX-License-Identifier: BSD-2-Clause
# The stub kernel: depends on pagetables (and what its tests combine rights with) and on
# loader/format.c.
#
# build/kernel/stub.elf     the kernel, of the newest base revision
# build/kernel/stub-N.elf   of base revision N
# build/kernel/stub-{hang,reset,fail,crash}.elf   with a flaw on purpose
# build/kernel/stub-5level.elf   that wants page tables of 5 levels, and will do with 4
# build/kernel/stub-pie.elf   a PIE, with packed relocations and RELRO
# build/kernel/stub-odd.elf   with requests beside those that count, for a loader to warn of

STUB_REVISIONS := 0 1 2 3 4 5 6
STUB_FLAWS     := hang reset fail crash
STUB_NEWEST    := 6
STUB_VARIANTS  := $(STUB_REVISIONS) $(STUB_FLAWS) 5level
STUB_KERNELS   := $(B)/kernel/stub.elf $(B)/kernel/stub-pie.elf $(STUB_VARIANTS:%=$(B)/kernel/stub-%.elf) \
                  $(B)/kernel/stub-odd.elf

#   mcmodel=kernel, no-pic, no-pie   linked at a fixed address in the top 2 GiB
#   no-omit-frame-pointer, no-optimize-sibling-calls   backtraces name every caller
#   no-tree-loop-distribute-patterns   or the loops in mem.c would call themselves
KERNEL_FLAGS := $(FREESTANDING) -mcmodel=kernel -fno-pic -fno-pie \
                -fno-omit-frame-pointer -fno-optimize-sibling-calls \
                -fno-tree-loop-distribute-patterns

# What every variant shares, and what is compiled for each.
STUB_COMMON_SRC := $(filter-out loader/stub/variant%.c,$(wildcard loader/stub/*.c)) \
                   loader/format.c $(LOADER_SHARED_SRC) $(wildcard pagetables/*.c) \
                   pagetables/tests/rights.c
STUB_ASM        := $(wildcard loader/stub/*.S)
STUB_OBJ        := $(STUB_COMMON_SRC:%.c=$(B)/kernel/%.o) $(STUB_ASM:%.S=$(B)/kernel/%.o)

$(B)/kernel/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -c $< -o $@

$(B)/kernel/%.o: %.S
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -c $< -o $@

# Console fonts of the Debian package console-setup-linux, embedded by fonts.S.
STUB_FONTS    := Lat15-Terminus16 Lat15-TerminusBold16 Lat15-Terminus24x12 \
                 Lat15-TerminusBold24x12 Lat15-TerminusBold32x16
STUB_FONT_DIR := /usr/share/consolefonts

# The package's file is no prerequisite: where `make deps` brings it in the same run, make would
# take it for a file that it made itself on the way, and delete it at the end.
$(B)/kernel/fonts/%.psf:
	@mkdir -p $(@D)
	@test -f $(STUB_FONT_DIR)/$*.psf.gz || { echo "$(STUB_FONT_DIR)/$*.psf.gz is missing:" \
	    "install the package console-setup-linux (make deps does)" >&2; exit 1; }
	gzip -dc $(STUB_FONT_DIR)/$*.psf.gz > $@

# The assembler finds them by its include path; the compiler doesn't see that it needs them.
$(B)/kernel/loader/stub/fonts.o: KERNEL_FLAGS += -Wa,-I$(B)/kernel/fonts
$(B)/kernel/loader/stub/fonts.o: $(STUB_FONTS:%=$(B)/kernel/fonts/%.psf)

# One variant: its base revision, its flaw and its levels.
STUB_LEVELS = -DSTUB_MODE=LIMINE_PAGING_MODE_X86_64_$(1)LVL

$(B)/kernel/variant-%.o: loader/stub/variant.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -DSTUB_BASE_REVISION=$* -DSTUB_FAULT=none \
	    $(call STUB_LEVELS,4) -c $< -o $@

$(B)/kernel/variant-0.o: loader/stub/variant_0.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -DSTUB_FAULT=none -c $< -o $@

$(STUB_FLAWS:%=$(B)/kernel/variant-%.o): $(B)/kernel/variant-%.o: loader/stub/variant.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -DSTUB_BASE_REVISION=$(STUB_NEWEST) -DSTUB_FAULT=$* \
	    $(call STUB_LEVELS,4) -c $< -o $@

$(B)/kernel/variant-5level.o: loader/stub/variant.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -DSTUB_BASE_REVISION=$(STUB_NEWEST) -DSTUB_FAULT=none \
	    $(call STUB_LEVELS,5) -c $< -o $@

# max-page-size: or ld would pad the file so that segments could be mapped with 2 MiB pages.
STUB_LINK = $(LD) -static -nostdlib --gc-sections -z noexecstack -z max-page-size=0x1000 \
            -T loader/stub/stub.ld -o $@ $(filter %.o,$^)

$(B)/kernel/stub-%.elf: $(B)/kernel/variant-%.o $(STUB_OBJ) loader/stub/stub.ld
	$(STUB_LINK)

# The newest, and one file more.
$(B)/kernel/stub-odd.elf: $(B)/kernel/variant-$(STUB_NEWEST).o \
                          $(B)/kernel/loader/stub/variant_odd.o $(STUB_OBJ) loader/stub/stub.ld
	$(STUB_LINK)

# The newest as a PIE, linked as loader/stub/pie.ld says.  Its assembly is the others': that has no
# address in it.
#   z text            a relocation in text or read-only data is an error here
STUB_PIE_FLAGS := $(filter-out -mcmodel=kernel -fno-pic -fno-pie,$(KERNEL_FLAGS)) \
                  -fpie -fvisibility=hidden
STUB_PIE_OBJ   := $(STUB_COMMON_SRC:%.c=$(B)/kernel/pie/%.o) \
                  $(B)/kernel/pie/loader/stub/variant.o $(STUB_ASM:%.S=$(B)/kernel/%.o)

$(B)/kernel/pie/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(STUB_PIE_FLAGS) $(STUB_PIE_MORE) -c $< -o $@

$(B)/kernel/pie/loader/stub/variant.o: STUB_PIE_MORE := -DSTUB_FAULT=none \
    -DSTUB_BASE_REVISION=$(STUB_NEWEST) $(call STUB_LEVELS,4)

$(B)/kernel/stub-pie.elf: $(STUB_PIE_OBJ) loader/stub/pie.ld
	$(LD) -pie --no-dynamic-linker -nostdlib --gc-sections -z text -z relro -z noexecstack \
	    -z max-page-size=0x1000 -z pack-relative-relocs -T loader/stub/pie.ld -o $@ $(filter %.o,$^)

$(B)/kernel/stub.elf: $(B)/kernel/stub-$(STUB_NEWEST).elf
	cp $< $@

# Kept, though only pattern rules name them.
.SECONDARY: $(STUB_OBJ) $(STUB_VARIANTS:%=$(B)/kernel/variant-%.o) \
            $(STUB_FONTS:%=$(B)/kernel/fonts/%.psf)

all: $(STUB_KERNELS)
