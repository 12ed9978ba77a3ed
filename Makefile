# make book, make test: the two commands of the README. Each target makes .venv when it is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SITE := _build/html
PORT ?= 8000
PAGE := index
NODE_TOOLS := .node
MUTATION_TOOLS := .mutation
PAGES ?=
LIGHTHOUSE ?= yes
MUTANTS ?=
SAMPLE ?= 400
SEED ?= 0
SKIP ?= 0

# Without stored bytecode every notebook kernel compiles all its imports again.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYDEVD_DISABLE_FILE_VALIDATION = 1

.PHONY: book serve pdf lab test test-notebooks test-long site-check notebooks text pictures collectives mutants lint lock clean

# A build starts from scratch: Sphinx warns about a page only when it reads it.
book: $(READY)
	@rm -rf _build
	$(BIN)/jupyter-book build . -W --keep-going --quiet
	@echo "The book is built. Open $(CURDIR)/$(SITE)/index.html"

serve: book
	@echo "Serving the book at http://localhost:$(PORT) (stop with Ctrl-C)"
	@$(BIN)/python -m http.server $(PORT) --bind localhost --directory $(SITE)

# The date on the cover is that of the last commit; outside a checkout there is none.
pdf: book
	@$(BIN)/python -m book_print

# Trusted notebooks show their stored charts; .jupyter keeps JupyterLab from offering news and extensions from outside.
lab: $(READY)
	@test -e book/$(PAGE).ipynb || { echo "There is no page $(PAGE): the pages are book/*.ipynb, as in make lab PAGE=roofline" >&2; exit 1; }
	@$(BIN)/jupyter trust book/*.ipynb > /dev/null
	JUPYTER_CONFIG_PATH="$(CURDIR)/.jupyter" $(BIN)/jupyter lab book/$(PAGE).ipynb

# The notebooks run while the site is built; then come the tests, some of which look at the site in a browser.
test: lint
	@$(MAKE) --no-print-directory --jobs=2 book test-notebooks
	$(BIN)/python -m pytest tests lib tools README.md

test-notebooks: $(READY)
	$(BIN)/python -m pytest book

# For a change to formulas, operators, deployments or the calculator: 2000 new random cases of each property instead of
# the same 30, and the comparisons with exact values and with the browser's numbers at 10 to 100 times as many points.
# Eight minutes on two cores.
test-long: $(READY)
	$(BIN)/python -m pytest tests -m "long or hypothesis" --hypothesis-profile=long --dist=load

# PAGES="index roofline" checks only these pages, LIGHTHOUSE=no leaves Lighthouse out.
ifeq ($(LIGHTHOUSE),no)
site-check: book
	$(BIN)/python -m site_check --no-lighthouse $(PAGES)
else
site-check: book $(NODE_TOOLS)/.ready
	$(BIN)/python -m site_check $(PAGES)
endif

# PAGES="roofline notation" executes these pages alone.
notebooks: $(READY)
	$(BIN)/python tools/execute_notebooks.py $(PAGES)

# What the texts of these pages state and no cell says yet, as entries of a binding cell.
text: $(READY)
	@$(BIN)/python -m book_text $(PAGES)

# The icons of the site and the picture of a shared link are committed: draw them again when the first page changes.
pictures: $(READY)
	$(BIN)/python tools/draw_pictures.py

# The constants of the collectives are committed: fit them again when the measured times change. Prints their errors.
collectives: $(READY)
	$(BIN)/python tools/fit_collectives.py

# MUTANTS="roofline|kv_cache" takes the modules and mutants whose names match, SAMPLE=50 fewer places of the library's
# Python, SEED=1 others, SKIP=200 leaves out as many, which an earlier run has tried.
mutants: $(READY) $(MUTATION_TOOLS)/.ready
	$(BIN)/python -m mutants --python $(MUTATION_TOOLS)/bin/python --sample $(SAMPLE) --seed $(SEED) --skip $(SKIP) "$(MUTANTS)"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/codespell

lock:
	@command -v uv > /dev/null || { echo "make lock needs uv: pip install uv"; exit 1; }
	for folder in . tools/mutants; do uv pip compile $$folder/requirements.txt --universal --python-version 3.11 \
		--generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-config \
		--quiet --output-file $$folder/requirements.lock || exit 1; done

clean:
	rm -rf _build $(VENV) $(NODE_TOOLS) $(MUTATION_TOOLS)

$(NODE_TOOLS)/.ready: $(addprefix tools/site_check/,package.json package-lock.json .npmrc)
	@command -v npm > /dev/null || { echo "Lighthouse needs npm and Node 18.16 or newer (on Debian: apt install npm); make site-check LIGHTHOUSE=no leaves it out" >&2; exit 1; }
	@echo "Installing Lighthouse into $(NODE_TOOLS) (once, 185 MB)"
	@rm -rf $(NODE_TOOLS) && mkdir $(NODE_TOOLS) && cp $^ $(NODE_TOOLS) \
		&& (cd $(NODE_TOOLS) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) \
		|| { rm -rf $(NODE_TOOLS); echo "Lighthouse could not be installed: see npm's message above; is a package registry reachable?" >&2; exit 1; }
	@touch $@

# cosmic-ray has an environment of its own, so that a reader does not install its 28 packages.
$(MUTATION_TOOLS)/.ready: tools/mutants/requirements.lock
	@echo "Installing cosmic-ray into $(MUTATION_TOOLS) (once)"
	@rm -rf $(MUTATION_TOOLS) && "$(PYTHON)" -m venv $(MUTATION_TOOLS) \
		&& $(MUTATION_TOOLS)/bin/pip install -qq --require-hashes -r $< \
		|| { rm -rf $(MUTATION_TOOLS); echo "The installation failed: see pip's message above; is a package index reachable?" >&2; exit 1; }
	@touch $@

$(READY): $(VENV)/.locked pyproject.toml tools/pyproject.toml
	@$(BIN)/pip install -qq --no-deps --no-build-isolation --editable . --editable tools || { echo "The library and the tools could not be installed: see pip's message above" >&2; exit 1; }
	@touch $@

$(VENV)/.locked: requirements.lock
	@command -v "$(PYTHON)" > /dev/null || { echo "No $(PYTHON) found: install Python 3.11 or newer, or name it with make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "The book needs Python 3.11 or newer, and $(PYTHON) is $$("$(PYTHON)" --version 2>&1): name a newer one with make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2> /dev/null || { echo "$(PYTHON) has no venv module: install it (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@test ! -e $(VENV) -o -e $(VENV)/.made-by-make || { echo "There is a $(VENV) here that make did not create: move it away, or use it with the pip commands of the README" >&2; exit 1; }
	@echo "Installing the pinned requirements into $(VENV) (once, about two minutes)"
	@rm -rf $(VENV) && "$(PYTHON)" -m venv $(VENV) && touch $(VENV)/.made-by-make \
		&& $(BIN)/pip install -qq --require-hashes -r requirements.lock \
		|| { rm -rf $(VENV); echo "The installation failed: see pip's message above; is a package index reachable?" >&2; exit 1; }
	@touch $@
