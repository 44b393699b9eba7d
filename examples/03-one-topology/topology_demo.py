"""A shop in six frameworks and the services of full-link gray, in one topology, with one lane.

Run by ``make demo EXAMPLE=03-one-topology``: starts a control plane and all of them by ``fairlead
run``, sends visitors, and says who calls whom, as the control plane's API has it. KEEP=1 leaves it
running, visitors included, for whoever wants to look at it in the console. Exits 1 if a call of the
graph is missing, or one is there that should not be.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "01-full-link-gray"))

import instances as gray  # noqa: E402 - after the path to them
import interrupt  # noqa: E402
from fleet import Fleet  # noqa: E402
from processes import ANY_PORT, GUNICORN, DemoFailed, Instance  # noqa: E402

Call = tuple[str, str, str, str]
"""Who calls whom, on which lane, and the lane of the instance that serves it; base is ``""``."""

SECONDS = 60.0
"""So long it may take until every call has been reported."""

QUIET = ("--no-access-log", *ANY_PORT)
THREADS = ("--threads", "8", *GUNICORN)


def served(app: str, *command: str, lane: str = "") -> Instance:
    """Return an instance of an app of the shop."""
    mark = f"FAIRLEAD_LANE={lane}" if lane else ""
    return Instance(app=app, command=command, folder=HERE / "shop", lane=lane, mark=mark)


GATEWAY = served("gateway", "uvicorn", "gateway:app", *QUIET)
CATALOG = served("catalog", "gunicorn", "catalog:app", *THREADS)
ORDERS = served("orders", "gunicorn", "orders:application", *THREADS)
SHOP = (
    *(GATEWAY, CATALOG, ORDERS),
    served("cart", "uvicorn", "cart:app", *QUIET),
    served("payment", "python", "payment.py"),
    served("pricing", "python", "pricing.py"),
)
ON_THE_LANE = tuple(
    replace(one, lane="gray", mark="FAIRLEAD_LANE=gray") for one in (CATALOG, ORDERS)
)
EVERY = (*SHOP, *gray.BASE, *ON_THE_LANE, *gray.GRAY)

PAIRS = (
    *(("gateway", "orders"), ("gateway", "cart"), ("gateway", "catalog")),
    *(("cart", "pricing"), ("catalog", "pricing"), ("orders", "payment")),
    *(("gateway", "spring-cloud-zuul"), ("spring-cloud-zuul", "a"), ("a", "b"), ("b", "c")),
)
HAVE_GRAY = {one.app for one in EVERY if one.lane}
CALLS: frozenset[Call] = frozenset(
    (caller, callee, label, label if callee in HAVE_GRAY else "")
    for caller, callee in PAIRS
    for label in ("", "gray")
)
"""Base serves a lane where the lane has no instance of an app."""

VISITS: tuple[tuple[str, dict[str, str]], ...] = (
    *(("/orders/7", {}), ("/orders/8", {"x-user": "tester"})),
    *(("/classics", {}), ("/classics", {"x-user": "tester"}), ("/items", {})),
)
"""Paths of the gateway, and with which headers they are asked for, again and again."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit status: 0, 1 if the graph is another, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    kept = os.environ.get("KEEP", "") not in ("", "0")
    parser.add_argument("--keep", default=kept, action="store_true", help="leave it running")
    parser.add_argument("--work", type=Path, default=ROOT / "build/topology", help="logs and data")
    options = parser.parse_args(argv)
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    interrupt.listen()
    shown = False
    try:
        with Fleet(work) as fleet:
            begin(fleet)
            with visitors(str(fleet.address(GATEWAY))):
                wrong = show(fleet)
                shown = True
                if options.keep and not wrong:
                    url = f"{fleet.control.url}/console/default/topology?lane=gray"
                    print(f"\nStill running, and visited; Ctrl-C stops it.\n   {url}", flush=True)
                    threading.Event().wait()
    except DemoFailed as failure:
        print(f"the demo stopped: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 0 if shown and options.keep else 130
    return int(bool(wrong))


def begin(fleet: Fleet) -> None:
    """Start everything."""
    print(f"{len(EVERY)} instances of {len({one.app for one in EVERY})} apps start", flush=True)
    fleet.apply(str(HERE / "gray.yaml"))
    fleet.start(EVERY)
    fleet.settle()
    for one in EVERY:
        lane = f"on lane {one.lane}" if one.lane else ""
        print(f"   {one.app:<18} {lane:<13} {one.served_by()}")
    print(f"   {'control plane':<18} {fleet.control.url}\n", flush=True)


@contextmanager
def visitors(address: str) -> Iterator[None]:
    """Have the entry visited."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=visit, args=(address, path, headers, stop))
        for path, headers in VISITS
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def visit(address: str, path: str, headers: dict[str, str], stop: threading.Event) -> None:
    """Ask for a path some times a second."""
    while not stop.wait(0.2):
        connection = HTTPConnection(address, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            connection.getresponse().read()
        except (OSError, HTTPException):
            continue  # the graph says what failed
        finally:
            connection.close()


def show(fleet: Fleet) -> list[str]:
    """Say who calls whom as soon as all of it has been reported; return what is wrong."""
    ask = partial(topology, fleet.control.url)
    end = time.monotonic() + SECONDS
    while not calls(graph := ask()) >= CALLS and time.monotonic() < end:
        time.sleep(0.5)
    for one in sorted(graph["edges"], key=order):
        lanes = f"{one['label'] or 'base':<5} by {one['lane'] or 'base'}"
        print(f"   {one['from']:<18} -> {one['to']:<18} {lanes:<14} {one['qps']:5.1f}/s")
    found = calls(graph)
    wrong = [f"no call {call}" for call in sorted(CALLS - found)]
    wrong += [f"a call {call}" for call in sorted(found - CALLS)]
    apps = {node["app"] for node in graph["nodes"] if node["known"]}
    print("   " + ("; ".join(wrong) or f"ok: one topology of {len(apps)} apps, on two lanes"))
    return wrong


def order(edge: Any) -> tuple[str, int]:
    pair = (edge["from"], edge["to"])
    return (edge["label"], PAIRS.index(pair) if pair in PAIRS else len(PAIRS))


def calls(graph: Any) -> set[Call]:
    """Return the calls of a graph that are made at the moment."""
    return {
        (one["from"], one["to"], one["label"], one["lane"])
        for one in graph["edges"]
        if one["qps"] > 0
    }


def topology(url: str) -> Any:
    """Return the graph of the last minute."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/fairlead/v1/topology?seconds=60", timeout=10) as response:
        return json.loads(response.read())


if __name__ == "__main__":
    sys.exit(main())
