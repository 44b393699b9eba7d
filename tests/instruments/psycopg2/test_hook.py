"""The hook leaves nothing behind, and waits for what the application imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import extras, pool

from fairlead.instruments.hooking import hook_all
from fairlead.instruments.instrument import State
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

ROOT = Path(__file__).parents[3]
INSERT = "INSERT INTO orders (item) VALUES ('x')"


def test_what_was_hooked_is_restored(shop: Shop, connect):
    """Functions and methods are as they were; connections that are open stay governed."""
    owners = (psycopg2, extras, *pool.SimpleConnectionPool.__mro__, pool.ThreadedConnectionPool)
    before = [dict(vars(owner)) for owner in owners]
    with hooked(Plane(shop.tables()), "psycopg2"):
        governed = connect()
        assert [dict(vars(owner)) for owner in owners] != before

    assert [dict(vars(owner)) for owner in owners] == before
    with serving("gray"), governed, governed.cursor() as cursor:
        cursor.execute(INSERT)
    connection = connect()
    assert type(connection) is psycopg2.extensions.connection
    with serving("gray"), connection, connection.cursor() as cursor:
        cursor.execute(INSERT)
    assert shop.items() == ["base", "base", "x"]
    assert shop.items("orders_gray") == ["shadow", "shadow", "x"]


@pytest.mark.parametrize("version", ["2.8.6", "3.0"])
def test_a_version_that_was_not_tried_is_skipped(monkeypatch, version):
    """And reported: such a process is sent no call of a lane with shadows."""
    monkeypatch.setattr("fairlead.instruments.hooking.version", lambda name: version)
    hooks, states = hook_all(Plane(), {})
    for trigger in ("psycopg2", "psycopg2.extras", "psycopg2.pool"):
        hooks[trigger](psycopg2)
    assert [(one.library, one.state) for one in states] == [("psycopg2", State.SKIPPED)]


def test_what_is_imported_later_is_hooked_later():
    """Nothing is imported that the application has not imported."""
    script = (
        "import sys, psycopg2; from tests.instruments.plane import Plane;"
        "from fairlead.instruments.patch import Patches; from fairlead.instruments.libs import"
        " psycopg2 as one; plane, patches = Plane(), Patches(); one.install(plane, patches);"
        "print([m for m in ('psycopg2.extras', 'psycopg2.pool') if m in sys.modules]);"
        "connect = psycopg2._connect; from psycopg2 import extras, pool;"
        "one.install(plane, patches); print(psycopg2._connect is connect,"
        " hasattr(extras.execute_batch, '__fairlead__'),"
        " hasattr(pool.SimpleConnectionPool.getconn, '__fairlead__'), patches.restore())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True True True []"]


def test_a_fault_of_ours_refuses_on_a_lane_only(shop: Shop, tables, connect, monkeypatch):
    """Isolation fails closed; base does not hear of it."""
    connection = connect()
    monkeypatch.setattr("fairlead.sql.rewriter.rewritten", None)
    cursor = connection.cursor()
    with serving("gray"), pytest.raises(psycopg2.NotSupportedError, match="could not be judged"):
        cursor.execute(INSERT)
    connection.rollback()
    with connection:
        cursor.execute(INSERT)
    assert tables.counted("agent_faults") == {"psycopg2": 1}
    assert shop.items() == ["base", "base", "x"]
