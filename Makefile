# Seedbed: `make demo` and `make test` are all that a fresh machine needs; `make help` lists the rest.

SWIFT := swift
RELEASE := .build/release
# A node is one static executable (small, quick to start): built with flags of its own, in a folder
# of its own, and put beside `seedbed`.
NODE_BUILD := $(SWIFT) build -c release --product seedbed-node --scratch-path .build/node \
	-Xswiftc -static-executable -Xswiftc -use-ld=lld
SOURCES := Package.swift Sources Tests Benchmarks Fuzz Mutants

.DEFAULT_GOAL := help
.PHONY: help demo test build bench fuzz mutants lint format docs clean dependencies node

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Install what is missing, build, run the demo network and judge it
	@scripts/demo.sh

test: dependencies ## Install what is missing, build, run all tests
	@scripts/install-dependencies.sh nft:nftables ip:iproute2 \
	  || echo "Tests behind the kernel's NATs are skipped." >&2
	@scripts/install-report-readers.sh || echo "Tests of reports by other readers are skipped." >&2
	$(SWIFT) build -c release --build-tests
	@$(MAKE) --no-print-directory node
	$(SWIFT) test -c release --skip-build

build: dependencies ## Build the release executables into .build/release
	$(SWIFT) build -c release --product seedbed
	@$(MAKE) --no-print-directory node

node:
	$(NODE_BUILD)
	@install -m 755 .build/node/release/seedbed-node $(RELEASE)/seedbed-node

bench: build ## Measure against references in the same run; print ratios
	@scripts/install-dependencies.sh sqlite3 curl nginx
	@scripts/install-supervisord.sh
	@scripts/install-kademlia.sh || echo "The DHT is measured without the PyPI package." >&2
	$(SWIFT) build -c release --product seedbed-benchmarks
	$(RELEASE)/seedbed-benchmarks --json .build/benchmarks.json

fuzz: dependencies ## Try random inputs on everything that takes bytes from outside, for a minute
	$(SWIFT) build -c release --product seedbed-fuzz
	$(RELEASE)/seedbed-fuzz

mutants: dependencies ## Plant bugs in the participants, and count those that the checks find
	$(SWIFT) build -c release --product seedbed-mutants
	$(RELEASE)/seedbed-mutants

lint: ## Check formatting and the repository's own rules
	$(SWIFT) format lint --strict --recursive $(SOURCES)

format: ## Format the sources in place
	$(SWIFT) format --in-place --recursive $(SOURCES)

docs: ## Regenerate the reference pages and the outputs in docs that tests compare with the code
	SEEDBED_RECORD=1 $(SWIFT) test -c release --filter \
	  "ReferenceTests|HistoryFileTests|DocumentationTests|ChecksTests|RecordedOutputTests"
	git diff --stat docs

clean: ## Remove what was built; logs stay
	rm -rf .build

dependencies:
	@scripts/install-dependencies.sh
