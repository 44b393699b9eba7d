"""PostgreSQL, as tests want it: quick, on the loopback, with one account."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

from scripts.servers.account import DATABASE, HOST, USER
from scripts.servers.programs import Programs, places
from scripts.servers.site import Process, Site

USUAL = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/bin", "usr/local/pgsql/bin")
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # The data are made to be thrown away: nothing waits for a disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
}
CLIENTS = f"host all all {HOST}/32 scram-sha-256\n"


class Postgres:
    """A server of `programs` at `site`."""

    program = "postgres"
    runs_as_root = False
    end = signal.SIGINT
    """Without waiting for clients to go, as it would on SIGTERM."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.password = secrets.token_urlsafe(24)

    @classmethod
    def found(cls) -> Iterator[Programs]:
        """Yield the programs that are complete and run."""
        for programs in places("postgres", cls.program, USUAL):
            if all("PostgreSQL" in programs.version_of(name) for name in (cls.program, "initdb")):
                yield programs

    def initialise(self, data: Path) -> None:
        """Fill `data`, with one superuser that cannot log in yet."""
        program = str(self.site.programs.folder / "initdb")
        options = ["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"]
        self.site.run([program, "-D", str(data), f"--username={USER}", *options])
        # initdb trusts everybody if it is given no password. No server has run with that.
        (data / "pg_hba.conf").write_text(CLIENTS)

    def start(self, port: int) -> Process:
        """Start the server, after one that nobody can connect to has made the account."""
        text = f"ALTER ROLE {USER} PASSWORD '{self.password}'\nCREATE DATABASE \"{DATABASE}\"\n"
        # What goes wrong is logged without the statement it went wrong in.
        alone = self._command("--single", "-c", "log_min_error_statement=panic")
        self.site.run([*alone, "postgres"], text)
        return self.site.start([*self._command(), f"--port={port}"], "", self.end)

    def answers(self) -> bool:
        """Say whether it lets clients in."""
        try:
            lines = (self.site.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _command(self, *mode: str) -> list[str]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        program = str(self.site.programs.folder / self.program)
        return [program, *mode, "-D", str(self.site.data), *settings]
