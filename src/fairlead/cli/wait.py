"""``fairlead wait``: return when something holds of objects. Exit status 1 where it is too late."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Selector, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.cli.jsonpath import InvalidPath, JsonPath
from fairlead.cli.objects import Named, SomeWords, missing, named_or_listed
from fairlead.cli.progress import progress
from fairlead.cli.sources import chosen
from fairlead.compiler import finding

SHORTEST, LONGEST = 0.1, 1.0
"""Seconds between two looks, at first and later on."""

_AT_TIMES = frozenset(name.lower() for name in (*finding.AT_TIMES, "Protected"))
"""Conditions that objects have while something is so; `Live` and `Enforced` they have or have not.
"""

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}

Holds = Callable[[dict[str, Any] | None], str]
"""Returns ``""`` where an object, None where it is gone, is as it should be, else how it is."""


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead wait``."""
    return command.run("wait", arguments, COMMANDS)


@command.examples(
    "fairlead wait -f rules/ --for=condition=Live",
    "fairlead wait tlane/gray --for=delete --timeout=2m",
    "fairlead wait tlr/vip --for=jsonpath='{.status.live}'=3/3",
)
def wait(  # noqa: PLR0913 - one parameter for each option
    *,
    words: SomeWords = None,
    filename: Files = None,
    for_: Annotated[
        str,
        typer.Option(
            "--for", help="condition=TYPE[=STATUS], jsonpath=PATH[=VALUE], create or delete."
        ),
    ],
    timeout: Annotated[str, typer.Option("--timeout", help="Longest wait: 30s, 5m.")] = "30s",
    namespace: Namespace = None,
    selector: Selector = None,
    all_: Annotated[bool, typer.Option("--all", help="All objects of the kind.")] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Return when something holds of each of the objects."""
    holds, deadline = wanted(for_), time.monotonic() + seconds(timeout)
    control = ControlPlane(server)
    asked = chosen(words or (), filename or (), namespace)
    names = named_or_listed(control, asked, namespace, selector, every=all_)
    if not names:
        kinds = ", ".join(one.kind.plural for one in asked)
        raise Failed(f"no {kinds} are there to wait for", REFUSED)
    with progress(f"waiting for {for_}", len(names)) as bar:
        for one in names:
            _until(control, one, holds, for_, deadline, bar.note)
            bar.say(f"{one.label} {_met(for_)}")
            bar.step()


def _until(
    control: ControlPlane,
    one: Named,
    holds: Holds,
    for_: str,
    deadline: float,
    note: Callable[[str], object],
) -> None:
    pause, known = SHORTEST, False
    while True:
        why = ""
        try:
            found = _found(control, one)
            if found is None and not known and for_ not in ("create", "delete"):
                raise missing(control, one)
            known = known or found is not None
            why = holds(found)
            if not why:
                return
        except Failed as failure:
            # A control plane that is restarted is waited for as well.
            if failure.status != ENVIRONMENT:
                raise
            why = str(failure).removeprefix("fairlead: ")
        note(f"{one.name}: {why}")
        left = deadline - time.monotonic()
        if left <= 0:
            raise Failed(f"timed out waiting for {for_} of {one.label}: {why}", REFUSED)
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST)


def _found(control: ControlPlane, one: Named) -> dict[str, Any] | None:
    try:
        return control.call("GET", one.path(control))
    except Refused as refusal:
        if refusal.code == 404:
            return None
        if refusal.code == 429 or refusal.code >= 500:
            raise Failed(str(refusal), ENVIRONMENT) from refusal
        raise


def wanted(text: str) -> Holds:
    """Return what ``--for`` waits for. Raises Failed."""
    what, _, rest = text.partition("=")
    if text == "delete":
        return lambda found: "" if found is None else "it is still there"
    if text == "create":
        return lambda found: "it is not there" if found is None else ""
    if what == "condition" and rest:
        kind, _, status = rest.partition("=")
        return lambda found: _condition(found, kind, status or "True")
    if what == "jsonpath" and rest:
        return _jsonpath(rest)
    known = "condition=TYPE[=STATUS], jsonpath='{.PATH}'[=VALUE], create, delete"
    raise Failed(f"--for {text!r}: write one of {known}", USAGE)


def _condition(found: dict[str, Any] | None, kind: str, status: str) -> str:
    if found is None:
        return "it is not there"
    conditions = found.get("status", {}).get("conditions", [])
    one = next((c for c in conditions if str(c["type"]).lower() == kind.lower()), None)
    if one is None:
        there = ", ".join(str(c["type"]) for c in conditions) or "none"
        why = f"it has no condition {kind}, but {there}"
        if kind.lower() not in _AT_TIMES and any(_newest(c, found) for c in conditions):
            # They are told together: this one will not come.
            raise Failed(f"{found['metadata']['name']}{why.removeprefix('it')}", REFUSED)
        return why
    if not _newest(one, found):
        return f"{kind} is not told of its newest form yet"
    if str(one["status"]).lower() == status.lower():
        return ""
    return f"{kind} is {one['status']}: {one.get('message') or one.get('reason')}"


def _newest(condition: dict[str, Any], found: dict[str, Any]) -> bool:
    """Whether a condition was told of the newest form of an object."""
    generation: int = found["metadata"].get("generation", 0)
    return bool(condition.get("observedGeneration", 0) >= generation)


def _jsonpath(text: str) -> Holds:
    braces = re.fullmatch(r"(\{.*?\})(?:=(.*))?", text)
    spelt, value = (braces[1], braces[2]) if braces else _halves(text)
    try:
        path = JsonPath(spelt)
    except InvalidPath as error:
        raise Failed(f"--for jsonpath={error}", USAGE) from error

    def holds(found: dict[str, Any] | None) -> str:
        texts = [] if found is None else path.texts(found)
        if value in texts or (value is None and any(texts)):
            return ""
        return f"{spelt} is {', '.join(texts) or 'not there'}"

    return holds


def _halves(text: str) -> tuple[str, str | None]:
    spelt, equals, value = text.partition("=")
    return spelt, value if equals else None


def seconds(text: str) -> float:
    """Return a duration in seconds. Raises Failed."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|)", text.strip())
    if found is None:
        raise Failed(f"--timeout {text!r}: write 30s, 5m or 1h", USAGE)
    return float(found[1]) * _UNITS[found[2]]


def _met(text: str) -> str:
    return {"delete": "deleted", "create": "created"}.get(text, "condition met")


COMMANDS: command.Commands = {"wait": wait}
