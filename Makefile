# make solve and make test each do all the set-up they need, and nothing when nothing changed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
INPUTS := pyproject.toml constraints.txt $(wildcard segmenter/*.[ch] classifier/*/*.[ch])
DATA ?= ../shared/data

.PHONY: solve test lint mutants format setup model generators bench bench-setup clean help

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

# Hours on 2 cores; it goes on where it was stopped. Fonts and packages that the model was made with are in
# data/README.md; packages that are not installed are left out, and said so.
model: $(VENV)/generators.stamp  ## make the bundled model again, from drawn captchas alone
	$(BIN)/python cli.py pretrain --images 1000000 --out data/models/fast.safetensors
	$(BIN)/python cli.py pretrain --images 1000000 --size accurate --start data/models/fast.safetensors \
		--out data/models/accurate.safetensors

# Packages of the registry of node, and django-simple-captcha, whose folder has the name of another package's. What
# captcha-canvas draws on cannot be fetched from the registry; another package with its interface takes the place.
NODE := {"dependencies": {"captcha-canvas": "^3.4.0", "svg-captcha": "^1.4.0", "trek-captcha": "^0.4.0"}, \
	"overrides": {"skia-canvas": "npm:@napi-rs/canvas@^1.1.0"}}
generators: $(VENV)/generators.stamp  ## install the captcha packages that make model draws with; Debian's are in data/README.md
	mkdir -p build/npm
	echo '$(NODE)' > build/npm/package.json
	npm install --silent --prefix build/npm
	$(PIP) install --quiet --no-deps --upgrade --target build/django django-simple-captcha==0.7.0 Django==5.2.19 \
		asgiref==3.13.0 sqlparse==0.6.1 django-ranged-response==0.2.0

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

$(VENV)/generators.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[generators])

$(VENV)/bench.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[bench])

$(VENV)/dev.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[dev])
