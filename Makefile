# Two commands: `make run` shows the system, `make test` proves it. Both start from a bare Debian 12.

PYTHON  ?= python3
UV      := .venv/bin/uv
BIN     := .venv/bin
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PYTEST  := $(BIN)/python -m pytest -n 2 --durations=30
LOCKED  := pyproject.toml uv.lock

# Some machines ask Python to compile every module anew in every process: half of the time of a test that starts one.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-all scanner lint catalogues fonts pictures bench deadline mutation hard sbom clean machine
.DELETE_ON_ERROR:

run: .venv/run.stamp  ## serve the demo on http://127.0.0.1:8000 (PORT=… for another port)
	@export FUNDAPP_ENV=development FUNDAPP_DEMO=1 FUNDAPP_BASE_URL="$${FUNDAPP_BASE_URL:-http://127.0.0.1:$${PORT:-8000}}" && \
	$(BIN)/fundapp db upgrade && $(BIN)/fundapp demo && \
	exec $(BIN)/gunicorn --no-control-socket --workers 1 -k gthread --threads 8 --log-level warning \
	  -b "127.0.0.1:$${PORT:-8000}" 'fundapp.app:create_app()'

test: .venv/test.stamp machine lint  ## everything but what is marked slow
	$(PYTEST) -m "not slow"

test-all: .venv/audit.stamp machine scanner lint  ## everything, attacks and faults at full size included
	$(PYTEST)

deadline: .venv/audit.stamp machine  ## the hour before a closing time; DEADLINE="--times 3" for three times the load
	$(BIN)/python -m benchmarks.deadline $(DEADLINE)

mutation: .venv/audit.stamp machine  ## change the rules one by one and see the tests notice
	$(BIN)/python -m tools.mutation $(MUTATION)

hard:  ## all that SECURITY.md speaks of, at full size: some six hours on a machine with nothing else to do
	FUNDAPP_OPERATIONS=$${FUNDAPP_OPERATIONS:-100000} $(MAKE) test-all
	$(MAKE) deadline
	$(MAKE) deadline DEADLINE="--times 3"
	$(MAKE) mutation

sbom: .venv/audit.stamp  ## list what the product is made of, in docs/security/sbom.json
	$(BIN)/python -m tools.sbom

lint: .venv/test.stamp  ## what can be seen without running the app
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet fundapp/templates
	$(BIN)/python tools/catalogues.py check

catalogues: .venv/test.stamp  ## bring translations/ up to date with the texts in the code
	$(BIN)/python tools/catalogues.py update

fonts: .venv/test.stamp  ## cut the web fonts anew, when a catalogue has got new letters
	$(BIN)/python -m tools.fonts

pictures: .venv/test.stamp machine  ## remake the pictures in docs/pictures
	$(BIN)/python tools/pictures.py

bench: .venv/test.stamp machine  ## app against floor; BENCH="--quick", "--cases 1000 100000", "--engine sqlite"
	$(BIN)/python -m benchmarks.run $(BENCH)

clean:  ## remove what can be made again; instance/, which holds data, stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	find fundapp migrations tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "fundapp needs Python 3.11 or newer, and $(PYTHON) is older or missing: install python3, or name another with PYTHON=…" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "fundapp needs Python's venv: install python3-venv (apt-get install python3-venv)." >&2; \
	  exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check 'uv==0.13.9'

# --inexact: `make run` after `make test` must not take the test packages away.
.venv/run.stamp: $(UV) $(LOCKED)
	$(UV) sync -q --frozen --no-dev --inexact
	@touch $@

.venv/test.stamp: $(UV) $(LOCKED)
	$(UV) sync -q --frozen --inexact
	@touch $@ .venv/run.stamp

# What only `make test-all` and the long commands need.
.venv/audit.stamp: $(UV) $(LOCKED)
	$(UV) sync -q --frozen --inexact --group audit
	@touch $@ .venv/test.stamp .venv/run.stamp

# What the tests need of the machine. No stamp: to look takes milliseconds, and machines change under a folder.
define LOOK
absent() { \
  command -v chromium >/dev/null 2>&1 || printf ' chromium'; \
  /sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || printf ' libatomic1'; \
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || printf ' postgresql'; \
}
endef

machine:
	@$(LOOK); parts=$$(absent); [ -n "$$parts" ] || exit 0; \
	echo "Installing by apt:$$parts"; \
	{ $(AS_ROOT) apt-get update -qq && \
	  $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$parts >/dev/null; } || true; \
	for part in $$(absent); do case $$part in \
	  chromium) echo "The browser tests need Chromium, and it cannot be had here: install the package chromium." >&2;; \
	  libatomic1) echo "The browser tests need libatomic, and it cannot be had here: install the package libatomic1." >&2;; \
	  postgresql) echo "The tests need PostgreSQL, and it cannot be had here: install the package postgresql." >&2;; \
	esac; done; \
	[ -z "$$(absent)" ]

# The virus scanner, for the tests that are marked slow.
scanner:
	@[ -x /usr/sbin/clamd ] || command -v clamd >/dev/null || { \
	  echo "Installing by apt: clamav-daemon"; \
	  $(AS_ROOT) apt-get update -qq && \
	  $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends clamav-daemon >/dev/null; } || { \
	  echo "The slow tests need clamd, and it cannot be had here: install the package clamav-daemon." >&2; exit 1; }
