"""What an operator may set, read once into one frozen object.

No other file of the control plane looks at the environment. What the contract fixes (the lease, its
renewal) is a field all the same, so that tests need not wait ten seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from fairlead.control.access.load import Limits
from fairlead.control.history.prometheus import Prometheus
from fairlead.policy.governance import MODES, ON

DEFAULT_LISTEN = "127.0.0.1:8580"
XDS_LISTEN, XDS_TLS_PORT = "127.0.0.1:15010", 15012
"""What ``on`` means: with TLS, that port of the address that everything else is served at."""

VARIABLES = {
    "data_dir": "FAIRLEAD_DATA_DIR",
    "listen": "FAIRLEAD_LISTEN",
    "xds": "FAIRLEAD_XDS",
    "xds_tls": "FAIRLEAD_XDS_TLS",
    "xds_client_ca": "FAIRLEAD_XDS_CLIENT_CA",
    "xds_prune": "FAIRLEAD_XDS_PRUNE",
    "governance": "FAIRLEAD_GOVERNANCE",
    "auth": "FAIRLEAD_AUTH",
    "tls_cert": "FAIRLEAD_TLS_CERT",
    "tls_key": "FAIRLEAD_TLS_KEY",
    "prometheus": "FAIRLEAD_PROMETHEUS",
    "prometheus_credentials": "FAIRLEAD_PROMETHEUS_CREDENTIALS",
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
    """Address to listen on: loopback only, unless there is TLS; then everybody needs a token."""

    port: int = 8580
    """Port to listen on; 0 takes a free one."""

    xds: tuple[str, int] | None = None
    """Loopback address and port that xDS is spoken on; None: it is not."""

    xds_tls: tuple[str, int] | None = None
    """Address and port that xDS is spoken on with TLS, and the server's certificate."""

    xds_client_ca: Path | None = None
    """PEM file of the authorities whose certificates let a client of `xds_tls` in; None: nobody is
    asked for one, which is for loopback."""

    xds_prune: bool = False
    """Whether a sidecar gets the instances of what its app was seen to call, and others when it
    calls them; else it gets all of them."""

    governance: str = ON
    """Whether namespaces that say nothing of it enforce their rules; one that does has its way."""

    auth: bool = False
    """Whether a token is asked for on loopback too; on other addresses it always is."""

    tls_cert: Path | None = None
    """PEM file of the certificate and its chain; without it plain HTTP is spoken."""

    tls_key: Path | None = None
    """PEM file of the certificate's key."""

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

    history_bytes: int = 2 << 30
    """What is kept of measurements at most; the oldest hours go first."""

    prometheus: Prometheus | None = None
    """What is asked for measurements that memory does not have; then no file is kept of them."""

    watchers: int = 10_000
    """Agents that may be connected at a time."""

    connections: int = 16_384
    """Connections at a time, idle ones included; one more is closed, before it costs memory."""

    accepts: float = 1000.0
    """Connections taken in each second: when all agents come back, those inside come first."""

    accepts_at_once: float = 200.0
    """Connections taken in at once after a quiet time."""

    handshakes: float = 250.0
    """Connections taken in each second with TLS: a handshake costs milliseconds of a processor."""

    handshakes_at_once: float = 50.0
    """Connections taken in at once with TLS: more would hold up every stream for a moment."""

    limits: Limits = Limits()
    """What may be under way at a time, over all callers and for one token."""

    @classmethod
    def read(  # noqa: PLR0913 - one parameter for each option
        cls,
        environment: Mapping[str, str],
        *,
        data_dir: str | None,
        listen: str | None,
        xds: str | None = None,
        xds_tls: str | None = None,
        xds_client_ca: str | None = None,
        xds_prune: bool = False,
        governance: str | None = None,
        auth: bool = False,
        tls_cert: str | None = None,
        tls_key: str | None = None,
        prometheus: str | None = None,
        prometheus_credentials: str | None = None,
    ) -> Settings:
        """Return the settings of a command line, completed by variables. Raises InvalidSetting."""
        found = {name: environment.get(variable, "") for name, variable in VARIABLES.items()}
        text = listen or found["listen"] or DEFAULT_LISTEN
        host, port = parse_listen(text)
        local = ip_address(host).is_loopback
        certificate, key = _pair(tls_cert or found["tls_cert"], tls_key or found["tls_key"])
        _check_listen(text, local=local, certified=certificate is not None)
        credentials = prometheus_credentials or found["prometheus_credentials"]
        encrypted = _xds_tls(xds_tls or found["xds_tls"], host, certificate)
        return cls(
            data_dir=_directory(data_dir or found["data_dir"]),
            host=host,
            port=port,
            xds=_xds(xds or found["xds"]),
            xds_tls=encrypted,
            xds_client_ca=_client_ca(xds_client_ca or found["xds_client_ca"], encrypted),
            xds_prune=xds_prune or parse_switch(VARIABLES["xds_prune"], found["xds_prune"]),
            governance=_mode(governance or found["governance"] or ON),
            auth=auth or not local or parse_switch(VARIABLES["auth"], found["auth"]),
            tls_cert=certificate,
            tls_key=key,
            prometheus=_prometheus(prometheus or found["prometheus"], credentials),
        )


