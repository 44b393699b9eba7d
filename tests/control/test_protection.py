"""Most instances of an app fall silent at once: they are held and asked, and the rest given up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from fairlead.control.instance import instance_key
from fairlead.control.probe import Answer, connect
from fairlead.protocols.watch.codec import Registration
from tests.control.test_instances import FIRST, Plane, run


def registered(number: int, app: str = "cart") -> Registration:
    return replace(FIRST, app=app, node=f"{app}{number}", address=f"127.0.0.1:{number}", pid=number)


async def started(plane: Plane, count: int, answer: Answer, app: str = "cart") -> None:
    """Register `count` instances, spread over a renewal's time as real ones are."""
    for number in range(1, count + 1):
        plane.answers[registered(number, app).address] = answer
        await plane.instances.renew(registered(number, app))
        await plane.pass_time(3.0 / count)


def ports(plane: Plane) -> list[int]:
    return sorted(int(one["spec"]["address"].rpartition(":")[2]) for one in plane.objects())


async def renewed(plane: Plane, seconds: float, *numbers: int) -> None:
    """Let time pass while the instances `numbers` renew every three seconds."""
    for _ in range(int(seconds / 3)):
        for number in numbers:
            await plane.instances.renew(registered(number))
        await plane.pass_time(3)


@pytest.mark.parametrize(
    ("count", "renewing", "kept"),
    [
        (1, 0, 1),
        (2, 0, 2),
        (2, 1, 1),
        (3, 2, 2),
        (3, 1, 3),
        (4, 2, 2),
        (4, 1, 4),
        (10, 5, 5),
        (10, 4, 10),
        (10, 0, 10),
    ],
)
def test_more_than_half_are_held_and_a_minority_is_given_up(
    count: int, renewing: int, kept: int
) -> None:
    """Fault F14, and the small numbers: the last one is always more than half."""

    async def scenario(plane: Plane) -> None:
        await started(plane, count, Answer.ANSWERS)
        await renewed(plane, 30, *range(1, renewing + 1))
        assert len(plane.objects()) == kept

    run(scenario)


def test_who_said_goodbye_is_not_missing() -> None:
    """A fleet that is scaled down is no outage."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 4, Answer.ANSWERS)
        for number in (1, 2, 3):
            one = registered(number)
            await plane.instances.leave(one.namespace, one.app, one.address, one.node)
        await renewed(plane, 30, 4)
        assert ports(plane) == [4]
        assert plane.protection.report() == []

    run(scenario)


def test_losses_one_after_the_other_count_together() -> None:
    """A crash that spreads takes longer than a look, and less than a lease."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 5, Answer.ANSWERS)
        await renewed(plane, 3, 2, 3, 4, 5)
        await renewed(plane, 3, 3, 4, 5)
        await renewed(plane, 30, 4, 5)
        assert len(plane.objects()) > 2
        assert {4, 5} < set(ports(plane))

    run(scenario)


def test_apps_and_namespaces_are_counted_apart() -> None:
    """An app that dies is not held because others live, nor the other way round."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 2, Answer.ANSWERS, "dead")
        await started(plane, 4, Answer.ANSWERS)
        await renewed(plane, 30, 1, 2, 3)
        assert [one["app"] for one in plane.protection.report()] == ["dead"]
        assert len(plane.objects()) == 3 + 2

    run(scenario)


def test_refused_twice_is_gone_and_answering_stays() -> None:
    """A killed host's instances are dropped soon; those whose agent is cut off go on serving."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 4, Answer.ANSWERS)
        for number in (1, 2, 3):
            plane.answers[registered(number).address] = Answer.REFUSES
        await plane.pass_time(14)
        assert ports(plane) == [4]
        await plane.pass_time(600)
        assert ports(plane) == [4]
        plane.answers.clear()
        await plane.pass_time(40)
        assert plane.objects() == []

    run(scenario)


def test_one_refusal_is_no_proof() -> None:
    """A server that is being restarted refuses for a moment."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 1, Answer.REFUSES)
        while registered(1).address not in held(plane):
            await plane.pass_time(0.5)
        plane.answers[registered(1).address] = Answer.ANSWERS
        await plane.pass_time(60)
        assert ports(plane) == [1]

    run(scenario)


def held(plane: Plane) -> list[str]:
    found = ((one["spec"]["address"], one["spec"]["app"]) for one in plane.objects())
    return [
        address for address, app in found if instance_key("shop", app, address) in plane.protection
    ]


def test_who_cannot_be_reached_is_kept_only_where_nobody_else_is_left() -> None:
    """A dead host must not stay among live instances; a cut network must not empty a service."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 4, Answer.SILENT)
        await renewed(plane, 30, 1)
        assert ports(plane) == [1]
        await plane.pass_time(600)
        assert ports(plane) == [1]
        await plane.pass_time(3600)
        assert ports(plane) == []

    run(scenario)


def test_a_renewal_ends_it_and_the_alarm_tells_what_came_of_it() -> None:
    """The agents were cut off, and are back: nothing was written and nobody was sent anything."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 3, Answer.ANSWERS)
        revision = plane.store.revision
        await plane.pass_time(60)
        (alarm,) = plane.protection.report()
        assert (alarm["present"], alarm["held"], alarm["answers"]) == (3, 3, 3)
        assert alarm["over"] is None
        for number in (1, 2, 3):
            await plane.instances.renew(registered(number))
        (alarm,) = plane.protection.report("shop")
        assert alarm["over"]
        assert (alarm["held"], alarm["renewed"], alarm["given_up"]) == (0, 3, 0)
        assert plane.protection.report("other") == []
        assert plane.store.revision == revision

    run(scenario)


def test_a_held_instance_says_why_it_is_still_there() -> None:
    """In `kubectl get instances`, where somebody looks first."""

    async def scenario(plane: Plane) -> None:
        await started(plane, 1, Answer.ANSWERS)
        key = instance_key("shop", "cart", registered(1).address)
        assert plane.protection.condition(key) is None
        await plane.pass_time(12)
        condition: Any = plane.protection.condition(key)
        assert (condition["type"], condition["status"]) == ("Protected", "True")
        assert condition["reason"] == "Answers"
        version = plane.protection.version
        await plane.pass_time(60)
        assert plane.protection.version == version
        await plane.instances.renew(registered(1))
        assert plane.protection.condition(key) is None
        assert plane.protection.version > version

    run(scenario)


def test_an_address_is_asked_by_a_connection_that_carries_nothing() -> None:
    """Whatever listens there must not take it for a request."""

    async def main() -> None:
        heard: list[bytes] = []
        done = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.read())
            writer.close()
            done.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        assert await connect(f"{host}:{port}") is Answer.ANSWERS
        await done.wait()
        assert heard == [b""]
        server.close()
        await server.wait_closed()
        assert await connect(f"{host}:{port}") is Answer.REFUSES
        assert await connect("host.invalid:80") is Answer.SILENT

    asyncio.run(main())
