"""Libraries are hooked when they are imported, if we know the version; a failure leaves nothing."""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fairlead.instruments import hooking
from fairlead.instruments.catalog import CATALOG, DRIVERS, UNHOOKED_DRIVERS
from fairlead.instruments.hooking import hook_all
from fairlead.instruments.importing import ImportWatch
from fairlead.instruments.instrument import DataPlane, Hook, State
from fairlead.instruments.libs import starlette as instrument
from fairlead.instruments.patch import Patches
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.plane import Plane

STARLETTE = "starlette.applications"


class Watched:
    """An application that has not imported Starlette yet."""

    def __init__(self) -> None:
        self.plane = Plane()
        self.patches: dict[str, Patches] = {}
        self.states: list[Hook] = []
        self._watch = ImportWatch({})

    def import_starlette(self, *disabled: str) -> type:
        hooks, self.states = hook_all(self.plane, self.patches, disabled)
        # Only this one: the test itself has imported what the others hook.
        self._watch = ImportWatch({STARLETTE: hooks[STARLETTE]})
        self._watch.install()
        assert self.states == []
        application: type = importlib.import_module(STARLETTE).Starlette
        return application

    def state(self) -> tuple[State, str]:
        (state,) = self.states
        assert state.library == "starlette"
        return state.state, state.reason

    def close(self) -> None:
        self._watch.remove()
        for patches in self.patches.values():
            patches.restore()


@pytest.fixture
def watched() -> Iterator[Watched]:
    before = {name: module for name, module in sys.modules.items() if name == STARLETTE}
    for name in before:
        del sys.modules[name]
    watched = Watched()
    yield watched
    watched.close()
    sys.modules.update(before)
    for name, module in before.items():
        setattr(sys.modules[name.partition(".")[0]], name.rpartition(".")[2], module)


def is_hooked(application: Any) -> bool:
    return hasattr(application.__call__, "__wrapped__")


def test_a_library_is_hooked_when_it_is_imported(watched: Watched) -> None:
    """And never by us: what an application does not use costs it nothing."""
    assert is_hooked(watched.import_starlette())
    assert watched.state() == (State.HOOKED, "")
    assert watched.states[0].version == importlib.metadata.version("starlette")
    assert watched.plane.counted(AGENT_FAULTS) == {}


