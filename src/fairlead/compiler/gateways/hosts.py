"""Host names with a wildcard: which covers which, and which is more exact (Gateway API, Hostname).

A wildcard stands for one or more labels: ``*.example.com`` covers ``a.b.example.com``, and not
``example.com``. ``*`` alone, our word for no name at all, covers everything.
"""

from __future__ import annotations

from collections.abc import Iterator

ANY = "*"


def covers(pattern: str, host: str) -> bool:
    """Tell whether all that `host` is about, which may be a wildcard itself, is of `pattern`."""
    if pattern in (ANY, host):
        return True
    return pattern.startswith("*.") and host != ANY and host.endswith(pattern[1:])


def intersection(one: str, other: str) -> str | None:
    """Return what both are about, None for nothing."""
    if covers(one, other):
        return other
    return one if covers(other, one) else None


def exactness(host: str) -> tuple[int, int]:
    """Return what hosts are ordered by, the most exact greatest."""
    if host == ANY:
        return (0, 0)
    return (0 if host.startswith("*") else len(host), len(host))


def covering(host: str) -> Iterator[str]:
    """Yield every host name that covers `host`, the most exact first."""
    yield host
    rest = host.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
    if host != ANY:
        yield ANY
