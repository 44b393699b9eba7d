"""The zero-code door, entered from ``fairlead.pth`` at interpreter start-up.

An interpreter that imports nothing we know pays for this file and a few small ones; the agent is
made when the first library of the catalogue is imported. Going in twice is going in once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, MutableMapping
from functools import partial
from types import ModuleType

from fairlead.agent import native
from fairlead.agent.lineage import Lineage, sockets_of
from fairlead.agent.notice import warn
from fairlead.agent.spelling import doubts, suspicious
from fairlead.instruments.catalog import CATALOG, COMPANIONS, UNHOOKED_DRIVERS
from fairlead.instruments.importing import ImportWatch

TYPE_CHECKING = False  # `typing` itself costs more than all of this
if TYPE_CHECKING:
    from fairlead.agent.agent import Agent
    from fairlead.agent.settings import Settings

DEADLINE = "FAIRLEAD_DEADLINE"
PATIENCE = 1.0
"""Seconds from the start until which the first snapshot is awaited."""

_PODINFO = "/etc/podinfo/labels"
_APP = ("FAIRLEAD_APP", "msePilotCreateAppName")
_OFF = ("", "0", "off", "false", "no")


class Door:
    """What has been begun in this process: a watch on imports, and the agent once it is needed."""

    def __init__(self, environ: MutableMapping[str, str], settings: Settings | None) -> None:
        self._environ = environ
        self._settings = settings
        self._agent: Agent | None = None
        self._hooks: dict[str, Callable[[ModuleType], None]] = {}
        self._waiting: list[tuple[str, ModuleType]] = []
        self._making = False
        self._made = native.Lock()
        self._disabled = False
        self.lineage = Lineage.begin(environ)
        # What needs no agent by itself, and is looked at with the first library that does.
        self._companions = frozenset((*(trigger for trigger, _ in COMPANIONS), *UNHOOKED_DRIVERS))
        triggers = dict.fromkeys((*(trigger for trigger, _ in CATALOG), *UNHOOKED_DRIVERS))
        self._watch = ImportWatch({name: partial(self._imported, name) for name in triggers})

    def open(self) -> None:
        """Watch imports; in the first process of its line, leave what its children are to know."""
        self._environ.setdefault(DEADLINE, repr(time.monotonic() + PATIENCE))
        if self.lineage.is_root and self._settings is None:
            self._say_if_nameless()
            if suspicious(self._environ):
                for doubt in doubts(self._environ):
                    warn(doubt)
        os.register_at_fork(after_in_child=self._forked)
        self._watch.install()

    def agent(self) -> Agent:
        """Return the agent, made now if it was not needed before. Raises InvalidSetting."""
        agent = self._agent
        if agent is None:
            with self._made:
                agent = self._make()
            self._hook_waiting()
        return agent

    def governing(self) -> Agent | None:
        """Return the agent, made now if need be; None where this process goes without one."""
        if self._agent is None and not self._disabled:
            try:
                return self.agent()
            except Exception as error:
                self._give_up(error)
        return self._agent

    def _give_up(self, error: Exception) -> None:
        self._disabled = True
        self._watch.remove()
        warn(f"switched off in this process: {_reason(error)}")

    def _make(self) -> Agent:
        if self._agent is not None:
            return self._agent  # another thread was quicker
        # Importing these imports what they need, and some of that may be in the catalogue: such a
        # module waits until the agent is there.
        self._making = True
        try:
            from fairlead.agent.agent import Agent
            from fairlead.agent.settings import Settings
            from fairlead.instruments.hooking import hook_all

            settings = self._settings or Settings.from_env(self._environ)
            agent = Agent(settings, self.lineage)
            self._hooks, agent.hooks = hook_all(agent, agent.patches, settings.disable)
            self._agent = agent
            return agent
        finally:
            self._making = False

    def _imported(self, name: str, module: ModuleType) -> None:
        self._waiting.append((name, module))
        if self._making or self._disabled or (self._agent is None and name in self._companions):
            return
        try:
            self.agent()
            self._hook_waiting()
        except Exception as error:
            self._give_up(error)

    def _hook_waiting(self) -> None:
        while self._waiting:
            try:
                name, module = self._waiting.pop(0)
            except IndexError:
                return  # another thread was quicker
            self._hooks[name](module)

    def _forked(self) -> None:
        # From here on the agent, if there is one, keeps its own place.
        self._making, self._made = False, native.Lock()
        if self._agent is None:
            self.lineage = self.lineage.fork(sockets_of(os.getpid()))

    def _say_if_nameless(self) -> None:
        if any(self._environ.get(name) for name in _APP):
            return
        podinfo = self._environ.get("FAIRLEAD_PODINFO") or _PODINFO
        if os.path.exists(podinfo):
            from fairlead.agent.podinfo import read_podinfo

            if _APP[1] in read_podinfo(podinfo):
                return
        warn("FAIRLEAD_APP is not set: processes here pass lane labels on, and no more")


_door: Door | None = None


def start(environ: MutableMapping[str, str] = os.environ) -> None:
    """Watch this process's imports, where `environ` says so. Raises nothing."""
    if environ.get("FAIRLEAD_ENABLED", "").strip().lower() in _OFF:
        return
    try:
        begin(environ)
    except Exception as error:
        warn(f"not started: {_reason(error)}")


def begin(environ: MutableMapping[str, str], settings: Settings | None = None) -> Door:
    """Return what has been begun in this process, and begin it if nothing has."""
    global _door  # noqa: PLW0603 - hooks are process-wide by nature, and so is this
    if _door is None:
        _door = Door(environ, settings)
        _door.open()
    return _door


def begun() -> Door | None:
    """Return what has been begun in this process, if anything."""
    return _door


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
