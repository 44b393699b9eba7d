"""A program in Go that no agent answers for: is there one in it, and why is it off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fairlead.agent.settings import VARIABLES, InvalidSetting
from fairlead.cli.doctor.diagnosis import Answer
from fairlead.golang.carried import carried, go_version

_PROC = Path("/proc")

OFF, ABSENT = "off", "absent"
"""States of a process whose agent does nothing, and of one that has none."""

_ELSEWHERE = frozenset(
    (
        *("FAIRLEAD_ACCESS_LOG", "FAIRLEAD_CONTRACTS", "FAIRLEAD_DEADLINE", "FAIRLEAD_METRICS"),
        *("FAIRLEAD_PURE", "FAIRLEAD_SHARED", "FAIRLEAD_STATEMENTS"),
    )
)
"""Settings that a Go program does not read."""

_BUILD = "build it with `fairlead go build`, and start it with FAIRLEAD_CONTROL and FAIRLEAD_APP"
_START = "start it with FAIRLEAD_CONTROL=http://HOST:PORT and FAIRLEAD_APP=NAME"
_CORRECT = "correct the variable and start again"
_ASK = (
    "ask again if it has just started, and with the FAIRLEAD_STATE that it has; its standard error"
    " says what it could not do"
)


def examined(pid: int) -> Answer | None:
    """Return what there is to say of a process, None where it is no program in Go, or not ours."""
    try:
        exe = _PROC / str(pid) / "exe"
        version = go_version(exe)
        found = carried(exe) if version else None
        environ = _environ(pid)
    except OSError:
        return None
    if not version:
        return None
    if found is None:
        silent = f"is a program in Go ({version}) that was built without the agent"
        return {"pid": pid, "state": ABSENT, "silent": silent, "remedy": _BUILD}
    why, remedy = next(_reasons(environ))
    silent = f"has the agent of fairlead {found.fairlead} in it ({found.go}), {why}"
    return {"pid": pid, "state": OFF, "silent": silent, "remedy": remedy}


def switched_off(pids: Iterable[int]) -> Iterator[Answer]:
    """Yield what there is to say of the programs among `pids` that have the agent in them."""
    for answer in map(examined, pids):
        if answer is not None and answer["state"] == OFF:
            yield answer


def _reasons(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield why the agent is off, the gravest reason first, each with what to do."""
    faults = list(_faults(environ))
    for name in ("FAIRLEAD_ENABLED", "FAIRLEAD_DISABLE"):
        if _switched(name, environ.get(name, "").strip().lower()):
            remedy = f"take {name} away and start it again"
            yield f"and {name}={environ[name]} switches it off", remedy
    source = environ.get("FAIRLEAD_SOURCE", "").startswith("file:")
    if not environ.get("FAIRLEAD_CONTROL") and not source:
        missing = ["FAIRLEAD_CONTROL (or a FAIRLEAD_SOURCE=file:PATH)"]
        missing += [] if environ.get("FAIRLEAD_APP") else ["FAIRLEAD_APP"]
        also = f"; besides, {'; '.join(faults)}" if faults else ""
        verb = "are" if len(missing) > 1 else "is"
        yield f"and is off: {' and '.join(missing)} {verb} not set{also}", _START
    if faults:
        yield f"and is switched off: {'; '.join(faults)}", _CORRECT
    yield "and does not answer doctor", _ASK


def _faults(environ: Mapping[str, str]) -> Iterator[str]:
    for variable in VARIABLES:
        if variable.name not in _ELSEWHERE and (found := variable.find(environ, {})):
            try:
                variable.read(found)
            except InvalidSetting as error:
                yield str(error)


def _switched(name: str, value: str) -> bool:
    """Tell whether a value takes the agent out of a Go program."""
    if name == "FAIRLEAD_ENABLED":
        return value in ("0", "off", "false", "no")
    return any(one.strip() in ("1", "all", "on", "true", "yes") for one in value.split(","))


def _environ(pid: int) -> dict[str, str]:
    """Return the environment of a process, as it was when it started. Raises OSError."""
    text = (_PROC / str(pid) / "environ").read_bytes().decode("utf-8", "surrogateescape")
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)
