"""Every setting of the agent, parsed once, at the door, from a mapping.

One table pairs each field with its variable and with the foreign spellings that are honoured. The
agent's own variable wins, then a foreign environment variable, then the pod label of that name
(contract, "Names"). Labels are the exception: they add up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairlead.agent.podinfo import read_podinfo
from fairlead.policy.workload import DEFAULT_NAMESPACE, lane_name

Labels = tuple[tuple[str, str], ...]

TAG = "tag"
"""The key of a label that is written without one."""

PODINFO = "/etc/podinfo/labels"

# As Kubernetes spells them, and the control plane therefore takes them.
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_KEY = re.compile(rf"(?:[a-z0-9][-a-z0-9.]{{0,252}}/)?{_NAME.pattern}")
_VALUE = re.compile(rf"(?:{_NAME.pattern})?")
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s:\[\]/@]+):(\d{1,5})")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_ON = frozenset({"1", "on", "true", "yes"})
_OFF = frozenset({"0", "off", "false", "no"})


class InvalidSetting(ValueError):
    """The operator's fault: a setting that cannot be used."""

    def __init__(self, name: str, value: str, reason: str) -> None:
        super().__init__(f"{name}={value!r}: {reason}")
        self.name = name
        self.value = value
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator wants of the agent in this process."""

    enabled: bool = True
    """Set by `fairlead run`; the start-up file is inert without it."""
    control: str = "http://127.0.0.1:8580"
    """Where the control plane is."""
    app: str = ""
    """Without a name nobody can call the process: it then passes labels on, and no more."""
    namespace: str = DEFAULT_NAMESPACE
    lane: str | None = None
    """None leaves the lane to the labels; ``""`` says base."""
    labels: Labels = ()
    zone: str = ""
    address: str = ""
    """``host:port`` that others reach this process at; ``""`` finds it."""
    source: str = "watch"
    """Where snapshots come from: ``watch`` or ``file:PATH``."""
    shadow: str = "on"
    """``on``, ``off``, or the tables that may be rewritten, each after a comma."""
    sql_functions: tuple[str, ...] = ()
    """Functions, beside those a server has built in, that SQL of a lane may call: they write no row
    of base."""
    trust: str = "mesh"
    """``none`` drops labels that come in: for an app that strangers can reach."""
    state: str = ""
    """Directory of the last known good and of doctor's sockets; ``""`` keeps both elsewhere."""
    token_file: str = ""
    """File of the token that is sent with every request; read again each time: it may rotate."""
    ca_file: str = ""
    """File of the authorities that are believed; ``""`` for the system's."""
    metrics: str = ""
    """``host:port`` at which Prometheus may read the instance's metrics; ``""`` is nowhere."""
    trace: str = "pass"
    """``pass`` carries W3C trace context on; ``begin`` also begins a trace where there is none;
    ``off`` does neither."""
    access_log: str = ""
    """Where each request is written when it has ended: ``stderr``, a path, ``""`` for nowhere."""
    contracts: bool = True
    """Tell the control plane what the app promises to its callers: OpenAPI, services of gRPC."""
    telemetry: bool = True
    """Count calls that no rule is about, and tell the control plane what is counted."""
    statements: bool = True
    """Tell it also what SQL the app sends, without values, and what lanes make of it."""
    drain: float = 25.0
    """Seconds that requests under way have, after SIGTERM, where the server sets no bound itself.

    Below the 30 that Kubernetes gives a pod by default.
    """
    warmup: float = 0.0
    """Seconds over which a new instance's share of calls grows to its full size; 0 is at once."""
    podinfo: str = PODINFO
    disable: tuple[str, ...] = ()
    """Libraries that are not hooked."""
    pure: bool = False
    """Use the interpreted form also where a compiled one is installed."""
    shared: str = "auto"
    """Where the workers of the app on this host count together: ``auto`` is memory, a directory is
    files in it, and with ``off`` each process counts for itself."""
    language: str = ""
    """Recorded only: what another platform said this workload is written in."""
    deadline: float | None = None
    """``CLOCK_MONOTONIC`` until which the first snapshot is awaited, set by `fairlead run`."""

    @property
    def shadow_tables(self) -> frozenset[str] | None:
        """The tables that may be rewritten, None for every table that has a shadow."""
        if self.shadow in ("on", "off"):
            return None if self.shadow == "on" else frozenset()
        return frozenset(self.shadow.split(","))

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str],
        read: Callable[[str], Mapping[str, str]] = read_podinfo,
    ) -> Settings:
        """Return the settings in `environ` and in the pod's labels, which `read` gets by path.

        Raises InvalidSetting for the first value that cannot be used.
        """
        pod = read(environ.get("FAIRLEAD_PODINFO") or PODINFO)
        values: dict[str, Any] = {}
        for variable in VARIABLES:
            found = variable.find(environ, pod)
            if found:
                values[variable.field] = variable.read(found)
        values.setdefault("state", _default_state(environ))
        return cls(**values)


