"""What C keeps its rows in, and the demo's own way there: plain connections, without an agent.

SQLite is two files. A MariaDB or a PostgreSQL is started by scripts/databases.py, which says where
it listens, and ends with the demo.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from interrupt import held
from processes import STOP_SECONDS, DemoFailed
from rows import DATABASE, PLACES, SHADOW, Content, Contents, Place

Kind = Literal["sqlite", "mariadb", "postgres"]
KINDS: tuple[Kind, ...] = get_args(Kind)

ROOT = Path(__file__).resolve().parents[2]
SQL = Path(__file__).parent / "sql"
ACCESS = "access.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A database that answers, with its tables."""

    kind: Kind
    at: str
    """Where it is, for a person."""
    drivers: tuple[str, str]
    urls: tuple[str, str]
    """What an app reaches it by, with one driver and with the other."""
    connect: Callable[[str], Any]
    """Returns a connection to the database of a name."""
    missing: str
    """What the server says of a table that is not there, with the table for {}."""

    def ask(self, statement: str, database: str = DATABASE) -> tuple[list[str], list[Any]]:
        """Execute `statement`; return the names of the columns and the rows, if it has any.

        Raises DemoFailed.
        """
        try:
            with closing(self.connect(database)) as connection:
                with closing(connection.cursor()) as cursor:
                    cursor.execute(statement)
                    names = [column[0] for column in cursor.description or ()]
                    found = list(cursor.fetchall()) if names else []
                connection.commit()
        except Exception as error:
            # Each driver has errors of its own, with the server's words.
            raise DemoFailed(f"{self.kind} at {self.at}: {error}") from error
        return names, found

    def contents(self) -> Contents:
        """Return what is in all places."""
        return {place: self.content(place) for place in PLACES}

    def content(self, place: Place) -> Content:
        """Return what is in `place`."""
        statement = f"SELECT id, location FROM {place.table} ORDER BY id"
        return Content.of(self.ask(statement, place.database)[1])

    @contextmanager
    def without(self, places: Sequence[Place]) -> Iterator[None]:
        """Take the tables of `places` away, and put them back at the end."""
        away: list[Place] = []
        try:
            for place in places:
                with held():
                    self._rename(place, place.table, f"{place.table}_away")
                    away.append(place)
            yield
        finally:
            with held():
                for place in away:
                    self._rename(place, f"{place.table}_away", place.table)

    def _rename(self, place: Place, name: str, other: str) -> None:
        self.ask(f"ALTER TABLE {name} RENAME TO {other}", place.database)


@contextmanager
def opened(kind: Kind, work: Path) -> Iterator[Medium]:
    """Start a database of `kind` with its data below `work`, and stop it. Raises DemoFailed."""
    directory = work / "databases"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with _served(kind, directory) as access:
        file = directory / ACCESS
        file.touch(mode=0o600)
        file.write_text(json.dumps(access))
        medium = reached(access)
        _create_tables(medium)
        yield medium


def reached(access: dict[str, Any]) -> Medium:
    """Return the database that `access` tells the way to."""
    kinds = {"sqlite": _sqlite, "mariadb": _mariadb, "postgres": _postgres}
    return kinds[access["kind"]](access)


def _served(kind: Kind, directory: Path) -> AbstractContextManager[dict[str, Any]]:
    return _files(directory) if kind == "sqlite" else _server(kind, directory)


@contextmanager
def _files(directory: Path) -> Iterator[dict[str, Any]]:
    yield {"kind": "sqlite", "directory": str(directory)}


@contextmanager
def _server(kind: Kind, directory: Path) -> Iterator[dict[str, Any]]:
    argv = [sys.executable, str(ROOT / "scripts" / "databases.py"), kind, "--dir", str(directory)]
    log = directory / f"{kind}.log"
    with ExitStack() as stack:
        with held(), log.open("wb") as errors:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,  # its end, whatever ends us, is the server's
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
            stack.callback(_end, process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise DemoFailed(log.read_text().strip().removeprefix("fairlead: "))
        yield json.loads(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    with held():
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _create_tables(medium: Medium) -> None:
    dialect = {"mariadb": "", "sqlite": ".sqlite", "postgres": ".postgres"}[medium.kind]
    if medium.kind == "mariadb":
        medium.ask(f"CREATE DATABASE `{SHADOW}`")
    elif medium.kind == "postgres":
        with closing(medium.connect(DATABASE)) as connection:
            connection.autocommit = True  # it creates no database in a transaction
            connection.execute(f'CREATE DATABASE "{SHADOW}"')
    for database in (DATABASE, SHADOW):
        for statement in (SQL / f"{DATABASE}{dialect}.sql").read_text().split(";"):
            if statement.strip():
                medium.ask(statement, database)


def _sqlite(access: dict[str, Any]) -> Medium:
    def path(database: str) -> str:
        return str(Path(access["directory"], f"{database}.db"))

    url = f"sqlite://{path(DATABASE)}"
    return Medium(
        kind="sqlite",
        at=path(DATABASE),
        drivers=("sqlite3", "sqlite3"),
        urls=(url, url),
        connect=lambda database: sqlite3.connect(path(database), timeout=30),
        missing="no such table: {}",
    )


def _mariadb(access: dict[str, Any]) -> Medium:
    def connect(database: str) -> Any:
        import pymysql

        account = {name: access[name] for name in ("host", "port", "user", "password")}
        return pymysql.connect(**account, database=database, ssl_disabled=True)

    return Medium(
        kind="mariadb",
        at=f"{access['host']}:{access['port']}",
        drivers=("mysql.connector", "PyMySQL"),
        urls=_urls(access, "mysql+mysqlconnector", "mysql+pymysql"),
        connect=connect,
        missing=f"Table '{DATABASE}.{{}}' doesn't exist",
    )


def _postgres(access: dict[str, Any]) -> Medium:
    def connect(database: str) -> Any:
        import psycopg

        account = {name: access[name] for name in ("host", "port", "user", "password")}
        return psycopg.connect(**account, dbname=database)

    return Medium(
        kind="postgres",
        at=f"{access['host']}:{access['port']}",
        drivers=("psycopg", "psycopg_pool"),
        urls=_urls(access, "postgresql+psycopg", "postgresql+pool"),
        connect=connect,
        missing='relation "{}" does not exist',
    )


def _urls(access: dict[str, Any], one: str, other: str) -> tuple[str, str]:
    account = f"{access['user']}:{access['password']}@{access['host']}:{access['port']}"
    return f"{one}://{account}/{DATABASE}", f"{other}://{account}/{DATABASE}"
