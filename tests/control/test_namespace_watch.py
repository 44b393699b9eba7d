"""A watch of namespaces: they come and go with what is in them, or is written of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fairlead.control.namespaces import RESOURCE, Namespaces
from fairlead.control.store import Key, MemoryStore, Write
from fairlead.kinds import KINDS
from tests.control.kubectl import Kubectl
from tests.control.serving import API, Server, rule
from tests.control.test_kubectl_lists import started
from tests.control.test_watch import told, watching

ROOT = "/api/v1/namespaces"
MERGE = {"content-type": "application/merge-patch+json"}
RULES = "trafficlabelrules.traffic.opensergo.io"


def mine(events: Iterator[dict[str, Any]], *names: str) -> Iterator[tuple[str, str]]:
    """What is told of namespaces of these names: others use the server too."""
    return (found for event in events if (found := told(event))[1] in names)


def test_a_namespace_comes_with_the_first_object_and_goes_with_the_last(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """Nobody makes one, so that is all there is to see of it."""
    url = f"{API}/namespaces/{namespace}/trafficlabelrules"
    revision = http.get(ROOT).json()["metadata"]["resourceVersion"]
    with watching(server, ROOT, resourceVersion=revision) as events:
        for name in ("a", "b"):
            assert http.post(url, json=rule(name)).is_success
        for name in ("a", "b"):
            assert http.delete(f"{url}/{name}").is_success
        seen = mine(events, namespace)
        assert [next(seen) for _ in range(2)] == [("ADDED", namespace), ("DELETED", namespace)]


def test_what_is_written_of_a_namespace_is_told_and_keeps_it(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """A switch is a change of the namespace, and with its label it stays when it is empty."""
    url = f"{API}/namespaces/{namespace}/trafficlabelrules"
    other = f"{namespace[:40]}-2"
    revision = http.get(ROOT).json()["metadata"]["resourceVersion"]
    with watching(server, ROOT, resourceVersion=revision) as events:
        assert http.post(url, json=rule("a")).is_success
        labelled = {"metadata": {"labels": {"team": "red"}}}
        assert http.patch(f"{ROOT}/{namespace}", json=labelled, headers=MERGE).is_success
        assert http.delete(f"{url}/a").is_success
        assert http.delete(f"{ROOT}/{namespace}").is_success
        made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}}
        assert http.post(ROOT, json=made).is_success
        seen = mine(events, namespace, other)
        assert [next(seen) for _ in range(4)] == [
            ("ADDED", namespace),
            ("MODIFIED", namespace),
            ("DELETED", namespace),
            ("ADDED", other),
        ]


def test_a_watch_of_one_namespace_hears_of_no_other(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """`kubectl wait namespace/NAME` and `get ns NAME -w` select it by its name."""
    url = f"{API}/namespaces/{namespace}/trafficlabelrules"
    http.post(f"{API}/namespaces/{namespace[:40]}-2/trafficlabelrules", json=rule("x"))
    http.post(url, json=rule("a"))
    only = f"metadata.name={namespace}"
    with watching(server, ROOT, fieldSelector=only) as events:
        assert told(next(events)) == ("ADDED", namespace)
        http.delete(f"{API}/namespaces/{namespace[:40]}-2/trafficlabelrules/x")
        http.delete(f"{url}/a")
        assert told(next(events)) == ("DELETED", namespace)


def test_a_watch_without_changes_ends_when_it_should(server: Server, http: httpx.Client) -> None:
    """What is written of other kinds moves it on without a word, and without haste."""
    revision = http.get(ROOT).json()["metadata"]["resourceVersion"]
    with watching(
        server, ROOT, resourceVersion=revision, timeoutSeconds="1", allowWatchBookmarks="true"
    ) as events:
        *_, last = events
    assert last["type"] == "BOOKMARK"
    assert int(last["object"]["metadata"]["resourceVersion"]) >= int(revision)
    old = http.get(ROOT, params={"watch": "1", "resourceVersion": "1"})
    assert old.status_code == 410, old.text


class World:
    """A store, seen as namespaces, and what was told of it so far."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.view = Namespaces(store=self.store, resources=[kind.resource for kind in KINDS])

    async def put(self, resource: str, namespace: str, name: str, *, gone: bool = False) -> None:
        key = Key(resource, namespace, name)
        there = self.store.get(key)
        metadata = {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
        plain = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        write = Write(
            key=key, object=None if gone else plain, expected=there.revision if there else 0
        )
        await self.store.write(write)

    def told(self, since: int = 0) -> list[tuple[str, str]]:
        return [
            (change.type, change.stored.key.name)
            for change in self.view.changes(since)
            if change.stored.key.resource == RESOURCE
        ]


WRITES = (
    (RULES, "shop", "a", False),
    (RULES, "shop", "a", False),
    (RULES, "default", "a", False),
    (RESOURCE, "", "shop", False),
    (RULES, "shop", "a", True),
    (RESOURCE, "", "shop", True),
    (RULES, "shop", "b", False),
    (RULES, "shop", "c", False),
    (RULES, "shop", "b", True),
    (RULES, "default", "a", True),
    (RULES, "shop", "c", True),
)
"""What is put where, and taken away."""


@pytest.mark.parametrize("asked_before", [False, True])
def test_what_is_told_of_the_past_does_not_depend_on_when_it_is_asked(asked_before: bool) -> None:
    """One that resumes is told the same as one that listened all the time."""

    async def live() -> None:
        world = World()
        for number, (resource, namespace, name, gone) in enumerate(WRITES):
            await world.put(resource, namespace, name, gone=gone)
            if asked_before:
                world.told(number)
        expected = ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]
        assert world.told() == [(kind, "shop") for kind in expected]
        assert [len(world.view.changes(since)) for since in (0, 5, 11)] == [11, 6, 0]

    asyncio.run(live())


def test_kubectl_watches_namespaces(kubectl: Kubectl, namespace: str) -> None:
    """`get ns -w`, and a script that waits until one is empty."""
    kubectl.run("create", "-f", "-", stdin=rule("a"))
    watch = ("get", "namespace", namespace, "-w", "--request-timeout=20s", "--no-headers")
    with (
        started(kubectl, *watch) as watching_it,
        started(kubectl, "wait", f"ns/{namespace}", "--for=delete", "--timeout=20s") as waiting,
    ):
        assert watching_it.stdout is not None
        assert watching_it.stdout.readline().split()[:2] == [namespace, "Active"]
        kubectl.run("label", "namespace", namespace, "fairlead.io/governance=observe")
        assert "observe" in watching_it.stdout.readline()
        kubectl.run("delete", "tlr", "a")
        kubectl.run("delete", "namespace", namespace)
        assert waiting.wait(20) == 0
