"""This environment: does the agent load here, what would it hook, and can the control plane be had.

Nothing is imported that would be hooked, and nothing is changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fairlead import __version__
from fairlead.agent.report import PYTHON, plain_hooks
from fairlead.agent.settings import VARIABLES, Settings
from fairlead.agent.spelling import doubts
from fairlead.cli.doctor.asking import Unanswered, ask_json
from fairlead.cli.doctor.diagnosis import Answer, Problem, doubtful
from fairlead.cli.interpreter import Interpreter, obstacle
from fairlead.instruments.survey import survey

REWRITER = "sqlglot"


def examined(settings: Settings, environ: Mapping[str, str]) -> Answer:
    """Return what there is to say of this environment."""
    return {
        "python": {"path": sys.executable, "version": PYTHON},
        "version": __version__,
        "startup": _obstacle(environ),
        "libraries": list(plain_hooks(survey(settings.disable))),
        "rewriter": _version(REWRITER),
        "settings": {one.name: environ[one.name] for one in VARIABLES if environ.get(one.name)},
        "doubts": list(doubts(environ)),
        "control": _control(settings),
    }


def problems(found: Answer) -> Iterator[Problem]:
    """Yield what is wrong with an environment."""
    yield from doubtful(found["doubts"])
    if found["startup"]:
        yield Problem(code="startup", text=found["startup"])
    for hook in found["libraries"]:
        if hook["state"] != "hooked" and "FAIRLEAD_DISABLE" not in hook["reason"]:
            yield _not_hooked(hook)
    if found["control"]["problem"]:
        text = f"no control plane at {found['control']['url']}: {found['control']['problem']}"
        remedy = "start it (fairlead serve), or set FAIRLEAD_CONTROL to where it is"
        yield Problem(code="unconnected", text=text, remedy=remedy)


def worded(found: Answer) -> Iterator[str]:
    """Yield the lines about an environment."""
    yield "this environment"
    for name, text in _facts(found):
        yield f"  {name.ljust(10)}  {text}".rstrip()


def _not_hooked(hook: Answer) -> Problem:
    name = f"{hook['library']} {hook['version']}".rstrip()
    text = f"{name} would not be hooked: {hook['reason']}"
    return Problem(code="unhooked", text=text, remedy="see docs/agent.md for what is hooked")


def _facts(found: Answer) -> Iterator[tuple[str, str]]:
    python = found["python"]
    yield "python", f"{python['path']}, Python {python['version']}"
    yield "fairlead", found["version"]
    yield "start-up", "does not run" if found["startup"] else "runs: programs below fairlead run"
    hooked = [hook for hook in found["libraries"] if hook["state"] == "hooked"]
    names = ", ".join(f"{hook['library']} {hook['version']}" for hook in hooked)
    yield "would hook", names
    for hook in found["libraries"]:
        if hook["state"] != "hooked":
            yield "would not", f"{hook['library']} {hook['version']} ({hook['reason']})"
    missing = "not installed: lanes with shadow tables need fairlead[sql]"
    yield "sql", f"{REWRITER} {found['rewriter']}" if found["rewriter"] else missing
    for name, value in found["settings"].items():
        yield "setting", f"{name}={value}"
    control = found["control"]
    yield "control", f"{control['url']}, {control['problem'] or 'answers'}"


def _obstacle(environ: Mapping[str, str]) -> str:
    """Return why a program of this interpreter would start without the agent, or ``""``."""
    return obstacle(
        Interpreter(path=Path(sys.executable)),
        {**environ, "FAIRLEAD_ENABLED": "1"},
    )


def _control(settings: Settings) -> dict[str, Any]:
    if settings.source != "watch":
        path = settings.source.removeprefix("file:")
        missing = "" if Path(path).is_file() else "the file is not there"
        return {"url": settings.source, "problem": missing}
    try:
        ask_json(settings, "/version")
    except Unanswered as error:
        return {"url": settings.control, "problem": str(error)}
    return {"url": settings.control, "problem": ""}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
