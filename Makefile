# Two commands matter: make demo, make test.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv/bin
LOCK_DIGEST = $$(sha256sum requirements.lock | cut -c1-16)
# As root in somebody's checkout we go on as that person, whose own start then finds their files.
AS_OWNER := $(shell uid=$$(stat -c %u .); \
	if [ "$$(id -u)" = 0 ] && [ "$$uid" != 0 ] && person=$$(getent passwd $$uid); then \
		echo "setpriv --reuid=$$uid --regid=$$(echo $$person | cut -d: -f4) --init-groups env HOME=$$(echo $$person | cut -d: -f6)"; \
	fi)
# Without DATABASE_URL, a throw-away embedded PostgreSQL.
ON_DATABASE := $(if $(DATABASE_URL),,$(VENV)/python -m config.postgres run --)
ON_DURABLE_DATABASE := $(if $(DATABASE_URL),,$(VENV)/python -m config.postgres run --durable --)

help:
	@echo "make demo         start everything on 127.0.0.1:8000 (PORT=...), with a demonstration estate"
	@echo "make demo-reset   forget the demonstration's data"
	@echo "make test         lint, types, migrations and every test (ARGS=... for pytest)"
	@echo "make lint, types  the first two alone"
	@echo "make bench        measure (ONLY=claims for one)"
	@echo "make chaos        break everything at random, and prove that nothing is wrong (SECONDS=600 SEED=1)"
	@echo "make lock         pin the dependencies anew"
	@echo "make clean        remove .venv and what the tools remember"

# A half-finished installation has no stamp and is repaired; a finished one costs nothing. One at a
# time: what a killed start left running may still be at work, so the next one waits for it.
IS_INSTALLED = $(AS_OWNER) $(VENV)/python -c '' 2>/dev/null && test -f .venv/.installed-$(LOCK_DIGEST)
install:
	@$(IS_INSTALLED) || { \
		$(AS_OWNER) $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
			|| { echo "Lockwright needs Python 3.11 or newer. Name one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.11"; exit 1; }; \
		$(AS_OWNER) $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
			|| { echo "This Python has no venv. On Debian: apt-get install python3-venv"; exit 1; }; \
		exec 9<requirements.lock; \
		command -v flock >/dev/null && { flock -n 9 || { echo "Another start is installing; waiting for it ..."; flock 9; }; }; \
		$(IS_INSTALLED) || { \
			echo "Installing into .venv ..."; \
			rm -f .venv/.installed-*; \
			{ $(AS_OWNER) $(VENV)/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv && $(AS_OWNER) $(PYTHON) -m venv .venv; }; } \
			&& $(AS_OWNER) $(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock \
			&& $(AS_OWNER) touch .venv/.installed-$(LOCK_DIGEST) \
			|| { echo "The installation did not finish. Start again: it goes on from here."; exit 1; }; }; }

demo: install
	@exec $(AS_OWNER) env PORT=$(PORT) $(VENV)/python -m config.supervisor demo

demo-reset: install
	@$(AS_OWNER) $(VENV)/python -m config.supervisor reset

test: install test-programs
	@$(AS_OWNER) $(ON_DATABASE) $(MAKE) --no-print-directory lint types migrations pytest

lint: install
	$(AS_OWNER) $(VENV)/ruff check .
	$(AS_OWNER) $(VENV)/ruff format --check .

# The types of Django's models need its settings, which name a database; none is opened.
types: export DATABASE_URL ?= postgresql:///unused
types: export DJANGO_SETTINGS_MODULE = config.settings.test
types: install
	$(AS_OWNER) $(VENV)/mypy

migrations: export DJANGO_SETTINGS_MODULE = config.settings.test
migrations: install
	$(AS_OWNER) $(VENV)/python manage.py makemigrations --check --dry-run

pytest: install
	$(AS_OWNER) $(VENV)/python -m pytest -n 2 --dist loadgroup $(ARGS)

# A browser and an MQTT broker, which no Python package brings.
test-programs:
	@{ command -v chromium && { command -v mosquitto || test -x /usr/sbin/mosquitto; }; } >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing chromium and mosquitto ..."; \
			{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q chromium mosquitto; } >.test-programs.log 2>&1 \
				|| { cat .test-programs.log; rm -f .test-programs.log; exit 1; }; \
			rm -f .test-programs.log; \
		else \
			echo "The tests need a browser and an MQTT broker. Install them: sudo apt-get install chromium mosquitto"; exit 1; \
		fi; }

bench: install
	@$(AS_OWNER) $(ON_DURABLE_DATABASE) $(VENV)/python -m tests.benchmarks $(ONLY)

# It has a database of its own, to be killed.
chaos: install test-programs
	@$(AS_OWNER) $(VENV)/python -m tests.chaos --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1)

lock: install
	$(AS_OWNER) $(VENV)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra server --extra test \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build
	find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help install demo demo-reset test lint types migrations pytest test-programs bench chaos lock clean
