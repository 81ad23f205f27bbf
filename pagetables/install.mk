# SPDX-License-Identifier: BSD-2-Clause
# The page-table library for others: headers, an archive, a pkg-config file; and the example.

PREFIX             := /usr/local
DESTDIR            :=
PAGETABLES_VERSION := 0.1.0

# One archive for kernels and for programs:
#   fPIC, hidden   code that reaches everything relative to itself, with no table that somebody
#                  would have to fill in: so it links at any address, in the top 2 GiB as well as
#                  in a position-independent program or a shared object, whatever the code model
#   the rest       is $(FREESTANDING): no SSE, no red zone, nothing of a C library but memcpy,
#                  memset, memmove and memcmp, which every kernel has
INSTALL_FLAGS := $(FREESTANDING) -fPIC -fvisibility=hidden

$(B)/install/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(INSTALL_FLAGS) -c $< -o $@

$(B)/install/libpagetables.a: $(PAGETABLES_SRC:%.c=$(B)/install/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

# Made anew each time, since PREFIX may be another one than last time.
$(B)/install/pagetables.pc: pagetables/pagetables.pc.in FORCE
	@mkdir -p $(@D)
	@sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(PAGETABLES_VERSION)|' $< > $@

install: $(B)/install/libpagetables.a $(B)/install/pagetables.pc ## the page-table library; PREFIX= DESTDIR=
	install -d $(DESTDIR)$(PREFIX)/include/pagetables $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 $(PAGETABLES_PUBLIC) $(DESTDIR)$(PREFIX)/include/pagetables
	install -m 644 $(B)/install/libpagetables.a $(DESTDIR)$(PREFIX)/lib
	install -m 644 $(B)/install/pagetables.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig

$(B)/host/pagetables/example/example: $(B)/host/pagetables/example/example.o $(B)/host/pagetables.a

test-example: $(B)/host/pagetables/example/example ## the README's program
	@pagetables/example/check.sh $<

test-install: $(B)/install/libpagetables.a $(B)/host/pagetables/example/example ## what `make install` installs
	@pagetables/tests/install.sh "$(MAKE)" "$(CC)" "$(LD)"

.PHONY: install test-example test-install
test-host: test-example test-install
