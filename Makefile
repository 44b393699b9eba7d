# The verbs of this repository. Each target sets up what it needs; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Any Python from 3.11 on; the first one found. Override: make test PYTHON=/usr/bin/python3.12
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

.PHONY: venv
venv: $(STAMP)  ## set up .venv from requirements/dev.lock

$(STAMP): requirements/dev.lock pyproject.toml $(wildcard packaging/*)
	@PYTHON='$(PYTHON)' scripts/venv.sh '$(VENV)'
	@touch $@
