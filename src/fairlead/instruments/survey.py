"""What would be hooked in this environment, told without importing any of it.

An instrument's file is read as text: importing it would import the library.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec

from fairlead.instruments.catalog import CATALOG, UNHOOKED_DRIVERS
from fairlead.instruments.hooking import UNHOOKED, reason_to_skip, version_of
from fairlead.instruments.instrument import Hook, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an instrument says of itself."""

    library: str
    versions: tuple[str, str]


@cache
def known() -> tuple[Known, ...]:
    """Return every instrument, in order of the catalogue."""
    return tuple(_read(name) for name in dict.fromkeys(name for _, name in CATALOG))


def survey(disabled: Collection[str] = ()) -> Iterator[Hook]:
    """Yield what would become of each library that is installed here, once it is imported.

    `disabled` names libraries to skip, as ``FAIRLEAD_DISABLE`` does.
    """
    skipped = frozenset(name.lower() for name in disabled)
    told = set()
    for one in known():
        found = version_of(one.library)
        if not found or one.library in told:
            continue
        told.add(one.library)
        reason = reason_to_skip(one.library, one.versions, found, skipped)
        state = State.SKIPPED if reason else State.HOOKED
        yield Hook(library=one.library, version=found, state=state, reason=reason)
    for name in UNHOOKED_DRIVERS:
        if _is_there(name):
            yield Hook(library=name, version="", state=State.SKIPPED, reason=UNHOOKED)


def _read(name: str) -> Known:
    text = files("fairlead.instruments.libs").joinpath(f"{name}.py").read_text("utf-8")
    found = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("LIBRARY", "VERSIONS")
    }
    return Known(library=found["LIBRARY"], versions=found["VERSIONS"])


def _is_there(module: str) -> bool:
    if "." in module and not _is_there(module.rpartition(".")[0]):
        return False
    try:
        # Of a package's module the package would be imported: what is installed is enough to know.
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
