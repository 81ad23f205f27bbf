# SPDX-License-Identifier: BSD-2-Clause
# The benchmark: the library with a kernel's flags beside hand-written loops.

BENCH_FLAGS := $(COMMON) -O2 -mgeneral-regs-only -mno-red-zone
BENCH_OBJ   := $(patsubst %.c,$(B)/bench/%.o,$(filter-out %live.c,$(PAGETABLES_SRC)) \
                 pagetables/bench/workloads.c)

$(B)/bench/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -c $< -o $@

# The runner measures and prints, which takes floating point.
$(B)/bench/pagetables/bench/bench.o: pagetables/bench/bench.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -D_GNU_SOURCE -O2 -c $< -o $@

$(B)/bench/pagetables-bench: $(BENCH_OBJ) $(B)/bench/pagetables/bench/bench.o
	$(CC) -o $@ $^

$(B)/bench/pagetables.tsv: $(B)/bench/pagetables-bench FORCE
	$< > $@
	@cat $@

$(B)/bench/pagetables.svg: $(B)/bench/pagetables.tsv pagetables/bench/plot.gnuplot
	gnuplot -e "table='$<'; picture='$@'" pagetables/bench/plot.gnuplot

.PHONY: bench
bench: $(B)/bench/pagetables.svg ## the library's speed beside hand-written loops, as a table and a picture
