# SPDX-License-Identifier: BSD-2-Clause
# Would the tests notice?  pagetables/MUTATION.md is the report of the last long run.

MUTANTS := 200# how many to try; 100000 are all that there are
SEED    := 1

mutate: ## change the page tables' code in MUTANTS= small ways: do the tests notice? (200: 5 minutes)
	$(PYTHON) pagetables/mutation/mutate.py --mutants $(MUTANTS) --seed $(SEED) \
	    --report $(B)/mutation/report.md

.PHONY: mutate
