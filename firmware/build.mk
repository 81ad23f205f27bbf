# SPDX-License-Identifier: BSD-2-Clause
# Images, machines and the tests that need a whole machine.  firmware/README.md
# says more about them.

# What a person may set: make run MACHINE=bochs MEMORY=2G
MACHINE := qemu
MEMORY  := 512M
CPU     := max
SMP     := 4
TIME    := 60
KERNEL  := $(B)/kernel/stub.elf
BOOT    := --machine $(MACHINE) --memory $(MEMORY) --cpu $(CPU) --processors $(SMP) --time-limit $(TIME)

# Python keeps what it compiled out of the source folders.
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(B)/python

# What is on a bootable volume.
VOLUME = /EFI/BOOT/BOOTX64.EFI=$(EFI_APP) /limine.conf=firmware/limine.conf \
         /boot/stub.elf=$(KERNEL)

.PHONY: run debug image screenshot boot-baseline test-machines layering deps FORCE

# Made anew each time, since KERNEL may be another one than last time.
$(B)/pagelift.img $(B)/pagelift-usb.img: FORCE $(EFI_APP) $(KERNEL) firmware/limine.conf
	@mkdir -p $(@D)
	$(PYTHON) firmware/image.py $(if $(findstring usb,$@),usb,esp) $@ $(VOLUME)

image: $(B)/pagelift.img $(B)/pagelift-usb.img ## disk images: the volume alone, and for a USB stick
	@ls -lsh $^

run: $(B)/pagelift.img ## boot in QEMU, or with MACHINE=bochs; MEMORY= CPU= SMP= KERNEL= TIME=
	$(PYTHON) firmware/machine.py $(BOOT) $<

debug: $(B)/pagelift.img ## boot in a QEMU that waits for gdb, with symbols
	$(PYTHON) firmware/debug.py $(BOOT) --kernel $(KERNEL) --application $(B)/efi/pagelift.so \
	    --script $(B)/debug.gdb $<

screenshot: $(B)/pagelift.img $(B)/menu.img ## pictures of the booted stub kernel and of the menu, for the README
	$(PYTHON) firmware/screenshot.py $(BOOT) --picture firmware/screenshot.png $<
	$(PYTHON) firmware/screenshot.py $(BOOT) --picture firmware/menu.png \
	    --until "any key stops that" $(B)/menu.img -- -vga none -device VGA,xres=640,yres=480

$(B)/menu.img: FORCE $(EFI_APP) $(KERNEL) firmware/menu.conf
	@mkdir -p $(@D)
	$(PYTHON) firmware/image.py esp $@ $(subst firmware/limine.conf,firmware/menu.conf,$(VOLUME))

# One whole-machine test writes what it measures instead of comparing it.
boot-baseline: $(EFI_APP) $(EFI_COUNT) $(KERNEL) ## write the instructions that a boot takes now as the new baseline
	$(PYTHON) -m pytest firmware/tests/test_instructions.py --renew-baseline

test-machines: $(EFI_APP) $(EXAMPLES) $(EFI_LEVELS) $(EFI_MADT) $(EFI_COUNT) $(STUB_KERNELS) $(B)/pagelift-usb.img ## whole-machine tests (pytest)
	$(PYTHON) -m pytest firmware/tests

# What freestanding pagetables objects leave to be defined: at most these four.
LIBC_FOUR    := memcpy memset memmove memcmp
FREE_OBJ      = $(PAGETABLES_SRC:%.c=$(B)/kernel/%.o)

layering: $(FREE_OBJ) ## prove that dependencies run one way only
	$(PYTHON) .ci/layering.py
	@$(LD) -r -o $(B)/kernel/pagetables.o $(FREE_OBJ)
	@wanted=$$(nm --undefined-only --format=just-symbols $(B)/kernel/pagetables.o); \
	for name in $$wanted; do case " $(LIBC_FOUR) " in *" $$name "*) ;; \
	    *) echo "layering: pagetables/ needs $$name, which nobody gives it" >&2; exit 1;; esac; done; \
	echo "layering: pagetables/ needs nothing but" $${wanted:-itself}

deps: ## install the Debian packages that are missing (firmware/packages)
	firmware/deps.sh firmware/packages
