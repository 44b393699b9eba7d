"""Real MariaDB and PostgreSQL servers, for tests, benchmarks and the demo.

    python scripts/databases.py mariadb --dir DIR

runs one in the foreground on 127.0.0.1, with its data below DIR, and prints one line of JSON when
it answers: kind, host, port, user, password, database, pid. It ends on SIGTERM, on SIGINT, at the
end of a pipe on stdin, and with its parent; the server never outlives it. `running` is the same in
Python. Nothing is fetched here; scripts/databases.sh does that, and asks with --where first.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

if __name__ == "__main__":  # started by its path, it sees the directory of the scripts only
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.servers.account import DATABASE, HOST, USER
from scripts.servers.mariadb import MariaDB
from scripts.servers.ports import free_port
from scripts.servers.postgres import Postgres
from scripts.servers.programs import Programs
from scripts.servers.site import PATIENCE, Process, Unavailable, ending_with, settled

__all__ = ["Kind", "Server", "Unavailable", "missing", "running"]

Kind = Literal["mariadb", "postgres"]
Engine = MariaDB | Postgres
ENGINES: dict[Kind, type[Engine]] = {"mariadb": MariaDB, "postgres": Postgres}
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers, and the account and the empty database that wait in it."""

    kind: Kind
    host: str
    port: int
    user: str
    password: str
    database: str
    pid: int


def missing(kind: Kind) -> str | None:
    """Return why `kind` cannot run here; None if it can."""
    try:
        _programs(kind)
    except Unavailable as reason:
        return str(reason)
    return None


@contextmanager
def running(kind: Kind, directory: Path, *, port: int = 0) -> Iterator[Server]:
    """Run a server on `port`, or a free one, with its data below `directory`, and stop it.

    The data are made if there are none; each start has a new password. The server ends with the
    block, and with the thread that entered it. PostgreSQL does not run as root: where the user it
    gets instead cannot reach `directory`, its data are elsewhere and end with the block.
    Raises Unavailable.
    """
    programs = _programs(kind)
    as_root = ENGINES[kind].runs_as_root
    with settled(directory.resolve() / kind, programs, as_root=as_root) as site:
        engine = ENGINES[kind](site)
        site.log.write_bytes(b"")
        if not site.data.exists():
            _initialise(engine)
        with _started(engine, port or free_port()) as (process, taken):
            yield Server(
                kind=kind,
                host=HOST,
                port=taken,
                user=USER,
                password=engine.password,
                database=DATABASE,
                pid=process.pid,
            )


def _programs(kind: Kind) -> Programs:
    for programs in ENGINES[kind].found():
        return programs
    raise Unavailable(f"no {kind} server on this machine; scripts/databases.sh unpacks one")


def _initialise(engine: Engine) -> None:
    site = engine.site
    with tempfile.TemporaryDirectory(dir=site.place, prefix="new-") as name:
        Path(name).chmod(0o711)  # to be entered by the server's user
        new = Path(name, "data")
        new.mkdir(mode=0o700)
        if site.user:
            shutil.chown(new, site.user)
        engine.initialise(new)
        new.rename(site.data)


@contextmanager
def _started(engine: Engine, port: int) -> Iterator[tuple[Process, int]]:
    process = engine.start(port)
    try:
        end = time.monotonic() + PATIENCE
        while not engine.answers():
            if process.poll() is not None or time.monotonic() > end:
                raise engine.site.failed(f"{engine.program} does not answer on {HOST}:{port}")
            time.sleep(0.02)
        yield process, port
    finally:
        _stop(process, engine.end)


def _stop(process: Process, number: signal.Signals) -> None:
    process.send_signal(number)
    try:
        process.wait(PATIENCE)
    except BaseException:
        process.kill()
        process.wait()
        raise


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description="Run a database server in the foreground.")
    parser.add_argument("kind", choices=get_args(Kind))
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dir", type=Path, help="the data are below this directory")
    what.add_argument("--where", action="store_true", help="print the directory of the programs")
    parser.add_argument("--port", type=int, default=0, help="a free one if not given")
    options = parser.parse_args()
    try:
        if options.where:
            print(_programs(options.kind).folder)
        else:
            _serve(options.kind, options.dir, options.port)
    except Unavailable as reason:
        print(f"fairlead: {reason}", file=sys.stderr)
        return 3
    return 0


def _serve(kind: Kind, directory: Path, port: int) -> None:
    for number in ENDS:
        signal.signal(number, _leave)
    mode = os.fstat(0).st_mode
    piped = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    if not piped:
        ending_with(os.getppid(), signal.SIGTERM)()
    with running(kind, directory, port=port) as server:
        print(json.dumps(asdict(server)), flush=True)
        gone = os.pidfd_open(server.pid)
        while gone not in (ready := select.select([gone, 0] if piped else [gone], [], [])[0]):
            if ready and not os.read(0, 4096):
                return
        raise Unavailable(f"the {kind} server ended by itself")


def _leave(_number: int, _frame: object) -> None:
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)  # once is enough, and the server has to stop
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
