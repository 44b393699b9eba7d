"""Bring an instrument in when the application has imported its library; tell what became of each.

Nothing here imports a library: an instrument's module is imported after the application has
imported what it hooks. An instrument that is switched off, or does not know the library's version,
is skipped and says so; one that fails leaves nothing behind.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Collection
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import TYPE_CHECKING, cast

from fairlead.instruments.catalog import CATALOG, UNHOOKED_DRIVERS
from fairlead.instruments.instrument import Hook, Instrument, State
from fairlead.instruments.patch import Patches
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane


UNHOOKED = "there is no hook for this database driver"


def hook_all(
    plane: DataPlane, patches: dict[str, Patches], disabled: Collection[str] = ()
) -> tuple[dict[str, Callable[[ModuleType], None]], list[Hook]]:
    """Return what an ImportWatch runs, and the list that tells what became of each library.

    The list and `patches` (by library) fill as the application imports; `disabled` names libraries
    to skip, as ``FAIRLEAD_DISABLE`` does. Raises nothing, neither here nor from the hooks.
    """
    states: list[Hook] = []
    skipped = frozenset(name.lower() for name in disabled)
    hooks: dict[str, Callable[[ModuleType], None]] = {}
    for trigger in dict.fromkeys(module for module, _ in CATALOG):
        names = tuple(name for module, name in CATALOG if module == trigger)

        def hook(_: ModuleType, names: tuple[str, ...] = names) -> None:
            for name in names:
                _tell(states, _hook(plane, name, patches, skipped))

        hooks[trigger] = hook
    for driver in UNHOOKED_DRIVERS:
        hooks[driver] = partial(_tell_unhooked, states, driver)
    return hooks, states


def _tell(states: list[Hook], state: Hook) -> None:
    # A module that is loaded again is hooked again, and told of once.
    states[:] = [other for other in states if other.library != state.library]
    states.append(state)


def _tell_unhooked(states: list[Hook], name: str, module: ModuleType) -> None:
    found = vars(module).get("__version__")
    state = Hook(
        library=name,
        version=found if isinstance(found, str) else "",
        state=State.SKIPPED,
        reason=UNHOOKED,
    )
    _tell(states, state)


def _hook(
    plane: DataPlane, name: str, patches: dict[str, Patches], disabled: frozenset[str]
) -> Hook:
    library, found = name, ""
    mine = Patches()
    try:
        module = import_module(f"fairlead.instruments.libs.{name}")
        instrument = cast("Instrument", module)
        library = instrument.LIBRARY
        found = version_of(library)
        reason = reason_to_skip(library, instrument.VERSIONS, found, disabled)
        if reason:
            return Hook(library=library, version=found, state=State.SKIPPED, reason=reason)
        mine = patches.setdefault(library, mine)
        instrument.install(plane, mine)
    except Exception as error:  # reported and counted; the application goes on
        mine.restore()
        plane.counters.count(AGENT_FAULTS, library)
        reason = f"{type(error).__name__}: {error}"
        return Hook(library=library, version=found, state=State.FAILED, reason=reason)
    return Hook(library=library, version=found, state=State.HOOKED)


def version_of(library: str) -> str:
    """Return the version of a distribution that is installed, ``""`` where it is not known."""
    if library == "python" or library in sys.stdlib_module_names:
        return platform.python_version()
    # Some drivers are also distributed with their C library inside, under a name of its own; a part
    # of a library that is hooked by itself has the library's version.
    for distribution in (library, f"{library}-binary", library.partition(".")[0]):
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return ""


def reason_to_skip(
    library: str, versions: tuple[str, str], found: str, disabled: frozenset[str]
) -> str:
    """Return why version `found` of `library` is not hooked, ``""`` where it is."""
    if not disabled.isdisjoint((library.lower(), library.lower().partition(".")[0])):
        return "disabled by FAIRLEAD_DISABLE"
    if not found:
        return "its version is not known: it has no metadata"
    first, beyond = versions
    if not _release(first) <= _release(found) < _release(beyond):
        return f"works with {first} up to but not {beyond}"
    return ""


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version; a pre-release counts as what it leads to."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()
