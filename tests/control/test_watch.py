"""Watches of the REST API: nothing is missed, nothing is told twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from fairlead.control.api import watch
from fairlead.control.api.authored import authored_kinds
from fairlead.control.api.selectors import everything
from fairlead.control.api.table import Form, Printer
from fairlead.control.store import Key, MemoryStore, Write, mirror
from tests.control.serving import API, Server, rule

TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


@pytest.fixture
def url(namespace: str) -> str:
    return f"{API}/namespaces/{namespace}/trafficlabelrules"


@contextmanager
def watching(server: Server, url: str, **query: Any) -> Iterator[Iterator[dict[str, Any]]]:
    headers = query.pop("headers", {})
    with (
        server.client() as http,
        http.stream("GET", url, params={"watch": "1", **query}, headers=headers) as stream,
    ):
        assert stream.status_code == 200
        yield (json.loads(line) for line in stream.iter_lines())


def told(event: dict[str, Any]) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"]["name"]


def patch(http: httpx.Client, url: str, body: Any) -> None:
    merge = {"content-type": "application/merge-patch+json"}
    assert http.patch(url, content=json.dumps(body), headers=merge).is_success


def spec_events(events: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The next events that are not about a status."""
    found: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    while len(found) < count:
        event = next(events)
        plain = {key: value for key, value in event["object"].items() if key != "status"}
        own = {k: v for k, v in plain["metadata"].items() if k != "resourceVersion"}
        same = (event["type"], own["name"], json.dumps({**plain, "metadata": own}))
        if event["type"] != "MODIFIED" or last.get(own["name"]) != same[2]:
            found.append(event)
        last[own["name"]] = same[2]
    return found


def test_a_watch_tells_every_change_after_its_revision(
    server: Server, http: httpx.Client, url: str
) -> None:
    """List, then watch from the list's revision: informers are built on it."""
    http.post(url, json=rule("before"))
    revision = http.get(url).json()["metadata"]["resourceVersion"]
    with watching(server, url, resourceVersion=revision) as events:
        http.post(url, json=rule("a"))
        patch(http, f"{url}/a", {"spec": {"trafficLabel": "blue"}})
        http.delete(f"{url}/a")
        seen = [
            event for event in spec_events(events, 4) if event["object"]["metadata"]["name"] == "a"
        ]
    kinds = [event["type"] for event in seen]
    assert kinds == ["ADDED", "MODIFIED", "DELETED"]
    revisions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert revisions == sorted(revisions)
    assert revisions[0] > int(revision)


def test_a_watch_without_a_revision_begins_with_what_there_is(
    server: Server, http: httpx.Client, url: str
) -> None:
    """`kubectl get --watch-only` and simple scripts begin here."""
    http.post(url, json=rule("a"))
    with watching(server, url) as events:
        assert told(next(events)) == ("ADDED", "a")


def test_a_watch_hears_of_its_namespace_only(
    server: Server, http: httpx.Client, url: str, namespace: str
) -> None:
    """And one of everything hears of all."""
    other = url.replace(namespace, f"{namespace[:40]}-2")
    revision = http.get(url).json()["metadata"]["resourceVersion"]
    with watching(server, url, resourceVersion=revision) as events:
        http.post(other, json=rule("elsewhere"))
        http.post(url, json=rule("here"))
        assert told(next(events)) == ("ADDED", "here")
    with watching(server, f"{API}/trafficlabelrules", resourceVersion=revision) as events:
        # Statuses of what other tests wrote are told, too.
        assert any(event["object"]["metadata"]["name"] == "elsewhere" for event in events)


def test_an_object_that_leaves_the_selection_is_told_as_deleted(
    server: Server, http: httpx.Client, url: str
) -> None:
    """To whoever selects, it is gone; and it is new when it comes back."""
    http.post(url, json=rule("a"))
    revision = http.get(url).json()["metadata"]["resourceVersion"]
    with watching(server, url, resourceVersion=revision, labelSelector="team=a") as events:
        patch(http, f"{url}/a", {"metadata": {"labels": {"team": "a"}}})
        assert told(next(events)) == ("ADDED", "a")
        patch(http, f"{url}/a", {"metadata": {"labels": {"team": "b"}}})
        while (event := told(next(events))) == ("MODIFIED", "a"):
            pass
        assert event == ("DELETED", "a")


