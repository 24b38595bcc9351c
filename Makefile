# Thin: every target is a command that one could type. `make test` is what CI runs.
.PHONY: setup check test fmt

CARGO_TEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo 'nextest run --no-fail-fast' || echo 'test --no-fail-fast')

## Install what is missing on Debian 12.
setup:
	@scripts/setup

## Everything that is checked without running: format, lints, spelling, scripts.
check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	shellcheck scripts/* .ci/run
	codespell --quiet-level=2 --skip='target,node_modules,dist,*.lock,package-lock.json,LICENSE-*,./tests/wire,./.git' --ignore-words-list='crate,ser,ue'

## Every test.
test: setup check
	cargo $(CARGO_TEST) --workspace

fmt:
	cargo fmt --all
