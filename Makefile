# `make run` and `make test` need nothing but make, Python 3.11 and a network: they set everything up themselves.
PYTHON_BIN := .venv/bin/python
SETUP := pyproject.toml uv.lock tools/setup.sh

.PHONY: run test check examples bench clean

run: .venv/.ready-run
	@exec $(PYTHON_BIN) main.py $(ARGS)

test: .venv/.ready-dev
	$(PYTHON_BIN) -m pytest -n 4 --dist worksteal $(ARGS)

check: .venv/.ready-dev
	$(PYTHON_BIN) -m ruff check .
	$(PYTHON_BIN) -m ruff format --check .
	$(PYTHON_BIN) -m mypy
	.venv/bin/lint-imports --no-cache

# The examples on real frameworks, in an environment of their own: .venv-frameworks.
examples: .venv/.ready-dev
	sh tools/frameworks.sh
	GPUPLAYGROUND_FRAMEWORKS_PYTHON=$(CURDIR)/.venv-frameworks/bin/python $(PYTHON_BIN) -m pytest -m frameworks

bench: .venv/.ready-bench
	$(PYTHON_BIN) -m benchmarks $(ARGS)

.venv/.ready-%: $(SETUP)
	@sh tools/setup.sh $*

clean:
	rm -rf .venv .venv-frameworks build dist
