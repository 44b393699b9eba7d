"""The agent wire, version 1, as text and bytes; no socket and no rule.

Downwards `GET …/watch` answers with one JSON object a line: ``{"wire":1,"type":"snapshot",
"snapshot":{…}}`` or ``{"wire":1,"type":"heartbeat","revision":N}``. Upwards go acknowledgements,
instances and their renewals, each a small JSON object of its own request. What agents measured
rides on renewals (`report.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

from fairlead.protocols.watch.report import MOST_ROWS, MOST_TAPPED, Report, plain_report

WIRE = 1
LINE_LIMIT = 64 << 20
"""Bytes of the longest line that is read."""

SHORTEST, LONGEST = 0.02, 3600.0
"""Seconds that a lease or the time between two renewals may have."""

FASTEST = 0.5
"""Seconds between two reports at least."""

ROOT = "/fairlead/v1"

TABLES, DATABASES = "tables", "databases"
"""The two sorts of shadow that an instance may be unfit for (contract 12)."""

UNSAID = "its agent does not say which database drivers it has hooked"
"""Why an instance is unfit whose registration does not say that it is fit."""

BESIDE = "envoy"
"""Library that a process without an agent names, which has an Envoy beside it."""

Labels = tuple[tuple[str, str], ...]


class InvalidLine(Exception):
    """A line that cannot be followed; the stream goes on behind it."""


class InvalidReply(Exception):
    """An answer to a request of ours that does not speak this wire."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A snapshot line: its plain snapshot is not read yet."""

    plain: Any

    @property
    def name(self) -> tuple[str, int]:
        """Digest and revision, as far as it has any: an answer must name what it answers."""
        plain = self.plain if isinstance(self.plain, dict) else {}
        digest, revision = plain.get("digest"), plain.get("revision")
        return (
            digest if isinstance(digest, str) else "",
            revision if type(revision) is int else 0,
        )


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The server is there and its store is at `revision`."""

    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """How much is to be measured, and how often told of; a newer line replaces an older one."""

    every: float = 10.0
    """Seconds between two reports: less while somebody watches."""
    interfaces: int = 256
    """Interfaces that are told apart; the others are one."""
    sampling: float = 1.0
    """Share of traces that begin here which are recorded."""
    access_log: float = 1.0
    """Share of requests that are logged where a process has an access log; what a rule turns away
    is logged in any case."""
    tap: int = 0
    """Requests a second that a report tells one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Whose snapshots are asked for. `lane` is None where nobody set one."""

    node: str
    namespace: str
    app: str
    lane: str | None = None
    labels: Labels = ()
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of an offered snapshot; with an `error` the previous one stays in force."""

    digest: str
    revision: int
    error: str | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """An instance as its process knows it; sent to register and, unchanged or not, to renew."""

    node: str
    namespace: str
    app: str
    address: str
    pid: int
    host: str
    lane: str | None = None
    labels: Labels = ()
    zone: str = ""
    hooks: tuple[dict[str, str], ...] = ()
    python: str = ""
    version: str = ""
    counters: dict[str, dict[str, int]] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    """Why it may not serve lanes with shadow `TABLES` and `DATABASES`, ``""`` where it may."""
    warmup: float = 0.0
    """Seconds over which its share of calls is to grow, should it begin an instance."""
    protocol: str = ""
    """What is spoken at the address (`policy.endpoint`), ``""`` where that is not known."""
    unmatched: dict[str, str] | None = None
    """Resources that rules name and the process has not, each with the one that may be meant.

    None where it does not know its resources.
    """
    contracts: tuple[dict[str, str], ...] = ()
    """What it promises to callers: `sort` and `digest` of each document (contract.py)."""
    report: Report | None = None
    """What it measured; to be had with a renewal when it is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What the control plane made of a registration; `lease` and `renew` are seconds."""

    lane: str
    conflict: str | None
    lease: float
    renew: float
    wanted: tuple[str, ...] = ()
    """Digests of contracts whose documents are not known."""
    reported: int = 0
    """Number of the last report of the process that arrived, with this renewal or otherwise."""