Found = list[tuple[str, str]]
"""Names and values, the one that wins first."""


@dataclass(frozen=True, slots=True)
class Variable:
    """How one field is spelt in the environment, and how its text is read."""

    field: str
    name: str
    read: Callable[[Found], Any]
    foreign: tuple[str, ...] = ()
    empty: bool = False
    """Whether an empty value says something; elsewhere it is as good as unset."""

    def find(self, environ: Mapping[str, str], pod: Mapping[str, str]) -> Found:
        """Return what is set under the names of this field."""
        found = [(self.name, environ[self.name])] if self.name in environ else []
        for name in self.foreign:
            if name in environ:
                found.append((name, environ[name]))
            elif name in pod:
                found.append((name, pod[name]))
        return [(name, value.strip()) for name, value in found if self.empty or value.strip()]


def _first(check: Callable[[str, str], Any]) -> Callable[[Found], Any]:
    return lambda found: check(*found[0])


def _text(name: str, value: str) -> str:
    if not value.isprintable():
        raise InvalidSetting(name, value, "holds characters that cannot be printed")
    return value


def _name(name: str, value: str) -> str:
    if not _NAME.fullmatch(value):
        raise InvalidSetting(
            name, value, "a name has letters, digits, '-', '_' and '.', at most 63 of them"
        )
    return value


def _zone(name: str, value: str) -> str:
    parts = value.split("/")
    if len(parts) > 3 or not all(map(_NAME.fullmatch, parts)):
        raise InvalidSetting(
            name, value, "a place is zone, region/zone or region/zone/subzone, each a name"
        )
    return value


def _namespace(name: str, value: str) -> str:
    if not _NAMESPACE.fullmatch(value):
        raise InvalidSetting(
            name, value, "a namespace has small letters, digits and '-', at most 63 of them"
        )
    return value


def _switch(name: str, value: str) -> bool:
    lowered = value.lower()
    if lowered not in _ON | _OFF:
        raise InvalidSetting(name, value, "expected on or off")
    return lowered in _ON


def _control(name: str, value: str) -> str:
    scheme, _, rest = value.partition("://")
    host = rest.rstrip("/")
    with_port = host if re.search(r":\d+$", host) else f"{host}:8580"
    if scheme not in ("http", "https") or not _is_address(with_port):
        raise InvalidSetting(name, value, "expected http://HOST[:PORT] or https://HOST[:PORT]")
    return f"{scheme}://{with_port}"


def _address(name: str, value: str) -> str:
    if not _is_address(value):
        raise InvalidSetting(name, value, "expected HOST:PORT, an IPv6 host in brackets")
    return value


def _metrics(name: str, value: str) -> str:
    """Return where to serve metrics; a port alone is for this machine's processes."""
    if value.lower() in _OFF - {"0"}:
        return ""
    address = f"127.0.0.1:{value}" if value.isascii() and value.isdigit() else value
    if not _is_address(address):
        raise InvalidSetting(name, value, "expected PORT, HOST:PORT or off, IPv6 in brackets")
    return address


def _is_address(value: str) -> bool:
    match = _ADDRESS.fullmatch(value)
    return match is not None and 0 < int(match[1]) < 65536


def _lane(name: str, value: str) -> str:
    lane = lane_name(value)
    if lane is None:
        raise InvalidSetting(
            name, value, "a lane has letters, digits, '-', '_' and '.', at most 63 of them"
        )
    return lane


def _source(name: str, value: str) -> str:
    if value == "watch" or (value.startswith("file:") and len(value) > len("file:")):
        return value
    if value.startswith("xds://"):
        raise InvalidSetting(name, value, "xds:// is not available yet; use watch or file:PATH")
    raise InvalidSetting(name, value, "expected watch or file:PATH")


def _trust(name: str, value: str) -> str:
    if value not in ("mesh", "none"):
        raise InvalidSetting(name, value, "expected mesh or none")
    return value


def _access_log(name: str, value: str) -> str:
    if value.lower() in _OFF:
        return ""
    if value != "stderr" and not value.startswith("/"):
        raise InvalidSetting(name, value, "expected stderr, off or a path that begins with /")
    return _text(name, value)


def _shared(name: str, value: str) -> str:
    lowered = value.lower()
    if lowered in _ON | _OFF | {"auto"}:
        return "off" if lowered in _OFF else "auto"
    if not value.startswith("/"):
        raise InvalidSetting(name, value, "expected auto, off or a directory that begins with /")
    return _text(name, value)


def _trace(name: str, value: str) -> str:
    if value not in ("pass", "begin", "off"):
        raise InvalidSetting(name, value, "expected pass, begin or off")
    return value


