# What can be done here: make help
SHELL := /bin/bash
VENV ?= .venv
PORT ?= 8000
BIN := $(VENV)/bin
# The newest interpreter that the project supports and that really starts; pyenv's are found too.
PYTHONS := $(wildcard $(HOME)/.pyenv/versions/3.1*/bin)
export PATH := $(PATH):$(subst $() $(),:,$(strip $(PYTHONS)))
PYTHON ?= $(shell PATH='$(PATH)'; for v in 3.13 3.12 3.11 3.10; do for p in $$(type -ap python$$v); do \
	$$p -c 'import venv, ensurepip' 2>/dev/null && echo $$p && exit; done; done; echo python3)

.PHONY: help demo test check fix matrix docs bench bench-embedding bench-live screenshot browser nginx clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

$(BIN)/.ready: pyproject.toml
	@echo "== making the virtual environment $(VENV) with $(PYTHON) and installing what is needed into it"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[demo,docs,test,dev]'
	@touch $@

browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "== installing Chromium and its driver for the browser tests (apt-get)"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null; \
	else echo "== browser tests skip what they do not find: install Chromium and chromedriver to run them all"; fi; }

nginx:
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "== installing nginx, which the tests put in front of servers (apt-get)"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nginx-light >/dev/null; \
	else echo "== tests with nginx skip: install it to run them"; fi; }

demo: $(BIN)/.ready ## the demo site at http://localhost:8000
	@$(BIN)/python demo/manage.py migrate --verbosity 0
	@echo "== the demo is at http://localhost:$(PORT) (Ctrl+C ends it)"
	@if [ -n "$$REDIS_URL" ]; then (cd demo && exec $(abspath $(BIN))/celery -A demo_site.celery worker -c 1 -l warning) & \
	trap "kill $$!" EXIT; fi; $(BIN)/python demo/manage.py runserver $(PORT)

test: $(BIN)/.ready browser nginx ## all tests, with coverage
	@$(BIN)/coverage erase
	@echo "== the browser tests run beside the others; what they print comes at the end"
	@$(BIN)/coverage run -m pytest tests/browser > .browser-tests.log 2>&1 & browser=$$!; \
	$(BIN)/coverage run -m pytest --ignore tests/browser; others=$$?; \
	wait $$browser; browser=$$?; cat .browser-tests.log; rm -f .browser-tests.log; exit $$((others || browser))
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(BIN)/.ready ## ruff, mypy --strict, import layers, documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_docs.py
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html

fix: $(BIN)/.ready ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

matrix: $(BIN)/.ready ## the tests against the oldest and newest Python, Django and Dash
	$(BIN)/nox

docs: $(BIN)/.ready ## the documentation, in docs/_build/html
	$(BIN)/sphinx-build -b html docs docs/_build/html

bench: $(BIN)/.ready ## what a callback costs, against a bare Django view
	$(BIN)/python bench/callback.py

bench-embedding: $(BIN)/.ready browser ## what many apps on one page cost in a browser
	$(BIN)/python bench/embedding.py

bench-live: $(BIN)/.ready ## what live updating can do: sockets, messages, delivery, latency
	$(BIN)/python bench/live.py
	$(BIN)/python bench/live_callbacks.py

screenshot: $(BIN)/.ready browser ## make the README's screenshot anew
	$(BIN)/python docs/make_screenshot.py

clean: ## remove what the targets above have made
	rm -rf $(VENV) .nox build dist *.egg-info docs/_build htmlcov .coverage*
