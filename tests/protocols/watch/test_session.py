"""The rules of the watch wire, as transcripts: lines received, answers given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairlead.policy.encode import seal, to_plain
from fairlead.policy.lane import Lane
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.protocols.watch.codec import Answer, heartbeat_line, snapshot_line
from fairlead.protocols.watch.session import Session


class Enforcer:
    """What a session applies to."""

    def __init__(self) -> None:
        self.applied: list[str] = []
        self.error: Exception | None = None

    def __call__(self, snapshot: Snapshot, plain: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.applied.append(snapshot.digest)


def sealed(revision: int, *lanes: str) -> Snapshot:
    named = tuple(Lane(name=lane) for lane in lanes)
    return seal(Snapshot(revision=revision, lanes=named))


def offer(snapshot: Snapshot) -> bytes:
    return snapshot_line(to_plain(snapshot))


def accepted(snapshot: Snapshot) -> Answer:
    return Answer(digest=snapshot.digest, revision=snapshot.revision)


def test_a_snapshot_is_enforced_and_acknowledged():
    """The control plane counts the workloads that a rule is live on."""
    enforcer, first = Enforcer(), sealed(3, "gray")
    session = Session(enforcer)

    assert session.connect() is None
    assert session.receive(offer(first)) == accepted(first)
    assert enforcer.applied == [first.digest]
    assert session.live
    assert session.in_force == (first.digest, 3)


def test_a_bad_snapshot_is_refused_with_the_reason_and_the_good_one_stays():
    """Principle 7: refuse whole, say why, keep the last good one."""
    enforcer, good = Enforcer(), sealed(1, "gray")
    bad = seal(Snapshot(revision=2, lanes=(Lane(name="gray"), Lane(name="gray"))))
    session = Session(enforcer)
    session.receive(offer(good))

    answer = session.receive(offer(bad))

    assert answer == Answer(digest=bad.digest, revision=2, error="lanes: a lane is declared twice")
    assert enforcer.applied == [good.digest]
    assert session.in_force == (good.digest, 1)


def test_a_snapshot_that_cannot_be_enforced_is_refused_too():
    """A fault of ours that was acknowledged would show a rule as live that is not."""
    enforcer = Enforcer()
    session = Session(enforcer)
    enforcer.error = ZeroDivisionError("ours")

    answer = session.receive(offer(sealed(1)))

    assert answer is not None
    assert answer.error == "ZeroDivisionError: ours"
    assert session.in_force is None


def test_an_enforcer_may_refuse():
    """Two parts that disagree are found by whoever puts them together."""
    enforcer = Enforcer()
    enforcer.error = InvalidSnapshot("entry: no")

    answer = Session(enforcer).receive(offer(sealed(1)))

    assert answer is not None
    assert answer.error == "entry: no"


def test_an_older_snapshot_is_ignored():
    """A revision never goes back: what was taken away must not return."""
    enforcer, new = Enforcer(), sealed(5, "gray")
    session = Session(enforcer)
    session.receive(offer(new))

    assert session.receive(offer(sealed(4, "blue"))) is None
    assert enforcer.applied == [new.digest]
    assert session.refusal == "revision 4 is older than 5, which is in force"


def test_another_content_at_the_same_revision_is_taken():
    """Expired leases and connection state may change a snapshot without a write of a resource."""
    enforcer, second = Enforcer(), sealed(5, "blue")
    session = Session(enforcer)
    session.receive(offer(sealed(5, "gray")))

    assert session.receive(offer(second)) == accepted(second)


def test_what_was_read_from_disk_is_nobodys_elder():
    """A control plane that was set up anew counts from one; its first word must not be ignored."""
    enforcer, kept, fresh = Enforcer(), sealed(900, "gray"), sealed(2, "blue")
    session = Session(enforcer)
    session.adopt(kept)

    assert session.connect() == (kept.digest, 900)
    assert session.receive(offer(fresh)) == accepted(fresh)


def test_a_heartbeat_confirms_what_was_named_at_connect():
    """The server sends nothing to who has it already; then what is in force is live."""
    session = Session(Enforcer())
    session.adopt(sealed(7))
    session.connect()
    assert not session.live

    assert session.receive(heartbeat_line(7)) is None
    assert session.live


def test_a_heartbeat_confirms_nothing_where_nothing_was_named():
    """A server may be alive and have no snapshot yet."""
    session = Session(Enforcer())
    session.connect()

    session.receive(heartbeat_line(7))

    assert not session.live


def test_a_heartbeat_after_a_refusal_confirms_nothing():
    """What was read from disk is not what the server wanted in force."""
    enforcer = Enforcer()
    session = Session(enforcer)
    session.adopt(sealed(1))
    session.connect()
    enforcer.error = InvalidSnapshot("no")
    session.receive(offer(sealed(2, "gray")))

    session.receive(heartbeat_line(2))

    assert not session.live


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"wire":2,"type":"snapshot","snapshot":{}}', "wire 2 is not spoken here, only 1"),
        (b"[1]", "a line is an object, got list"),
        (b"{", "a line that is not JSON"),
        (b"\xff\xfe{", "a line that is not JSON"),
        (b"[" * 100_000, "a line that is not JSON"),
        (None, "a line longer than 64 MiB"),
        (b'{"wire":1,"type":"snapshot"}', "a snapshot is an object, got NoneType"),
        (b'{"wire":1,"type":"snapshot","snapshot":{"digest":5}}', "digest: does not name"),
    ],
)
def test_a_line_that_cannot_be_followed_is_refused_and_the_stream_goes_on(line, reason):
    """One bad line must not cost the connection, nor the good ones behind it."""
    session, good = Session(Enforcer()), sealed(1)

    answer = session.receive(line)

    assert answer is not None
    assert answer.error is not None
    assert answer.error.startswith(reason)
    assert session.receive(offer(good)) == accepted(good)


@pytest.mark.parametrize(
    "line", [b'{"wire":1,"type":"news"}', b'{"wire":1,"more":{}}', b'{"wire":1,"type":["x"]}']
)
def test_a_type_that_is_not_known_is_passed_over(line):
    """A newer control plane may say more than an older agent understands."""
    session = Session(Enforcer())

    assert session.receive(line) is None
    assert session.refusal == ""


def test_a_field_that_is_not_known_is_named_in_the_acknowledgement():
    """The rest is enforced; the operator sees what this agent is too old for."""
    plain = {**to_plain(sealed(1)), "weather": "fine"}
    from fairlead.policy.encode import digest

    plain["digest"] = digest(plain)
    told: list[str] = []
    session = Session(Enforcer(), tell=told.append)

    answer = session.receive(
        json.dumps({"wire": 1, "type": "snapshot", "snapshot": plain}).encode()
    )

    assert answer is not None
    assert answer.error is None
    assert answer.refused == ("weather: unknown to this version",)
    assert told == ["weather: unknown to this version"]
