# The shop's commands. `make run` needs Python >= 3.11 with venv, and make.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

# Where the real file of past sales is, for the tests that replay it; unset: the repo's sample.
export RETAIL_CSV

.PHONY: help run test test-docker test-keycloak test-elk check format bench soak pictures lock sbom clean

help:
	@echo "make run     the shop at http://127.0.0.1:$(PORT)/ (PORT=…, DATA_DIR=…)"
	@echo "make test    every test, on SQLite and on PostgreSQL"
	@echo "make test-docker  the containers, moved and broken under load; needs Docker with compose"
	@echo "make test-keycloak  sign-in by Keycloak, attacked and under load; needs KEYCLOAK_HOME"
	@echo "make test-elk  log lines in Elasticsearch, by a shipper; needs ELASTICSEARCH_HOME"
	@echo "make check   lint, types, layers, Django's checks, migrations, contracts on record"
	@echo "make bench   figures, as a table and in var/bench.json"
	@echo "make soak    the scenarios in all 16 placements, faults under load, events under fire"
	@echo "make lock    requirements*.txt from requirements*.in (newer: PACKAGE=…, UPGRADE=1)"
	@echo "make sbom    bill of materials and licences, in var/ (IMAGE=shop: an image's packages)"
	@echo "make pictures  docs/pictures, taken anew in Chromium and from invoices"

run: $(VENV)/runtime
	@PORT=$(PORT) exec $(PY) -m shop.start

test: $(VENV)/development
	@.ci/packages
	@.ci/kubernetes
	$(PYTEST) $(ARGS)
	TEST_DATABASE=postgresql $(PYTEST) $(POSTGRESQL_TESTS) $(ARGS)

# The stack of docker/compose.yaml and docker/swarm.yaml, on any Docker engine with compose.
test-docker: $(VENV)/development
	$(TEST_DOCKER) --ignore tests/docker/test_swarm.py $(ARGS)
	$(TEST_DOCKER)/test_swarm.py $(ARGS)

# The shop with a real Keycloak, which KEYCLOAK_HOME names: an unpacked distribution of it.
test-keycloak: $(VENV)/development
	@.ci/packages
	TEST_KEYCLOAK=1 $(PY) -m pytest --durations=0 --durations-min=5 tests/keycloak $(ARGS)

# Log lines in a real Elasticsearch, which ELASTICSEARCH_HOME names: an unpacked distribution of it.
test-elk: $(VENV)/development
	@.ci/packages
	TEST_ELK=1 $(PY) -m pytest --durations=0 --durations-min=5 tests/elk $(ARGS)

# Swarm's come last and alone: as an engine becomes part of a swarm, names of other networks are
# forgotten for a while.
TEST_DOCKER := TEST_DOCKER=1 $(PY) -m pytest --durations=0 --durations-min=5 tests/docker

# How many processes share the tests; 0: none but the one, as a debugger wants it. Many a test
# waits more than it works, so one more than the cores there are is quickest.
WORKERS ?= 3
PYTEST := $(PY) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

# What a database can change the outcome of; calls, pages and house rules are the same on both.
POSTGRESQL_TESTS := $(wildcard tests/extract/data tests/extract/event tests/extract/saga \
	tests/scenarios tests/apps tests/audit tests/faults tests/rights tests/metrics/test_stored.py \
	tests/pages/test_first_page.py)

check: $(VENV)/development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy
	@set -e; export DATA_DIR="$$(mktemp -d)"; trap 'rm -rf "$$DATA_DIR"' EXIT; \
		$(PY) manage.py check --fail-level WARNING; \
		$(PY) manage.py extract contracts --check; \
		$(PY) -m tests.migrations; \
		$(PY) manage.py migrate --verbosity 0; \
		$(PY) manage.py makemigrations --check --dry-run; \
		$(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

format: $(VENV)/development
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/development
	$(PY) -m tests.bench $(ARGS)

soak: $(VENV)/development
	@.ci/packages
	PLACEMENTS=all $(PYTEST) tests/scenarios $(ARGS)
	PLACEMENTS=all TEST_DATABASE=postgresql $(PYTEST) tests/scenarios $(ARGS)
	SCHEMA_EXAMPLES=200 $(PYTEST) tests/api/test_schema.py $(ARGS)
	$(PY) -m tests.load
	$(PY) -m tests.load kill --seconds 30 --runs 20
	PART_REFUNDS=10000 $(PY) -m pytest tests/apps/payment/test_part_refunds.py $(ARGS)
	FIFTEEN=1 $(PY) -m pytest tests/fleet/test_metrics.py $(ARGS)
	$(PY) -m tests.soak events --broker redis
	$(PY) -m tests.soak events --broker rabbitmq

pictures: $(VENV)/development
	@.ci/packages
	$(PY) -m tests.browser.pictures
	$(PY) -m tests.apps.invoice.sheet

UV := $(VENV)/bin/uv

# One lock for every Python and machine; a pin stays until a newer one is asked for.
LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url \
	$(if $(UPGRADE),--upgrade) $(addprefix --upgrade-package ,$(PACKAGE))
PYTHONS := 3.11 3.12 3.13
PLATFORMS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-apple-darwin

lock: $(VENV)/development
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --constraint requirements.txt --output-file requirements-dev.txt
	$(LOCK) requirements-sbom.in --output-file requirements-sbom.txt
	@set -e; for python in $(PYTHONS); do for platform in $(PLATFORMS); do \
		$(UV) pip compile --quiet --only-binary :all: --python-version $$python \
			--python-platform $$platform requirements.txt >/dev/null \
			|| { echo "Not all of requirements.txt can be had as wheels for Python $$python on $$platform."; exit 1; }; \
	done; done

# Of what the product alone installs: development's packages are none of its materials.
sbom: $(VENV)/development
	@rm -rf var/sbom
	@set -e; for each in requirements requirements-sbom; do \
		$(UV) venv --quiet --no-python-downloads --python $(PY) var/sbom/$$each; \
		$(UV) pip sync --quiet --require-hashes --python var/sbom/$$each $$each.txt; \
	done
	@{ sed '/^$$/q' pyproject.toml; echo 'dependencies = ['; \
		sed -n 's/^[^#].*/"&",/p' requirements.in; echo ']'; } > var/sbom/pyproject.toml
	@var/sbom/requirements-sbom/bin/cyclonedx-py environment --pyproject var/sbom/pyproject.toml \
		--output-file var/sbom.cdx.json var/sbom/requirements
	@$(PY) -m tests.house.licences > var/licences.md
	@rm -r var/sbom
	@echo "var/sbom.cdx.json: the bill of materials (CycloneDX); var/licences.md: the licences"
	@set -e; for image in $(IMAGE); do \
		list="var/packages-$$(basename "$$image" | tr : -).tsv"; \
		docker run --rm --interactive --entrypoint sh "$$image" < docker/packages.sh > "$$list"; \
		echo "$$list: what the image $$image holds, Debian's packages and Python's"; \
	done

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# A stamp is newer than the requirements it was installed from.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "The shop needs Python 3.11 or newer, with venv; '$(PYTHON)' is not that. Try make PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the shop needs …"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/development: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what the shop's tests and checks need …"
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/runtime
