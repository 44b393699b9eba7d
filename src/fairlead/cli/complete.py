"""What a shell offers after Tab: verbs, options, their values, and names that are there.

Called by the scripts of ``fairlead completion``, with the words up to the cursor. Says nothing
where the control plane is away, and never takes longer than people wait for a Tab.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import EnumType
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_type_hints

from fairlead.cli import naming
from fairlead.cli.command import DEFAULT_SERVER, built, options_of
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.main import VERBS, Verb
from fairlead.cli.target import Target

PATIENCE = 0.8
"""Seconds after the start of this process until which the control plane is waited for."""
LEAST = 0.05
"""Seconds for it where Python itself took that long to start."""

FILES = ":files"
"""The line that asks the shell to offer files."""

Offer = tuple[str, str]
"""A word, and what it is."""


def main(arguments: Sequence[str]) -> int:
    """Print what may follow the words in `arguments`, the last of which is being typed."""
    with suppress(Exception):
        for word, meaning in offered(arguments or [""]):
            print(f"{word}\t{meaning}" if meaning else word)
    if threading.active_count() > 1:
        # Somebody still waits for the control plane; taking Python down takes its time, too.
        sys.stdout.flush()
        os._exit(0)
    return 0


def offered(words: Sequence[str]) -> list[Offer]:
    """Return what may stand in the place of the last of `words`, which is its beginning."""
    *before, last = words
    found: Iterable[Offer]
    if not before:
        found = [(verb.name, verb.summary) for verb in VERBS]
    else:
        verb = next((one for one in VERBS if one.name == before[0]), None)
        found = [] if verb is None else _of_verb(verb, before[1:], last)
    return [one for one in found if one[0].startswith(last) or one[0] == FILES]


def _of_verb(verb: Verb, before: list[str], last: str) -> Iterable[Offer]:
    module = import_module(verb.module)
    if not hasattr(module, "COMMANDS"):
        if "--" in before or not last.startswith("-"):
            return [(FILES, "")]
        return [(word, "") for word in naming.spelt_options(module.options_parser().format_help())]
    command = built(verb.name, module.COMMANDS)
    name, function = verb.name, module.COMMANDS.get(verb.name)
    if hasattr(command, "commands"):
        place = next((i for i, word in enumerate(before) if not word.startswith("-")), None)
        if place is None:
            return [(one, sub.get_short_help_str()) for one, sub in command.commands.items()]
        function = module.COMMANDS[before[place]]
        name, command = f"{name} {before[place]}", command.commands[before[place]]
        before = before[place + 1 :]
    return _of_command(Line(name, function, command, before), last)


@dataclass(frozen=True, slots=True)
class Line:
    """A verb, and the words that follow it."""

    verb: str
    function: Callable[..., Any]
    command: Any
    words: list[str]

    def option(self, word: str) -> Any:
        """Return the option that `word` is, where it takes a value."""
        for one in self.command.params:
            if word in one.opts and not getattr(one, "is_flag", False):
                return one
        return None

    def value(self, *names: str) -> str:
        """Return the value that an option has been given so far."""
        for word, following in pairwise([*self.words, ""]):
            name, equals, value = word.partition("=")
            if name in names:
                return value if equals else following
        return ""

    @property
    def positional(self) -> list[str]:
        """The words that are no options and no values of options."""
        found, skip = [], False
        for word in self.words:
            if skip:
                skip = False
            elif word.startswith("-") and word != "-":
                skip = self.option(word) is not None
            else:
                found.append(word)
        return found


def _of_command(line: Line, last: str) -> Iterable[Offer]:
    asked = line.option(line.words[-1]) if line.words else None
    if asked is not None:
        return _values(line, asked, last)
    name, equals, typed = last.partition("=")
    if equals and last.startswith("--") and (asked := line.option(name)) is not None:
        return [(f"{name}={word}", m) for word, m in _values(line, asked, typed)]
    if last.startswith("-"):
        meanings = {word: one.help or "" for one in line.command.params for word in _spelt(one)}
        return [(word, meanings.get(word, "")) for word in options_of(line.command)]
    return _arguments(line, last)


def _spelt(one: Any) -> list[str]:
    return [*one.opts, *one.secondary_opts] if hasattr(one, "help") else []


def _values(line: Line, option: Any, typed: str) -> Iterable[Offer]:
    if choices := _choices(line.function, option.name):
        return [(word, "") for word in choices]
    if option.opts[0] in naming.FILES:
        return [(FILES, "")]
    words = naming.WORDS.get(option.opts[0])
    if words is not None:
        return [(word, "") for word in words]
    ask = naming.VALUES.get(option.opts[0])
    return [] if ask is None else _asked(line, lambda control: ask(control, _context(line, typed)))


def _choices(function: Callable[..., Any], name: str) -> list[str]:
    """Return the words that a parameter of a verb is one of, as its type says."""
    annotation = get_type_hints(function).get(name)
    kinds = [one for one in (annotation, *get_args(annotation)) if isinstance(one, EnumType)]
    return [str(one.value) for kind in kinds for one in kind]  # type: ignore[var-annotated]


def _arguments(line: Line, last: str) -> Iterable[Offer]:
    offer = naming.ARGUMENTS.get(line.verb)
    if offer is None:
        return []
    if offer == FILES:
        return [(FILES, "")]
    context = _context(line, last)
    if offer == naming.KINDS:
        return [] if context.words else list(naming.kinds(line.verb))
    if offer == naming.OBJECTS and "/" not in last:
        if not context.words:
            return list(naming.more_kinds(last) if "," in last else naming.kinds(line.verb))
        if "/" in context.words[0]:
            return list(naming.kinds_of_names())
    ask = naming.LIVE.get(offer)
    return [] if ask is None else _asked(line, lambda control: ask(control, context))


def _context(line: Line, typed: str) -> naming.Context:
    namespace = line.value("-n", "--namespace")
    everywhere = any(word in ("-A", "--all-namespaces") for word in line.words)
    return naming.Context(line.positional, typed, namespace, everywhere=everywhere)


def _asked(line: Line, ask: Callable[[ControlPlane], Iterable[Offer]]) -> list[Offer]:
    """Return what the control plane knows, nothing where that takes too long."""
    found: list[Offer] = []
    control = ControlPlane(_target(line))

    def run() -> None:
        with suppress(Exception):
            found.extend(ask(control))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(LEAST, PATIENCE - _age()))
    return [] if thread.is_alive() else found


def _age() -> float:
    """Return for how many seconds this process has been running (proc(5), the 22nd field)."""
    fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    began = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began


def _target(line: Line) -> Target:
    environ = os.environ
    url = line.value("--server") or environ.get("FAIRLEAD_CONTROL") or DEFAULT_SERVER
    token = line.value("--token-file") or environ.get("FAIRLEAD_TOKEN_FILE")
    authority = line.value("--ca-file") or environ.get("FAIRLEAD_CA_FILE")
    return Target.of(url, token, authority)
