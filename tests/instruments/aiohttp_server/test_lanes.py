"""Requests to aiohttp's server are on the lane they came with, or are put on, to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import WSMsgType, web

from fairlead.flow.lane import Lanes
from fairlead.instruments.propagate import current, current_lane
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.telemetry.names import (
    AGENT_FAULTS,
    COLOURED,
    INVALID_LABELS,
    LANE_OUTLIVED_REQUEST,
)
from tests.instruments.aiohttp_server.servers import (
    GRAY,
    Headers,
    application,
    asked,
    baggage,
    running,
    told,
    until,
)
from tests.instruments.plane import Plane, entry, hooked, inner


def teller(plane: Plane) -> web.Application:
    return application(web.get("/", told(plane)))


@pytest.mark.parametrize(
    ("headers", "lane"),
    [
        (GRAY, "gray"),
        (baggage("user=1, x-opensergo-traffic=gray;p=1,z=2"), "gray"),
        (baggage("user=1") + GRAY, "gray"),
        ([("BAGGAGE", "OpenSergo-Label=gray")], "gray"),
        (baggage("x-blue=blue"), "blue"),
        ([("X-OpenSergo-Traffic", "gray")], "gray"),
        ([("opensergo-label", "blue"), *GRAY], "gray"),
        (baggage("x-opensergo-traffic=base"), ""),
        ([], ""),
    ],
)
def test_an_inner_app_trusts_the_label(plane: Plane, headers: Headers, lane: str) -> None:
    """Contract 7: in the baggage or, failing that, in a plain header, under any key."""
    assert asked(teller(plane), headers=headers).body.split("|")[0] == lane


def test_an_instance_on_a_lane_takes_what_has_no_label(plane: Plane) -> None:
    """Contract 8."""
    plane.engine.apply(inner(lane="gray"))
    assert asked(teller(plane)).body == "gray"
    assert asked(teller(plane), headers=baggage("x-blue=blue")).body.startswith("blue")


def test_an_entry_takes_the_label_away_and_colours_by_its_rules(plane: Plane) -> None:
    """Contract 7: a client cannot choose its lane; every other member and header stays."""
    plane.engine.apply(entry())
    spoofed = [
        ("Baggage", "user=1,x-opensergo-traffic=gray"),
        ("Baggage", "OpenSergo-Label=gray"),
        ("X-OpenSergo-Traffic", "gray"),
        ("x-blue", "blue"),
        ("x-else", "1"),
    ]
    assert asked(teller(plane), headers=spoofed).body == "|baggage=user=1|x-else=1"
    assert asked(teller(plane), headers=[*spoofed, ("x-user", "1")]).body.startswith("gray|")
    assert plane.counted(COLOURED) == {"": 1, "gray": 1}


def test_a_clone_of_a_request_has_no_label_either(plane: Plane) -> None:
    """Middlewares that believe a proxy's headers hand clones on."""
    plane.engine.apply(entry())

    @web.middleware
    async def cloning(request: web.Request, handler: object) -> web.StreamResponse:
        return await handler(request.clone(remote="10.0.0.7"))  # type: ignore[operator,no-any-return]

    app = application(web.get("/", told(plane)), middlewares=[cloning])
    assert asked(app, headers=GRAY).body == ""


@pytest.mark.parametrize(
    ("condition", "lane"),
    [
        (Condition(source="header", key="X-Blue", operator="==", values=("vip",)), "gray"),
        (Condition(source="cookie", key="user", operator="==", values=("1",)), "gray"),
        (Condition(source="query", key="user", operator="==", values=("a b",)), "gray"),
        (Condition(source="path", operator="==", values=("/a b",)), "gray"),
        (Condition(source="method", operator="==", values=("GET",)), "gray"),
        (Condition(source="source-ip", operator="==", values=("127.0.0.1",)), "gray"),
        (Condition(source="header", key="x-user", operator="==", values=("1",)), ""),
    ],
)
def test_a_rule_sees_the_request_as_it_came(plane: Plane, condition: Condition, lane: str) -> None:
    """What is taken away is taken away from the application."""
    plane.engine.apply(entry(condition))
    app = application(web.get("/a b", told(plane)))
    headers = [("x-blue", "vip"), ("cookie", "user=1")]
    assert asked(app, "/a%20b?user=a%20b", headers).body == f"{lane}|cookie=user=1"


