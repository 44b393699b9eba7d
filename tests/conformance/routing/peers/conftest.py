"""One control plane with all policies, and the data planes that ask it, started once each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conformance.routing.peers.corpus import policies
from tests.conformance.routing.peers.plane import Plane, standing
from tests.conformance.routing.peers.runners import Runner, built, by_agent, by_envoy, stock

PEERS = bool(os.environ.get("PEERS"))
collect_ignore = [] if PEERS else ["test_peers.py"]


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Run the control plane and the instances."""
    with standing(tmp_path_factory.mktemp("peers"), policies()) as found:
        yield found


@pytest.fixture(scope="session")
def asking(
    plane: Plane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Runner]]:
    """Return data planes by name, each started when it is first asked for."""
    folder: Path = tmp_path_factory.mktemp("data-planes")
    found: dict[str, Runner] = {}
    with ExitStack() as stack:

        def ask(name: str) -> Runner:
            if name not in found:
                kind, _, library = name.partition(" ")
                if kind == "envoy":
                    one = by_envoy(plane, folder)
                elif kind == "agent":
                    one = by_agent(plane, library, folder)
                elif kind == "built":
                    one = by_agent(plane, library, folder, built(library, folder))
                else:
                    one = stock(plane, kind, folder)
                found[name] = stack.enter_context(one)
            return found[name]

        yield ask
