"""F19: a client from outside sends the label of a lane along, in every spelling there is."""

from __future__ import annotations

import httpx
import pytest

from tests.control.serving import GROUP
from tests.faults.servers import App, Apps, Control, until

SPOOFS: dict[str, list[tuple[str, str]]] = {
    "baggage": [("baggage", "x-opensergo-traffic=gray")],
    "capitals": [("BAGGAGE", "X-Opensergo-Traffic=gray")],
    "among others": [("baggage", "a=1,x-opensergo-traffic=gray,b=2")],
    "with spaces": [("baggage", "a=1 ,  x-opensergo-traffic = gray ; p=1")],
    "twice": [("baggage", "x-opensergo-traffic=base,x-opensergo-traffic=gray")],
    "in two headers": [("baggage", "a=1"), ("baggage", "x-opensergo-traffic=gray")],
    "escaped value": [("baggage", "x-opensergo-traffic=%67ray")],
    "escaped key": [("baggage", "x%2Dopensergo-traffic=gray")],
    "behind what is too long": [("baggage", "a=" + "1" * 7000 + ",x-opensergo-traffic=gray")],
    "behind what is broken": [("baggage", "=,;;,x-opensergo-traffic=gray")],
    "own key of the lane": [("baggage", "my-lane=gray")],
    "header of that name": [("x-opensergo-traffic", "gray")],
    "legacy": [("OpenSergo-Label", "gray")],
    "legacy, other letters": [("opensergo-label", "gray"), ("OpensergoLabel", "gray")],
    "all at once": [
        ("baggage", "x-opensergo-traffic=gray"),
        ("OpenSergo-Label", "gray"),
        ("x-opensergo-traffic", "gray"),
    ],
}

LANE = {
    "apiVersion": f"{GROUP}/v1alpha1",
    "kind": "TrafficLane",
    "metadata": {"name": "gray"},
    "spec": {
        "selector": {"app": "front"},
        "rules": {
            "traffic": {
                "http": {"headers": {"x-user": {"exact": "insider"}}},
            },
            "traceIdBaggage": "my-lane",
            "lane": {"name": "gray"},
        },
    },
}


def ask(app: App, headers: list[tuple[str, str]]) -> str:
    answer = httpx.get(app.url, headers=headers, trust_env=False, timeout=10)
    return answer.raise_for_status().text


def test_a_label_from_outside_decides_nothing(control: Control, apps: Apps) -> None:
    """The entry's rules say who is on a lane, or anybody could reach what is not ready."""
    control.apply(LANE)
    base = apps.start("back", control.url, VERSION="-base")
    gray = apps.start("back", control.url, VERSION="-gray", FAIRLEAD_LANE="gray")
    front = apps.start("front", control.url)
    for app in (base, gray, front):
        assert app.url
    until(lambda: len(control.instances("back")) == 2, "both are registered")
    insider = [("x-user", "insider")]
    until(lambda: "back-gray" in ask(front, insider), "the rule is enforced")

    for name, headers in SPOOFS.items():
        for _ in range(3):
            assert "back-base" in ask(front, headers), name
        assert "back-gray" in ask(front, [*headers, *insider]), name


pytestmark = pytest.mark.timeout(120)
