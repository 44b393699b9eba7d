"""Watching imports: hooks run after a module, and the module does not notice."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fairlead.instruments.importing import Hook, ImportWatch


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Offer a package `somelib` with a submodule, and forget it afterwards."""
    package = tmp_path / "somelib"
    package.mkdir()
    (package / "__init__.py").write_text("from somelib.inner import Thing\n")
    (package / "inner.py").write_text("class Thing:\n    value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "somelib"]:
        del sys.modules[name]


@pytest.fixture
def watched() -> Iterator[list[ImportWatch]]:
    """Collect watches, to be removed again."""
    made: list[ImportWatch] = []
    yield made
    for watch in made:
        watch.remove()


def install(watched: list[ImportWatch], hooks: dict[str, Hook]) -> None:
    watched.append(ImportWatch(hooks))
    watched[-1].install()


@pytest.mark.usefixtures("library")
def test_a_hook_runs_after_its_module_and_before_whoever_imports_from_it(
    watched: list[ImportWatch],
) -> None:
    """`from somelib.inner import Thing` must already find what the hook left."""

    def hook(module: ModuleType) -> None:
        module.Thing.value = 2

    install(watched, {"somelib.inner": hook})
    assert importlib.import_module("somelib").Thing.value == 2


@pytest.mark.usefixtures("library")
def test_a_module_keeps_its_own_loader(watched: list[ImportWatch]) -> None:
    """Tracebacks, resources and debuggers ask the loader."""
    seen: list[str] = []
    install(watched, {"somelib.inner": lambda module: seen.append(module.__name__)})
    module = importlib.import_module("somelib.inner")
    assert seen == ["somelib.inner"]
    assert type(module.__loader__).__name__ == "SourceFileLoader"
    assert "exec_module" not in vars(module.__loader__)
    assert "value = 1" in inspect.getsource(module)
    importlib.reload(module)
    assert seen == ["somelib.inner"] * 2


@pytest.mark.usefixtures("library")
def test_a_module_that_is_there_already_is_hooked_at_once(watched: list[ImportWatch]) -> None:
    """`fairlead.attach()` may come after the imports."""
    importlib.import_module("somelib")
    seen: list[str] = []
    install(watched, {"somelib.inner": lambda module: seen.append(module.__name__)})
    assert seen == ["somelib.inner"]


@pytest.mark.usefixtures("library")
def test_two_watches_live_side_by_side(watched: list[ImportWatch]) -> None:
    """Another agent watches imports in the same way."""
    seen: list[str] = []
    install(watched, {"somelib.inner": lambda module: seen.append("first")})
    install(watched, {"somelib.inner": lambda module: seen.append("second")})
    importlib.import_module("somelib.inner")
    assert sorted(seen) == ["first", "second"]


@pytest.mark.usefixtures("library")
def test_a_module_that_fails_to_import_is_not_hooked(
    watched: list[ImportWatch], library: Path
) -> None:
    """The error is the application's, as it is without us."""
    (library / "broken.py").write_text("raise RuntimeError('no')\n")
    seen: list[str] = []
    install(watched, {"somelib.broken": lambda module: seen.append("hooked")})
    with pytest.raises(RuntimeError, match="no"):
        importlib.import_module("somelib.broken")
    assert seen == []


def test_a_module_that_does_not_exist_stays_an_import_error(watched: list[ImportWatch]) -> None:
    """Optional imports of the application rely on it."""
    install(watched, {"no_such_library": lambda module: None})
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_library")
