"""Every example of the documentation and of the examples' folder, as a real Envoy is given it."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from fairlead.kinds.catalog import KINDS
from scripts.servers.ports import free_port
from tests.architecture.tree import ROOT
from tests.cli.proxy.following import NAMESPACE, Sidecar, xds_port
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.envoy.upstream import Upstream
from tests.control.fleet import until
from tests.control.serving import serving

ENVOY = os.environ.get("ENVOY", "")
FENCED = re.compile(r"^```yaml([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMING = ("app", "host", "hosts", "name", "targetRef", "selector", "labels")
APP = re.compile(r"[a-z]([-a-z0-9]{0,30}[a-z0-9])?")

pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")


def texts() -> Iterator[tuple[str, str]]:
    """Yield where files for the control plane are shown, and what is in them."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for place, (title, found) in enumerate(FENCED.findall(path.read_text())):
            if "mistake" not in title:
                yield f"{path.relative_to(ROOT)} {place}", found
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        # What a rig has measured is put in for a word of capitals before it is applied.
        yield str(path.relative_to(ROOT)), path.read_text().replace("CAPACITY", "100")


def objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of a text that is meant for a control plane."""
    try:
        found = [one for one in yaml.safe_load_all(text) if isinstance(one, dict)]
    except yaml.YAMLError:
        return []
    return [one for one in found if "apiVersion" in one and "metadata" in one]


EXAMPLES = {place: found for place, text in texts() if (found := objects(text))}


def named(value: Any) -> Iterator[str]:
    """Yield what may be the name of an app in an object."""
    if isinstance(value, str):
        first = value.partition(".")[0]
        if APP.fullmatch(first):
            yield first
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in (
                "app",
                "host",
                "hosts",
                "name",
                "targetRef",
                "selector",
                "labels",
            ) or isinstance(item, dict | list):
                yield from named(item)
    elif isinstance(value, list):
        for item in value:
            yield from named(item)


class Asked:
    """A control plane that takes examples, and the Envoys that follow it."""

    def __init__(self, sidecar: Sidecar, envoys: list[Envoy]) -> None:
        self.sidecar, self._envoys, self._count = sidecar, envoys, 0

    def apply(self, plain: dict[str, Any], *, faulty: bool = False) -> str:
        """Have the control plane keep an object; return its path, ``""`` where it is refused."""
        group, _, version = plain["apiVersion"].rpartition("/")
        kind = next(one for one in KINDS if (one.group, one.kind) == (group, plain["kind"]))
        path = f"/apis/{group}/{version}/namespaces/{NAMESPACE}/{kind.plural}"
        name = plain["metadata"]["name"]
        own = plain | {"metadata": {**plain["metadata"], "namespace": NAMESPACE}}
        with self.sidecar.server.client() as http:
            answer = http.post(path, json=own)
        if faulty and answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            return ""
        answer.raise_for_status()
        return f"{path}/{name}"

    def forget(self, path: str) -> None:
        """Have it delete an object."""
        with self.sidecar.server.client() as http:
            http.delete(path).raise_for_status()

    def settled(self) -> None:
        """Wait until Envoy follows: whoever comes last is called by it."""
        self._count += 1
        self.sidecar.register(f"last-{self._count}", "second")
        until(lambda: self.sidecar.reached(f"last-{self._count}")["second"])

    def rejected(self) -> list[str]:
        """Return what Envoy itself has counted as rejected."""
        found = []
        for envoy in self._envoys:
            told = httpx.get(f"{envoy.admin}/stats?filter=update_rejected", trust_env=False).text
            found += [line for line in told.splitlines() if not line.endswith(": 0")]
        return found


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Run a control plane, an Envoy for calls, and one for gateways."""
    capture = free_port()
    folder: Path = tmp_path_factory.mktemp("examples")
    with (
        serving(folder / "data", xds="127.0.0.1:0") as server,
        Upstream(["base", "second"]) as upstream,
    ):
        words = ["--envoy", "--xds", f"127.0.0.1:{xds_port(server)}"]
        words += ["--namespace", NAMESPACE, "--admin", "127.0.0.1:0"]
        calls = [*words, "--app", "caller", "--capture", str(capture)]
        own: argparse.Namespace = options_parser().parse_args(calls)
        gates = options_parser().parse_args([*words, "--app", "gateway", "--gateway"])
        (folder / "own").mkdir()
        (folder / "gates").mkdir()
        with (
            Envoy(ENVOY, bootstrap(own, {}), folder / "own") as one,
            Envoy(ENVOY, bootstrap(gates, {}), folder / "gates") as other,
        ):
            yield Asked(Sidecar(server, upstream, capture), [one, other])


@pytest.mark.parametrize("place", EXAMPLES)
def test_envoy_refuses_nothing_of_an_example(asked: Asked, place: str):
    """Nor of what is left when it is deleted; apps that it names are called."""
    found = EXAMPLES[place]
    agents = [asked.sidecar.register(app, "base") for app in sorted(set(named(found)))]
    # That page shows what is wrong with objects, which some are refused for.
    faulty = place.startswith("docs/analyze.md")
    paths = list(filter(None, (asked.apply(one, faulty=faulty) for one in found)))
    asked.settled()

    assert asked.rejected() == []
    assert asked.sidecar.refused() == []

    for path in paths:
        asked.forget(path)
    for agent in agents:
        agent.leave()
    asked.settled()
    assert asked.rejected() == []
