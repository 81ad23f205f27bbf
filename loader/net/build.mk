# SPDX-License-Identifier: BSD-2-Clause
# The early-fault net: a program of its own, which the loader carries compressed.
#
# build/net/net.elf      what a debugger reads
# build/net/net.head     its first bytes (struct ldr_net_head), for whoever places it
# build/net/net.bin.gz   all that is copied; loader/net.S takes in both

NET_SRC := $(wildcard loader/net/*.c) $(LOADER_SHARED_SRC) \
           $(addprefix pagetables/,explain.c interrupted.c judge.c text.c)
NET_OBJ := $(patsubst %,$(B)/net/%.o,$(basename $(NET_SRC)) $(wildcard loader/net/*.S))

#   Os, lto              every byte is one of the application's
#   fpic, visibility     it runs wherever the kernel leaves room; calls within it need no table
NET_FLAGS := $(FREESTANDING) -Os -flto -fpic -fvisibility=hidden

$(B)/net/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(NET_FLAGS) -c $< -o $@

$(B)/net/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(NET_FLAGS) -Wa,-I$(B)/net -c $< -o $@

# Kept by its build directory's rule (loader/stub/build.mk): the stub kernel has the font, too.
$(B)/net/font.glyphs: loader/net/font.py $(B)/kernel/fonts/Lat15-Terminus16.psf
	@mkdir -p $(@D)
	$(PYTHON) $^ $@

$(B)/net/loader/net/font.S.o: $(B)/net/font.glyphs

# By the compiler, which optimises the whole program here.
#   pack-relative-relocs   the few pointers in it take a bit each, not 24 bytes
$(B)/net/net.elf: $(NET_OBJ) loader/net/net.ld
	$(CC) $(NET_FLAGS) -nostdlib -pie -Wl,--no-dynamic-linker,-Bsymbolic,--no-undefined \
	    -Wl,-z,noexecstack,-z,pack-relative-relocs,--gc-sections,--build-id=none,--fatal-warnings \
	    -Wl,-T,loader/net/net.ld $(NET_OBJ) -o $@

$(B)/net/net.bin: $(B)/net/net.elf
	$(OBJCOPY) -O binary -j .text -j .pointers -j .relr.dyn $< $@

$(B)/net/net.head: $(B)/net/net.bin
	head -c 28 $< > $@

# As small as DEFLATE gets: gzip -9 takes 5 % more.  No name and no time are in it, so the same
# source makes the same application.
$(B)/net/net.bin.gz: $(B)/net/net.bin
	zopfli -c $< > $@

# Who carries it: the application and libpagelift, the host's tests, and pagelift-inspect and its
# fuzzer, which foretell where it lies.
$(foreach kind,efi host inspect fuzz,$(B)/$(kind)/loader/net.S.o): $(B)/net/net.head $(B)/net/net.bin.gz
$(B)/efi/loader/net.S.o: EFI_FLAGS += -Wa,-I$(B)/net
$(B)/host/loader/net.S.o: HOST_FLAGS += -Wa,-I$(B)/net
$(B)/inspect/loader/net.S.o: INSPECT_FLAGS += -Wa,-I$(B)/net
$(B)/fuzz/loader/net.S.o: FUZZ_FLAGS += -Wa,-I$(B)/net
