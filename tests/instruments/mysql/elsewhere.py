"""What holds for lanes with a shadow database, whatever the driver that blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.instruments.mysql.behaviour import INSERT, refused, write_everything
from tests.instruments.mysql.drivers import Driver
from tests.instruments.mysql.shop import Shop, secret_file
from tests.instruments.plane import Plane, hooked, serving


@pytest.fixture
def plane(driver: Driver, shop: Shop) -> Iterator[Plane]:
    """Lane gray has a shadow of the whole database."""
    plane = shop.plane(shop.database())
    with hooked(plane, driver.library):
        yield plane


def current(connection: Any) -> str:
    """Return the database that a connection is on, asked without a hook."""
    cursor = connection.cursor()
    cursor.execute("SELECT DATABASE()")
    ((name,),) = cursor.fetchall()
    cursor.close()
    return str(name)


def test_a_connection_of_the_lane_is_to_the_shadow(plane, connect, shop):
    """The same statements, in another database: none of them is read."""
    before = shop.checksums()
    with serving("gray"):
        connection = connect()
        assert current(connection) == shop.gray
        write_everything(connection)
    assert shop.checksums() == before
    assert shop.count("orders", shop.gray) == 8
    with serving(""):
        assert current(connect()) == shop.base


def test_a_connection_of_base_does_not_serve_the_lane(driver, plane, connect, shop):
    """It would write the lane's rows to base."""
    connection = connect()
    with serving("gray"):
        with pytest.raises(driver.errors.NotSupportedError) as error:
            connection.cursor().execute("SELECT item FROM orders")
        assert refused(error) == "side"
        with pytest.raises(driver.errors.NotSupportedError):
            driver.raw(connection, "DELETE FROM orders")
    assert current(connection) == shop.base


def test_a_connection_of_the_lane_does_not_serve_base(driver, plane, connect, shop):
    """Base would read and write what is there for a trial."""
    with serving("gray"):
        connection = connect()
    for lane in ("", "blue"):
        with serving(lane):
            with pytest.raises(driver.errors.NotSupportedError) as error:
                connection.cursor().execute(INSERT, ("x", 1))
            assert refused(error) == "side"
    plane.engine.apply(replace(shop.database(), shadow_databases=()))
    with pytest.raises(driver.errors.NotSupportedError):
        connection.cursor().execute(INSERT, ("x", 1))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM `{0}`.orders",
        "DELETE FROM {0} . orders",
        "USE {0}",
        "/* x */ use `{0}`",
        "SELECT 1; USE {0}",
        "DROP DATABASE IF EXISTS {0}",
    ],
)
def test_a_statement_does_not_lead_back_to_base(driver, plane, connect, shop, statement):
    """The name of the database is the way out."""
    with serving("gray"):
        connection = connect()
        with pytest.raises(driver.errors.NotSupportedError) as error:
            connection.cursor().execute(statement.format(shop.base))
        assert refused(error) == "side"
        with pytest.raises(driver.errors.NotSupportedError):
            driver.select(connection, shop.base)
        assert current(connection) == shop.gray
    assert shop.count("orders") == 2


def test_no_other_connection_of_the_lane_leads_to_base(driver, plane, connect, shop):
    """One without a database, or to another, reaches every database of its server."""
    with serving("gray"):
        connection = connect(database=shop.other)
        assert current(connection) == shop.other
        with pytest.raises(driver.errors.NotSupportedError):
            connection.cursor().execute(f"DELETE FROM {shop.base}.orders")
        with pytest.raises(driver.errors.NotSupportedError):
            driver.select(connection, shop.base)
    connection.cursor().execute(f"DELETE FROM {shop.base}.orders")


def test_words_that_look_like_the_database_are_no_matter(plane, connect, shop):
    """A value may say anything."""
    with serving("gray"):
        connection = connect()
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO customers VALUES (7, '{shop.base}.example')")
            cursor.execute(f"SELECT {shop.base}_x.id FROM orders AS {shop.base}_x")
            cursor.fetchall()
        connection.commit()
    assert shop.rows("customers", shop.gray)[-1] == (7, f"{shop.base}.example")


def test_a_shadow_on_a_server_of_its_own(driver, plane, connect, shop, tmp_path):
    """Kind Shadow says where, as whom, and where the password is kept."""
    with shop.outside() as cursor:
        cursor.execute("CREATE OR REPLACE USER shadow_user IDENTIFIED BY 'pass-2'")
        cursor.execute(f"GRANT ALL ON `{shop.gray}`.* TO shadow_user")
    shadow = {
        "host": "localhost",
        "port": shop.server.port,
        "user": "shadow_user",
        "password": secret_file(tmp_path, "pass-2"),
    }
    try:
        plane.engine.apply(shop.database(**shadow))
        with serving("gray"):
            connection = connect()
            cursor = connection.cursor()
            cursor.execute("SELECT CURRENT_USER(), DATABASE()")
            assert cursor.fetchone() == ("shadow_user@%", shop.gray)
        connection.close()
        assert current(connect()) == shop.base
    finally:
        with shop.outside() as cursor:
            cursor.execute("DROP USER shadow_user")


def test_a_password_that_is_not_there_is_named_by_its_place(driver, plane, connect, shop, tmp_path):
    """The operator has to find it, and nobody else has to read it."""
    plane.engine.apply(shop.database(user="shadow_user", password=f"file:{tmp_path / 'none'}"))
    with serving("gray"):
        with pytest.raises(driver.errors.OperationalError) as error:
            connect()
        assert str(tmp_path / "none") in str(error.value)
    plane.engine.apply(shop.database(user="shadow_user", password="env:NO_SUCH_VARIABLE"))
    with serving("gray"):
        with pytest.raises(driver.errors.OperationalError) as error:
            connect()
        assert "NO_SUCH_VARIABLE" in str(error.value)
    assert current(connect()) == shop.base


def test_a_shadow_that_cannot_be_reached_leaves_no_connection(driver, plane, connect, shop):
    """Base's connections are not touched by it."""
    plane.engine.apply(shop.database(host="127.0.0.1", port=1))
    with serving("gray"), pytest.raises(driver.errors.Error):
        connect()
    assert current(connect()) == shop.base


def test_the_hosts_of_a_rule_decide(plane, connect, shop):
    """The same name on another server is another database."""
    rules = shop.database()
    (rule,) = rules.shadow_databases
    for host, port, meant in (
        ("localhost", 0, True),
        ("localhost", shop.server.port, True),
        ("", shop.server.port + 1, False),
        ("db.example", 0, False),
    ):
        source = replace(rule.source, host=host, port=port)
        plane.engine.apply(replace(rules, shadow_databases=(replace(rule, source=source),)))
        with serving("gray"):
            connection = connect()
            assert current(connection) == (shop.gray if meant else shop.base)
        connection.close()


def test_with_rewriting_off_the_lane_is_refused(driver, plane, connect, shop):
    """FAIRLEAD_SHADOW=off: the process takes no part in lanes with shadows."""
    plane.rewriting = replace(plane.rewriting, off=True)
    with serving("gray"):
        connection = connect()
        with pytest.raises(driver.errors.NotSupportedError):
            connection.cursor().execute("SELECT item FROM orders")
    assert current(connection) == shop.base


def test_the_file_of_a_password_may_end_its_line(tmp_path: Path):
    """Editors end lines, and so does echo."""
    from fairlead.instruments.secret import secret

    assert secret(secret_file(tmp_path, "a b ")) == "a b "
