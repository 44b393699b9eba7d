"""Which app a rule is for: label `app`, else ``spec.selector.app`` (contract 22)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fairlead.kinds.kind import Plain, Resource, child, text_at
from fairlead.kinds.violation import Violation

REMEDY = "set metadata.labels.app, or spec.selector.app, to the app whose requests it decides on"


def app_of(resource: Resource[Any]) -> str:
    """Return the app that `resource` binds to, ``""`` for none. The label wins."""
    return bound_app(resource.plain)


def bound_app(plain: Plain) -> str:
    """Return the app that an object binds to, ``""`` for none."""
    return text_at(plain, "metadata", "labels", "app") or text_at(plain, "spec", "selector", "app")


def disagreement(resource: Resource[Any]) -> tuple[str, str] | None:
    """Return (label's app, selector's app) where they name two different apps."""
    label = text_at(resource.plain, "metadata", "labels", "app")
    selector = text_at(resource.plain, "spec", "selector", "app")
    return (label, selector) if label and selector and label != selector else None


def needs_an_app(plain: Plain) -> Iterator[Violation]:
    """Refuse a rule that binds to no app: it would be stored and never act."""
    if not bound_app(plain):
        yield Violation(loc=("spec", "selector", "app"), message=f"binds to no app: {REMEDY}")


def selects_by_app_only(plain: Plain) -> Iterator[Violation]:
    """Refuse other keys beside `app`: an entry is a whole app, not some of its instances."""
    for key in child(plain, "spec", "selector"):
        if key != "app":
            yield Violation(
                loc=("spec", "selector", str(key)),
                message="is not supported here: an app is selected by `app` alone",
            )
