"""Who serves as what: the instances of ../01-full-link-gray as Go programs, all of them or some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import instances as python
from processes import ANY_PORT, Instance

Roles = dict[Instance, Instance]

_EVERYBODY = (*python.BASE, *python.GRAY, *python.GROUP)
_ACCESS = {
    "a": r'"GET /a[/a-z]* HTTP/1\.1" {status}\b',
    "c": r'"/chain\.C/Answer" OK',
}


def go(programs: Path) -> Roles:
    """Return everybody as a Go program: kratos, net/http, gin, and gRPC at the end."""
    return _as_programs((*_EVERYBODY, python.GATE, *python.ROLLING), programs)


def go_between(programs: Path) -> Roles:
    """Return B as a Go program; FastAPI, Flask and Starlette are around it."""
    between = [one for one in _EVERYBODY if one.app == python.B.app]
    return _as_programs(between, programs, "--c", "http://c/c")


def go_before(programs: Path) -> Roles:
    """Return the entry and A as Go programs, that call FastAPI and Starlette."""
    before = [one for one in _EVERYBODY if one.app in (python.ENTRY.app, python.A.app)]
    return _as_programs(before, programs)


def _as_programs(instances: Sequence[Instance], programs: Path, *options: str) -> Roles:
    return {one: _program(one, programs, *options) for one in instances}


def _program(instance: Instance, programs: Path, *options: str) -> Instance:
    at_the_front = instance.app in (python.ENTRY.app, python.GATE.app)
    name = "entry" if at_the_front else instance.app
    return replace(
        instance,
        command=(f"./{name}", *ANY_PORT, *options),
        folder=programs,
        built_in=True,
        driver=None,
        access=_ACCESS.get(name, instance.access),
    )
