"""Run the official conformance suite of the Gateway API against tables that we make.

    python -m tests.conformance.gateway_api CHECKOUT

CHECKOUT is one of github.com/kubernetes-sigs/gateway-api. The manifest of each test of an
HTTPRoute is compiled, and its requests are decided by the table: backend or status, redirect, path
and host as they arrive, headers that are set or gone, copies. Cases that need a real backend, or
change objects while they run, are left out. Prints what disagrees, and a score.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fairlead.compiler import Instance, World
from fairlead.compiler.gateways.gateways import Served
from fairlead.compiler.governance import Governance
from fairlead.kinds import InvalidResource, Resource, parse
from fairlead.kinds.document import read_documents
from fairlead.kinds.gateway_api import GROUP
from tests.conformance.gateway_api.golang import cases
from tests.conformance.gateway_api.judge import disagreement

_GATEWAY = re.compile(r'gwNN\w*\s*:?=\s*types\.NamespacedName\{Name: "([^"]+)"')

_SENT = re.compile(r"MakeRequestAndExpect\w+\([^)]*?(gwAddr\w*)")


def main() -> int:
    """Run all there are; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.gateway_api")
    parser.add_argument("checkout", type=Path)
    root = parser.parse_args().checkout / "conformance"
    if not (root / "tests").is_dir():
        sys.stderr.write(f"{root}: no conformance suite of the Gateway API\n")
        return 2
    base = (root / "base" / "manifests.yaml").read_text("utf-8")
    names = dict(
        re.findall(r'(\w+)\s*=\s*"([^"]+)"', (root / "utils/suite/consts.go").read_text("utf-8"))
    )
    score: Counter[str] = Counter()
    for path in sorted((root / "tests").glob("httproute-*.go")):
        manifest = path.with_suffix(".yaml")
        text = manifest.read_text("utf-8") if manifest.is_file() else ""
        results = list(_judged(path, f"{base}\n---\n{text}", names))
        score["passed"] += results.count("")
        score["failed"] += sum(one != "" for one in results)
        score["tests left out"] += not results
        for one in filter(None, results):
            sys.stdout.write(f"{path.stem}: {one}\n")
    sys.stdout.write(", ".join(f"{count} {what}" for what, count in score.items()) + "\n")
    return 1 if score["failed"] else 0


def _judged(path: Path, manifests: str, names: dict[str, str]) -> Iterator[str]:
    source = path.read_text("utf-8")
    found = list(cases(source, "http.ExpectedResponse", names))
    if not found:
        return
    try:
        served = _served(manifests)
    except InvalidResource as error:
        yield f"the manifest is refused: {error}"
        return
    changed = source.find("Client.Delete(")
    for at, case in found:
        if not _plain(case) or -1 < changed < at:
            continue
        gateway = _gateway(source, at)
        tables = [one for one in served if one.gateway == gateway]
        port = str((case.get("Request") or {}).get("Host") or "").partition(":")[2]
        meant = [one for one in tables if str(one.port) == port] or tables
        yield disagreement(meant[0], case) if meant else f"there is no gateway {gateway}"


def _plain(case: dict[str, Any]) -> bool:
    """Tell whether a case says by itself what is asked and expected."""
    asked, response = case["Request"], case.get("Response") or {}
    if not (isinstance(asked, dict) and isinstance(response, dict)):
        return False
    statuses = response.get("StatusCodes") or [response.get("StatusCode") or 200]
    numbers = isinstance(statuses, list) and all(isinstance(one, int) for one in statuses)
    # That a backend is too slow is nothing that a table decides.
    return numbers and statuses != [504] and not str(asked.get("Path")).endswith("+")


def _gateway(source: str, at: int) -> str:
    """Return the name of the gateway whose address the cases at a place are sent to."""
    sent = _SENT.search(source, at)
    made = list(re.finditer(rf"\b{sent[1]}\b[^\n=]*=", source[:at])) if sent else []
    before = _GATEWAY.findall(source[: made[-1].end() if made else at])
    return before[-1] if before else "same-namespace"


def _served(manifests: str) -> tuple[Served, ...]:
    objects: list[Resource[Any]] = []
    instances = []
    labels: dict[str, dict[str, str]] = {}
    for document in read_documents(manifests):
        plain: Any = document.plain
        if not isinstance(plain, dict):
            continue
        metadata = plain.get("metadata", {})
        if str(plain.get("apiVersion")).startswith(GROUP) and plain["kind"] in (
            "Gateway",
            "HTTPRoute",
            "ReferenceGrant",
        ):
            objects.append(parse(plain))
        if plain.get("kind") == "Service":
            where, app = metadata["namespace"], metadata["name"]
            instances.append(Instance(namespace=where, app=app, address="10.0.0.1:80"))
        if plain.get("kind") == "Namespace":
            labels[metadata["name"]] = metadata.get("labels") or {}
    governance = Governance(labels=labels)
    return World.of(objects, instances, 1, governance=governance).gateways.served


if __name__ == "__main__":
    sys.exit(main())
