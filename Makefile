# One door to everything; each target is a script or a cargo command that can be called by itself.
.DEFAULT_GOAL := help
.PHONY: help run build test test-cgroup-v2 lint fmt bench bench-money bench-judge bench-page screenshots pictures soak compose-test

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Serve everything in one process on http://127.0.0.1:8080 (data in ./data)
	target/release/herald up

build: ## Build target/release/herald, with the page in it
	scripts/build-page.sh
	cargo build --release --locked --package herald --bin herald

test: ## Run everything that has to be true (installs what it needs, as root on Debian)
	scripts/test.sh

test-cgroup-v2: ## Run the sandbox's tests of cgroups in a kernel that has version 2 only (qemu)
	scripts/test-cgroup-v2.sh

lint: ## Check format, lints, docs, dependencies and offline query data
	scripts/lint.sh

fmt: ## Format the code
	cargo fmt --all

bench: ## Measure, and print ratios
	scripts/bench.sh

bench-money: ## Measure the flow of money: transfers and what services make of them
	scripts/bench.sh --money

bench-judge: ## Measure the judge: one run in the sandbox, beside bubblewrap and nsjail
	scripts/bench.sh --judge

bench-page: ## Measure the Race page in a browser: pushing beside polling
	scripts/page-test.sh bench-page.mjs

screenshots: ## Take pictures of every page, wide and narrow, light and dark, into target/screenshots
	scripts/page-test.sh screenshots.mjs

pictures: ## Make the pictures of the README from the real page
	scripts/page-test.sh tour.mjs

soak: ## Run the fault tests with their full counts
	scripts/soak.sh

compose-test: ## Build the compose stack and see that it does what it should (needs Docker)
	scripts/compose-test.sh
