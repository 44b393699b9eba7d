"""Where C's rows go, and by which driver: the scheme of DATABASE_URL says it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import SplitResult, urlsplit

Insert = Callable[[str], None]

QMARK = "INSERT INTO mse_demo_table(location) VALUES(?)"
FORMAT = "INSERT INTO mse_demo_table(location) VALUES(%s)"


def opened(url: str) -> Insert | None:
    """Return what inserts a row into the database at `url`, None where there is no url."""
    target = urlsplit(url)
    return DRIVERS[target.scheme](target) if url else None


def _sqlite3(target: SplitResult) -> Insert:
    import sqlite3

    def insert(location: str) -> None:
        with closing(sqlite3.connect(target.path, timeout=30)) as connection, connection:
            connection.execute(QMARK, (location,))

    return insert


def _pymysql(target: SplitResult) -> Insert:
    import pymysql

    # On a machine of one's own, and 50 ms for a TLS context by each connection.
    account = {**_account(target), "ssl_disabled": True}

    def insert(location: str) -> None:
        with pymysql.connect(**account) as connection, connection.cursor() as cursor:
            cursor.execute(FORMAT, (location,))
            connection.commit()

    return insert


def _mysql_connector(target: SplitResult) -> Insert:
    import mysql.connector

    def insert(location: str) -> None:
        with mysql.connector.connect(**_account(target)) as connection:
            with connection.cursor(prepared=True) as cursor:
                cursor.execute(QMARK, (location,))
            connection.commit()

    return insert


def _psycopg(target: SplitResult) -> Insert:
    import psycopg

    def insert(location: str) -> None:
        with psycopg.connect(**_account(target, "dbname")) as connection:
            connection.execute(FORMAT, (location,))

    return insert


def _psycopg_pool(target: SplitResult) -> Insert:
    from psycopg_pool import ConnectionPool

    pool = ConnectionPool(kwargs=_account(target, "dbname"), min_size=4, max_size=16, open=True)

    def insert(location: str) -> None:
        with pool.connection() as connection:
            connection.execute(FORMAT, (location,))

    return insert


def _account(target: SplitResult, database: str = "database") -> dict[str, Any]:
    login = {"user": target.username, "password": target.password}
    return {"host": target.hostname, "port": target.port, database: target.path[1:], **login}


DRIVERS: dict[str, Callable[[SplitResult], Insert]] = {
    "sqlite": _sqlite3,
    "mysql+pymysql": _pymysql,
    "mysql+mysqlconnector": _mysql_connector,
    "postgresql+psycopg": _psycopg,
    "postgresql+pool": _psycopg_pool,
}
