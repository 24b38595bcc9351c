# Thin: every target is a command that one could type. `make demo` shows it, `make test` is what CI runs.
.PHONY: setup demo demo-clean test test-faults test-gpio check bench mutants gen web browser fmt deb test-deb test-units
.NOTPARALLEL:

WEB := server/web
BUILT := $(or $(CARGO_TARGET_DIR),target)/debug
MEASURED := $(or $(CARGO_TARGET_DIR),target)/measured
SIMULATED := $(abspath $(or $(CARGO_TARGET_DIR),target))/faults/simulated.json
RULES := $(or $(CARGO_TARGET_DIR),target)/rules
CARGO_TEST := $(shell cargo nextest --version >/dev/null 2>&1 && echo 'nextest run --no-fail-fast' || echo 'test --no-fail-fast')
PAGES := $(shell find $(WEB)/src $(WEB)/public -type f 2>/dev/null) \
    $(addprefix $(WEB)/,index.html package.json package-lock.json tsconfig.json vite.config.ts)
SPELLED := ':!*.lock' ':!*package-lock.json' ':!LICENSE-*' ':!access-core/tests/wire' ':!fuzz/seeds' ':!*.svg' ':!*.txt'

## A whole plant on synthetic people; Ctrl-C ends it. The address to open follows READY. PORT=8470: another port, from now on.
demo: web
	cargo build --workspace --bins
	@exec $(BUILT)/pforte-demo $(addprefix --port ,$(PORT))

## Forgets the demo and everything in it.
demo-clean: setup
	cargo build --workspace --bins
	$(BUILT)/pforte-demo --forget

## Every test, and everything that `check` looks at.
test: check
	cargo build --workspace --all-targets
	cargo $(CARGO_TEST) --workspace
	@$(MAKE) --no-print-directory browser

## Faults: the agent's loop in a simulated world, by seeds, then real programs under load (four plants beside each other, a quarter of an hour). One line ends it, and an
## error if doors opened wrongly, records were lost, or a whole run injected fewer than 10,000. PFORTE_SIM_SEEDS: so many; PFORTE_SIM_SEED: that one again; PFORTE_FAULTS_SEED: another plan.
test-faults: web
	cargo build --workspace --bins
	@mkdir -p $(dir $(SIMULATED)) && rm -f $(SIMULATED)
	@failed=0; \
	PFORTE_SIM_SEEDS=$${PFORTE_SIM_SEEDS:-400} PFORTE_SIM_REPORT=$(SIMULATED) \
	    cargo test -p door-agent --lib -- run::simulation --nocapture || failed=1; \
	$(BUILT)/pforte-faults --with $(SIMULATED) || failed=1; \
	exit $$failed

## A door's lines and the whole agent on a GPIO chip of the kernel, and a strike on an emulated Raspberry Pi. Downloads 500 MB: not part of `test`.
test-gpio:
	scripts/test-gpio
	scripts/test-pi

## What is found without running it: format, lints, types, spelling, scripts, files that are out of date.
check: web
	cargo fmt --all --check
	cargo fmt --manifest-path bench/Cargo.toml --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --locked --no-default-features --manifest-path bench/Cargo.toml --all-targets --target-dir $(RULES) -- -D warnings
	shellcheck scripts/* tests/units/inside .ci/run
	git ls-files -z -- $(SPELLED) | xargs -0 codespell
	cd $(WEB) && npm run --silent check
	cargo build --workspace --all-targets
	scripts/generated $(BUILT)/pforte-server check

## Measures; writes target/bench/report.json. First the rules alone, beside their peers; then a plant of programs as they ship, but for the
## last step of a release, which optimises across crates and takes most of its time (profile `measured` in Cargo.toml). First build: a quarter of an hour on two cores.
bench: web
	cargo build --release --manifest-path bench/Cargo.toml --target-dir $(RULES)
	$(RULES)/release/pforte-bench-rules
	cargo build --profile measured --workspace $(addprefix --bin ,pforte-server pforte-agent pforte-twin pforte-bench) --example agent_figures
	$(MEASURED)/examples/agent_figures
	$(MEASURED)/pforte-bench --with target/bench/rules.json --with target/bench/agent.json

## Changes the code that decides, one thing at a time: does the oracle notice? Hours, resumable; see access-core/mutants.md.
mutants:
	scripts/mutants

## Writes what is generated: the description of the API, and the user interface's types from it.
gen: setup
	cargo build --workspace --bins
	scripts/generated $(BUILT)/pforte-server write

## The user interface, when its sources changed; it is built into the server.
web: setup $(WEB)/dist/index.html

$(WEB)/dist/index.html: $(PAGES) | setup
	cd $(WEB) && npm run --silent build

## The user interface in a real browser, on a plant of its own.
browser:
	[ ! -f tests/browser/package.json ] || { cargo build --workspace --bins && cd tests/browser && npm run --silent test; }

## Debian packages of agent and server, amd64 and arm64, in target/deb; scripts/deb says what it takes.
deb: web
	scripts/deb

## Tries them in a scratch root, and the arm64 ones under emulation. Not part of `test`: what it tries takes long to build.
test-deb:
	scripts/test-deb

## Runs the packages' units under systemd, in a virtual machine of Debian: started, killed, upgraded, removed, rebooted. Downloads 600 MB and takes
## a quarter of an hour where the processor is emulated, and needs the packages: not part of `test`.
test-units:
	scripts/test-units

fmt: setup
	cargo fmt --all
	cargo fmt --manifest-path bench/Cargo.toml
	cd $(WEB) && npm run --silent format

## Installs what is missing on Debian 12; says nothing when all is there.
setup:
	@scripts/setup
