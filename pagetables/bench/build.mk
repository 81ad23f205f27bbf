# SPDX-License-Identifier: BSD-2-Clause
# The benchmark: the library with a kernel's flags beside hand-written loops.

BENCH_FLAGS := $(COMMON) -O2 -mgeneral-regs-only -mno-red-zone
BENCH_OBJ   := $(patsubst %.c,$(B)/bench/%.o,$(filter-out %live.c,$(PAGETABLES_SRC)) \
                 pagetables/bench/workloads.c)

$(B)/bench/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_FLAGS) -c $< -o $@

# What measures and prints takes floating point, and threads.
BENCH_RUNNER := $(addprefix $(B)/bench/pagetables/bench/,bench.o growth.o readers.o)
$(BENCH_RUNNER): $(B)/bench/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -D_GNU_SOURCE -O2 -c $< -o $@

$(B)/bench/pagetables-bench: $(BENCH_OBJ) $(BENCH_RUNNER)
	$(CC) -pthread -o $@ $^

$(B)/bench/pagetables.tsv: $(B)/bench/pagetables-bench FORCE
	$< > $@
	@cat $@

$(B)/bench/growth.tsv: $(B)/bench/pagetables-bench FORCE
	$< -g > $@

$(B)/bench/pagetables.svg: $(B)/bench/pagetables.tsv pagetables/bench/plot.gnuplot
	gnuplot -e "table='$<'; picture='$@'" pagetables/bench/plot.gnuplot

$(B)/bench/growth.svg: $(B)/bench/growth.tsv pagetables/bench/growth.gnuplot
	gnuplot -e "table='$<'; picture='$@'" pagetables/bench/growth.gnuplot

# For counting instructions: with memory functions that are the same on every processor, and so
# compiled that their loops stay loops and don't become calls of themselves.
$(B)/bench/pagetables/bench/memory.o: BENCH_FLAGS += -fno-tree-loop-distribute-patterns

$(B)/bench/pagetables-count: $(BENCH_OBJ) $(BENCH_RUNNER) $(B)/bench/pagetables/bench/memory.o
	$(CC) -pthread -o $@ $^

BENCH_COUNT = $(PYTHON) pagetables/bench/count.py $< pagetables/bench/baseline.tsv

test-counts: $(B)/bench/pagetables-count ## no workload executes a tenth more instructions than it did
	@$(BENCH_COUNT)

bench-baseline: $(B)/bench/pagetables-count ## write what they execute now as the new baseline
	$(BENCH_COUNT) --renew

.PHONY: bench test-counts bench-baseline
test-host: test-counts
bench: $(B)/bench/pagetables.svg $(B)/bench/growth.svg ## the library's speed beside hand-written loops, as tables and pictures
