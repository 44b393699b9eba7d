"""Real processes of an instance on a lane: at its start, in children, without a control plane."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fairlead.policy.database import ShadowTable
from fairlead.policy.encode import seal
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.agent.program import Launcher, parent_of
from tests.agent.wire import WireServer

SHADOW = seal(
    Snapshot(
        revision=1,
        workload=Workload(app="shop", lane="gray"),
        shadow_tables=(
            ShadowTable(
                rule="WorkloadLabelRule/orders",
                lane="gray",
                database="shop",
                table="orders",
                shadow="orders_gray",
            ),
        ),
    )
)

WRITE = """
import sqlite3, sys
connection = sqlite3.connect({file!r})
try:
    with connection:
        connection.execute("INSERT INTO orders (what) VALUES ('x')")
    print("written", flush=True)
except sqlite3.Error as error:
    print(error, flush=True)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("CREATE TABLE orders (what); CREATE TABLE orders_gray (what);")
    return file


def rows(file: Path) -> tuple[int, int]:
    """Return how many rows base and the shadow have."""
    with closing(sqlite3.connect(file)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("orders", "orders_gray")
        ]
    return counts[0], counts[1]


def test_what_a_gray_instance_writes_at_its_start_is_gray(
    launch: Launcher, wire: WireServer, shop: Path
):
    """Code with no request runs on the instance's lane (contract 8)."""
    wire.publish(SHADOW)

    assert launch(WRITE.format(file=str(shop)), FAIRLEAD_LANE="gray").line() == "written"

    assert rows(shop) == (0, 1)


def test_a_migration_at_the_start_of_a_gray_instance_is_refused(
    launch: Launcher, wire: WireServer, shop: Path
):
    """The error says where migrations are to be run."""
    wire.publish(SHADOW)
    code = WRITE.format(file=str(shop)).replace("INSERT INTO orders (what) VALUES ('x')", "{}")

    line = launch(code.format("ALTER TABLE orders ADD y"), FAIRLEAD_LANE="gray").line()

    assert "run migrations in a base instance" in line


def test_without_any_snapshot_a_gray_instance_writes_nothing(
    launch: Launcher, wire: WireServer, shop: Path
):
    """Whether its lane has shadows is not known; base goes on as if nobody were there."""
    wire.refuse = (503, "away")

    line = launch(WRITE.format(file=str(shop)), FAIRLEAD_LANE="gray").line()
    assert "no snapshot has come yet" in line
    assert launch(WRITE.format(file=str(shop)), FAIRLEAD_LANE=None).line() == "written"

    assert rows(shop) == (1, 0)


def test_the_last_known_good_has_the_shadows(launch: Launcher, wire: WireServer, shop: Path):
    """A restart while the control plane is away must not turn gray rows into base rows."""
    wire.publish(SHADOW)
    assert launch(WRITE.format(file=str(shop)), FAIRLEAD_LANE="gray").line() == "written"
    wire.cut()
    wire.refuse = (503, "away")

    assert launch(WRITE.format(file=str(shop)), FAIRLEAD_LANE="gray").line() == "written"

    assert rows(shop) == (0, 2)


@pytest.mark.parametrize("way", ["subprocess", "spawn", "fork"])
def test_a_child_process_writes_where_its_parent_does(
    launch: Launcher, wire: WireServer, shop: Path, way: str
):
    """It registers nowhere and follows nobody, and it writes rows all the same."""
    wire.publish(SHADOW)
    write = WRITE.format(file=str(shop))
    if way == "subprocess":
        run = "subprocess.run([sys.executable, '-c', CODE], check=True)"
    else:
        run = f"""
        import multiprocessing
        from runpy import run_path
        import pathlib, os
        path = pathlib.Path({str(shop.parent / "child.py")!r})
        path.write_text(CODE)
        child = multiprocessing.get_context({way!r}).Process(target=run_path, args=(str(path),))
        child.start()
        child.join()
        """
    program = launch(
        parent_of(
            write,
            f"""
            import sqlite3
            sqlite3.connect({str(shop)!r}).execute("SELECT 1 FROM orders").fetchall()
            """,
        )
        + "\nimport textwrap\n"
        + f"exec(textwrap.dedent({run!r}))\n",
        FAIRLEAD_LANE="gray",
    )

    assert program.line() == "written"
    assert rows(shop) == (0, 1)


def test_a_process_that_is_switched_off_writes_nothing_on_the_lane(
    launch: Launcher, wire: WireServer, shop: Path
):
    """FAIRLEAD_SHADOW=off is never silent (S1-18)."""
    wire.publish(SHADOW)

    line = launch(WRITE.format(file=str(shop)), FAIRLEAD_LANE="gray", FAIRLEAD_SHADOW="off").line()

    assert "FAIRLEAD_SHADOW=off" in line
    assert rows(shop) == (0, 0)
