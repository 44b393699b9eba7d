"""Streams on sockets: who does not read, and all who come again at once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from benchmarks.push.wire import Stub
from fairlead.policy.mesh import Endpoint, Locality, Mesh, MeshCluster
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS

APPS, INSTANCES, CHANGES, FLEET = 10, 400, 8, 150
discovery = pb.package("envoy.service.discovery.v3")


def mesh(port, instances=INSTANCES):
    """Return apps, all of whose endpoints have a port."""
    endpoints = tuple(
        Endpoint(address=f"10.0.{one // 250}.{one % 250}:{port}") for one in range(instances)
    )
    place = Locality(weight=1, endpoints=endpoints)
    return Mesh(
        clusters=tuple(MeshCluster(name=f"app-{one}", localities=(place,)) for one in range(APPS))
    )


def request(type_url, *names, held=None, node=""):
    asked = discovery.DeltaDiscoveryRequest(
        type_url=type_url, resource_names_subscribe=names, initial_resource_versions=held or {}
    )
    asked.node.id = node
    return asked.SerializeToString()


def opening(name, held=None):
    held, apps = held or {}, [f"app-{one}" for one in range(APPS)]
    return (
        request(CLUSTER, "*", held=held.get(CLUSTER), node=name),
        request(ENDPOINTS, *apps, held=held.get(ENDPOINTS)),
    )


def count(stub):
    """Return how many responses came."""
    return len(stub.learned) - 1


def response(stub, place=-1):
    """Return one of those that came."""
    return discovery.DeltaDiscoveryResponse.FromString(stub.learned[:-1][place])


def ports(told):
    """Return the ports of all endpoints in a response."""
    kind = pb.message("envoy.config.endpoint.v3.ClusterLoadAssignment")
    places = (at for one in told.resources for at in kind.FromString(one.resource.value).endpoints)
    return {
        each.endpoint.address.socket_address.port_value for at in places for each in at.lb_endpoints
    }


async def until(true):
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)


@asynccontextmanager
async def connected(port, *asked):
    """Open a stream for each opening; fail where one ends that was not closed."""
    failures: list[str] = []
    stubs = [Stub(lambda: failures.append("ended"), *one) for one in asked]
    for stub in stubs:
        stub.learned = [b""]
    loop = asyncio.get_running_loop()

    async def opened(stub: Stub) -> None:
        await loop.create_connection(lambda: stub, "127.0.0.1", port)

    await asyncio.gather(*map(opened, stubs))
    try:
        yield stubs
    finally:
        for stub in stubs:
            stub.close()
    assert failures == []


def test_who_does_not_read_holds_nobody_up_and_gets_the_newest_when_it_reads_again(plane):
    """What is kept for it is one response of a type, and what its connection has taken."""

    async def run():
        plane.give(mesh(1))
        async with connected(plane.port, opening("slow"), opening("quick")) as (slow, quick):
            await until(lambda: count(slow) == count(quick) == 2)
            slow.transport.pause_reading()
            for change in range(2, CHANGES + 2):
                plane.give(mesh(change))
                await until(lambda last=change: count(quick) == last + 1)
            assert ports(response(quick)) == {CHANGES + 1}
            assert count(slow) == 2

            slow.transport.resume_reading()

            await until(lambda: ports(response(slow)) == {CHANGES + 1})
            return [ports(response(slow, place)) for place in range(2, count(slow))]

    assert asyncio.run(run()) == [{2}, {CHANGES + 1}], "what was under way, and the newest"


def test_all_come_again_at_once_with_what_they_have(plane):
    """Nobody is refused, and nobody is sent what it has."""

    async def run():
        plane.give(mesh(1, 10))
        fleet = [opening(f"node-{one}") for one in range(FLEET)]
        async with connected(plane.port, *fleet) as stubs:
            await until(lambda: all(count(one) == 2 for one in stubs))
            told = [response(stubs[0], place) for place in range(2)]
            held = {one.type_url: {r.name: r.version for r in one.resources} for one in told}
            held = {
                one.type_url: {each.name: each.version for each in one.resources} for one in told
            }
        again = [opening(f"node-{one}", held) for one in range(FLEET)]
        async with connected(plane.port, *again) as stubs:
            await until(lambda: len(plane.streams.open) == FLEET)
            plane.give(mesh(2, 10))
            await until(lambda: all(map(count, stubs)))
            return {count(one) for one in stubs}, [ports(response(one)) for one in stubs]

    counts, told = asyncio.run(run())

    assert counts == {1}, "what changed, and nothing before it"
    assert told == [{2}] * FLEET