def _list(name: str, value: str) -> tuple[str, ...]:
    items = (item.strip() for item in _text(name, value).split(","))
    return tuple(dict.fromkeys(item for item in items if item))


def _shadow(name: str, value: str) -> str:
    lowered = value.lower()
    if lowered in _ON | _OFF:
        return "on" if lowered in _ON else "off"
    tables = [item.strip() for item in _text(name, value).split(",")]
    if not all(tables):
        raise InvalidSetting(name, value, "expected on, off or table names with commas between")
    return ",".join(dict.fromkeys(tables))


def _seconds(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise InvalidSetting(name, value, "expected seconds") from error


def _duration(longest: float) -> Callable[[str, str], float]:
    def read(name: str, value: str) -> float:
        match = _SECONDS.fullmatch(value)
        seconds = float(match[1]) * _UNITS[match[2] or "s"] if match else -1.0
        if not 0 <= seconds <= longest:
            raise InvalidSetting(
                name, value, f"expected a time like 30s or 2m, at most {longest:.0f}s"
            )
        return seconds

    return read


def _labels(found: Found) -> Labels:
    labels: list[tuple[str, str]] = []
    for name, value in found:
        for item in _list(name, value):
            # Only our own list has keys: elsewhere the text is the tag, whatever it looks like.
            keyed = name == "FAIRLEAD_LABELS" and "=" in item
            key, _, text = item.partition("=") if keyed else (TAG, "", item)
            if not _KEY.fullmatch(key.strip()) or not _VALUE.fullmatch(text.strip()):
                raise InvalidSetting(name, value, f"{item!r} is not the syntax of a label")
            labels.append((key.strip(), text.strip()))
    return tuple(dict.fromkeys(labels))


VARIABLES = (
    Variable("enabled", "FAIRLEAD_ENABLED", _first(_switch), ("msePilotAutoEnable",)),
    Variable("control", "FAIRLEAD_CONTROL", _first(_control)),
    Variable("app", "FAIRLEAD_APP", _first(_name), ("msePilotCreateAppName",)),
    Variable("namespace", "FAIRLEAD_NAMESPACE", _first(_namespace), ("mseNamespace",)),
    Variable("lane", "FAIRLEAD_LANE", _first(_lane), empty=True),
    Variable(
        "labels",
        "FAIRLEAD_LABELS",
        _labels,
        ("traffic.opensergo.io/label", "alicloud.service.tag"),
    ),
    Variable("zone", "FAIRLEAD_ZONE", _first(_zone)),
    Variable("address", "FAIRLEAD_ADDRESS", _first(_address)),
    Variable("source", "FAIRLEAD_SOURCE", _first(_source)),
    Variable("shadow", "FAIRLEAD_SHADOW", _first(_shadow)),
    Variable("sql_functions", "FAIRLEAD_SQL_FUNCTIONS", _first(_list)),
    Variable("trust", "FAIRLEAD_TRUST", _first(_trust)),
    Variable("state", "FAIRLEAD_STATE", _first(_text)),
    Variable("token_file", "FAIRLEAD_TOKEN_FILE", _first(_text)),
    Variable("ca_file", "FAIRLEAD_CA_FILE", _first(_text)),
    Variable("metrics", "FAIRLEAD_METRICS", _first(_metrics)),
    Variable("trace", "FAIRLEAD_TRACE", _first(_trace)),
    Variable("access_log", "FAIRLEAD_ACCESS_LOG", _first(_access_log)),
    Variable("contracts", "FAIRLEAD_CONTRACTS", _first(_switch)),
    Variable("telemetry", "FAIRLEAD_TELEMETRY", _first(_switch)),
    Variable("statements", "FAIRLEAD_STATEMENTS", _first(_switch)),
    Variable("drain", "FAIRLEAD_DRAIN", _first(_duration(3600.0))),
    Variable("warmup", "FAIRLEAD_WARMUP", _first(_duration(3600.0))),
    Variable("podinfo", "FAIRLEAD_PODINFO", _first(_text)),
    Variable("disable", "FAIRLEAD_DISABLE", _first(_list)),
    Variable("pure", "FAIRLEAD_PURE", _first(_switch)),
    Variable("shared", "FAIRLEAD_SHARED", _first(_shared)),
    Variable("language", "FAIRLEAD_LANGUAGE", _first(_text), ("aliyun.com/app-language",)),
    Variable("deadline", "FAIRLEAD_DEADLINE", _first(_seconds)),
)


def _default_state(environ: Mapping[str, str]) -> str:
    """Return where the XDG base directory specification keeps state, or ``""`` without a home."""
    home = environ.get("XDG_STATE_HOME", "")
    if not home.startswith("/"):
        own = environ.get("HOME", "")
        home = str(Path(own, ".local", "state")) if own.startswith("/") else ""
    return str(Path(home, "fairlead")) if home else ""
