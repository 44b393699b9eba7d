"""Connections of a lane are opened to its shadow database, and serve no other side."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from fairlead.policy.database import Database
from fairlead.policy.snapshot import Snapshot
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.sqlite3.conftest import SHOP


def what(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT what FROM orders ORDER BY id")]


@pytest.mark.parametrize("uri", [False, True])
def test_a_lane_has_connections_of_its_own(shop: Path, databases, uri):
    """No statement is parsed: what the lane writes is in another file."""
    name = f"file:{shop}?mode=rw" if uri else str(shop)
    with serving("gray"), closing(sqlite3.connect(name, uri=uri)) as connection:
        connection.execute("INSERT INTO orders (what) VALUES ('x')")
        connection.execute("CREATE TABLE also_ddl (id)")
        connection.commit()

    assert what(shop) == ["base"]
    assert what(shop.with_name("shop_gray.db")) == ["base", "x"]


def test_a_connection_serves_the_side_it_was_opened_on(shop: Path, databases):
    """One that is kept in a global cannot be two."""
    with closing(sqlite3.connect(shop)) as connection:
        with serving("gray"), pytest.raises(sqlite3.NotSupportedError, match="opened to base"):
            connection.execute("INSERT INTO orders (what) VALUES ('x')")
        connection.execute("INSERT INTO orders (what) VALUES ('b2')")
        connection.commit()
    with serving("gray"):
        connection = sqlite3.connect(shop)
    with closing(connection), pytest.raises(sqlite3.NotSupportedError, match="lane gray"):
        connection.execute("SELECT 1")
    assert what(shop) == ["base", "b2"]


def test_a_shadow_that_is_missing_fails_at_once(shop: Path, databases):
    """SQLite would make an empty file, and the error would be about a table (F23)."""
    shadow = shop.with_name("shop_gray.db")
    shadow.unlink()
    with (
        serving("gray"),
        pytest.raises(sqlite3.OperationalError, match=r"shop_gray\.db.*lane gray"),
    ):
        sqlite3.connect(shop)
    assert not shadow.exists()


def test_a_shadow_cannot_attach_what_it_shadows(shop: Path, databases):
    """ATTACH would lead back to base."""
    with (
        serving("gray"),
        closing(sqlite3.connect(shop)) as connection,
        pytest.raises(sqlite3.NotSupportedError),
    ):
        connection.execute("ATTACH ? AS b", (str(shop),))
    assert what(shop) == ["base"]


def test_a_fault_of_ours_opens_the_connection_and_lets_the_lane_do_nothing_on_it(shop: Path):
    """F43: connecting goes on as it would without us; rows of a lane never reach base for it."""
    # No snapshot that was read can be like this: it stands for whatever we did not think of.
    broken = replace(SHOP, source=Database(name="shop", host=cast("Any", 5)))
    plane = Plane(Snapshot(digest="d", shadow_databases=(broken,)))
    with hooked(plane, "sqlite3"):
        with serving("gray"), closing(sqlite3.connect(shop)) as connection:
            assert plane.counted("agent_faults") == {"sqlite3": 1}
            with pytest.raises(sqlite3.NotSupportedError, match="could not be judged"):
                connection.execute("INSERT INTO orders (what) VALUES ('x')")
        with closing(sqlite3.connect(shop)) as connection:
            connection.execute("INSERT INTO orders (what) VALUES ('b2')")
            connection.commit()
    assert what(shop) == ["base", "b2"]
