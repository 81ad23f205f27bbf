# SPDX-License-Identifier: BSD-2-Clause
# The UEFI application: depends on the loader, and alone on gnu-efi.

EFI_SRC := $(wildcard efi/*.c)
EFI_APP := $(B)/efi/BOOTX64.EFI
EFI_START := /usr/lib/crt0-efi-x86_64.o
APPLICATION_ELF := $(B)/efi/pagelift.so# what a debugger reads

EFI_OBJ := $(patsubst %.c,$(B)/efi/%.o,$(EFI_SRC) $(LOADER_SRC) $(PAGETABLES_SRC)) \
           $(LOADER_ASM:%=$(B)/efi/%.o)

#   Os                   a loader runs once, and firmware reads all of it from a slow disk
#   fpic, visibility     firmware loads it anywhere; calls within it need no table
#   fshort-wchar         L"" is UTF-16, as UEFI wants it
#   MS_ABI               protocol members carry firmware's calling convention in their type
#   isystem              gnu-efi's headers are not ours to warn about
GNU_EFI   := -fshort-wchar -DGNU_EFI_USE_MS_ABI \
             -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
EFI_FLAGS := $(FREESTANDING) -Os -fpic -fvisibility=hidden $(GNU_EFI)

$(B)/efi/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(EFI_FLAGS) -c $< -o $@

# With its suffix: handoff.c and handoff.S are two objects.
$(B)/efi/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(EFI_FLAGS) -c $< -o $@

# For whole-machine tests: a firmware with 5-level paging on, of the same parts.
EFI_LEVELS     := $(B)/efi/levels.efi
EFI_LEVELS_OBJ := $(B)/efi/efi/tests/levels/levels.o $(B)/efi/efi/tests/levels/switch.S.o \
                  $(filter-out $(B)/efi/efi/main.o,$(EFI_OBJ))

$(APPLICATION_ELF): $(EFI_OBJ)
$(B)/efi/levels.so: $(EFI_LEVELS_OBJ)

# A shared object first: it has the symbols, for gdb.  Symbols bind within it, and what
# is missing is an error here rather than a jump to 0 later.
$(APPLICATION_ELF) $(B)/efi/levels.so: efi/application.ld
	$(LD) -nostdlib -shared -Bsymbolic --no-undefined -z noexecstack \
	  --gc-sections --fatal-warnings -T efi/application.ld $(EFI_START) $(filter %.o,$^) \
	  -L/usr/lib -lgnuefi -o $@

# Then its sections as a PE file.
TO_PE := $(OBJCOPY) --target efi-app-x86_64 --section-alignment 4096 --file-alignment 4096 \
         --strip-all -j .text -j .rodata -j .dynamic -j .rela -j .data -j .reloc

# efi/pe.py checks each of its rights, and says in its header that no-execute data suits
# it, for which objcopy has no option.
$(EFI_APP): $(APPLICATION_ELF) efi/pe.py
	$(TO_PE) $< $@
	$(PYTHON) efi/pe.py $@

$(EFI_LEVELS): $(B)/efi/levels.so
	$(TO_PE) $< $@

all: $(EFI_APP)

# For the host's tests: without the entry, and with the host's own <string.h>.
EFI_TEST_SRC := $(filter-out efi/tests/test_%,$(wildcard efi/tests/*.c))
EFI_TEST_OBJ := $(EFI_TEST_SRC:%.c=$(B)/host/%.o) $(B)/host/efi.a
$(B)/host/efi/%.o: HOST_FLAGS += $(GNU_EFI)
$(B)/host/efi.a: $(patsubst %.c,$(B)/host/%.o,$(filter-out efi/main.c efi/string.c,$(EFI_SRC)))
