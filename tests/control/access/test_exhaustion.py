"""What somebody with a good token could use up, and cannot."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fairlead.control.access.attributes import OWN
from fairlead.control.publish import SPARE
from fairlead.control.traffic import MOST_LANES, Traffic
from fairlead.protocols.watch.codec import Subscription
from fairlead.telemetry.names import COLOURED
from tests.control.access.plane import Guarded, run, until


def test_snapshots_that_nobody_wants_any_more_are_not_kept(tmp_path: Path) -> None:
    """An agent that comes with other labels each time has each compiled; once it has gone, none."""

    async def scenario(guarded: Guarded) -> None:
        publisher = guarded.plane._publisher
        for number in range(3 * SPARE):
            labels = (("n", str(number)),)
            wanted = Subscription(node="n", namespace="shop", app="cart", labels=labels)
            await publisher.connect(wanted, "")
        assert len(publisher._parcels) <= 2 * SPARE

    run(tmp_path, scenario)


def test_lanes_with_made_up_names_are_not_counted_without_end() -> None:
    """Counters come from agents, and their names with them."""
    traffic = Traffic()
    for number in range(5):
        counted = {f"lane-{number}-{one}": 1 for one in range(1000)}
        traffic.report("node", "shop", "cart", {COLOURED: counted})
    traffic.report("node", "shop", "cart", {COLOURED: {"lane-0-0": 2}})
    lanes = traffic.lanes("shop", "cart")
    assert len(lanes) == MOST_LANES + 1  # those beyond are counted together
    assert lanes["lane-0-0"] >= 2


def test_one_app_cannot_take_the_places_of_all(tmp_path: Path) -> None:
    """Also with nodes that went away: they are kept in mind for a while."""

    async def scenario(guarded: Guarded) -> None:
        agents = guarded.plane._nodes
        for number in range(6):
            query = f"node=n{number}&namespace=shop&app=cart"
            task = asyncio.create_task(guarded.ask("cart", "GET", f"{OWN}watch?{query}"))
            await until(lambda: task.done() or len(agents) == number + 1)  # noqa: B023
            task.cancel()
        last = await guarded.ask("cart", "GET", f"{OWN}watch?node=n9&namespace=shop&app=cart")
        assert last.status_code == 429
        assert last.headers["retry-after"] == "1"
        assert "of the app cart" in last.json()["message"]
        other = asyncio.create_task(
            guarded.ask("bank", "GET", f"{OWN}watch?node=b&namespace=shop&app=bank")
        )
        await until(lambda: agents.find("b") is not None)
        other.cancel()

    run(tmp_path, scenario, watchers=10, agents_of_one=5)
