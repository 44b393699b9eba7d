"""What a user of MariaDB may see decides what is proved for that user, and for no other."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest

from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import serving

WRITE = "INSERT INTO plain (word) VALUES ('x')"


@pytest.fixture
def users(shop: Shop) -> Iterator[None]:
    """Make one who may see the triggers of the shop, and one who may see those of another."""
    rights = "SELECT, INSERT, UPDATE, DELETE"
    with shop.outside(shop.base) as cursor:
        for user, more in (("seeing", shop.base), ("blind", shop.other)):
            cursor.execute(f"CREATE OR REPLACE USER {user} IDENTIFIED BY 'p'")
            cursor.execute(f"GRANT {rights} ON `{shop.base}`.* TO {user}")
            cursor.execute(f"GRANT TRIGGER ON `{more}`.* TO {user}")
        yield
        for user in ("seeing", "blind"):
            cursor.execute(f"DROP USER {user}")


def test_what_one_user_sees_is_not_what_another_does(shop, plane, connect, users):
    """In either order: who is shown no trigger has proved nothing."""
    for user in ("seeing", "blind", "seeing"):
        connection = connect(user=user, password="p")
        with serving("gray"), connection.cursor() as cursor:
            if user == "blind":
                with pytest.raises(pymysql.NotSupportedError, match="GRANT TRIGGER ON"):
                    cursor.execute(WRITE)
            else:
                cursor.execute(WRITE)
            connection.rollback()


def test_a_role_sees_more_than_its_user(shop: Shop, plane, connect, users):
    """What the user saw before is not what holds then."""
    with shop.outside(shop.base) as cursor:
        cursor.execute("CREATE OR REPLACE ROLE keeper")
        cursor.execute("GRANT keeper TO seeing")
        cursor.execute(f"GRANT SELECT ON `{shop.other}`.* TO keeper")
        cursor.execute(f"CREATE VIEW `{shop.other}`.v AS SELECT item FROM `{shop.base}`.orders")
    try:
        connection = connect(user="seeing", password="p")
        with serving("gray"), connection.cursor() as cursor:
            cursor.execute(WRITE)
            connection.rollback()
            cursor.execute("SET ROLE keeper")
            with pytest.raises(pymysql.NotSupportedError, match="the view v"):
                cursor.execute(f"SELECT * FROM `{shop.other}`.v")
    finally:
        with shop.outside(shop.other) as cursor:
            cursor.execute("DROP VIEW v")
            cursor.execute("DROP ROLE keeper")


def test_a_merge_table_has_the_rows_of_others(shop: Shop, connection):
    """Its name says nothing of that, and there is no view to read."""
    with shop.outside(shop.base) as cursor:
        cursor.execute("CREATE TABLE part (id INT) ENGINE=MyISAM")
        cursor.execute("CREATE TABLE every (id INT) ENGINE=MERGE UNION=(part)")
    try:
        with serving("gray"), connection.cursor() as cursor:
            with pytest.raises(pymysql.NotSupportedError, match="MERGE"):
                cursor.execute("SELECT * FROM every")
            cursor.execute("SELECT * FROM part")
    finally:
        with shop.outside(shop.base) as cursor:
            cursor.execute("DROP TABLE every, part")
