"""What an operator may set, read once into one frozen object.

No other file of the control plane looks at the environment. What the contract fixes (the lease, its
renewal) is a field all the same, so that tests need not wait ten seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from fairlead.policy.governance import MODES, ON

DEFAULT_LISTEN = "127.0.0.1:8580"

VARIABLES = {
    "data_dir": "FAIRLEAD_DATA_DIR",
    "listen": "FAIRLEAD_LISTEN",
    "governance": "FAIRLEAD_GOVERNANCE",
}
"""Settings that a variable sets where the command line does not."""


class InvalidSetting(Exception):
    """The operator's fault: a setting that cannot be used."""

    def __init__(self, name: str, value: str, reason: str) -> None:
        super().__init__(f"{name} {value!r}: {reason}" if value else f"{name}: {reason}")
        self.name, self.value, self.reason = name, value, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The control plane's settings. Durations are seconds."""

    data_dir: Path
    """Directory of the store; one server works on it at a time."""

    host: str = "127.0.0.1"
    """Loopback address to listen on: nobody is asked for a token yet."""

    port: int = 8580
    """Port to listen on; 0 takes a free one."""

    governance: str = ON
    """Whether namespaces that say nothing of it enforce their rules; one that does has its way."""

    lease: float = 10.0
    """How long an instance stays registered without a sign of life.

    Three renewals must be able to fail before callers stop sending work.
    """

    renew: float = 3.0
    """How often agents are told to renew their lease."""

    farewell: float = 0.8
    """How long an instance that leaves waits until its callers enforce that it is gone.

    An agent gives up after a second.
    """

    heartbeat: float = 3.0
    """Silence on a watch after which a heartbeat is sent; agents give up after ten seconds."""

    gather: float = 0.005
    """How long changes are gathered before they are compiled: a burst is one push, one is soon."""

    status_gather: float = 0.1
    """How long news about workloads is gathered before statuses are written."""

    write_deadline: float = 30.0
    """How long an agent may take to read what it was sent before its connection is given up."""

    remember_apps: float = 24 * 3600.0
    """How long an app without instances stays known: its callers get an error that names it."""

    objects: int = 10_000
    """Objects of one kind, instances included, that may be stored."""

    watchers: int = 10_000
    """Agents that may be connected at a time."""

    @classmethod
    def read(
        cls,
        environment: Mapping[str, str],
        *,
        data_dir: str | None,
        listen: str | None,
        governance: str | None = None,
    ) -> Settings:
        """Return the settings of a command line, completed by variables. Raises InvalidSetting."""
        directory = data_dir or environment.get(VARIABLES["data_dir"], "")
        if not directory:
            variable = VARIABLES["data_dir"]
            raise InvalidSetting("--data-dir", "", f"name a directory, or set {variable}")
        host, port = parse_listen(listen or environment.get(VARIABLES["listen"]) or DEFAULT_LISTEN)
        mode = governance or environment.get(VARIABLES["governance"]) or ON
        if mode not in MODES:
            raise InvalidSetting("--governance", mode, f"use one of {', '.join(MODES)}")
        return cls(data_dir=Path(directory), host=host, port=port, governance=mode)


def parse_listen(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; an IPv6 host stands in brackets.

    Raises InvalidSetting, for every address but loopback too.
    """
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise InvalidSetting("--listen", text, "use HOST:PORT, for instance 127.0.0.1:8580")
    name = host.removeprefix("[").removesuffix("]")
    if name == "localhost":
        return "127.0.0.1", int(port)
    try:
        address = ip_address(name)
    except ValueError as error:
        reason = "use an IP address or localhost, for instance 127.0.0.1:8580"
        raise InvalidSetting("--listen", text, reason) from error
    if not address.is_loopback:
        reason = (
            "only loopback addresses (127.0.0.1, [::1]) are served: there is neither TLS nor a "
            "token yet, and whoever reaches the port may change every rule"
        )
        raise InvalidSetting("--listen", text, reason)
    return name, int(port)
