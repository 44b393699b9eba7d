"""What is news about an object, and the Kubernetes Event that tells it. Pure.

An event says what has happened, where a condition says how things are: who looks an hour later sees
what has come and gone in between. What everybody expects (a rule waits until it is live) is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fairlead.compiler.finding import ENFORCED
from fairlead.control import instance
from fairlead.control.condition import LIVE
from fairlead.control.store import Change, Key, Object
from fairlead.kinds.kind import child, text_at
from fairlead.policy.workload import DEFAULT_NAMESPACE

RESOURCE = "events"
NORMAL, WARNING = "Normal", "Warning"
LONGEST = 1024
"""Letters of a message; the rest is in the object's status."""

_COMPONENT = "fairlead"
_GOOD = (LIVE, ENFORCED)
"""Conditions that are as they should be where they are true; any other tells of trouble."""

_EXPECTED = ("Waiting", "NoWorkloads")
"""Reasons not to be live that pass, or that nobody minds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A piece of news."""

    type: str = NORMAL
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A piece of news, and the object it is about."""

    about: Object
    """Reference to the object."""
    note: Note

    @property
    def subject(self) -> str:
        """What events are counted by: the object's uid."""
        return str(self.about["uid"])

    @property
    def same(self) -> tuple[str, Note]:
        """Equal for news that are told by one event, with a count."""
        return self.subject, self.note


def reference(key: Key, plain: Object, revision: int) -> Object:
    """Return a reference to an object, as events carry it."""
    return {
        "apiVersion": plain["apiVersion"],
        "kind": plain["kind"],
        "name": key.name,
        "namespace": key.namespace,
        "uid": text_at(plain, "metadata", "uid"),
        "resourceVersion": str(revision),
    }


def news_of(change: Change, *, lost: bool) -> Iterator[Note]:
    """Yield what a change says; `lost` tells a lease that ended from a process that left."""
    before, after = change.before, change.stored.object
    about_instance = change.stored.key.resource == instance.RESOURCE
    if change.type == "DELETED":
        yield _gone(after, lost=lost) if about_instance else _done("Deleted", after)
        return
    if before is None:
        yield _registered(after) if about_instance else _done("Created", after)
    elif about_instance:
        yield from _moved(before, after)
    elif _generation(before) != _generation(after):
        yield _done("Changed", after)
    yield from _turned(before or {}, after)


def refusal(message: str) -> Note:
    """Return the news that a change of an object was refused."""
    why = f"a change was refused, nothing is different: {message}"
    return Note(type=WARNING, reason="ChangeRefused", message=why[:LONGEST])


def event_of(news: News, count: int, key: Key, uid: str, moment: datetime) -> Object:
    """Return the event that tells `news` for the first time, heard `count` times."""
    note, time = news.note, _timestamp(moment)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "uid": uid,
            "creationTimestamp": time,
        },
        "involvedObject": news.about,
        "type": note.type,
        "reason": note.reason,
        "message": note.message[:LONGEST],
        "count": count,
        "firstTimestamp": time,
        "lastTimestamp": time,
        "source": {"component": _COMPONENT},
        "reportingComponent": _COMPONENT,
        "reportingInstance": "",
    }


def again(event: Object, news: News, count: int, moment: datetime) -> Object:
    """Return the event when its news have been heard `count` more times."""
    return {
        **event,
        "involvedObject": news.about,
        "count": event["count"] + count,
        "lastTimestamp": _timestamp(moment),
    }


def told_by(event: Object) -> News:
    """Return the news that a stored event tells."""
    note = Note(type=event["type"], reason=event["reason"], message=event["message"])
    return News(about=event["involvedObject"], note=note)


def event_key(about: Object, number: int) -> Key:
    """Return where an event is kept: named like Kubernetes names them, by object and time."""
    suffix = f".{number:016x}"
    name = about["name"][: 253 - len(suffix)].rstrip(".-")
    return Key(RESOURCE, about["namespace"] or DEFAULT_NAMESPACE, f"{name}{suffix}")


def _done(reason: str, plain: Object) -> Note:
    return Note(reason=reason, message=f"{plain['kind']} was {reason.lower()}")


def _registered(plain: Object) -> Note:
    spec, lane = plain["spec"], text_at(plain, "status", "lane") or "base"
    message = f"app {spec['app']} is served at {spec['address']}, on lane {lane}"
    return Note(reason="Registered", message=message)


def _gone(plain: Object, *, lost: bool) -> Note:
    app = plain["spec"]["app"]
    if lost:
        message = f"no sign of life from it any more: callers of {app} send it nothing"
        return Note(type=WARNING, reason="LeaseExpired", message=message)
    return Note(reason="Left", message=f"its last process took it out: callers of {app} were told")


def _moved(before: Object, after: Object) -> Iterator[Note]:
    was, is_ = (text_at(plain, "status", "lane") or "base" for plain in (before, after))
    if was != is_:
        yield Note(reason="LaneChanged", message=f"from lane {was} to lane {is_}")


def _turned(before: Object, after: Object) -> Iterator[Note]:
    conflict = text_at(after, "status", "conflict")
    if conflict and conflict != text_at(before, "status", "conflict"):
        yield Note(type=WARNING, reason="Conflict", message=conflict[:LONGEST])
    was, is_ = _conditions(before), _conditions(after)
    for name, condition in is_.items():
        if _standing(was.get(name, {})) != _standing(condition):
            yield from _condition_news(name, condition)
    for name in was.keys() - is_.keys():
        yield Note(reason="Resolved", message=f"{name} does not hold any more")


def _condition_news(name: str, condition: Mapping[str, Any]) -> Iterator[Note]:
    status, reason = _standing(condition)
    message = text_at(condition, "message")[:LONGEST]
    if name in _GOOD and status == "True":
        yield Note(reason=name, message=message)
    elif name != LIVE:
        yield Note(type=WARNING, reason=name if status == "True" else reason, message=message)
    elif reason not in _EXPECTED:
        yield Note(type=WARNING, reason=reason, message=message)


def _conditions(plain: Object) -> dict[str, Mapping[str, Any]]:
    found = child(plain, "status").get("conditions") or ()
    return {text_at(condition, "type"): condition for condition in found}


def _standing(condition: Mapping[str, Any]) -> tuple[str, str]:
    return text_at(condition, "status"), text_at(condition, "reason")


def _generation(plain: Object) -> Any:
    return plain["metadata"].get("generation")


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
