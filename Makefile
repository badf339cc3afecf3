# Every target is one line calling a script; `scripts/with-bun.sh` brings the pinned Bun and the
# pinned dependencies first (a matching `bun` on PATH, else the npm package in .tools/).
BUN := ./scripts/with-bun.sh

.DEFAULT_GOAL := help
.PHONY: help run demo build test lab e2e bench fuzz check ok dist clean

help: ## this list
	@grep -E '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

run: ## build the file and run the agent (without a configuration: watches loopback)
	@$(BUN) scripts/run.ts $(ARGS)

demo: ## two emulated uplinks, a stream, a cut cable: watch the switch (needs root, 60 s)
	@$(BUN) scripts/demo.ts

build: ## dist/patronus-agent for this machine
	@$(BUN) scripts/build.ts

test: ## unit, property, golden, wasm and architecture tests (< 60 s)
	@$(BUN) scripts/test.ts unit

lab: ## namespaces, TUN responder, real sockets (needs root)
	@$(BUN) scripts/test.ts lab

e2e: ## the compiled file as an operator uses it
	@$(BUN) scripts/test.ts e2e

bench: ## measure against the bars of the design, side by side with peers
	@$(BUN) scripts/bench.ts

fuzz: ## random input to every parser of outside bytes (FULL=1: long)
	@$(BUN) scripts/test.ts fuzz

check: ## format, lint, types, architecture rules
	@$(BUN) scripts/test.ts check

ok: ## everything CI runs
	@$(BUN) scripts/test.ts ok

dist: ## all targets, with checksums
	@$(BUN) scripts/build.ts --all

clean: ## remove what was built (the tools stay)
	@rm -rf build dist
