# Two commands matter: make demo, make test.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv/bin
LOCK_DIGEST = $$(sha256sum requirements.lock | cut -c1-16)

help:
	@echo "make demo         start everything on 127.0.0.1:8000 (PORT=...), with a demonstration estate"
	@echo "make demo-reset   forget the demonstration's data"
	@echo "make test         lint, types, migrations and every test"
	@echo "make bench        measure (ONLY=claims for one)"
	@echo "make lock         pin the dependencies anew"

# A half-finished installation has no stamp and is repaired; a finished one costs nothing.
install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Lockwright needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@test -f .venv/.installed-$(LOCK_DIGEST) || { \
		$(PYTHON) -c 'import venv, ensurepip' \
			|| { echo "This Python has no venv. On Debian: apt-get install python3-venv"; exit 1; }; \
		echo "Installing into .venv ..."; \
		rm -f .venv/.installed-*; \
		{ test -x $(VENV)/pip || $(PYTHON) -m venv --clear .venv; } \
		&& $(VENV)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock \
		&& touch .venv/.installed-$(LOCK_DIGEST) \
		&& { test "$$(id -u)" != 0 || chown -R --reference=. .venv; }; }

demo: install
	@PORT=$(PORT) $(VENV)/python -m config.supervisor demo

demo-reset: install
	@$(VENV)/python -m config.supervisor reset

test: install test-programs
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(WITH_DATABASE) env $(TEST_SETTINGS) $(VENV)/mypy
	$(WITH_DATABASE) env $(TEST_SETTINGS) $(VENV)/python manage.py makemigrations --check --dry-run
	$(WITH_DATABASE) $(VENV)/python -m pytest -n 2 --dist loadgroup $(ARGS)

TEST_SETTINGS := DJANGO_SETTINGS_MODULE=config.settings.test
# Without DATABASE_URL each step gets a throw-away embedded PostgreSQL.
WITH_DATABASE := $(if $(DATABASE_URL),,$(VENV)/python -m config.postgres run --)

# A browser and an MQTT broker, which no Python package brings.
test-programs:
	@{ command -v chromium && { command -v mosquitto || test -x /usr/sbin/mosquitto; }; } >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -q chromium mosquitto >/dev/null; \
		else \
			echo "The tests need a browser and an MQTT broker. Install them: sudo apt-get install chromium mosquitto"; exit 1; \
		fi; }

bench: install
	@$(VENV)/python -m config.postgres run --durable -- $(VENV)/python -m tests.benchmarks $(ONLY)

lock: install
	$(VENV)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra server --extra test \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock

.PHONY: help install demo demo-reset test test-programs bench lock
