# SPDX-License-Identifier: BSD-2-Clause
# The UEFI application: depends on the loader, and alone on gnu-efi.

EFI_SRC := $(wildcard efi/*.c)
EFI_APP := $(B)/efi/BOOTX64.EFI
EFI_START := /usr/lib/crt0-efi-x86_64.o
APPLICATION_ELF := $(B)/efi/pagelift.so# what a debugger reads

EFI_OBJ := $(patsubst %.c,$(B)/efi/%.o,$(EFI_SRC) $(LOADER_SRC) $(PAGETABLES_SRC)) \
           $(LOADER_ASM:%=$(B)/efi/%.o)

#   Oz                   a loader runs once, and firmware reads all of it from a slow disk
#   skip-rax-setup       no argument is in a vector register, so none need be counted
#   fpic, visibility     firmware loads it anywhere; calls within it need no table
#   fshort-wchar         L"" is UTF-16, as UEFI wants it
#   MS_ABI               protocol members carry firmware's calling convention in their type
#   isystem              gnu-efi's headers are not ours to warn about
#   flto, fat objects    the application is optimised as a whole; libpagelift has ordinary code
#   called-once          a function inlined into its only caller makes this program larger
GNU_EFI   := -fshort-wchar -DGNU_EFI_USE_MS_ABI \
             -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
EFI_FLAGS := $(FREESTANDING) -Oz -mskip-rax-setup -fpic -fvisibility=hidden $(GNU_EFI) \
             -flto -ffat-lto-objects -fno-inline-functions-called-once

$(B)/efi/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(EFI_FLAGS) -c $< -o $@

# GCC calls these by name once it has optimised the whole, when it is too late to see them used.
$(B)/efi/efi/string.o: EFI_FLAGS += -fno-lto

# With its suffix: handoff.c and handoff.S are two objects.
$(B)/efi/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(EFI_FLAGS) -c $< -o $@

# For whole-machine tests: a firmware with 5-level paging on, one with a difficult table of
# processors, and one that tells what a boot costs, of the same parts.
EFI_LEVELS     := $(B)/efi/levels.efi
EFI_MADT       := $(B)/efi/madt.efi
EFI_COUNT      := $(B)/efi/count.efi
EFI_BEFORE     := $(EFI_LEVELS:%.efi=%.so) $(EFI_MADT:%.efi=%.so) $(EFI_COUNT:%.efi=%.so)
EFI_BEFORE_OBJ := $(B)/efi/efi/tests/levels/next.o $(filter-out $(B)/efi/efi/main.o,$(EFI_OBJ))

$(APPLICATION_ELF): $(EFI_OBJ)
$(B)/efi/levels.so: $(B)/efi/efi/tests/levels/levels.o $(B)/efi/efi/tests/levels/switch.S.o
$(B)/efi/madt.so: $(B)/efi/efi/tests/madt/madt.o
$(B)/efi/count.so: $(B)/efi/efi/tests/count/count.o
$(EFI_BEFORE): $(EFI_BEFORE_OBJ)

# A shared object first: it has the symbols, for gdb.  Symbols bind within it, and what
# is missing is an error here rather than a jump to 0 later.
#   by the compiler      which optimises the whole program now, in one piece
#   maybe-uninitialized  warns of outputs that are unset after a refusal, once callers inline it
$(APPLICATION_ELF) $(EFI_BEFORE): efi/application.ld
	$(CC) $(EFI_FLAGS) -flto-partition=one -Wno-maybe-uninitialized -nostdlib -shared \
	  -Wl,-Bsymbolic,--no-undefined,-z,noexecstack,--build-id=none \
	  -Wl,--gc-sections,--fatal-warnings,-T,efi/application.ld \
	  $(EFI_START) $(filter %.o,$^) -L/usr/lib -lgnuefi -o $@

# Then its sections as a PE file.  Pages of their own they need in memory, not in the file.
TO_PE := $(OBJCOPY) --target efi-app-x86_64 --section-alignment 4096 --file-alignment 512 \
         --strip-all -j .text -j .rodata -j .rela -j .data -j .reloc

# efi/pe.py checks each of its rights, and says in its header that no-execute data suits
# it, for which objcopy has no option.
$(EFI_APP): $(APPLICATION_ELF) efi/pe.py
	$(TO_PE) $< $@
	$(PYTHON) efi/pe.py $@

$(EFI_LEVELS) $(EFI_MADT) $(EFI_COUNT): $(B)/efi/%.efi: $(B)/efi/%.so
	$(TO_PE) $< $@

all: $(EFI_APP)

# For the host's tests: without the entry, and with the host's own <string.h>.
EFI_TEST_SRC := $(filter-out efi/tests/test_%,$(wildcard efi/tests/*.c))
EFI_TEST_OBJ := $(EFI_TEST_SRC:%.c=$(B)/host/%.o) $(B)/host/efi.a
$(B)/host/efi/%.o: HOST_FLAGS += $(GNU_EFI)
$(B)/host/efi.a: $(patsubst %.c,$(B)/host/%.o,$(filter-out efi/main.c efi/string.c,$(EFI_SRC)))

# The whole boot path: with the entry, with every call of what only ring 0 may do led elsewhere
# (efi/tests/boot/processor.c), and with a kernel to boot.
BOOT_TEST_OBJ := $(patsubst %.c,$(B)/host/%.o,$(wildcard efi/tests/boot/*.c)) \
                 $(B)/host/efi/main.o $(B)/host/loader/tests/elf_builder.o
BOOT_WRAPPED  := port_write port_read port_read32 msr_read msr_write cpuid_read interrupts_off \
                 processor_halt pgt_detect ldr_control_read ldr_handoff_jump cr3_read tsc_read \
                 serial_open serial_write serial_read
BOOT_TESTS    := $(addprefix $(B)/host/efi/tests/test_,boot boot_faults pagelift)
$(BOOT_TESTS): $(BOOT_TEST_OBJ)
$(BOOT_TESTS): HOST_LIBS += $(BOOT_WRAPPED:%=-Wl,--wrap=%)

# A model of a processor's registers in place of the real ones (efi/tests/processors/).
PROCESSORS_WRAPPED := msr_read msr_write cpuid_read cr0_read cr0_write cr3_read caches_flush \
                      processor_pause tsc_read
PROCESSORS_TESTS   := $(addprefix $(B)/host/efi/tests/test_,local_apic processors)
$(PROCESSORS_TESTS): $(B)/host/efi/tests/processors/model.o
$(PROCESSORS_TESTS): HOST_LIBS += $(PROCESSORS_WRAPPED:%=-Wl,--wrap=%)

include efi/install.mk
