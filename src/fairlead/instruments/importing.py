"""Run a hook when a module is first imported, without importing it ourselves.

The finder asks the other finders for the module and watches its loader finish; the module keeps its
own loader and spec, so that nothing that inspects them sees us.
"""

from __future__ import annotations

import sys
from _thread import _local as local  # `threading` is a library that applications import
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

Hook = Callable[[ModuleType], None]


class ImportWatch:
    """A finder at the head of ``sys.meta_path`` that finds nothing itself."""

    def __init__(self, hooks: dict[str, Hook]) -> None:
        """Run ``hooks[name]`` each time the module `name` has been executed."""
        self._hooks = hooks
        # Two agents that watch in this way would ask each other for ever; one question per module
        # and thread is enough.
        self._asking = local()

    def install(self) -> None:
        """Watch imports from now on; modules that are there already are hooked at once."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        for name, hook in self._hooks.items():
            module = sys.modules.get(name)
            # A module that is just being imported has no spec yet, or says so in it: its loader
            # was not watched, and it is not whole. Hooking it would find half of its classes.
            if module is not None and not getattr(module.__spec__, "_initializing", False):
                hook(module)

    def remove(self) -> None:
        """Stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the finders after us find, with the loader watched."""
        hook = self._hooks.get(name)
        if hook is None or name in vars(self._asking):
            return None
        vars(self._asking)[name] = True
        try:
            spec = self._ask(name, path, target)
        finally:
            del vars(self._asking)[name]
        if spec is not None:
            _watch(spec, hook)
        return spec

    def _ask(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is not self and find is not None:
                spec: ModuleSpec | None = find(name, path, target)
                if spec is not None:
                    return spec
        return None


def _watch(spec: ModuleSpec, hook: Hook) -> None:
    loader = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None:
        return

    def exec_module(module: ModuleType) -> None:
        vars(loader).pop("exec_module", None)
        execute(module)
        hook(module)

    try:
        # On the instance: the loader belongs to this module alone and keeps its class.
        loader.exec_module = exec_module  # type: ignore[union-attr,method-assign]
    except AttributeError:
        # A loader without a place for it (a built-in module's): left alone, and no library of the
        # catalogue has one.
        return
