# Everything a newcomer runs. `make` alone says what there is.
PYTHON ?= python3
CITIZENS ?= 60000
YEARS ?= 4
SEED ?= 1
ANALYSES ?= chronic_disease rehabilitation_effect cross_sector_courses data_quality
BIN := .venv/bin
DEMO := .demo
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PYTHONUTF8 := 1

.PHONY: help report test spark check lab clean
help:
	@sed -n 's/^## //p' Makefile

$(BIN)/ddns: requirements.lock pyproject.toml
	@echo "Making the environment in .venv"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed: make PYTHON=python3.11 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: requirements-test.lock $(BIN)/ddns
	@echo "Installing what the tests need"
	@$(PIP) --require-hashes -r requirements-test.lock
	@touch $@

.venv/.spark: requirements-spark.lock .venv/.test
	@java -version 2>/dev/null || { echo "Spark needs Java 17: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
	@echo "Installing Spark"
	@$(PIP) --require-hashes -r requirements-spark.lock
	@touch $@

# One made-up country for each size and seed; whole deliveries only, so that a stopped `make` starts over.
LANDED := $(DEMO)/landed-$(CITIZENS)-$(YEARS)-$(SEED)
$(LANDED): | $(BIN)/ddns
	@rm -rf $(DEMO) && mkdir $(DEMO)
	@echo "Making a Denmark that does not exist: $(CITIZENS) citizens, $(YEARS) years"
	@$(BIN)/ddns synthesize --citizens $(CITIZENS) --years $(YEARS) --seed $(SEED) --to $(DEMO)/deliveries
	@echo "Landing its deliveries"
	@$(BIN)/ddns intake $(DEMO)/deliveries --registers $(DEMO)/registers
	@touch $@

## make report   the environment, a made-up Denmark, the analyses and their site
report: $(BIN)/ddns $(LANDED)
	@echo "Running the analyses: $(ANALYSES)"
	@$(BIN)/ddns run $(ANALYSES) --registers $(DEMO)/registers
	@$(BIN)/ddns publish --registers $(DEMO)/registers

## make test     the environment and the test suite
test: .venv/.test
	@sh tools/test.sh

## make spark    Spark as a second engine (DDNS_ENGINE=spark), and the tests that both give the same numbers
spark: .venv/.spark
	@$(BIN)/python -m pytest -m spark

## make check    style, layers, notebooks' shape, no CPR numbers; under a minute
check: .venv/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/check_notebooks.py
	@$(BIN)/python tools/check_cpr.py

## make lab      JupyterLab on the notebooks, with the made-up registers; your own belong in scratch
lab: $(LANDED)
	@mkdir -p scratch
	@DDNS_REGISTERS=$(CURDIR)/$(DEMO)/registers $(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks

## make clean    remove the environment, the made-up Denmark, caches and the site; runs and registers stay
clean:
	@rm -rf .venv $(DEMO) outputs/site .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
