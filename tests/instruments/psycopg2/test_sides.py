"""One connection serves base and a lane by turns, never both in one transaction."""

from __future__ import annotations

import gc
import weakref

import psycopg2
import pytest

from tests.instruments.plane import serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES (%s)"


def test_a_connection_changes_sides_between_transactions(shop: Shop, connection):
    """As a pool of the application's own would have it."""
    cursor = connection.cursor()
    for _ in range(3):
        with serving("gray"):
            cursor.execute(INSERT, ("gray",))
            connection.commit()
        with connection:
            cursor.execute(INSERT, ("plain",))
    assert shop.items()[2:] == ["plain"] * 3
    assert shop.items("orders_gray")[2:] == ["gray"] * 3


@pytest.mark.parametrize("way", ["execute", "executemany", "copy_expert"])
def test_a_writing_transaction_is_not_joined(shop: Shop, connection, way):
    """It would be committed or rolled back by a side that does not know of it."""
    cursor = connection.cursor()
    args = {
        "execute": (INSERT, ("x",)),
        "executemany": (INSERT, [("x",)]),
        "copy_expert": ("COPY orders TO STDOUT", open("/dev/null", "w")),  # noqa: SIM115
    }[way]
    cursor.execute(INSERT, ("x",))
    with serving("gray"), pytest.raises(psycopg2.NotSupportedError, match="commit it before"):
        getattr(cursor, way)(*args)
    connection.rollback()
    with serving("gray"):
        cursor.execute(INSERT, ("x",))
    with pytest.raises(psycopg2.NotSupportedError, match="written on gray"):
        getattr(cursor, way)(*args)
    connection.commit()
    assert shop.items() == ["base", "base"]


def test_what_was_written_before_the_transaction_is_no_hindrance(shop: Shop, connection):
    """Only this transaction counts."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute(INSERT, ("x",))
        connection.commit()
        cursor.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute(INSERT, ("y",))
    connection.commit()
    assert shop.items() == ["base", "base", "y"]


def test_a_connection_is_let_go(shop: Shop, tables):
    """What we keep of it must not keep it open."""
    connection = psycopg2.connect(shop.dsn)
    with serving("gray"):
        connection.cursor().execute("SELECT item FROM orders")
    alive = weakref.ref(connection)
    gc.disable()
    try:
        del connection
        assert alive() is None
    finally:
        gc.enable()
