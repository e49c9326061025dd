PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
ALL_READY := .venv-all/.ready

.PHONY: demo test test-all check bench format clean

demo: $(READY)
	$(BIN)/mobilenets fit digits --max-ms 1 --max-mb 1 --weights none --minutes 2.5 --out runs/digits --overwrite
	$(BIN)/mobilenets evaluate digits --model runs/digits/artefact
	$(BIN)/mobilenets predict digits --model runs/digits/artefact --limit 8
	@echo "The report, with every candidate and what became of it: runs/digits/report.html"

test: $(READY)
	$(BIN)/pytest -n 2

# The converters of every runtime, which are too heavy for each change. litert-torch and litert-converter come without
# their requirements, which contradict ours; those they use are in the extra litert-export.
test-all: $(ALL_READY)
	.venv-all/bin/pytest -n 2 -m ""

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .venv-all runs

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	touch $@

$(ALL_READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-all
	.venv-all/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable ".[dev,coreml,executorch,litert-export,ncnn]"
	.venv-all/bin/pip install --quiet --disable-pip-version-check --no-deps litert-torch==0.10.0 litert-converter==0.5.0
	touch $@