def decode(line: bytes) -> Offered | Heartbeat | Telemetry | None:
    """Return what `line` says, or None where its type is not known. Raises InvalidLine."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidLine(f"a line that is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise InvalidLine(f"a line is an object, got {type(message).__name__}")
    if message.get("wire") != WIRE:
        raise InvalidLine(f"wire {message.get('wire')!r} is not spoken here, only {WIRE}")
    match message.get("type"):
        case "snapshot":
            return Offered(message.get("snapshot"))
        case "heartbeat":
            revision = message.get("revision")
            return Heartbeat(revision if type(revision) is int else 0)
        case "telemetry":
            return _telemetry(message)
    return None


def snapshot_line(plain: dict[str, Any]) -> bytes:
    """Return the line that offers the plain snapshot `plain`."""
    return _line({"wire": WIRE, "type": "snapshot", "snapshot": plain})


def heartbeat_line(revision: int) -> bytes:
    """Return the line that says the store is at `revision`."""
    return _line({"wire": WIRE, "type": "heartbeat", "revision": revision})


def telemetry_line(telemetry: Telemetry) -> bytes:
    """Return the line that says how much to measure."""
    return _line({"wire": WIRE, "type": "telemetry"} | asdict(telemetry))


def watch_path(subscription: Subscription, in_force: tuple[str, int] | None) -> str:
    """Return the path to watch; `in_force` is the digest and revision not to send again."""
    query = [
        ("namespace", subscription.namespace),
        ("app", subscription.app),
        ("node", subscription.node),
    ]
    if subscription.lane is not None:
        query.append(("lane", subscription.lane))
    query += [("label", f"{key}={value}") for key, value in subscription.labels]
    if subscription.zone:
        query.append(("zone", subscription.zone))
    if in_force is not None:
        query += [("digest", in_force[0]), ("revision", str(in_force[1]))]
    return f"{ROOT}/watch?{urlencode(query)}"


def answer_body(node: str, answer: Answer) -> bytes:
    """Return the body of an acknowledgement, or of a refusal."""
    return _line(
        {
            "node": node,
            "digest": answer.digest,
            "revision": answer.revision,
            "error": answer.error,
            "refused": list(answer.refused),
        }
    )


def registration_body(registration: Registration) -> bytes:
    """Return the body that registers an instance."""
    plain = {name: getattr(registration, name) for name in Registration.__dataclass_fields__}
    # Last what is another each time: a control plane knows the others again as they stand.
    plain["counters"], report = plain.pop("counters"), plain.pop("report")
    if report is not None:
        plain["report"] = plain_report(report)
    return _line(plain)


def instance_path(registration: Registration) -> str:
    """Return the path whose deletion says that the instance is gone."""
    return f"{ROOT}/instances?{_query(registration)}"


def replaced_path(registration: Registration) -> str:
    """Return the path whose deletion says that another process will serve the instance.

    A path of its own: a control plane that does not know it must not take the instance out.
    """
    return f"{ROOT}/replaced?{_query(registration)}"


def _query(registration: Registration) -> str:
    query = {
        "namespace": registration.namespace,
        "app": registration.app,
        "address": registration.address,
        "node": registration.node,
    }
    return urlencode(query)


def read_lease(body: bytes) -> Lease:
    """Return the lease in the answer to a registration. Raises InvalidReply."""
    try:
        plain = json.loads(body)
        return Lease(
            lane=str(plain.get("lane") or ""),
            conflict=str(plain["conflict"]) if plain.get("conflict") else None,
            lease=_seconds(plain.get("lease", 10.0)),
            renew=_seconds(plain.get("renew", 3.0)),
            wanted=tuple(str(one) for one in plain.get("wanted") or ()),
            reported=int(plain.get("reported") or 0),
        )
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidReply(f"not a lease: {error}") from error


def read_status(body: bytes) -> str:
    """Return the message of a Kubernetes Status object, or the start of what came instead."""
    try:
        message = json.loads(body)["message"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return body[:200].decode("utf-8", "replace")
    return str(message)


def _telemetry(message: dict[str, Any]) -> Telemetry:
    try:
        return Telemetry(
            every=_seconds(min(max(float(message.get("every", 10.0)), FASTEST), LONGEST)),
            interfaces=min(max(int(message.get("interfaces", 256)), 1), MOST_ROWS),
            sampling=_share(message.get("sampling", 1.0)),
            access_log=_share(message.get("access_log", 1.0)),
            tap=min(max(int(message.get("tap", 0)), 0), MOST_TAPPED),
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidLine(f"it does not say how much to measure: {error}") from error


def _share(plain: Any) -> float:
    share = float(plain)
    if not 0 <= share <= 1:  # false of a NaN too
        raise ValueError(f"{share} is no share from 0 to 1")
    return share


def _seconds(plain: Any) -> float:
    seconds = float(plain)
    if not SHORTEST <= seconds <= LONGEST:  # false of a NaN too
        raise ValueError(f"{seconds} seconds")
    return seconds


def _line(plain: dict[str, Any]) -> bytes:
    # An application's names may have half of a surrogate pair, which no reader takes for JSON.
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace") + b"\n"
