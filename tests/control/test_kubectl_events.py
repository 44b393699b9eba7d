"""Stock kubectl: what has happened, and to whom."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.control.fleet import Agent, fleet, until
from tests.control.kubectl import Kubectl, rows
from tests.control.serving import Server, rule, serving


def reasons(kubectl: Kubectl, *words: str) -> set[str]:
    table = rows(kubectl.run("get", "events", "--no-headers", "--ignore-not-found", *words))
    return {row[2] for row in table}


def test_describe_shows_what_has_happened(kubectl: Kubectl) -> None:
    """Where people look first when something does not work."""
    kubectl.run("create", "-f", "-", stdin=rule())
    wrong = rule(label="no label!")
    assert "is invalid" in kubectl.run("apply", "-f", "-", stdin=wrong, status=1)
    printed = until(lambda: (text := kubectl.run("describe", "tlr", "vip")) * ("Refused" in text))
    events = printed.partition("Events:")[2]
    assert "Created" in events
    assert "TargetNotSeen" in events
    assert "ChangeRefused" in events
    assert "spec.trafficLabel" in events
    kubectl.run("create", "-f", "-", stdin=rule("other"))
    assert "ChangeRefused" not in kubectl.run("describe", "tlr", "other")


def test_events_are_listed_selected_and_explained(kubectl: Kubectl, namespace: str) -> None:
    """`kubectl get events` and `kubectl events`, as in a cluster."""
    kubectl.run("create", "-f", "-", stdin=rule())
    until(lambda: reasons(kubectl) >= {"Created", "TargetNotSeen"})
    head, *_ = rows(kubectl.run("get", "events"))
    assert head == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert reasons(kubectl, "--field-selector", "type=Warning") == {"TargetNotSeen"}
    assert reasons(kubectl, "--field-selector", "involvedObject.name=nobody") == set()
    assert "Created" in kubectl.run("events", "--for", "trafficlabelrule/vip")
    assert namespace in kubectl.run("get", "ev", "-A", "-o", "wide")
    kubectl.run("delete", "tlr", "vip")
    until(lambda: "Deleted" in reasons(kubectl))
    name = kubectl.run("get", "ev", "-o", "name").split()[0]
    printed = kubectl.run("delete", name, status=1)
    assert "does not allow this method" in printed
    assert "involvedObject" in kubectl.run("explain", "event")
    assert "finalizers" in kubectl.run("explain", "namespace.spec")


def test_a_dry_run_is_no_news(kubectl: Kubectl, http: httpx.Client, namespace: str) -> None:
    """`kubectl diff` in a pipeline would otherwise write every minute."""
    kubectl.run("create", "-f", "-", stdin=rule())
    until(lambda: "Created" in reasons(kubectl))
    wrong = rule(label="no label!")
    kubectl.run("apply", "--dry-run=server", "-f", "-", stdin=wrong, status=1)
    kubectl.run("create", "--dry-run=server", "-f", "-", stdin=rule("other"))
    kubectl.run("annotate", "tlr", "vip", "note=x")
    kubectl.run("delete", "tlr", "vip")
    until(lambda: "Deleted" in reasons(kubectl))
    assert "ChangeRefused" not in reasons(kubectl)
    url = f"/api/v1/namespaces/{namespace}/events"
    items = http.get(url, params={"fieldSelector": "involvedObject.name=other"}).json()["items"]
    assert items == []


def test_instances_come_and_go_with_events(
    kubectl: Kubectl, server: Server, namespace: str
) -> None:
    """Also of a refusal: the reason is with the rule that was refused."""
    cart = Agent(server.url, namespace, "cart", 7001)
    cart.refuses = "it is Monday"
    with fleet(cart):
        kubectl.run("create", "-f", "-", stdin=rule())
        until(lambda: reasons(kubectl) >= {"Registered", "Refused"})
        assert "it is Monday" in kubectl.run("describe", "tlr", "vip").partition("Events:")[2]
        cart.leave()
    until(lambda: "Left" in reasons(kubectl))
    assert "Left" in kubectl.run("get", "ev", "--field-selector", "involvedObject.kind=Instance")


@pytest.mark.parametrize("url", ["/api/v1/pods", "/api/v1/namespaces/x/pods"])
def test_other_kinds_of_the_core_group_are_not_served(http: httpx.Client, url: str) -> None:
    """Nothing of Kubernetes is here but what has a meaning."""
    assert http.get(url).status_code == 404


def test_an_instance_that_falls_silent_is_told_of_also_behind_a_restart(tmp_path: Path) -> None:
    """Who looks in the morning, after the server was replaced, wants to know about the night."""
    url = "/api/v1/events?fieldSelector=reason=LeaseExpired"
    with serving(tmp_path / "data", fixed={"lease": 1.0}) as server, server.client() as http:
        Agent(server.url, "default", "cart", 7001).register()
        (event,) = until(lambda: http.get(url).json()["items"])
        assert event["type"] == "Warning"
        assert event["involvedObject"]["name"] == "cart.127.0.0.1-7001"
    with serving(tmp_path / "data") as server, server.client() as http:
        assert http.get(url).json()["items"] == [event]
