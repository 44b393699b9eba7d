"""Which Python a command will be run by, and whether the agent loads in it.

A command is a Python itself, or a script whose first line names one, through `env`, through the
shell that pip writes where a path is too long for the kernel, or through a shim of pyenv. What is
none of these is run as it is: it may be a shell that starts a Python further down.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PYTHON = re.compile(r"(?:python|pypy)\d*(?:\.\d+)*t?")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
# pip and uv, where the path of the interpreter is too long for a first line.
_LONG_PATH = re.compile(r"""^'''exec' +"?([^"\n]+?)"? +"\$0" +"\$@\"""", re.MULTILINE)
_RELOCATABLE = re.compile(r"""^'''exec' +"\$\(dirname [^\n]*\)"/'([^'\n]+)'""", re.MULTILINE)
_PYENV = re.compile(r'^exec "([^"\n]*pyenv)" exec ', re.MULTILINE)
_WITH_VALUE = "XW"
_LAST = "cm"
_ISOLATING = "EIPs"
_HEAD = 4096
_DEPTH = 8
_SECONDS = 20.0

_PROBE = """
import sys
started = "fairlead.agent.bootstrap" in sys.modules
try:
    import fairlead
    print("started" if started else "there")
except ImportError:
    print("missing")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python, and the options of its command line that decide what it loads at start-up."""

    path: Path
    options: str = ""


def locate(name: str, search: str) -> Path | None:
    """Return the file that `name` runs, as a shell would find it."""
    if "/" in name:
        path = Path(name)
        return path if path.exists() else None
    found = shutil.which(name, path=search)
    return Path(found) if found else None


def find_interpreter(
    path: Path, arguments: list[str], environ: Mapping[str, str], depth: int = 0
) -> Interpreter | None:
    """Return the Python that runs `path` with `arguments`, or None where it is none we can tell."""
    head = _head(path)
    if depth > _DEPTH:
        return None
    if head.startswith("#!"):
        return _of_script(path, head, arguments, environ, depth)
    if _PYTHON.fullmatch(path.name):
        return Interpreter(path=path, options=_options(arguments))
    if path.name == "env":
        return _of_env(arguments, environ, depth)
    return None


def obstacle(interpreter: Interpreter, environ: Mapping[str, str]) -> str:
    """Return why the agent would not load in `interpreter`, and what to do, or ``""``."""
    path = interpreter.path
    if "S" in interpreter.options:
        return f"{path} is started with -S, which keeps fairlead out; take -S away"
    flags = [f"-{flag}" for flag in interpreter.options if flag in _ISOLATING]
    try:
        probe = subprocess.run(
            [path, *flags, "-c", _PROBE],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""  # not ours to judge: the command says itself what is wrong with it
    install = f"{path} -m pip install"
    answers = {
        "missing": f"{path} has no fairlead; install it there: {install} fairlead,"
        " or run the command of an environment that has it",
        "there": f"{path} has fairlead, but its start-up file fairlead.pth did not run;"
        f" install it again: {install} --force-reinstall fairlead",
    }
    return answers.get(probe.stdout.strip().rpartition("\n")[2], "")


def _of_script(
    path: Path, head: str, arguments: list[str], environ: Mapping[str, str], depth: int
) -> Interpreter | None:
    # The kernel passes everything behind the interpreter as one argument; execve(2).
    program, _, argument = head[2:].partition("\n")[0].strip().partition(" ")
    name = Path(program).name
    if name in _SHELLS or (name == "env" and argument.strip() in _SHELLS):
        return _of_shell_script(path, head, arguments, environ, depth)
    if name == "env":
        words = _split(argument.strip().removeprefix("-S").strip())
        return _of_env(words, environ, depth)
    options = [argument.strip()] if argument.strip() else []
    return find_interpreter(Path(program), [*options, str(path)], environ, depth + 1)


def _of_shell_script(
    path: Path, head: str, arguments: list[str], environ: Mapping[str, str], depth: int
) -> Interpreter | None:
    if match := _LONG_PATH.search(head):
        return find_interpreter(Path(match[1]), [str(path)], environ, depth + 1)
    if match := _RELOCATABLE.search(head):
        python = path.resolve().parent / match[1]
        return find_interpreter(python, [str(path)], environ, depth + 1)
    if match := _PYENV.search(head):
        real = _pyenv_which(match[1], path.name, environ)
        return find_interpreter(real, arguments, environ, depth + 1) if real else None
    return None


def _of_env(words: list[str], environ: Mapping[str, str], depth: int) -> Interpreter | None:
    """Look through ``env NAME=VALUE … CMD``; with options of its own it is left alone."""
    rest = list(words)
    while rest and "=" in rest[0] and not rest[0].startswith("-"):
        rest.pop(0)
    if not rest or rest[0].startswith("-"):
        return None
    found = locate(rest[0], environ.get("PATH", os.defpath))
    return find_interpreter(found, rest[1:], environ, depth + 1) if found else None


def _pyenv_which(pyenv: str, name: str, environ: Mapping[str, str]) -> Path | None:
    try:
        done = subprocess.run(
            [pyenv, "which", name],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(done.stdout.strip())


def _options(arguments: list[str]) -> str:
    """Return the single-letter options before the program, as `python --help` describes them."""
    letters = ""
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-") or argument in ("-", "--"):
            break
        if argument.startswith("--"):
            continue
        for position, letter in enumerate(argument[1:], 2):
            letters += letter
            if letter in _LAST:
                return letters
            if letter in _WITH_VALUE:
                if position == len(argument):
                    next(rest, None)
                break
    return letters


def _head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD).decode("utf-8", "replace")
    except OSError:
        return ""


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []
