"""The servers of scripts/databases.py: who can reach them, and when they end."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import MySQLdb
import psycopg
import pymysql
import pytest

from scripts.databases import Unavailable, running

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("mariadb", "postgres")
STARTER = """
import subprocess, sys
subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
input()
"""


@contextmanager
def started(*command: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    """Start a command that prints what a server of its own is like; kill it at the end."""
    pipe = subprocess.PIPE
    # What a killed one leaves behind as root goes with the directory of its data.
    env = {**os.environ, "TMPDIR": command[-1]}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            yield process, json.loads(line)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory that every user may enter; one server after the other uses its data."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def command(kind: str, directory: Path) -> list[str]:
    """Return the command that runs a server of `kind`."""
    return [sys.executable, "scripts/databases.py", kind, "--dir", str(directory)]


def gone(pid: int) -> bool:
    """Say whether the process `pid` ends within some seconds."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 60)[0])
    finally:
        os.close(process)


def descendants(pid: int) -> set[int]:
    """Return the process `pid` and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid}.union(*(descendants(int(child)) for child in children))


def listening(pid: int) -> set[str]:
    """Return the addresses that the process `pid` listens on, as the kernel writes them."""
    inodes = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()}
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                addresses.add(fields[1])
    return addresses


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_is_reached_from_this_machine_only(kind, request):
    """Other machines have no business with the data of a test."""
    server = request.getfixturevalue(kind)

    assert listening(server.pid) == {f"0100007F:{server.port:04X}"}
    assert server.host == "127.0.0.1"


@pytest.mark.parametrize("kind", KINDS)
def test_the_password_is_nowhere_to_be_read(kind, place):
    """Everybody on a machine can read command lines, and logs are sent around."""
    with running(kind, place) as server:
        processes = descendants(server.pid)
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes]
        lines += [Path(f"/proc/{pid}/environ").read_bytes() for pid in processes]
        files = [path for path in place.rglob("*.*") if path.is_file()]
        lines += [path.read_bytes() for path in files if "data" not in path.parts]

    assert [line for line in lines if server.password.encode() in line] == []


def test_mariadb_lets_nobody_in_without_the_password(mariadb):
    """A new server has a root without a password until somebody takes it away."""
    for user in ("root", "", mariadb.user):
        with pytest.raises(pymysql.OperationalError, match="Access denied"):
            pymysql.connect(host=mariadb.host, port=mariadb.port, user=user, password="")


def test_postgres_lets_nobody_in_without_the_password(postgres):
    """What initdb makes by itself trusts everybody on the machine."""
    for user in ("postgres", postgres.user):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=postgres.host, port=postgres.port, user=user, dbname="postgres")


def test_each_test_has_an_empty_database_of_mariadb(mariadb_database):
    """The driver that had to be built, mysqlclient, works."""
    given = mariadb_database
    connection = MySQLdb.connect(
        host=given.host,
        port=given.port,
        user=given.user,
        password=given.password,
        database=given.database,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SHOW DATABASES LIKE 'mse-demo'")
        assert cursor.fetchall() == (("mse-demo",),)
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == ()


def test_each_test_has_an_empty_database_of_postgres(postgres_database):
    """Text of every language fits in, and nothing waits for a disk."""
    given = postgres_database
    with psycopg.connect(
        host=given.host,
        port=given.port,
        user=given.user,
        password=given.password,
        dbname=given.database,
    ) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        query = "SELECT datname FROM pg_database WHERE datname = 'mse-demo'"
        assert connection.execute(query).fetchone() == ("mse-demo",)


@pytest.mark.parametrize("kind", KINDS)
def test_it_stops_on_a_signal_and_keeps_its_data(kind, place):
    """The demo ends with Ctrl-C; KEEP=1 starts again where it was."""
    passwords = set()
    for number in (signal.SIGTERM, signal.SIGINT):
        with started(*command(kind, place)) as (process, server):
            process.send_signal(number)
            assert process.wait(30) == 0
            assert gone(server["pid"])
            passwords.add(server["password"])

    assert len(passwords) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_it_stops_when_its_input_ends(kind, place):
    """A parent that is killed closes its pipes, and can do nothing else."""
    with started(*command(kind, place)) as (process, server):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
        assert gone(server["pid"])


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_with_its_parent(kind, place):
    """A test run that is killed leaves no server behind, with or without a pipe."""
    parent = [sys.executable, "-c", STARTER, *command(kind, place)]
    with started(*parent) as (process, server):
        process.kill()
        assert gone(server["pid"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_ends_when_its_runner_is_killed(kind, place):
    """Nobody is left to stop it then but the kernel."""
    with started(*command(kind, place)) as (process, server):
        process.kill()
        assert gone(server["pid"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_port_that_is_taken_is_said(kind, place):
    """The words are the server's own, not a wait that ends with nothing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(Unavailable, match=r"(?i)address already in use"),
            running(kind, place, port=port),
        ):
            pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_postgres_of_root_runs_as_somebody_else_wherever_the_data_are(tmp_path):
    """The directories of pytest are closed to every other user."""
    tmp_path.chmod(0o700)
    with running("postgres", tmp_path) as server:
        assert os.stat(f"/proc/{server.pid}").st_uid != 0
