"""Headers in whatever mapping an application gives them in, names and values as text or bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from fairlead.instruments.outbound import BAGGAGE
from fairlead.policy.resource import CALLER
from fairlead.policy.trace import PARENT, STATE

if TYPE_CHECKING:
    from fairlead.policy.trace import Trace

OURS = frozenset((BAGGAGE, CALLER))

copies: dict[type, Callable[[Any], dict[Any, Any]]] = {}
"""Makes a plain dictionary of a library's own kind of headers, where there is a quicker way than to
ask it for one name after the other."""


def value_of(headers: Any, name: str) -> str | None:
    """Return what `headers` say under `name`, in lower case; several values joined by ``,``."""
    return _joined([headers[one] for one in _named(headers, (name,))])


def lowered(headers: Any) -> dict[str, str]:
    """Return headers by names in lower case; repeated ones are joined by ``,``."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        key = _text(name).lower()
        found[key] = f"{found[key]},{_text(value)}" if key in found else str(_text(value))
    return found


def without_ours(headers: Any) -> tuple[Any, str | None]:
    """Return a copy of `headers` without the names that we write, and the baggage in them."""
    copy = _copied(headers)
    try:
        if OURS.isdisjoint(map(str.lower, copy)):
            return copy, None
    except TypeError:  # a name in bytes
        pass
    baggage = value_of(copy, BAGGAGE)
    for name in _named(copy, OURS):
        del copy[name]
    return copy, baggage


def with_label(headers: Any, label: str | None, trace: Trace | None = None) -> Any:
    """Return a copy of `headers` with this baggage and no other, and with this trace."""
    copy = _copied(headers)
    for name in _named(copy, (BAGGAGE,)):
        del copy[name]
    if label:
        copy[BAGGAGE] = label
    if trace is not None:
        carry(copy, trace)
    return copy


def without(headers: Any, names: Collection[str]) -> Any:
    """Return a copy of `headers` that has none of `names`, which are in lower case."""
    copy = _copied(headers)
    for name in _named(copy, names):
        del copy[name]
    return copy


def marked(headers: Any, marks: tuple[tuple[str, str], ...]) -> Any:
    """Return a copy of `headers` with these, and no others of their names."""
    copy = without(headers, [name for name, _ in marks])
    for name, value in marks:
        copy[name] = value
    return copy


def carry(headers: Any, trace: Trace) -> None:
    """Write a trace into `headers`, unless they have one."""
    if _named(headers, (PARENT,)):
        return
    parent, state = trace
    headers[PARENT] = parent
    if state:
        for name in _named(headers, (STATE,)):
            del headers[name]
        headers[STATE] = state


def _copied(headers: Any) -> Any:
    """Return a copy that may be changed.

    A plain dictionary, which urllib3 goes through many times faster than requests' own kind; only
    urllib3's, where a name may have several values, stays what it is.
    """
    quick = copies.get(type(headers))
    if quick is not None:
        return quick(headers)
    return headers.copy() if hasattr(headers, "getlist") else dict(headers)


def _named(headers: Any, names: Collection[str]) -> list[Any]:
    return [one for one in headers if _text(one).lower() in names]


def _joined(values: list[Any]) -> str | None:
    return ",".join(map(_text, values)) if values else None


def _text(text: Any) -> Any:
    return text.decode("latin-1") if isinstance(text, bytes) else text