@pytest.mark.parametrize("versions", [("0.1", "0.2"), ("97.0", "98.0")], ids=["new", "old"])
def test_an_unknown_version_is_skipped_and_says_so(
    watched: Watched, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patching on a guess breaks applications."""
    monkeypatch.setattr(instrument, "VERSIONS", versions)
    assert not is_hooked(watched.import_starlette())
    reason = f"works with {versions[0]} up to but not {versions[1]}"
    assert watched.state() == (State.SKIPPED, reason)


def test_a_library_without_metadata_is_skipped(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is vendored or zipped, and may be anything."""
    monkeypatch.setattr(instrument, "LIBRARY", "a-library-that-is-not-installed")
    assert not is_hooked(watched.import_starlette())
    assert [state.state for state in watched.states] == [State.SKIPPED]


def test_a_library_can_be_switched_off(watched: Watched) -> None:
    """FAIRLEAD_DISABLE: the way out when a hook does harm."""
    assert not is_hooked(watched.import_starlette("httpx", "Starlette"))
    assert watched.state() == (State.SKIPPED, "disabled by FAIRLEAD_DISABLE")


def test_a_failure_undoes_what_was_replaced(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a hook is worse than none; the application goes on."""

    def install(plane: DataPlane, patches: Patches) -> None:
        application = sys.modules[STARLETTE].Starlette
        patches.replace(application, "__call__", partial)
        patches.replace(application, "no_such_method", lambda original: original)

    monkeypatch.setattr(instrument, "install", install)
    assert not is_hooked(watched.import_starlette())
    state, reason = watched.state()
    assert state is State.FAILED
    assert reason.startswith("AttributeError")
    assert watched.plane.counted(AGENT_FAULTS) == {"starlette": 1}


def test_a_library_that_is_loaded_again_is_told_of_once(watched: Watched) -> None:
    """Development servers do that."""
    watched.import_starlette()
    module: ModuleType = sys.modules[STARLETTE]
    assert is_hooked(importlib.reload(module).Starlette)
    assert watched.state() == (State.HOOKED, "")


def test_python_is_hooked_as_any_library() -> None:
    """It has no metadata, and a version all the same."""
    patches: dict[str, Patches] = {}
    hooks, states = hook_all(Plane(), patches)
    try:
        hooks["threading"](sys.modules["threading"])
        assert [(state.library, state.state) for state in states] == [("python", State.HOOKED)]
    finally:
        patches["python"].restore()


def test_every_trigger_of_the_catalogue_is_watched() -> None:
    """Nothing is imported for it."""
    hooks, states = hook_all(Plane(), {})
    assert set(hooks) == {trigger for trigger, _ in CATALOG} | set(UNHOOKED_DRIVERS)
    assert states == []


@pytest.mark.parametrize(
    ("attributes", "version"),
    [({"__version__": "1.1.11"}, "1.1.11"), ({}, ""), ({"__version__": 5}, "")],
)
def test_a_driver_that_cannot_be_hooked_is_told_of(
    attributes: dict[str, Any], version: str
) -> None:
    """What it writes for a lane would reach base: its process must not be sent such calls."""
    hooks, states = hook_all(Plane(), {})
    module = ModuleType("mariadb")
    vars(module).update(attributes)
    for _ in range(2):
        hooks["mariadb"](module)
    reason = "there is no hook for this database driver"
    told = Hook(library="mariadb", version=version, state=State.SKIPPED, reason=reason)
    assert states == [told]


def test_a_driver_is_either_hooked_or_known_not_to_be() -> None:
    """Its process would be fit and unfit at once."""
    assert DRIVERS & set(UNHOOKED_DRIVERS) == set()
    assert len(UNHOOKED_DRIVERS) == len(set(UNHOOKED_DRIVERS))


def test_a_driver_is_found_under_either_name_it_is_distributed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """psycopg2-binary is psycopg2, with the C library inside."""
    metadata = tmp_path / "somedriver_binary-2.9.9.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: somedriver-binary\nVersion: 2.9.9\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert hooking.version_of("somedriver") == "2.9.9"
    assert hooking.version_of("somedriver2") == ""


@pytest.mark.parametrize(
    ("disabled", "client", "server"),
    [((), True, True), (("aiohttp.web",), True, False), (("aiohttp",), False, False)],
)
def test_a_part_of_a_library_has_its_version_and_is_switched_off_with_it(
    disabled: tuple[str, ...], client: bool, server: bool
) -> None:
    """Who has trouble with aiohttp wants nothing of it hooked; its server can be spared alone."""
    found = hooking.version_of("aiohttp.web")
    assert found == hooking.version_of("aiohttp")
    for library, hooked in (("aiohttp", client), ("aiohttp.web", server)):
        reason = hooking.reason_to_skip(library, ("3.10", "4"), found, frozenset(disabled))
        assert (reason == "") is hooked


def test_a_driver_of_the_standard_library_has_the_version_of_python() -> None:
    """It has no metadata, and an instrument names the versions of Python it works with."""
    assert hooking.version_of("sqlite3") == platform.python_version()


@pytest.mark.parametrize(
    ("text", "release"),
    [("0.28.1", (0, 28, 1)), ("2.0.0rc1", (2, 0, 0)), ("1.0.dev3+x", (1, 0)), ("odd", ())],
)
def test_a_version_is_read_as_numbers(text: str, release: tuple[int, ...]) -> None:
    """A pre-release counts as what it leads to: it may have the new insides already."""
    assert hooking._release(text) == release