def test_a_watch_can_be_a_table(server: Server, http: httpx.Client, url: str) -> None:
    """`kubectl get -w` prints rows."""
    http.post(url, json=rule("a"))
    with watching(server, url, headers=TABLE) as events:
        event = next(events)
        assert event["object"]["kind"] == "Table"
        assert event["object"]["rows"][0]["cells"][0] == "a"


def test_a_watch_ends_when_its_time_is_up(server: Server, url: str) -> None:
    """Clients ask for it, to come back through another door."""
    with watching(server, url, timeoutSeconds=1) as events:
        assert list(events) == []


@pytest.mark.parametrize("revision", ["1", "999999999999999999"])
def test_a_revision_nobody_remembers_is_gone(http: httpx.Client, url: str, revision: str) -> None:
    """410 makes every client list again; silence would leave it with a gap."""
    answer = http.get(url, params={"watch": "1", "resourceVersion": revision})
    assert (answer.status_code, answer.json()["reason"]) == (410, "Expired")


def test_the_metadata_of_objects_can_be_had_alone(http: httpx.Client, url: str) -> None:
    """Controllers that only look at names ask for it."""
    http.post(url, json=rule("a"))
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    found = http.get(url, headers={"accept": accept}).json()
    assert found["kind"] == "PartialObjectMetadataList"
    assert "spec" not in found["items"][0]
    assert found["items"][0]["metadata"]["name"] == "a"


def bookmarked(store: MemoryStore) -> AsyncIterator[bytes]:
    """Return the lines of a watch of TrafficLanes, with bookmarks, from the store's beginning."""
    served = next(authored_kinds(lambda namespace, app, lane: None))
    one = watch.Watch(
        store=store,
        served=served,
        namespace=None,
        select=everything,
        printer=Printer(served=served, form=Form(), clock=lambda: datetime.now(UTC)),
        bookmarks=True,
    )
    return one.lines(0, asyncio.Event())


def test_a_bookmark_says_how_far_a_quiet_watch_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that resumes from it is not told of other kinds' past."""
    monkeypatch.setattr(watch, "BOOKMARKS", 0.01)

    async def scenario() -> None:
        store = MemoryStore()
        lines = bookmarked(store)
        await store.write(Write(key=Key("other", "x", "y"), object={}, expected=0))
        event = json.loads(await anext(lines))
        assert event["type"] == "BOOKMARK"
        assert event["object"]["kind"] == "TrafficLane"
        assert event["object"]["metadata"]["resourceVersion"] == "1"

    asyncio.run(scenario())


def test_a_bookmark_comes_though_others_write_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A quiet rule's watch would else go on from a revision that nobody remembers any more."""
    monkeypatch.setattr(watch, "BOOKMARKS", 0.0)

    async def scenario() -> None:
        store = MemoryStore()
        lines = bookmarked(store)
        for number in range(1, 4):
            await store.write(Write(key=Key("other", "x", str(number)), object={}, expected=0))
            event = json.loads(await anext(lines))
            assert event["type"] == "BOOKMARK"
            assert event["object"]["metadata"]["resourceVersion"] == str(number)

    asyncio.run(scenario())


def test_who_is_sent_away_is_told_where_to_go_on(
    server: Server, http: httpx.Client, url: str
) -> None:
    """A watch that ends by its own time leaves nothing to be told twice."""
    http.post(url, json=rule("a"))
    with watching(server, url, timeoutSeconds=1, allowWatchBookmarks="true") as events:
        *_, last = events
    assert last["type"] == "BOOKMARK"
    revision = last["object"]["metadata"]["resourceVersion"]
    http.post(url, json=rule("b"))
    with watching(server, url, resourceVersion=revision, timeoutSeconds=1) as events:
        assert "a" not in {event["object"]["metadata"]["name"] for event in events}


def test_a_watcher_that_falls_behind_is_told_to_list_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the stream, for it has begun: an ERROR event with the Status of a 410."""
    monkeypatch.setattr(mirror, "REMEMBERED", 2)

    async def scenario() -> None:
        store = MemoryStore()
        served = next(authored_kinds(lambda namespace, app, lane: None))
        printer = Printer(served=served, form=Form(), clock=lambda: datetime.now(UTC))
        one = watch.Watch(
            store=store, served=served, namespace=None, select=everything, printer=printer
        )
        lines = one.lines(0, asyncio.Event())
        for name in "abcd":
            plain = {"metadata": {"name": name}}
            await store.write(Write(key=served.key("x", name), object=plain, expected=0))
        events = [json.loads(line) async for line in lines]
        assert [(e["type"], e["object"]["code"]) for e in events] == [("ERROR", 410)]

    asyncio.run(scenario())
