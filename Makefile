# make solve and make test each do all the set-up they need, and nothing when nothing changed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
INPUTS := pyproject.toml constraints.txt $(wildcard segmenter/*.[ch] classifier/*/*.[ch])
DATA ?= ../shared/data

.PHONY: solve test lint mutants format setup model bench bench-setup clean help

solve: $(VENV)/core.stamp  ## solve data/samples with the bundled model, and show whether each was right
	$(BIN)/python cli.py solve data/samples --format table --check

# As many tests at a time as there are cores, each on one thread: threads of two processes would wait for each other.
test: lint build/kerf  ## every check; the tests come last
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/dev.stamp build/kerf  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# About how long it takes, and how it works, is said in the script. AGAIN=1 tests only what survived the last time.
mutants: $(VENV)/dev.stamp  ## put small faults into the code, all over or in PLACE, and list those no test notices
	$(BIN)/python -m benchmarks.mutants $(PLACE) $(if $(AGAIN),--again)

format: $(VENV)/dev.stamp  ## put the sources into the form that lint asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/dev.stamp build/kerf  ## install everything, and the hooks that check a commit
	$(BIN)/pre-commit install

# About an hour and a half on 2 cores; which fonts it was made with is in data/README.md.
model: $(VENV)/core.stamp  ## make the bundled model again, from rendered captchas alone
	$(BIN)/python cli.py synth build/looks --count 60000 --seed 1
	$(BIN)/python cli.py train-char build/looks --from-scratch --epochs 7 --max-minutes 60 --out data/models/default.safetensors

# Readers that are not installed are left out, and said so. With FULL=1 it takes hours, goes on where it stopped, and
# writes into docs/; MINUTES=30 begins nothing new after so long.
bench: $(VENV)/plots.stamp  ## measure Kerf and its peers on the folder DATA
	$(BIN)/python -m benchmarks.bench $(DATA) $(if $(FULL),--full --out docs) $(if $(MINUTES),--minutes $(MINUTES))

bench-setup: $(VENV)/bench.stamp  ## install the readers off the shelf that the registry has; Tesseract is Debian's

# A link to this folder, by which the tests and mypy know the checkout as the package it is when installed.
build/kerf:
	mkdir -p build
	ln -s .. $@

clean:  ## remove what the targets above made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

help:  ## list these targets
	@sed -n 's/^\([a-z-]*\):.*  ## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kerf needs Python 3.11 or later: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# opencv-python needs the system's libGL and glib even where no window is ever opened. Where they are missing, the
# same version built without windows takes its place.
define install
$(PIP) install --quiet --disable-pip-version-check -c constraints.txt -e '$(1)'
$(BIN)/python -c 'import cv2' 2>/dev/null || { $(PIP) uninstall --quiet --yes opencv-python opencv-python-headless \
	&& $(PIP) install --quiet --disable-pip-version-check -c constraints.txt opencv-python-headless; }
touch $@
endef

$(VENV)/core.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.)

$(VENV)/plots.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[plots])

$(VENV)/bench.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[bench])

$(VENV)/dev.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[dev])
