"""Fixtures: real database servers, one of each kind per session, and a fresh database per test.

Drivers are imported where they are used: a test of a hook wants to be the first who does.
"""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from scripts.databases import Kind, Server, missing, running

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "databases.sh"
NUMBERS = count(1)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A MariaDB server, started by the first test that asks for it."""
    yield from _server("mariadb", tmp_path_factory)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL server, started by the first test that asks for it."""
    yield from _server("postgres", tmp_path_factory)


@pytest.fixture
def mariadb_database(mariadb: Server) -> Iterator[Server]:
    """An empty database of this test's own."""
    mine = _fresh(mariadb)
    _tell_mariadb(mariadb, f"CREATE DATABASE {mine.database}")
    yield mine
    _tell_mariadb(mariadb, f"DROP DATABASE {mine.database}")


@pytest.fixture
def postgres_database(postgres: Server) -> Iterator[Server]:
    """An empty database of this test's own."""
    mine = _fresh(postgres)
    _tell_postgres(postgres, f"CREATE DATABASE {mine.database}")
    yield mine
    _tell_postgres(postgres, f"DROP DATABASE {mine.database} WITH (FORCE)")


def _server(kind: Kind, factory: pytest.TempPathFactory) -> Iterator[Server]:
    if missing(kind):
        done = subprocess.run([SCRIPT], check=False, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
    with running(kind, factory.mktemp("databases")) as server:
        yield server


def _fresh(server: Server) -> Server:
    return dataclasses.replace(server, database=f"test_{next(NUMBERS)}")


def _tell_mariadb(server: Server, statement: str) -> None:
    import pymysql

    connection = pymysql.connect(
        host=server.host, port=server.port, user=server.user, password=server.password
    )
    with connection, connection.cursor() as cursor:
        # A transaction that a test left open would be waited for.
        cursor.execute("SET lock_wait_timeout = 10")
        cursor.execute(statement)


def _tell_postgres(server: Server, statement: str) -> None:
    import psycopg

    with psycopg.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname=server.database,
        autocommit=True,
    ) as connection:
        connection.execute(statement.encode())
