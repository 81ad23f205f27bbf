# SPDX-License-Identifier: BSD-2-Clause
# The machine-checked proofs; README.md beside this says of what.

prove: ## proofs of pagetables/ with Frama-C: 15 minutes (needs make deps-proof)
	@mkdir -p $(B)/proof
	$(PYTHON) pagetables/proof/prove.py $(B)/proof

deps-proof: ## install what make prove needs (firmware/packages-proof)
	firmware/deps.sh firmware/packages-proof

.PHONY: prove deps-proof
