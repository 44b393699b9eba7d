"""Tests of calls that installed packages register, found when a rule names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points

from fairlead.agent.notice import warn
from fairlead.policy.routing.matchers import BUILT_IN, GROUP, Matcher


class Registered(Mapping[str, Matcher]):
    """Those of entry points, by name, beside what comes along; each is loaded once."""

    def __init__(self) -> None:
        self._known: dict[str, Matcher | None] = dict(BUILT_IN)

    def __getitem__(self, name: str) -> Matcher:
        if name not in self._known:
            self._known[name] = _loaded(name)
        found = self._known[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _loaded(name: str) -> Matcher | None:
    said = f"a rule names the matcher {name!r}, and matches nothing"
    try:
        for one in entry_points(group=GROUP, name=name):
            found: Matcher = one.load()
            return found
    except Exception as error:  # a stranger's module
        warn(f"{said}: {type(error).__name__}: {error}")
        return None
    warn(f"{said}: no installed package has an entry point of that name in {GROUP}")
    return None
