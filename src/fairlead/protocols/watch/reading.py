"""What agents send to the control plane, read with bounds and refused with every reason at once.

The other direction of `codec.py`; server side only. What has no meaning for a decision (why a hook
was skipped) is cut to size rather than refused: an agent must not stay unregistered for a long
sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fairlead.protocols.watch.codec import LONGEST, Answer, Registration, Subscription
from fairlead.protocols.watch.contract import MOST, SORTS
from fairlead.protocols.watch.reader import (
    DIGEST,
    INT64,
    LONGEST_TEXT,
    NAME,
    NAMESPACE,
    NODE,
    InvalidMessage,
    Reader,
)
from fairlead.protocols.watch.report_reading import Whose, read_riding

MOST_REFUSED = 64

_DIGEST = re.compile(r"[0-9a-f]{32}")


def read_subscription(query: Sequence[tuple[str, str]]) -> tuple[Subscription, str]:
    """Return whose snapshots a watch asks for, and the digest it already holds (``""``: none).

    Raises InvalidMessage. Parameters that are not known are passed over.
    """
    given = dict(query)
    read = Reader(given)
    labels = [tuple(text.partition("=")[::2]) for name, text in query if name == "label"]
    subscription = Subscription(
        node=read.name("node", NODE),
        namespace=read.name("namespace", NAMESPACE),
        app=read.name("app", NAME),
        lane=read.lane(given.get("lane")),
        labels=read.labels(labels),
        zone=read.zone(given.get("zone", "")),
    )
    digest = given.get("digest", "")
    if not DIGEST.fullmatch(digest):
        read.problem("digest", "is no digest")
    read.finish()
    return subscription, digest


def read_revision(query: Mapping[str, str]) -> int:
    """Return the revision that a watch says it holds, 0 where it says none."""
    text = query.get("revision", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def read_registration(plain: Any) -> Registration:
    """Return the instance that a body registers or renews. Raises InvalidMessage."""
    read = Reader(_map(plain))
    registration = Registration(
        node=read.name("node", NODE),
        namespace=read.name("namespace", NAMESPACE),
        app=read.name("app", NAME),
        address=read.address(),
        pid=read.number("pid", 1 << 31),
        host=read.text("host"),
        lane=read.lane(read.plain.get("lane")),
        labels=read.labels(read.given("labels", ())),
        zone=read.zone(read.given("zone", "")),
        hooks=read.hooks(),
        python=read.text("python"),
        version=read.text("version"),
        counters=read.counters(),
        unfit=read.unfit(),
        warmup=read.seconds("warmup", LONGEST),
        protocol=read.protocol(),
        unmatched=read.unmatched(),
        contracts=_contracts(read),
    )
    read.finish()
    r = registration
    report = read_riding(
        read.plain.get("report"), Whose(r.node, r.namespace, r.app, r.address, r.lane or "")
    )
    return registration if report is None else replace(registration, report=report)


def read_counters(plain: Any) -> dict[str, dict[str, int]]:
    """Return the counters of a registration. Raises InvalidMessage."""
    read = Reader({"counters": plain})
    found = read.counters()
    read.finish()
    return found


def read_departure(query: Sequence[tuple[str, str]]) -> tuple[str, str, str, str]:
    """Return namespace, app, address and node of an instance that leaves. Raises InvalidMessage."""
    read = Reader(dict(query))
    namespace, app = read.name("namespace", NAMESPACE), read.name("app", NAME)
    address, node = read.address(), read.name("node", NODE)
    read.finish()
    return namespace, app, address, node


def read_answer(plain: Any) -> tuple[str, Answer]:
    """Return a node and what it made of a snapshot. Raises InvalidMessage."""
    read = Reader(_map(plain))
    node = read.name("node", NODE)
    error, refused = read.plain.get("error"), read.given("refused", ())
    if error is not None and not isinstance(error, str):
        read.problem("error", "must be null or a string")
    if not isinstance(refused, list | tuple) or not all(isinstance(r, str) for r in refused):
        read.problem("refused", "must be a list of strings")
        refused = ()
    answer = Answer(
        digest=read.name("digest", DIGEST),
        revision=read.number("revision", INT64),
        error=str(error)[:LONGEST_TEXT] if error is not None else None,
        refused=tuple(text[:LONGEST_TEXT] for text in refused[:MOST_REFUSED]),
    )
    read.finish()
    return node, answer


def _contracts(read: Reader) -> tuple[dict[str, str], ...]:
    """Return the contracts that are named; what cannot name one is passed over."""
    found = []
    for one in list(read.given("contracts", ()))[:MOST]:
        sort, digest = (one.get("sort"), one.get("digest")) if isinstance(one, dict) else ("", "")
        if sort in SORTS and isinstance(digest, str) and _DIGEST.fullmatch(digest):
            found.append({"sort": sort, "digest": digest})
    return tuple(found)


def _map(plain: Any) -> dict[str, Any]:
    if not isinstance(plain, dict):
        raise InvalidMessage([("", "the body must be an object")])
    return plain
