"""Files, directories and standard input as resources, all checked before any is used."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.cli.objects import SHOWN, Asked, Named, asked
from fairlead.cli.rules import load_rules
from fairlead.kinds import InvalidResource, Kind, Resource, Violation, load_documents
from fairlead.kinds.document import MOST_BYTES, too_large
from fairlead.policy.workload import DEFAULT_NAMESPACE

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
"""Files that are taken from a directory. Python is executed only where a file is named."""


def load(names: Sequence[str], namespace: str | None) -> list[Resource[Any]]:
    """Return the resources of all sources, in order.

    `namespace` is where those go that name none; one that names another is refused. Raises Failed
    with every violation of every source.
    """
    if not names:
        raise Failed("name a file, a directory, or - for standard input", USAGE)
    resources: list[Resource[Any]] = []
    found: list[Violation] = []
    written: dict[str, str] = {}
    for source in each(names):
        try:
            loaded = _load(source, namespace or DEFAULT_NAMESPACE)
        except InvalidResource as error:
            found += error.violations
            continue
        found += _elsewhere(loaded, namespace, source)
        found += _repeated(loaded, written, source)
        resources += loaded
    if found:
        raise Failed([*map(str, found), _summary(len(found))], REFUSED)
    if not resources:
        raise Failed(f"{', '.join(names)}: no resource in it, nothing was changed", REFUSED)
    return resources


def chosen(
    words: Sequence[str],
    names: Sequence[str],
    namespace: str | None,
    kinds: Sequence[Kind[Any]] = SHOWN,
) -> list[Asked]:
    """Return what `words` ask for, or the objects in the sources `names`. Raises Failed."""
    if words and names:
        raise Failed("say either -f FILE or KIND NAME", USAGE)
    if not names:
        return asked(words, namespace, kinds)
    found: dict[Kind[Any], list[Named]] = {}
    for one in load(names, namespace):
        found.setdefault(one.kind, []).append(Named(one.kind, one.namespace, one.name))
    return [Asked(kind, tuple(objects)) for kind, objects in found.items()]


def _summary(count: int) -> str:
    return f"fairlead: {count} violation{'s' if count > 1 else ''}, nothing was changed"


def each(names: Sequence[str]) -> Iterator[str]:
    """Yield the files of names, of which one may be a directory. Raises Failed."""
    for name in names:
        path = Path(name)
        if name != STDIN and path.is_dir():
            files = sorted(p for p in path.iterdir() if p.suffix in SUFFIXES and p.is_file())
            if not files:
                raise Failed(f"{name}: has no {', '.join(SUFFIXES)} file", USAGE)
            yield from map(str, files)
        else:
            yield name


def _load(source: str, namespace: str) -> list[Resource[Any]]:
    if source.endswith(".py"):
        read(source)
        return load_rules(Path(source))
    shown = "<stdin>" if source == STDIN else source
    return load_documents(read(source), shown, namespace=namespace)


def read(source: str) -> bytes:
    """Return the bytes of a source; no more than the bound are ever read."""
    try:
        if source == STDIN:
            text = sys.stdin.buffer.read(MOST_BYTES + 1)
            size = len(text)
        else:
            with Path(source).open("rb") as file:
                text = file.read(MOST_BYTES + 1)
                size = max(len(text), Path(source).stat().st_size)
    except OSError as error:
        raise Failed(f"{source}: {error.strerror or error}", ENVIRONMENT) from error
    if len(text) > MOST_BYTES:
        raise InvalidResource([too_large(source, size)])
    return text


def _elsewhere(
    resources: Iterable[Resource[Any]], namespace: str | None, source: str
) -> Iterator[Violation]:
    for resource in resources:
        if namespace is not None and resource.namespace != namespace:
            message = f"{resource} is not in the namespace {namespace} that was asked for"
            yield Violation(loc=("metadata", "namespace"), message=message, source=source)


def _repeated(
    resources: Iterable[Resource[Any]], written: dict[str, str], source: str
) -> Iterator[Violation]:
    """Yield those that are in `written`, by name with their source, and add the others to it."""
    for resource in resources:
        first = written.get(str(resource))
        if first is not None:
            where = "" if first == source else f", first in {first}"
            yield Violation(message=f"{resource} is written twice{where}", source=source)
        written.setdefault(str(resource), source)
