# SPDX-License-Identifier: BSD-2-Clause
# pagelift-inspect, a program for the host: depends on the loader.
#
# build/pagelift-inspect                     as it is installed
# build/host/loader/inspect/pagelift-inspect   with sanitizers, for its tests

INSPECT_SRC := $(wildcard loader/inspect/*.c)
INSPECT     := $(B)/pagelift-inspect
INSPECT_SAN := $(B)/host/loader/inspect/pagelift-inspect

# An ordinary program, with the loader's asserts off, as in the application.
INSPECT_FLAGS := $(COMMON) -O2 -D_GNU_SOURCE

$(B)/inspect/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(INSPECT_FLAGS) -c $< -o $@

# The early-fault net, as the application carries it (loader/net/build.mk).
$(B)/inspect/%.S.o: %.S
	@mkdir -p $(@D)
	$(CC) $(INSPECT_FLAGS) -c $< -o $@

# From the archive, so that only what it calls is linked: no code that runs on bare metal.
$(B)/inspect/loader.a: $(patsubst %.c,$(B)/inspect/%.o,$(LOADER_SRC) $(PAGETABLES_SRC)) \
    $(B)/inspect/loader/net.S.o
	@rm -f $@
	$(AR) rcs $@ $^

$(INSPECT): $(INSPECT_SRC:%.c=$(B)/inspect/%.o) $(B)/inspect/loader.a
	$(CC) $(INSPECT_FLAGS) -o $@ $^

$(INSPECT_SAN): $(INSPECT_SRC:%.c=$(B)/host/%.o) $(B)/host/loader.a $(B)/host/pagetables.a
	$(CC) $(HOST_FLAGS) -o $@ $^

all: $(INSPECT)

# What is tested is the program with sanitizers; the kernels are the stub's.
test-inspect: $(INSPECT) $(INSPECT_SAN) $(STUB_KERNELS) $(FIRST_KERNEL) ## pagelift-inspect, on good, odd and damaged kernels
	$(PYTHON) -m pytest -c firmware/pytest.ini loader/inspect/tests

inspect-readme: $(INSPECT) ## what pagelift-inspect's README quotes, anew
	$(PYTHON) loader/inspect/tests/readme.py

install: install-inspect
install-inspect: $(INSPECT)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(INSPECT) $(DESTDIR)$(PREFIX)/bin

# A test that calls `make install` shall find all built: several makes may run at once.
test-install: $(INSPECT)

# Whole machines show whether what it foretells comes true.
test-machines: $(INSPECT)

.PHONY: test-inspect inspect-readme install-inspect
test-host: test-inspect
