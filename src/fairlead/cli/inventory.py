"""Apps and their contracts: what agents tell of, and nobody writes, shown as if it were a kind.

``fairlead get apps``, ``fairlead get contracts APP``, and what `describe` says of either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from fairlead.cli import terminal
from fairlead.cli.apps import ROOT, Plain, listed, service, unknown
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.printing import Form, document, nothing, put
from fairlead.cli.table import tabled
from fairlead.cli.top import Sort, services_table
from fairlead.kinds.kind import age
from fairlead.policy.workload import DEFAULT_NAMESPACE

APPS, CONTRACTS = "apps", "contracts"
_WORDS = {
    **dict.fromkeys(("app", "apps", "service", "services", "svc"), APPS),
    **dict.fromkeys(("contract", "contracts"), CONTRACTS),
}
WORDS = tuple(_WORDS)

MOST_SHOWN = 20
"""Changes of a contract that are shown where they are not asked for."""


class Subject(NamedTuple):
    """What is asked about: apps or contracts, and whose."""

    what: str
    apps: tuple[str, ...]


def knows(word: str) -> bool:
    """Say whether a command line that begins so is about apps or contracts."""
    return word.partition("/")[0].lower() in _WORDS


def subject(words: Sequence[str]) -> Subject:
    """Return what `words`, the first of which is known here, ask about. Raises Failed."""
    first, slash, _ = words[0].partition("/")
    what = _WORDS[first.lower()]
    if not slash:
        found = Subject(what, tuple(words[1:]))
    else:
        parts = [word.partition("/") for word in words]
        strange = next((w for w, p in zip(words, parts, strict=True) if not _is(p, what)), None)
        if strange is not None:
            raise Failed(f"{strange!r}: write {first}/NAME, for each of them", USAGE)
        found = Subject(what, tuple(part[2] for part in parts))
    if what == CONTRACTS and not found.apps:
        raise Failed("name the app whose contracts are meant: contracts APP", USAGE)
    return found


def _is(parts: tuple[str, str, str], what: str) -> bool:
    return _WORDS.get(parts[0].lower()) == what and bool(parts[2])


def show(
    control: ControlPlane, words: Sequence[str], namespace: str | None, form: Form | None
) -> None:
    """Print apps or contracts as `get` does; `namespace` is None for all of them."""
    what, apps = subject(words)
    if what == CONTRACTS:
        _show_contracts(control, apps, namespace or DEFAULT_NAMESPACE, form)
        return
    items = listed(control, namespace or "*")
    known = [str(one["app"]) for one in items]
    for app in apps:
        if app not in known:
            raise unknown(app, namespace or DEFAULT_NAMESPACE, known)
    chosen = [one for one in items if not apps or one["app"] in apps]
    if form is Form.NAME:
        put(f"app/{one['app']}" for one in chosen)
    elif form in (Form.JSON, Form.YAML):
        print(document({"items": chosen} if len(apps) != 1 else chosen[0], form))
    elif not chosen:
        nothing(namespace)
    else:
        more = {"namespaces": namespace is None, "wide": form is Form.WIDE}
        put(services_table(chosen, Sort.NAME, **more))


def _show_contracts(
    control: ControlPlane, apps: Sequence[str], namespace: str, form: Form | None
) -> None:
    for place, app in enumerate(apps):
        found = contracts_of(control, app, namespace)
        if form is Form.NAME:
            print(f"contract/{app}")
        elif form in (Form.JSON, Form.YAML):
            print(document(found, form))
        else:
            print("\n" * bool(place) + "\n".join(versions(found, wide=form is Form.WIDE)))


def contracts_of(control: ControlPlane, app: str, namespace: str) -> Plain:
    """Return the versions of an app's contracts, the newest first. Raises Failed."""
    found = control.call("GET", f"{ROOT}contracts", query={"namespace": namespace, "app": app})
    if not found["items"]:
        service(control, app, namespace)
        why = "it has no OpenAPI document or gRPC service that its agent can see"
        raise Failed(f"app {app} in namespace {namespace} promises nothing: {why}", REFUSED)
    return found


_HEADS = ("VERSION", "KIND", "FIRST SEEN", "PROMISED BY", "CHANGES", "BREAKING")


def versions(found: Plain, *, wide: bool = False) -> Iterator[str]:
    """Yield a table of the versions of an app's contracts."""
    since = {(one["kind"], one["to"]): one for one in found["diff"]}
    rows = [_HEADS]
    for one in found["items"]:
        diff = since.get((one["kind"], one["version"]))
        by = one["seenBy"]
        count = f"{len(by)} instance{'' if len(by) == 1 else 's'}" if by else ""
        rows.append(
            (
                one["version"] if wide else short(one["version"]),
                one["kind"],
                f"{_ago(one['at'])} ago",
                (",".join(by) if wide else count) or "nobody",
                "-" if diff is None else str(len(diff["changes"]) + diff["leftOut"]),
                "-" if diff is None else str(sum(c["breaking"] for c in diff["changes"])),
            )
        )
    yield from tabled(rows)


def short(version: str) -> str:
    """Return the part of a version that people tell it by."""
    return version[:12]


def _ago(moment: str) -> str:
    stamp = str(moment).replace("+00:00", "Z")
    return age({"metadata": {"creationTimestamp": stamp}}, datetime.now(UTC))


def differences(found: Plain, most: int = 0) -> Iterator[str]:
    """Yield what is different between versions, the newest first; no more than `most` of each."""
    for diff in found["diff"]:
        verdict = "may break callers" if diff["breaking"] else "breaks no caller"
        title = f"{diff['kind']} {short(diff['from'])} → {short(diff['to'])}: {verdict}"
        yield terminal.head(terminal.one_line(title))
        changes = diff["changes"][: most or None]
        for where, group in groupby(changes, lambda one: str(one["where"])):
            yield f"  {terminal.one_line(where)}"
            yield from map(_change, group)
        left = len(diff["changes"]) - len(changes) + diff["leftOut"]
        if left:
            yield f"  and {left} more: fairlead describe contract APP"


def _change(one: Plain) -> str:
    mark = {"added": "+", "removed": "-"}.get(str(one["change"]), "~")
    words = (one["part"], one["name"], one["change"], one["detail"])
    text = terminal.one_line(" ".join(str(word) for word in words if word))
    line = f"    {mark} {text}{'   (breaking)' if one['breaking'] else ''}"
    return terminal.painted(line, terminal.RED) if one["breaking"] else line
