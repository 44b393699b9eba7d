"""The live stream, over HTTP, and what it makes of agents."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from fairlead.protocols.watch.codec import ROOT
from tests.control.fleet import Agent, fleet, until
from tests.control.serving import API, Server, lane

from .reports import request, rule
from .test_endpoints import Shop


class Stream:
    """What a reader has been sent."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    def named(self, name: str) -> list[Any]:
        return [data for event, data in list(self.events) if event == name]

    def read(self, answer: httpx.Response) -> None:
        name = ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                self.events.append((name, json.loads(value)))


@contextmanager
def streaming(server: Server, **query: str) -> Iterator[Stream]:
    """Read a live stream in a thread."""
    stream = Stream()
    with server.client() as client, client.stream("GET", f"{ROOT}/live", params=query) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")

        def read() -> None:
            try:
                stream.read(answer)
            except (httpx.HTTPError, httpx.StreamError, OSError):
                return

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield stream
        finally:
            sock = answer.extensions["network_stream"].get_extra_info("socket")
            sock.shutdown(2)
            thread.join(15)


@pytest.fixture
def shop(http: httpx.Client, namespace: str) -> Shop:
    return Shop(http, namespace)


def test_a_stream_shows_how_things_are_and_what_happens(server: Server, shop: Shop) -> None:
    """Each second a picture; a refusal and a change at once."""
    shop.register("orders", 7001)
    with streaming(server, namespace=shop.namespace, app="orders") as stream:
        until(lambda: stream.named("services") and stream.named("service"))
        assert stream.named("service")[0]["app"] == "orders"
        shop.post(shop.report("orders", 7001, seconds=1.0, rules=(rule(rejected=5),)))
        shop.post(shop.report("other", seconds=1.0, rules=(rule("R/other"),)))
        url = f"{API}/namespaces/{shop.namespace}/trafficlanes"
        assert shop.http.post(url, json=lane("gray")).status_code == 201
        until(lambda: stream.named("change"))
        until(lambda: any(one["reason"] == "Created" for one in stream.named("event")))
    (change,) = stream.named("change")
    assert (change["kind"], change["name"], change["type"]) == ("TrafficLane", "gray", "added")
    rejected = [one for one in stream.named("event") if one["reason"] == "Rejected"]
    assert [(one["app"], one["rule"], one["count"]) for one in rejected] == [
        ("orders", "RateLimit/slow", 5)
    ]


def test_requests_are_told_to_who_taps_and_to_nobody_else(server: Server, shop: Shop) -> None:
    """They are of no interest to a page, and would be a lot."""
    shop.register("orders", 7001)
    query = {"namespace": shop.namespace, "app": "orders"}
    with streaming(server, **query, tap="1") as tapping, streaming(server, **query) as watching:
        until(lambda: tapping.named("service") and watching.named("service"))
        shop.post(shop.report("orders", 7001, seconds=1.0, requests=(request(status=429),)))
        until(lambda: tapping.named("request"))
        until(lambda: len(watching.named("service")) > 2)
        assert watching.named("request") == []
    (told,) = tapping.named("request")
    assert (told["app"], told["interface"], told["status"]) == ("orders", "GET:/orders", 429)
    assert told["at"].startswith("2026-")


def test_agents_are_asked_for_requests_as_long_as_somebody_taps(server: Server, shop: Shop) -> None:
    """Not for a moment longer: each is told one by one."""
    agent = Agent(server.url, shop.namespace, "orders", 7001)
    with fleet(agent):
        until(lambda: agent.snapshots)
        with streaming(server, namespace=shop.namespace, app="orders", tap="1"):
            until(lambda: agent.session.telemetry.tap > 0)
        until(lambda: agent.session.telemetry.tap == 0)


def test_who_is_watched_reports_each_second(server: Server, shop: Shop) -> None:
    """And nobody else: what is not looked at costs next to nothing."""
    watched = Agent(server.url, shop.namespace, "orders", 7001)
    other = Agent(server.url, shop.namespace, "stock", 7002)
    with fleet(watched, other):
        until(lambda: watched.snapshots and other.snapshots)
        assert watched.session.telemetry.every == 10.0
        with streaming(server, namespace=shop.namespace, app="orders"):
            until(lambda: watched.session.telemetry.every == 1.0)
            assert other.session.telemetry.every == 10.0
        with streaming(server, namespace=shop.namespace):
            until(lambda: other.session.telemetry.every == 1.0)


def test_settings_reach_agents_that_are_connected(server: Server, shop: Shop) -> None:
    """No application is started again for it."""
    agent = Agent(server.url, shop.namespace, "orders", 7001)
    with fleet(agent):
        until(lambda: agent.snapshots)
        shop.http.put(f"{ROOT}/settings", json={"telemetry": {"interfaces": 99}})
        until(lambda: agent.session.telemetry.interfaces == 99)
        shop.http.put(f"{ROOT}/settings", json={"telemetry": {"interfaces": 256}})
