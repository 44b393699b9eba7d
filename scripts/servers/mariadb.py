"""MariaDB, as tests want it: quick, on the loopback, with one account."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

from scripts.servers.account import DATABASE, HOST, USER
from scripts.servers.programs import Programs, places
from scripts.servers.site import Process, Site

TABLES = "*_system_tables.sql"
STATEMENTS = (
    TABLES,
    "*_performance_tables.sql",
    "*_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "*_sys_schema.sql",
)
"""What the system's tables are made with, in order; MariaDB 11 begins their names otherwise."""

SETTINGS = (
    f"--bind-address={HOST}",
    "--socket=",
    "--skip-name-resolve",
    "--local-infile=0",
    "--max-connections=300",
    "--character-set-server=utf8mb4",
    # The data are made to be thrown away: nothing waits for a disk.
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-log-file-size=32M",
)


class MariaDB:
    """A server of `programs` at `site`."""

    program = "mariadbd"
    runs_as_root = True
    end = signal.SIGTERM

    def __init__(self, site: Site) -> None:
        self.site = site
        self.password = secrets.token_urlsafe(24)

    @classmethod
    def found(cls) -> Iterator[Programs]:
        """Yield the programs that are complete and run."""
        for programs in places("mariadb", cls.program, ("usr/sbin", "usr/libexec")):
            if "MariaDB" in programs.version_of(cls.program) and _statements(programs):
                yield programs

    def initialise(self, data: Path) -> None:
        """Make the system's tables in `data`, without the accounts that need no password."""
        text = (
            "CREATE DATABASE mysql;\nUSE mysql;\n",
            *(path.read_text("utf-8") for path in _statements(self.site.programs)),
            "\nDELETE FROM mysql.global_priv WHERE User IN ('', 'root');\n",
            "DELETE FROM mysql.proxies_priv;\n",
        )
        command = [*self._command(data), "--bootstrap", "--skip-networking"]
        self.site.run(command, "".join(text))

    def start(self, port: int) -> Process:
        """Start the server; it makes the account before it lets anybody in."""
        name = f"'{USER}'@'{HOST}'"
        text = (
            f"CREATE OR REPLACE USER {name} IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {name} WITH GRANT OPTION;\n"
            f"CREATE DATABASE IF NOT EXISTS `{DATABASE}`;\n"
        )
        command = [*self._command(self.site.data), f"--port={port}", "--init-file=/dev/stdin"]
        return self.site.start(command, text, self.end)

    def answers(self) -> bool:
        """Say whether it lets clients in."""
        # Its own word: on the port, somebody else's server could have been faster.
        return b"ready for connections" in self.site.log.read_bytes()

    def _command(self, data: Path) -> list[str]:
        folder = self.site.programs.folder
        user = ["--user=root"] if os.geteuid() == 0 else []
        where = [f"--basedir={folder.parent}", f"--datadir={data}"]
        # A server that starts clears the temporary tables of all servers that share the place.
        where.append(f"--tmpdir={self.site.place}")
        return [str(folder / self.program), "--no-defaults", *user, *where, *SETTINGS]


def _statements(programs: Programs) -> list[Path]:
    share = programs.folder.parent / "share"
    for folder in (share / "mysql", share / "mariadb", share):
        if list(folder.glob(TABLES)):
            return [path for pattern in STATEMENTS for path in folder.glob(pattern)]
    return []
