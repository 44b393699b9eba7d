"""DatabaseEndpoint: one database on one server, and no password in sight."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import DatabaseEndpoint, load_documents, parse
from fairlead.kinds.database_endpoint import KIND
from fairlead.kinds.jdbc import JdbcUrl, read_jdbc
from tests.kinds.objects import endpoint, said

SAMPLE = """\
apiVersion: database.opensergo.io/v1alpha1
kind: DatabaseEndpoint
metadata: {name: ds-w}
spec:
  database:
    MySQL:
      url: "jdbc:mysql://127.0.0.1:3306/w"
      username: u
      password: PASSWORD
      connectionTimeout: 9000
      idleTimeoutMilliseconds: 50000
      maxLifetimeMilliseconds: 900000
      maxPoolSize: 20
      minPoolSize: 2
"""


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """All of it but the password, which is the name of a place."""
    (loaded,) = load_documents(SAMPLE.replace("PASSWORD", "env:W_PASSWORD"))
    server = {
        "url": "jdbc:mysql://127.0.0.1:3306/w",
        "username": "u",
        "password": "env:W_PASSWORD",
        "connectionTimeout": 9000,
        "idleTimeoutMilliseconds": 50000,
        "maxLifetimeMilliseconds": 900000,
        "maxPoolSize": 20,
        "minPoolSize": 2,
    }
    assert loaded == DatabaseEndpoint(name="ds-w", database={"MySQL": server})
    assert loaded.spec.engine == "MySQL"
    assert loaded.spec.server.location == JdbcUrl(host="127.0.0.1", port=3306, database="w")
    assert loaded.spec.server.pool_fields == (
        "connectionTimeout",
        "idleTimeoutMilliseconds",
        "maxLifetimeMilliseconds",
        "maxPoolSize",
        "minPoolSize",
    )


@pytest.mark.parametrize("password", ["env:A", "env:_a1", "file:/run/secrets/db", "file:/a b/c"])
def test_a_password_is_the_name_of_a_place(password):
    """A variable or a file, where the application runs."""
    assert parse(endpoint(password=password)).spec.server.password == password


@pytest.mark.parametrize(
    "password",
    [
        "p",
        "",
        "hunter2",
        "env:",
        "env:A B",
        "env:1A",
        "file:",
        "file:relative",
        "file://x",
        "env: A",
    ],
)
def test_a_password_as_text_is_refused_with_what_to_write_and_not_repeated(password):
    """Whoever may read the object could read it; the message ends in a log."""
    message = said(endpoint(password=password))["spec.database.MySQL.password"]
    assert "write env:NAME or file:/absolute/path" in message
    assert "hunter2" not in message


def test_user_and_password_may_be_left_to_the_application():
    """Both databases on one server mostly have the same."""
    server = parse(endpoint(username=..., password=...)).spec.server
    assert (server.username, server.password, server.pool_fields) == (None, None, ())


@pytest.mark.parametrize(
    ("text", "subprotocol", "found"),
    [
        ("jdbc:mysql://db.local:3307/shop", "mysql", ("db.local", 3307, "shop")),
        ("jdbc:mysql://db/shop", "mysql", ("db", 3306, "shop")),
        ("jdbc:postgresql://DB.Local/shop-1", "postgresql", ("db.local", 5432, "shop-1")),
        ("jdbc:postgresql://[::1]:5433/a%20b", "postgresql", ("::1", 5433, "a b")),
    ],
)
def test_a_url_says_host_port_and_database(text, subprotocol, found):
    """As a connection will name them: that is how it is recognized."""
    read = read_jdbc(text, subprotocol)
    assert (read.host, read.port, read.database) == found


def test_parameters_of_a_url_are_read_by_name():
    """They are not honoured, and said to be."""
    read = read_jdbc("jdbc:mysql://h/d?serverTimezone=UTC&useSSL=false", "mysql")
    assert (read.database, read.parameters) == ("d", ("serverTimezone", "useSSL"))


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://h/d", "must be jdbc:mysql://HOST:PORT/DATABASE"),
        ("jdbc:postgresql://h/d", "must be jdbc:mysql:"),
        ("jdbc:mysql:replication://h/d", "must be jdbc:mysql:"),
        ("jdbc:mysql://h:3306", "names no database"),
        ("jdbc:mysql://h/", "names no database"),
        ("jdbc:mysql://h/?a=b", "names no database"),
        ("jdbc:mysql://h/a/b", "names no database"),
        ("jdbc:mysql://h1:1,h2:2/d", "names several servers"),
        ("jdbc:mysql://u:p@h/d", "holds credentials"),
        ("jdbc:mysql://h/d?user=u", "holds user"),
        ("jdbc:mysql://h/d?a=b&Password1=p", "holds Password1"),
        ("jdbc:mysql://:3306/d", "is no HOST:PORT"),
        ("jdbc:mysql://h:0/d", "nothing listens on port 0"),
        ("jdbc:mysql://h:99999/d", "is no HOST:PORT"),
        ("jdbc:mysql://h:x/d", "is no HOST:PORT"),
        ("jdbc:mysql://[::zz]/d", "is no HOST:PORT"),
        ("jdbc:mysql://[::1/d", "is no HOST:PORT"),
        ("jdbc:mysql://a b/d", "is no HOST:PORT"),
        ("jdbc:mysql://h/d\n", "must be jdbc:mysql:"),
        (5, "must be a string"),
    ],
)
def test_a_url_that_names_no_one_database_is_refused(url, word):
    """A connection could not be recognized by it, and its rows would go to base."""
    assert word in said(endpoint(url=url))["spec.database.MySQL.url"]


@pytest.mark.parametrize(
    ("database", "word"),
    [
        ({}, "exactly one of MySQL and PostgreSQL"),
        ({"MySQL": None}, "exactly one of MySQL and PostgreSQL"),
        (
            {"MySQL": {"url": "jdbc:mysql://h/d"}, "PostgreSQL": {"url": "jdbc:postgresql://h/d"}},
            "got MySQL and PostgreSQL",
        ),
    ],
)
def test_an_endpoint_is_of_exactly_one_engine(database, word):
    """The other one would be forgotten in silence."""
    plain = endpoint()
    plain["spec"]["database"] = database
    assert word in said(plain)["spec.database"]


@pytest.mark.parametrize("field", ["maxPoolSize", "connectionTimeout"])
@pytest.mark.parametrize("value", [-1, "9", 1.5, True, 1 << 31])
def test_sizes_and_times_are_whole_numbers(field, value):
    """They are not honoured, and must be right all the same: one day they may be."""
    assert f"spec.database.MySQL.{field}" in said(endpoint(**{field: value}))


def test_the_table_shows_where_the_database_is_and_nothing_of_its_password():
    """`kubectl get dbe` is read over shoulders."""
    plain = endpoint("PostgreSQL", url="jdbc:postgresql://h/d?a=b")
    row = KIND.row(plain, datetime.now(UTC))
    assert row[:3] == ["x", "PostgreSQL", "jdbc:postgresql://h/d"]
    assert "env:W" not in row
