"""Files of Sentinel's JSON: an array of rules each, or several by type, read with bounds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairlead.cli.failure import ENVIRONMENT, USAGE, Failed
from fairlead.cli.sentinel.types import NAMES, Type, type_of
from fairlead.kinds.document import read_json

MOST_BYTES = 16 << 20
MOST_RULES = 100_000
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Array:
    """Rules of one type, and where they stand: ``flow.json: ``."""

    source: str
    type: Type
    items: list[Any]


def load(names: Sequence[str], type_name: str) -> list[Array]:
    """Return the arrays of all files, in order. Raises Failed, also where a type is not told."""
    if type_name and type_name not in NAMES:
        raise Failed(f"--type {type_name!r}: say one of {', '.join(NAMES)}", USAGE)
    found = [array for name in names for array in _arrays(name, type_name)]
    if sum(len(array.items) for array in found) > MOST_RULES:
        raise Failed(f"more than {MOST_RULES} rules: import them in parts")
    return found


def _arrays(name: str, type_name: str) -> Iterator[Array]:
    source = "<stdin>" if name == STDIN else name
    plain = _read(name, source)
    if isinstance(plain, dict) and plain and plain.keys() <= set(NAMES):
        for key, items in plain.items():
            yield from _array(f"{source}: {key}", items, key)
    else:
        yield from _array(f"{source}: ", plain, type_name)


def _array(source: str, items: Any, type_name: str) -> Iterator[Array]:
    shown = source.rstrip(": ")
    if not isinstance(items, list):
        raise Failed(f"{shown}: rules are an array: [{{…}}, …]")
    if not items:
        return
    found = type_of(items, type_name)
    if found is None:
        known = ", ".join(NAMES)
        raise Failed(f"{shown}: no field says which rules these are: name it with --type: {known}")
    yield Array(source, found, items)


def _read(name: str, source: str) -> Any:
    try:
        if name == STDIN:
            text = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                text = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Failed(f"{source}: {error.strerror or error}", ENVIRONMENT) from error
    if len(text) > MOST_BYTES:
        raise Failed(f"{source}: longer than {MOST_BYTES >> 20} MiB: import it in parts")
    try:
        return read_json(text.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Failed(f"{source}: is not JSON: {error.msg} ({where})") from error
    except RecursionError as error:
        raise Failed(f"{source}: is nested too deep") from error
    except ValueError as error:
        raise Failed(f"{source}: is not JSON: {error}") from error
