"""`fairlead run -- CMD`: start a command, and every Python program below it, with the agent in it.

It sets the variables, looks whether the agent will load, and becomes the command: there is no
process of ours in between. A command whose Python would start without the agent is refused, because
nobody would notice until a request went astray.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fairlead.agent.bootstrap import DEADLINE, PATIENCE
from fairlead.agent.lineage import MARK
from fairlead.agent.notice import warn
from fairlead.agent.settings import InvalidSetting, Settings
from fairlead.cli.interpreter import find_interpreter, locate, obstacle

ENABLED = "FAIRLEAD_ENABLED"
REFUSED, NOT_EXECUTABLE, NOT_FOUND = 2, 126, 127

_SHORTHANDS = (
    ("app", "FAIRLEAD_APP", "name that others call this program by"),
    ("namespace", "FAIRLEAD_NAMESPACE", "namespace of the app (default: default)"),
    ("lane", "FAIRLEAD_LANE", "lane of this instance; without it its labels decide"),
    ("control", "FAIRLEAD_CONTROL", "URL of the control plane (default: http://127.0.0.1:8580)"),
    ("address", "FAIRLEAD_ADDRESS", "HOST:PORT that others reach it at; without it, found"),
)


def main(argv: Sequence[str]) -> int:
    """Become the command in `argv`; return an exit status only where that cannot be."""
    options = options_parser().parse_args(argv)
    command: list[str] = options.command[options.command[:1] == ["--"] :]
    if not command:
        return _refuse("no command given: fairlead run -- CMD [ARGUMENT ...]", REFUSED)
    chosen = _chosen(options)
    try:
        Settings.from_env(chosen, read=lambda path: {})
    except InvalidSetting as error:
        return _refuse(str(error), REFUSED)
    environ = {**os.environ, **chosen}
    if not _wanted(environ):
        warn("FAIRLEAD_ENABLED or msePilotAutoEnable says off: the command runs without the agent")
        return _become(command, {**environ, ENABLED: "0"})
    return _become(command, _environment(environ))


def options_parser() -> argparse.ArgumentParser:
    """Return what reads the options."""
    parser = argparse.ArgumentParser(
        prog="fairlead run",
        usage="fairlead run [OPTION ...] -- CMD [ARGUMENT ...]",
        description="Start a command with fairlead's agent in every Python program below it.",
        epilog="An option wins over its variable; further settings are variables only.",
    )
    for name, variable, meaning in _SHORTHANDS:
        parser.add_argument(f"--{name}", metavar=name.upper(), help=f"{meaning} [{variable}]")
    parser.add_argument(
        "--label",
        metavar="KEY=VALUE",
        action="append",
        help="label of this instance, may be repeated [FAIRLEAD_LABELS]",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _chosen(options: argparse.Namespace) -> dict[str, str]:
    """Return the variables that the options stand for."""
    values = {variable: getattr(options, name) for name, variable, _ in _SHORTHANDS}
    values["FAIRLEAD_LABELS"] = ",".join(options.label) if options.label else None
    return {variable: value for variable, value in values.items() if value is not None}


def _wanted(environ: dict[str, str]) -> bool:
    """Return whether the operator, or the pod's labels, want the agent; who says nothing does."""
    names = (ENABLED, "msePilotAutoEnable", "FAIRLEAD_PODINFO")
    try:
        return Settings.from_env({name: environ[name] for name in names if name in environ}).enabled
    except InvalidSetting:
        return True  # the agent says which it is


def _environment(environ: dict[str, str]) -> dict[str, str]:
    # A run below another run begins a line of descent of its own.
    environ.pop(MARK, None)
    return {
        **environ,
        ENABLED: "1",
        DEADLINE: repr(time.monotonic() + PATIENCE),
    }


def _become(command: list[str], environ: dict[str, str]) -> int:
    path = locate(command[0], environ.get("PATH", os.defpath))
    if path is None:
        return _refuse(f"{command[0]}: command not found", NOT_FOUND)
    on = environ[ENABLED] == "1"
    interpreter = find_interpreter(path, command[1:], environ) if on else None
    reason = obstacle(interpreter, environ) if interpreter else ""
    if reason:
        return _refuse(reason, REFUSED)
    environ[DEADLINE] = repr(time.monotonic() + PATIENCE)
    try:
        _execute(path, command, environ)
    except OSError as error:
        return _refuse(f"{command[0]}: {error.strerror}", NOT_EXECUTABLE)


def _execute(path: Path, command: list[str], environ: dict[str, str]) -> NoReturn:
    sys.stdout.flush()
    try:
        os.execve(path, command, environ)  # noqa: S606 - there is no shell to be fooled
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        # A script without a first line that names its interpreter is the shell's (POSIX, execvp).
        os.execve("/bin/sh", ["sh", str(path), *command[1:]], environ)  # noqa: S606


def _refuse(reason: str, status: int) -> int:
    print(f"fairlead: {reason}", file=sys.stderr)
    return status
