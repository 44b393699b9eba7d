"""The kind `Event`: Kubernetes' own, read with ``kubectl get events``, written by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from fairlead.kinds.kind import Column, Kind, Plain, age, child, text_at
from fairlead.kinds.schema import Schema, model_schema
from fairlead.kinds.spec import Spec

FIELDS = (
    *(f"involvedObject.{name}" for name in ("kind", "name", "namespace", "uid", "apiVersion")),
    *("involvedObject.resourceVersion", "involvedObject.fieldPath", "source"),
    *("reason", "type", "reportingComponent"),
)
"""Fields that ``--field-selector`` knows, as in Kubernetes; kubectl describe needs the first."""


class Involved(Spec):
    """The object that an event is about."""

    api_version: str = Field(alias="apiVersion", description="Its group and version.")
    kind: str = Field(description="Its kind.")
    namespace: str = Field(description="Its namespace.")
    name: str = Field(description="Its name.")
    uid: str = Field(description="Its uid.")
    resource_version: str = Field(
        alias="resourceVersion", description="Its revision when it happened."
    )


class Source(Spec):
    """Who tells it."""

    component: str = Field(description="Always fairlead.")


class EventSpec(Spec):
    """Something that has happened to an object."""

    involved_object: Involved = Field(alias="involvedObject", description="What it is about.")
    type: Literal["Normal", "Warning"] = Field(description="Whether somebody should look.")
    reason: str = Field(description="What has happened, in a word.")
    message: str = Field(description="What has happened, for people.")
    count: int = Field(description="How often.")
    first_timestamp: str = Field(alias="firstTimestamp", description="When it was first heard.")
    last_timestamp: str = Field(alias="lastTimestamp", description="When it was last heard.")
    source: Source = Field(description="Who tells it.")
    reporting_component: str = Field(alias="reportingComponent", description="Always fairlead.")
    reporting_instance: str = Field(alias="reportingInstance", description="Always empty.")


def _text(*path: str) -> Callable[[Plain, datetime], str]:
    return lambda plain, _: text_at(plain, *path)


def _ago(field: str) -> Callable[[Plain, datetime], str]:
    def cell(plain: Plain, now: datetime) -> str:
        return age({"metadata": {"creationTimestamp": text_at(plain, field)}}, now)

    return cell


def _object(plain: Plain, now: datetime) -> str:
    del now
    about = child(plain, "involvedObject")
    return f"{text_at(about, 'kind').lower()}/{text_at(about, 'name')}"


def _count(plain: Plain, now: datetime) -> int:
    del now
    return int(plain.get("count", 1))


EVENT: Kind[Any] = Kind(
    group="",
    version="v1",
    kind="Event",
    plural="events",
    singular="event",
    short_names=("ev",),
    spec=EventSpec,
    columns=(
        Column(name="Last Seen", description="When it was last heard.", cell=_ago("lastTimestamp")),
        Column(name="Type", description="Normal or Warning.", cell=_text("type")),
        Column(name="Reason", description="What has happened.", cell=_text("reason")),
        Column(name="Object", description="What it is about.", cell=_object),
        Column(
            name="Source",
            priority=1,
            description="Who tells it.",
            cell=_text("source", "component"),
        ),
        Column(name="Message", description="What has happened.", cell=_text("message")),
        Column(
            name="First Seen",
            priority=1,
            description="When it was first heard.",
            cell=_ago("firstTimestamp"),
        ),
        Column(name="Count", type="integer", priority=1, description="How often.", cell=_count),
        Column(name="Name", priority=1, description="Its name.", cell=_text("metadata", "name")),
    ),
)


def event_schema() -> Schema:
    """Return the schema of a whole event: Kubernetes' has its fields beside the metadata."""
    schema = model_schema(EventSpec)
    names = {"group": EVENT.group, "version": EVENT.version, "kind": EVENT.kind}
    own = {
        "apiVersion": {"type": "string", "description": f"Always {EVENT.api_version}."},
        "kind": {"type": "string", "description": f"Always {EVENT.kind}."},
        "metadata": {"type": "object", "description": "Name and namespace of the event."},
    }
    schema["properties"] = {**own, **schema["properties"]}
    return {**schema, "x-kubernetes-group-version-kind": [names]}
