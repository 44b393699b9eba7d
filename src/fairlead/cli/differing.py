"""Two objects beside each other, as a unified diff of the YAML that their author would write."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from fairlead.cli import terminal
from fairlead.cli.objects import authored
from fairlead.kinds.document.writer import write_yaml

Plain = Mapping[str, Any]


def differences(
    before: Plain | None, after: Plain | None, names: tuple[str, str], context: int = 3
) -> Iterator[str]:
    """Yield the lines of a diff, none where both say the same; None is an object that is not."""
    old, new = (
        "/dev/null" if before is None else names[0],
        "/dev/null" if after is None else names[1],
    )
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new, lineterm="", n=context)
    yield from (terminal.change(terminal.safe(line)) for line in lines)


def _lines(plain: Plain | None) -> list[str]:
    return [] if plain is None else write_yaml(authored(plain)).splitlines()
