"""Processes whose socket another one goes on serving."""

from __future__ import annotations

from dataclasses import replace

from tests.control.test_instances import FIRST, Plane, run


def test_a_replaced_process_keeps_no_instance_from_leaving() -> None:
    """Else an instance whose worker was recycled stays in every list after its SIGTERM."""

    async def scenario(plane: Plane) -> None:
        where = ("shop", "cart", FIRST.address)
        second = replace(FIRST, node="n2", pid=12)
        await plane.instances.renew(FIRST)
        await plane.instances.hand_over(*where, "n1")
        assert plane.nodes() == ["n1"], "the lease covers the start of the next one"
        await plane.instances.renew(second)
        assert plane.nodes() == ["n2"]
        await plane.instances.renew(replace(FIRST, node="n3", pid=13))
        await plane.instances.hand_over(*where, "n2")
        assert plane.nodes() == ["n3"], "others serve"
        await plane.instances.hand_over(*where, "n9")
        assert plane.nodes() == ["n3"]
        assert await plane.instances.leave(*where, "n3") > 0
        assert plane.objects() == []

    run(scenario)
