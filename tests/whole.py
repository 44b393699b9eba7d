"""What `make test` tries of a few only: of all by ``WHOLE=1``, as `make test-whole` does.

Each of the others starts whole systems to say of one more database or server what the few have
said; together they take longer than everything else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pytest

WHOLE = pytest.mark.skipif(os.environ.get("WHOLE") != "1", reason="make test-whole tries it")
"""For what only `make test-whole` tries."""


def few(values: Iterable[Any], *chosen: Any) -> list[Any]:
    """Return parameters: the `chosen` ones of `values` are tried by `make test` too."""
    return [value if value in chosen else pytest.param(value, marks=WHOLE) for value in values]