_NO_DIRECTORY = f"name a directory, or set {VARIABLES['data_dir']}"
_WITHOUT_TLS = (
    "only loopback addresses (127.0.0.1, [::1]) are served without TLS: give --tls-cert and "
    "--tls-key; everybody will need a token then"
)


_STRANGERS = (
    "xDS on other addresses than loopback is for clients that show a certificate: name the PEM "
    "file of the authority that signs them"
)


def _check_listen(text: str, *, local: bool, certified: bool) -> None:
    if not local and not certified:
        raise InvalidSetting("--listen", text, _WITHOUT_TLS)


def _directory(text: str) -> Path:
    if not text:
        raise InvalidSetting("--data-dir", "", _NO_DIRECTORY)
    return Path(text)


def _mode(text: str) -> str:
    if text not in MODES:
        raise InvalidSetting("--governance", text, f"use one of {', '.join(MODES)}")
    return text


def _xds(text: str) -> tuple[str, int] | None:
    if text in ("", "off"):
        return None
    try:
        host, port = parse_listen(XDS_LISTEN if text == "on" else text)
    except InvalidSetting as error:
        raise InvalidSetting("--xds", text, error.reason) from error
    if not ip_address(host).is_loopback:
        raise InvalidSetting("--xds", text, "other addresses than loopback are for --xds-tls")
    return host, port


def _xds_tls(text: str, host: str, certificate: Path | None) -> tuple[str, int] | None:
    if text in ("", "off"):
        return None
    if certificate is None:
        raise InvalidSetting("--xds-tls", text, "goes with --tls-cert and --tls-key: it shows them")
    if text == "on":
        return host, XDS_TLS_PORT
    try:
        return parse_listen(text)
    except InvalidSetting as error:
        raise InvalidSetting("--xds-tls", text, error.reason) from error


def _client_ca(text: str, served: tuple[str, int] | None) -> Path | None:
    if text and served is None:
        raise InvalidSetting("--xds-client-ca", text, "goes with --xds-tls")
    if not text and served is not None and not ip_address(served[0]).is_loopback:
        raise InvalidSetting("--xds-client-ca", "", _STRANGERS)
    return Path(text) if text else None


def _pair(certificate: str, key: str) -> tuple[Path | None, Path | None]:
    if certificate and key:
        return Path(certificate), Path(key)
    if certificate or key:
        missing, there = ("--tls-key", "--tls-cert")[:: 1 if certificate else -1]
        raise InvalidSetting(missing, "", f"goes with {there}: name both PEM files")
    return None, None


def _prometheus(url: str, credentials: str) -> Prometheus | None:
    if not url:
        if credentials:
            raise InvalidSetting("--prometheus-credentials", credentials, "goes with --prometheus")
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if "@" in url:
        # Not shown, and not taken: lists of processes and of variables have it.
        reason = "a URL with credentials in it is refused: --prometheus-credentials names a file"
        raise InvalidSetting("--prometheus", "", reason)
    if not usable or parts.query or parts.fragment:
        raise InvalidSetting("--prometheus", url, "use the URL of one, such as http://HOST:9090")
    if credentials and parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        reason = "credentials are sent with https only, or to a loopback address"
        raise InvalidSetting("--prometheus", url, reason)
    return Prometheus(url=url.rstrip("/"), credentials=Path(credentials) if credentials else None)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def parse_switch(name: str, text: str) -> bool:
    """Return whether a variable is on; an empty one is off. Raises InvalidSetting."""
    word = text.strip().lower()
    if word in ("1", "on", "true", "yes"):
        return True
    if word in ("", "0", "off", "false", "no"):
        return False
    # Whoever misspells "on" must not end up with an open door.
    raise InvalidSetting(name, text, "expected on or off")


def parse_listen(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; an IPv6 host stands in brackets.

    Raises InvalidSetting.
    """
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise InvalidSetting("--listen", text, "use HOST:PORT, for instance 127.0.0.1:8580")
    name = host.removeprefix("[").removesuffix("]")
    if name == "localhost":
        return "127.0.0.1", int(port)
    try:
        ip_address(name)
    except ValueError as error:
        reason = "use an IP address or localhost, for instance 127.0.0.1:8580"
        raise InvalidSetting("--listen", text, reason) from error
    return name, int(port)