def test_a_rule_that_fails_lets_no_label_through(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes on as one without a label."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    plane.engine.apply(entry())
    monkeypatch.setattr(Lanes, "colour", broken)
    assert asked(teller(plane), headers=[*GRAY, ("x-blue", "blue")]).body == ""
    assert plane.counted(AGENT_FAULTS) == {"aiohttp.web": 1}


@pytest.mark.parametrize(
    ("snapshot", "trust"), [(entry(), True), (inner(), False), (inner(), True)]
)
def test_who_calls_is_kept_from_an_application_that_strangers_call(
    snapshot: Snapshot, trust: bool
) -> None:
    """It would pass it on as if it were true; with a label and without one."""
    plane = Plane(snapshot, trust=trust)
    believed = trust and snapshot.entry is None
    with hooked(plane, "aiohttp_server"):
        for label in ([], GRAY):
            seen = asked(teller(plane), headers=[("fairlead-caller", "cart"), *label]).body
            assert ("fairlead-caller=cart" in seen) is believed


@pytest.mark.parametrize("value", ["x" * 7000, "../../etc", "'; DROP TABLE", "gräu", "-gray"])
def test_a_hostile_label_is_ignored_and_counted(plane: Plane, value: str) -> None:
    """F20: refused by charset and length; the request goes on as one without a label."""
    headers = baggage(f"x-opensergo-traffic={value}")
    assert asked(teller(plane), headers=headers).body.startswith("|")
    assert plane.counted(INVALID_LABELS) == {"": 1}


def test_requests_of_one_connection_and_of_many_keep_apart(plane: Plane) -> None:
    """F22: kept connections serve one lane after the other, and tasks of a request are on its."""

    async def tell(request: web.Request) -> web.Response:
        async def child() -> str:
            await asyncio.sleep(0)
            return current_lane(plane)

        inside = await asyncio.create_task(child())
        threaded = await asyncio.to_thread(current_lane, plane)
        return web.Response(text=f"{current_lane(plane)}/{inside}/{threaded}")

    async def main() -> None:
        async with running(application(web.get("/", tell))) as server:
            for lane in ("gray", "", "blue", "", "gray"):
                headers = baggage(f"x-opensergo-traffic={lane or 'base'}")
                assert (await server.ask(headers=headers)).body == f"{lane}/{lane}/{lane}"
            lanes = ["gray", "base", "blue"] * 20
            asking = (server.ask(headers=baggage(f"x-opensergo-traffic={one}")) for one in lanes)
            bodies = [one.body.partition("/")[0] or "base" for one in await asyncio.gather(*asking)]
            assert bodies == lanes
        assert current() is None

    asyncio.run(main())
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_what_writes_a_response_is_on_the_lane(plane: Plane) -> None:
    """Bodies, and what runs before headers are sent, come after the handler has returned."""
    seen: list[str] = []

    async def steps() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0)
            yield f"{current_lane(plane)};".encode()

    async def stream(request: web.Request) -> web.Response:
        return web.Response(body=steps())

    async def prepared(request: web.Request, response: web.StreamResponse) -> None:
        seen.append(current_lane(plane))

    app = application(web.get("/", stream))
    app.on_response_prepare.append(prepared)
    assert asked(app, headers=GRAY).body == "gray;gray;gray;"
    assert seen == ["gray"]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_a_websocket_is_a_request(plane: Plane) -> None:
    """Its messages run on the lane it was opened with."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(current_lane(plane))
        return socket

    async def main() -> None:
        async with (
            running(application(web.get("/", echo))) as server,
            server.session.ws_connect(server.url("/"), headers=GRAY) as client,
        ):
            for _ in range(2):
                await client.send_str("?")
                assert await client.receive_str(timeout=10) == "gray"

    asyncio.run(main())


def test_a_task_that_outlives_its_request_is_counted(plane: Plane) -> None:
    """Contract 9: it keeps its lane, and doctor can say that it happened."""
    lanes: list[str] = []

    async def main() -> None:
        later = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []

        async def straggle() -> None:
            await later.wait()
            lanes.append(current_lane(plane))

        async def start(request: web.Request) -> web.Response:
            tasks.append(asyncio.create_task(straggle()))
            return web.Response()

        async with running(application(web.get("/", start))) as server:
            await server.ask(headers=GRAY)
            await until(lambda: bool(tasks))
            await asyncio.sleep(0.05)  # the answer is here before the server's task has ended
            later.set()
            await tasks[0]

    asyncio.run(main())
    assert lanes == ["gray"]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {"gray": 1}


def test_a_server_without_an_application_is_on_lanes_too(plane: Plane) -> None:
    """It has no routes, and so no resources."""

    async def main() -> None:
        async with running(web.Server(told(plane))) as server:
            assert (await server.ask("/a", headers=GRAY)).body.startswith("gray")

    asyncio.run(main())


def test_the_application_starts_up_when_the_first_snapshot_is_there(plane: Plane) -> None:
    """Contract 20; what it does then runs on the instance's own lane."""
    plane.ready = False
    plane.engine.apply(inner(lane="gray"))
    lanes: list[str] = []

    async def started(app: web.Application) -> None:
        assert (plane.waited, plane.servers) == (1, [])
        lanes.append(current_lane(plane))

    app = teller(plane)
    app.on_startup.append(started)
    assert asked(app).body == "gray"
    assert lanes == ["gray"]
    assert {name for name, _ in plane.servers} == {"aiohttp.web"}


def test_a_fault_of_ours_lets_the_request_through(plane: Plane) -> None:
    """F43: as one without a label, and counted."""
    plane.engine.plan = object()  # type: ignore[assignment]
    app = application(web.get("/", _fine))
    assert asked(app, headers=GRAY).body == "fine"
    assert plane.counted(AGENT_FAULTS) == {"aiohttp.web": 1}


async def _fine(request: web.Request) -> web.Response:
    return web.Response(text="fine")


def test_the_trace_of_a_request_is_its_calls(plane: Plane) -> None:
    """W3C's headers, however they are written."""
    parent = f"00-{'1' * 32}-{'2' * 16}-01"

    async def carried(request: web.Request) -> web.Response:
        return web.Response(text=str(plane.observing.traces.carried()))

    app = application(web.get("/", carried))
    sent = [("TraceParent", parent), ("tracestate", "a=1"), ("tracestate", "b=2")]
    assert asked(app, headers=sent).body == str((parent, "a=1,b=2"))
    assert asked(application(web.get("/", carried))).body == "None"


def test_a_request_that_cannot_be_read_is_none(plane: Plane) -> None:
    """It is answered without the application."""
    plane.engine.apply(entry())

    async def main() -> bytes:
        async with running(teller(plane)) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"GET / HTTP/1.1\r\nno header\r\n\r\n")
            answer = await asyncio.wait_for(reader.readline(), 10)
            writer.close()
            return answer

    assert b" 400 " in asyncio.run(main())
    assert plane.counted(COLOURED) == {}
