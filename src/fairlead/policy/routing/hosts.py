"""Which virtual host an authority means: Envoy's order of search, by dictionaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

Host = TypeVar("Host")

_Wild = tuple[tuple[int, dict[str, Host]], ...]


class Hosts(Generic[Host]):
    """Hosts by their domains; of two that name the same domain the first counts."""

    def __init__(
        self, hosts: Iterable[tuple[Sequence[str], Host]], *, ignore_port: bool = False
    ) -> None:
        self._ignore_port = ignore_port
        self._exact: dict[str, Host] = {}
        suffixes: dict[int, dict[str, Host]] = defaultdict(dict)
        prefixes: dict[int, dict[str, Host]] = defaultdict(dict)
        self._any: Host | None = None
        for domains, host in hosts:
            for domain in map(str.lower, domains):
                if domain == "*":
                    self._any = host if self._any is None else self._any
                elif domain.startswith("*"):
                    suffixes[len(domain) - 1].setdefault(domain[1:], host)
                elif domain.endswith("*"):
                    prefixes[len(domain) - 1].setdefault(domain[:-1], host)
                else:
                    self._exact.setdefault(domain, host)
        self._suffixes: _Wild[Host] = tuple(sorted(suffixes.items(), reverse=True))
        self._prefixes: _Wild[Host] = tuple(sorted(prefixes.items(), reverse=True))

    def find(self, authority: str) -> Host | None:
        """Return the host: equal, then the longest ``*.x``, the longest ``x.*``, then ``*``.

        What ``*`` stands for is never empty.
        """
        name = authority.lower()
        if self._ignore_port:
            name = _without_port(name)
        found = self._exact.get(name)
        if found is not None:
            return found
        for size, hosts in self._suffixes:
            if size < len(name) and (found := hosts.get(name[-size:])) is not None:
                return found
        for size, hosts in self._prefixes:
            if size < len(name) and (found := hosts.get(name[:size])) is not None:
                return found
        return self._any


def _without_port(name: str) -> str:
    head, separator, port = name.rpartition(":")
    # An address of IPv6 without a port ends in "]" or has colons outside of brackets.
    is_port = separator and port.isdigit() and (head.endswith("]") or ":" not in head)
    return head if is_port else name
