# SPDX-License-Identifier: BSD-2-Clause
# libpagelift for others: a header, an archive, a pkg-config file, the application; and the
# examples, which are built as others would, from what was installed.

# Two objects:
#   pagelift.o  all that the public functions need, in one, with every other name hidden: so no
#               name of ours meets one of an application's; without what only our own compiler
#               reads (-flto)
#   string.o    memcpy and the like, for an application that has none
LIBPAGELIFT     := $(B)/install/libpagelift.a
PAGELIFT_PUBLIC := open gather load map exit jump close reason boot

$(B)/install/efi/pagelift.o: $(filter-out $(B)/efi/efi/main.o,$(EFI_OBJ))
	@mkdir -p $(@D)
	$(LD) -r --gc-sections --fatal-warnings $(PAGELIFT_PUBLIC:%=-u pagelift_%) $^ -o $@
	$(OBJCOPY) $(PAGELIFT_PUBLIC:%=-G pagelift_%) --strip-debug -R '.gnu.lto_*' $@

$(LIBPAGELIFT): $(B)/install/efi/pagelift.o $(B)/efi/efi/string.o
	@rm -f $@
	$(AR) rcs $@ $^

install: install-pagelift
install-pagelift: $(LIBPAGELIFT) $(EFI_APP)
	install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	  $(DESTDIR)$(PREFIX)/lib/pagelift
	install -m 644 efi/pagelift.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(LIBPAGELIFT) $(DESTDIR)$(PREFIX)/lib
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(PAGETABLES_VERSION)|' efi/pagelift.pc.in \
	  > $(DESTDIR)$(PREFIX)/lib/pkgconfig/pagelift.pc
	install -m 644 efi/application.ld $(EFI_APP) $(DESTDIR)$(PREFIX)/lib/pagelift

# `make install` within a test shall find all built: several makes may run at once.
test-install: $(LIBPAGELIFT) $(EFI_APP)

# Installed to a folder of the build, and built with nothing but that in reach.
EXAMPLES := $(B)/efi/example/mapping.efi $(B)/efi/example/embedded.efi
$(EXAMPLES) &: $(LIBPAGELIFT) $(EFI_APP) $(B)/kernel/stub.elf $(wildcard efi/example/*) efi/tests/install.sh \
               efi/pagelift.h efi/application.ld efi/pagelift.pc.in efi/install.mk
	@efi/tests/install.sh "$(MAKE)" $(B)/efi/example $(B)/kernel/stub.elf

test-library: $(EXAMPLES) ## what `make install` installs of the loader, and the examples on it
test-host: test-library

all: $(LIBPAGELIFT)
.PHONY: install-pagelift test-library
