"""Headers in whatever mapping an application gives them in, names and values as text or bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def value_of(headers: Any, name: str) -> str | None:
    """Return what `headers` say under `name`, in lower case; several values joined by ``,``."""
    names = _named(headers, name)
    if not names:
        return None
    values = [headers[one] for one in names]
    return ",".join(
        value.decode("latin-1") if isinstance(value, bytes) else value for value in values
    )


def with_ours(headers: Any, ours: Iterable[tuple[str, str | None]]) -> Any:
    """Return a copy of `headers` with `ours` for those of their names; what is empty goes.

    A plain dictionary, which urllib3 goes through many times faster than requests' own kind; only
    urllib3's, where a name may have several values, stays what it is.
    """
    copy = headers.copy() if hasattr(headers, "getlist") else dict(headers)
    for name, value in ours:
        for theirs in _named(copy, name):
            del copy[theirs]
        if value:
            copy[name] = value
    return copy


def _named(headers: Any, wanted: str) -> list[Any]:
    # The length first: few names have it.
    size = len(wanted)
    return [
        name for name in headers if len(name) == size and name.lower() in (wanted, wanted.encode())
    ]
