"""The hook is put in once, leaves nothing behind, and is tried with psycopg's Python code too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fairlead.instruments.hooking import hook_all
from fairlead.instruments.instrument import State
from fairlead.instruments.patch import Patches
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

ROOT = Path(__file__).parents[3]
INSERT = "INSERT INTO orders (item) VALUES ('x')"


def test_what_was_hooked_is_restored(shop: Shop):
    """A class method, methods of its own and inherited ones are as they were."""
    classes = {one for cls in (psycopg.Connection, psycopg.ServerCursor) for one in cls.__mro__}
    before = {cls: dict(vars(cls)) for cls in classes}
    with hooked(Plane(shop.tables()), "psycopg"):
        connection = psycopg.connect(shop.dsn, autocommit=True)
        assert {cls: dict(vars(cls)) for cls in classes} != before

    assert {cls: dict(vars(cls)) for cls in classes} == before
    with serving("gray"):
        connection.execute(INSERT)
    connection.close()
    assert shop.items() == ["base", "base", "x"]


def test_hooking_twice_is_hooking_once(shop: Shop):
    """A module that is loaded again triggers its hook again."""
    plane = Plane(shop.tables())
    with hooked(plane, "psycopg", "psycopg"), psycopg.connect(shop.dsn) as connection:
        with serving("gray"):
            connection.execute(INSERT)
        assert plane.counted("sql_shadowed") == {"gray": 1}


@pytest.mark.parametrize(("version", "state"), [("3.0.18", "skipped"), ("4.0", "skipped")])
def test_a_version_that_was_not_tried_is_skipped(monkeypatch, version, state):
    """And reported: such a process is sent no call of a lane with shadows."""
    monkeypatch.setattr("fairlead.instruments.hooking.version", lambda name: version)
    hooks, states = hook_all(Plane(), {})
    hooks["psycopg"](psycopg)

    assert [(one.library, one.state) for one in states] == [("psycopg", State(state))]


def test_nothing_is_imported_that_the_application_has_not_imported():
    """The pool is another distribution, and may not be there."""
    script = (
        "import sys, psycopg; from tests.instruments.plane import Plane;"
        "from fairlead.instruments.patch import Patches;"
        "before = set(sys.modules); import fairlead.instruments.libs.psycopg as one;"
        "one.install(Plane(), Patches());"
        "print(sorted(m for m in set(sys.modules) - before if m.startswith('psycopg')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_a_fault_of_ours_refuses_on_a_lane_only(shop: Shop, tables, monkeypatch):
    """Isolation fails closed; base does not hear of it."""
    with psycopg.connect(shop.dsn) as connection:
        monkeypatch.setattr("fairlead.sql.rewriter.rewritten", None)
        with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="could not be judged"):
            connection.execute(INSERT)
        connection.rollback()
        connection.execute(INSERT)
    assert tables.counted("agent_faults") == {"psycopg": 1}
    assert shop.items() == ["base", "base", "x"]


def test_a_patch_list_that_is_empty_restores_nothing():
    """What is not hooked needs no undoing."""
    assert Patches().restore() == []
