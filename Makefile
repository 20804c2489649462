# The two commands of a newcomer: make demo, make test. Everything they need is fetched by make setup.
.POSIX:
.SUFFIXES:

PYTHON =
TALLY = .venv/bin/tally
ARGS =

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -e 's/:.*## /\t/' | expand -t 14

setup: ## .venv with the locked packages and the jars; leaves .venv/bin/tally ready
	@found=; for candidate in $(PYTHON) python3.12 python3.11 python3; do \
	  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' >/dev/null 2>&1; \
	  then found=$$candidate; break; fi; done; \
	if [ -z "$$found" ]; then \
	  echo "setup: Tallystream needs Python 3.11 or 3.12; found $$(python3 --version 2>/dev/null || echo 'no python3');" \
	    "install python3.12, or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1; fi; \
	"$$found" -I tally/bootstrap.py
	@.venv/bin/python -m tally.jars

demo: setup ## the whole line on this machine: generator, Kafka, Flink, Postgres, dashboard
	@$(TALLY) demo $(ARGS)

test: setup ## everything that must pass
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/python -m pytest -n 2 --no-loadscope-reorder $(ARGS)

test-cluster: setup ## Flink as processes of its own under load: kills, a rebuild, other numbers of TaskManagers; a secured Kafka
	.venv/bin/python -m pytest -m cluster $(ARGS)

test-compose: setup ## docker-compose.yml on the engine that DOCKER_HOST or the default socket names, from empty volumes
	.venv/bin/python -m pytest -m compose -s tests/compose $(ARGS)

chaos: setup ## break a running line in every way on the list (under 40 min); SEED=n repeats, SEEDS=n, FULL=1 for all, KEEP=1 adds to the last run
	@if [ -z "$(KEEP)" ]; then rm -f docs/reliability.jsonl; fi
	@TALLY_CHAOS_RESULTS=docs/reliability.jsonl TALLY_CHAOS_SEED=$(SEED) TALLY_CHAOS_SEEDS=$(SEEDS) TALLY_CHAOS_FULL=$(FULL) \
	  .venv/bin/python -m pytest -m chaos -s tests/chaos $(ARGS); \
	  status=$$?; .venv/bin/python -m tests.chaos.matrix docs/reliability.jsonl docs/reliability.md && exit $$status

chaos-replay: setup ## give a line the input that made a run of `make chaos` fail: RECORDS=file
	@TALLY_CHAOS_RECORDS=$(RECORDS) .venv/bin/python -m pytest -m chaos -s tests/chaos/test_seeds.py -k of_an_earlier_run

soak: setup ## watch a line at half of what it can take for an hour; MINUTES=n, RATE=n records a second that it can take
	@TALLY_CHAOS_RESULTS=docs/reliability.jsonl TALLY_SOAK_MINUTES=$(MINUTES) TALLY_SUSTAINED_RATE=$(RATE) \
	  .venv/bin/python -m pytest -m soak -s tests/chaos $(ARGS); \
	  status=$$?; .venv/bin/python -m tests.chaos.matrix docs/reliability.jsonl docs/reliability.md && exit $$status

lock: setup ## resolve the dependencies again into the lock files
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --group dev pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  -c requirements.lock pyproject.toml -o requirements-run.lock

doctor: setup ## what is missing on this machine and how to get it
	@$(TALLY) doctor

clean: ## remove what set-up built here; the caches of the user stay
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis build dist

SEED =
SEEDS =
FULL =
KEEP =
RECORDS =
MINUTES =
RATE =

.PHONY: help setup demo test test-cluster test-compose chaos chaos-replay soak lock doctor clean
