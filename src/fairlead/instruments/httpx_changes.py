"""What is written into a request of httpx, and what a route changes of it and of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlead.policy.trace import PARENT, STATE

if TYPE_CHECKING:
    from fairlead.flow.call import Call
    from fairlead.flow.changing import Change
    from fairlead.policy.trace import Trace

_PARENT, _STATE = PARENT.encode(), STATE.encode()


def with_path(url: Any, target: str) -> Any:
    """Return `url` with another path and query."""
    parts, (path, mark, query) = url._uri_reference, target.partition("?")  # noqa: SLF001 - as `_at` does
    changed = url.__class__.__new__(url.__class__)
    changed._uri_reference = parts._replace(path=path, query=query if mark else None)  # noqa: SLF001
    return changed


def change_headers(items: list[tuple[bytes, bytes, bytes]], change: Change) -> None:
    """Write what a route changes of the headers."""
    removed, added = change.headers
    if change.authority is not None:
        removed, added = (*removed, "host"), (("host", change.authority), *added)
    gone = {name.encode() for name in removed}
    items[:] = [item for item in items if item[1] not in gone]
    written = ((name.encode(), value.encode("latin-1", "replace")) for name, value in added)
    items += ((name, name, value) for name, value in written)


def change_answer(response: Any, call: Call) -> None:
    """Write what a route changes of the answer."""
    if call.change is None or call.change.answer is None:
        return
    headers = response.headers
    removed, added = call.change.answer(headers.get)
    gone = {name.encode() for name in removed}
    raw = [pair for pair in headers.raw if pair[0].lower() not in gone]
    written = [(name.encode(), value.encode("latin-1", "replace")) for name, value in added]
    response.headers = type(headers)([*raw, *written])


def mark(items: list[tuple[bytes, bytes, bytes]], marks: tuple[tuple[str, str], ...]) -> None:
    """Write what tells the callee of time and attempts, in place of what was there."""
    ours = [(name.encode(), value.encode()) for name, value in marks]
    names = {name for name, _ in ours}
    items[:] = [item for item in items if item[1] not in names]
    items += ((name, name, value) for name, value in ours)


def carry(items: list[tuple[bytes, bytes, bytes]], trace: Trace) -> None:
    """Write a trace, unless the application has."""
    for _, name, _ in items:
        if name == _PARENT:
            return  # the application's own
    parent, state = trace
    items.append((_PARENT, _PARENT, parent.encode()))
    if state:
        items[:] = [item for item in items if item[1] != _STATE]
        items.append((_STATE, _STATE, state.encode()))
