"""Fields of a message, each of which has to be read, or left out knowingly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Unreadable(ValueError):
    """A field that cannot be taken; `path` is where it is: ``virtual_hosts[0].routes[3].match``."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path or 'the configuration'}: {reason}")


class Fields:
    """One message: what has been asked for is remembered, so that `done` knows what was not."""

    def __init__(self, message: Any, path: str = "", ignored: list[str] | None = None) -> None:
        self.message = message
        self.path = path
        self.ignored: list[str] = [] if ignored is None else ignored
        self._read: set[str] = set()

    def under(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def value(self, name: str) -> Any:
        """Return a scalar, or its default."""
        self._read.add(name)
        return getattr(self.message, name)

    def wrapped(self, name: str) -> Any:
        """Return what a wrapper of a scalar holds; None where it is not given."""
        self._read.add(name)
        return getattr(self.message, name).value if self.message.HasField(name) else None

    def one(self, name: str) -> Fields:
        """Return a message."""
        self._read.add(name)
        return Fields(getattr(self.message, name), self.under(name), self.ignored)

    def maybe(self, name: str) -> Fields | None:
        """Return a message; None where it is not given."""
        return self.one(name) if self.message.HasField(name) else None

    def each(self, name: str) -> Iterator[Fields]:
        """Yield the messages of a list."""
        self._read.add(name)
        for place, item in enumerate(getattr(self.message, name)):
            yield Fields(item, f"{self.under(name)}[{place}]", self.ignored)

    def choice(self, name: str) -> str | None:
        """Return which field of a oneof is given."""
        found: str | None = self.message.WhichOneof(name)
        return found

    def done(self, *harmless: str) -> None:
        """Note what is given of `harmless`, and refuse what nobody has asked for.

        Raises:
            Unreadable: Names the first such field.
        """
        for field, _ in self.message.ListFields():
            if field.name in self._read:
                continue
            if field.name not in harmless:
                raise Unreadable(self.under(field.name), "is not evaluated here")
            self.ignored.append(self.under(field.name))
