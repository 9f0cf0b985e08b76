# make solve and make test each do all the set-up they need, and nothing when nothing changed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip
INPUTS := pyproject.toml constraints.txt $(wildcard segmenter/*.[ch] classifier/*/*.[ch])
DATA ?= ../shared/data
comma := ,

.PHONY: solve test lint coverage mutants fuzz chaos format setup model generators bench bench-setup docs dist sbom lock audit clean help

solve: $(VENV)/core.stamp  ## solve data/samples with the bundled model, and show whether each was right
	$(BIN)/python cli.py solve data/samples --format table --check

# As many tests at a time as there are cores, each on one thread: threads of two processes would wait for each other.
# Files in the order of tests/conftest.py: the longest first, so that no core is left alone with one at the end.
test: lint build/kerf  ## every check; the tests come last
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/dev.stamp build/kerf  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# About how long it takes, and how it works, is said in the script. AGAIN=1 tests only what survived the last time.
mutants: $(VENV)/dev.stamp  ## put small faults into the code, all over or in PLACE, and list those no test notices
	$(BIN)/python -m benchmarks.mutants $(PLACE) $(if $(AGAIN),--again)

coverage: $(VENV)/dev.stamp build/kerf  ## which branches of segmenter/ and classifier/ the tests reach; fails under 90 %
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --cov=segmenter --cov=classifier --cov-branch \
		--cov-report=term-missing:skip-covered --cov-fail-under=90

SECONDS ?= 600
fuzz: $(VENV)/fuzz.stamp  ## look for inputs that break a reader, SECONDS each; an input found is left in build/fuzz
	for target in images labels models patterns requests; do \
		PYTHONPATH=build $(BIN)/python -m benchmarks.fuzz $$target --seconds $(SECONDS) || exit; done

KILLS ?= 100
chaos: $(VENV)/dev.stamp  ## kill commands at random moments, KILLS times each, and see that nothing is lost; hours
	PYTHONPATH=build OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.chaos --kills $(KILLS)

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

# The README is the first page. Paths in it are those of the repository, so links into docs/ lose that part.
docs: $(VENV)/docs.stamp build/kerf  ## build the site with the references of commands and of Python in build/site
	rm -rf build/docs build/site
	cp -r docs build/docs
	sed 's,](docs/,](,g' README.md > build/docs/index.md
	PYTHONPATH=build $(BIN)/python -m typer kerf.cli utils docs --name kerf --title Commands --output build/docs/commands.md
	$(BIN)/mkdocs build --quiet

# The same commit gives the same bytes, wherever and whenever: times are the commit's, and what setuptools takes from
# the machine (owners, permissions, order) is written anew by GNU tar. The wheel is made from the sdist.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)
dist: $(VENV)/dev.stamp  ## make sdist and wheel in dist/, the same bytes each time
	rm -rf dist build/sdist
	umask 022; mkdir -p dist build/sdist/made build/sdist/files build/sdist/wheel
	$(BIN)/python -m build --no-isolation --sdist --outdir build/sdist/made .
	tar -xzf build/sdist/made/*.tar.gz -C build/sdist/files
	cd build/sdist/files && tar --sort=name --mtime=@$(SOURCE_DATE_EPOCH) --owner=0 --group=0 --numeric-owner \
		--mode=u=rwX,go=rX --format=gnu -cf - * | gzip -9n > $(CURDIR)/dist/$$(basename ../made/*.tar.gz)
	umask 022; tar -xzf dist/*.tar.gz -C build/sdist/wheel
	umask 022; cd build/sdist/wheel/* && $(abspath $(BIN))/python -m build --no-isolation --wheel --outdir $(CURDIR)/dist .

sbom: $(VENV)/supply.stamp  ## list what is installed in build/sbom.json (CycloneDX), and the licences in docs/licences.md
	mkdir -p build
	$(BIN)/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --output-file build/sbom.json $(BIN)/python
	{ echo '# Licences of what Kerf needs to run'; echo; echo 'Made by `make sbom` of the packages of `requirements.lock` that'; \
		echo 'were installed on that machine, without the libraries for graphics cards that PyTorch may bring along.'; echo; \
		$(BIN)/pip-licenses --python=$(BIN)/python --from=mixed --format=markdown \
			--packages $$(sed -n 's/==.*//p' requirements.lock); } > docs/licences.md

lock: $(VENV)/supply.stamp  ## write requirements.lock: the tested versions with the hashes of their files
	head -2 requirements.lock > build/lock.head
	$(BIN)/uv pip compile pyproject.toml --extra label --extra onnx --extra plots --extra ray -c constraints.txt --quiet \
		--universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o build/lock.body
	cat build/lock.head build/lock.body > requirements.lock

audit: $(VENV)/supply.stamp  ## ask the index of advisories about the tested versions; needs the network
	$(BIN)/pip-audit --no-deps --disable-pip -r constraints.txt

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

$(VENV)/docs.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[docs])

$(VENV)/fuzz.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[dev$(comma)fuzz])

$(VENV)/supply.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[label$(comma)onnx$(comma)plots$(comma)ray$(comma)supply])

$(VENV)/dev.stamp: $(INPUTS) | $(BIN)/python
	$(call install,.[dev])
