"""A Go program that does with databases what tests tell it, on the lane that they tell it by."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.control.fleet import until
from tests.control.serving import API, Server, rule
from tests.golang.building import fairlead_go

SOURCES = Path(__file__).parent / "sql_program"
APP = "gateway"
GRAY = {"location": "cn-shenzhen"}
"""What puts a request on lane gray (`tests.control.serving.rule`)."""

Step = dict[str, Any]


def step(do: str, name: str = "", within: str = "", text: str = "", *values: Any) -> Step:
    """One thing to do."""
    return {"Do": do, "Name": name, "In": within, "SQL": text, "Args": [*values]}


def opened(name: str, driver: str, source: str) -> Step:
    """Open a pool."""
    return {"Do": "open", "Name": name, "Driver": driver, "SQL": source}


@dataclass(frozen=True)
class Ledger:
    """The program, running."""

    http: httpx.Client
    process: subprocess.Popen[str]

    def run(self, *steps: Step, gray: bool = False) -> list[Any]:
        """Do steps in one request; return what came of each."""
        answer = self.http.post("/run", json=steps, headers=GRAY if gray else {})
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()
        return found

    def one(self, one: Step, *, gray: bool = False) -> Any:
        """Do one step, that has to work."""
        (found,) = self.run(one, gray=gray)
        assert not (isinstance(found, dict) and "error" in found), found
        return found

    def refused(self, one: Step, *, gray: bool = True) -> str:
        """Do one step, that has to fail; return why."""
        (found,) = self.run(one, gray=gray)
        assert isinstance(found, dict), found
        reason: str = found["error"]
        return reason


def built(go: Path, folder: Path, *options: str) -> Path:
    """Build the program by the toolchain in `go`, with the agent in it."""
    program = folder / "ledger"
    fairlead_go(go, SOURCES, "build", *options, "-o", program, ".")
    return program


@contextmanager
def running(program: Path, server: Server, namespace: str, **more: str) -> Iterator[Ledger]:
    """Run it as an app of a namespace, once its agent follows the control plane."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(server.data_dir),
        "FAIRLEAD_CONTROL": server.url,
        "FAIRLEAD_APP": APP,
        "FAIRLEAD_NAMESPACE": namespace,
        "FAIRLEAD_STATE": str(server.data_dir.parent / f"state-{namespace}"),
        **more,
    }
    process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        with httpx.Client(base_url=f"http://{address}", timeout=60, trust_env=False) as http:
            yield Ledger(http, process)
    finally:
        process.terminate()
        process.wait(30)


def shadow(label: str = "gray", **selector: str) -> dict[str, Any]:
    """A WorkloadLabelRule."""
    return {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "WorkloadLabelRule",
        "metadata": {"name": "-".join([*selector, label])},
        "spec": {"workloadLabels": [label], "selector": selector},
    }


def governed(server: Server, namespace: str, *rules: dict[str, Any]) -> None:
    """Write the rule of lane gray, and others."""
    plurals = {"TrafficLabelRule": "trafficlabelrules", "WorkloadLabelRule": "workloadlabelrules"}
    with server.client() as http:
        for one in (rule(), *rules):
            made = http.post(f"{API}/namespaces/{namespace}/{plurals[one['kind']]}", json=one)
            assert made.status_code == 201, made.text


def follows(server: Server, namespace: str, revision: int = 0) -> None:
    """Wait until the program enforces what was written last, `revision` at least."""

    def synced() -> bool:
        with server.client() as http:
            found = http.get("/fairlead/v1/nodes", params={"namespace": namespace}).json()
        return any(
            node["synced"] and (node["enforces"]["revision"] or 0) >= revision
            for node in found["nodes"]
        )

    until(synced)


def unfit(server: Server, namespace: str) -> dict[str, str]:
    """Return what the program says that it is unfit for, once it has registered."""

    def said() -> Any:
        with server.client() as http:
            found = http.get(f"/apis/fairlead.io/v1alpha1/namespaces/{namespace}/instances").json()
        return [one["status"].get("unfit") or {} for one in found["items"]]

    found: dict[str, str] = until(said)[0]
    return found
