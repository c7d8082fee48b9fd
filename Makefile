# `make run` shows the demo, `make test` proves everything; both do all the set-up.
PORT ?= 8050
PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin

.PHONY: run test check bench nightly pictures golden charts icons system requirements clean

run: .venv
	$(BIN)/python app.py demo --port $(PORT) $(if $(LAN),--lan)

test: .venv system
	$(BIN)/python -m pytest -q -m "not nightly" -n 2 --dist loadfile

check: .venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv system
	$(BIN)/python -m tests.bench

pictures: .venv system
	$(BIN)/python -m tests.pictures

# The pictures that pages and scenes are held against, taken anew; look at what changed before committing them.
golden: .venv system
	GOLDEN=refresh $(BIN)/python -m pytest -q tests/browser/test_golden.py

nightly: .venv system
	$(BIN)/python -m pytest -q

.venv: $(VENV)/.done

$(VENV)/.done: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $(VENV)/.done

# Chromium, a CJK font, MariaDB, nginx and PgBouncer for the tests, where they are missing and we may install them; tests skip loudly otherwise.
system:
	@sh tests/system.sh

# The part of plotly.js with the charts we draw, at the version that the Python package plotly brings.
charts: .venv
	npm pack --silent plotly.js-basic-dist-min@$$($(BIN)/python -c "import plotly.offline as p; print(p.get_plotlyjs_version())")
	tar -xzOf plotly.js-basic-dist-min-*.tgz package/plotly-basic.min.js > assets/plotly.js
	rm plotly.js-basic-dist-min-*.tgz

# The icons of the installed app, drawn from assets/icon.svg.
icons: .venv system
	$(BIN)/python -m tests.icons

# The pinned, hashed packages, made anew from pyproject.toml.
requirements:
	uv pip compile pyproject.toml --generate-hashes --no-header --no-emit-index-url --no-annotate --universal -o requirements.txt
	uv pip compile pyproject.toml --extra dev -c requirements.txt --generate-hashes --no-header --no-emit-index-url --no-annotate --universal -o requirements-dev.txt

clean:
	rm -rf $(VENV) var
