"""The few questions the demo asks the control plane's API, which is Kubernetes-style REST."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Callable
from typing import Any

from processes import DEFAULT, Instance

_INSTANCES = "/apis/fairlead.io/v1alpha1/namespaces/{}/instances"
_RULES = "/apis/traffic.opensergo.io/v1alpha1/namespaces/{}"
_PLURALS = ("trafficlanes", "trafficlabelrules")

# Proxies are for the outside.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ControlPlane:
    """A control plane at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._milestones = 0

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with _OPENER.open(f"{self.url}/readyz", timeout=10):
                return True
        except OSError:
            return False

    def address(self, wanted: Instance) -> str | None:
        """Return the address of a live instance like `wanted`, or None."""
        for instance in self._call("GET", _INSTANCES.format(wanted.namespace))["items"]:
            spec, lane = instance["spec"], instance.get("status", {}).get("lane")
            labels = {label["key"]: label["value"] for label in spec.get("labels", ())}
            found = (spec["app"], lane, labels.get("version", ""))
            if found == (wanted.app, wanted.lane, wanted.version):
                return str(spec["address"])
        return None

    def processes(self, app: str) -> list[list[int]]:
        """Return the pids of each live instance of `app`."""
        instances = self._call("GET", _INSTANCES.format(DEFAULT))["items"]
        specs = [instance["spec"] for instance in instances if instance["spec"]["app"] == app]
        return [sorted(process["pid"] for process in spec["processes"]) for spec in specs]

    def connected(self) -> int:
        """Return how many processes are connected with their agents."""
        nodes = self._call("GET", "/fairlead/v1/nodes")["nodes"]
        return sum(node["connected"] for node in nodes)

    def asked(self) -> Counter[str]:
        """Return how many requests it has had since it started, by what they ask for."""
        return Counter(self._call("GET", "/fairlead/v1/requests")["requests"])

    def rules(self, namespace: str) -> int:
        """Return how many rules in `namespace` put requests on a lane."""
        return sum(
            len(self._call("GET", f"{_RULES.format(namespace)}/{plural}")["items"])
            for plural in _PLURALS
        )

    def milestone(self, namespace: str = DEFAULT) -> tuple[Callable[[], bool], Callable[[], None]]:
        """Set a mark in the order of all writes; return what tells whether every agent is past it.

        Those of one namespace are asked. The mark is a rule that changes nothing. It is live on a
        workload once that enforces what was compiled of everything written before, instances that
        came and went among it. The second function takes the mark away.
        """
        self._milestones += 1
        collection, name = (
            f"{_RULES.format(namespace)}/workloadlabelrules",
            f"demo-milestone-{self._milestones}",
        )
        rule = {
            "apiVersion": "traffic.opensergo.io/v1alpha1",
            "kind": "WorkloadLabelRule",
            "metadata": {"name": name},
            "spec": {"workloadLabels": ["milestone"], "selector": {"app": "demo-milestone"}},
        }
        self._call("POST", collection, rule)
        return (
            lambda: _condition(self._call("GET", f"{collection}/{name}"), "Live") == "True",
            lambda: self._call("DELETE", f"{collection}/{name}"),
        )

    def traffic(self, app: str) -> Counter[str]:
        """Return how many requests an entry app has put on each lane, as its agents report it."""
        found = self._call("GET", "/fairlead/v1/traffic")["apps"]
        shares = (share for one in found if one["app"] == app for share in one["lanes"])
        return Counter({share["lane"] or "base": share["requests"] for share in shares})

    def losers(self) -> list[str]:
        """Return what the status says of rules that lose where a request matches another too."""
        return [
            f"{rule['kind']}/{rule['metadata']['name']}: {condition['message']}"
            for plural in _PLURALS
            for rule in self._call("GET", f"{_RULES.format(DEFAULT)}/{plural}")["items"]
            for condition in rule.get("status", {}).get("conditions", ())
            if condition["type"] == "Overridden"
        ]

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with _OPENER.open(request, timeout=10) as response:
            return json.loads(response.read() or b"null")


def _condition(resource: Any, kind: str) -> str | None:
    """Return the status of a condition, None where there is none yet."""
    for condition in resource.get("status", {}).get("conditions", ()):
        if condition["type"] == kind:
            return str(condition["status"])
    return None
