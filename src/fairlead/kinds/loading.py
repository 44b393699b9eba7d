"""Files and request bodies to resources: YAML with its lines, JSON, lists of objects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from fairlead.kinds.document import (
    DEEPEST,
    MOST_BYTES,
    MOST_NODES,
    Document,
    read_documents,
    read_json,
    too_large,
)
from fairlead.kinds.kind import Resource
from fairlead.kinds.parsing import parse
from fairlead.kinds.spec import described
from fairlead.kinds.violation import InvalidResource, Loc, Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE


def load_documents(
    text: str | bytes, source: str = "", *, namespace: str = DEFAULT_NAMESPACE
) -> list[Resource[Any]]:
    """Return the resources in `text`, of all its documents and of lists in them.

    `source` names the text in violations. Raises InvalidResource with every violation in every
    document, each with its line.
    """
    placed, found = load_placed(text, source, namespace=namespace)
    if found:
        raise InvalidResource(sorted(found, key=lambda violation: violation.line))
    return [resource for resource, _ in placed]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object stands: its document, and its path in it."""

    document: Document
    above: Loc

    def line(self, loc: Loc) -> int:
        """Return the line, from 1, of a field of the object, or of the nearest around it."""
        return self.document.line((*self.above, *loc))


def load_placed(
    text: str | bytes, source: str = "", *, namespace: str = DEFAULT_NAMESPACE
) -> tuple[list[tuple[Resource[Any], Origin]], list[Violation]]:
    """Return the resources in `text` that are valid, each with its place, and every violation.

    Raises InvalidResource where the text cannot be read at all.
    """
    resources: list[tuple[Resource[Any], Origin]] = []
    found: list[Violation] = []
    for document in read_documents(text, source):
        found += document.violations
        refused = {violation.loc for violation in document.violations}
        for loc, plain in _objects(document):
            try:
                resource = parse(plain, namespace=namespace)
                resources.append((resource, Origin(document, loc)))
            except InvalidResource as error:
                placed = (_placed(v, loc, document) for v in error.violations)
                found += (violation for violation in placed if violation.loc not in refused)
        found += (_placed(v, (), document) for v in _list_violations(document.plain))
    return resources, found


def load_object(body: str | bytes) -> dict[str, Any]:
    """Return the one object in a request's body, JSON or YAML, unvalidated.

    Raises InvalidResource, with field paths, where the text is not one object, exceeds a bound of
    `document/reader.py`, repeats a key, or holds a scalar that tools read in different ways.
    """
    if len(body) > MOST_BYTES:
        raise InvalidResource([too_large("", len(body))])
    plain = _json(body) if _is_json(body) else _single(body)
    if not isinstance(plain, dict):
        raise InvalidResource([Violation(message="the body is one object, a map")])
    return plain


def _objects(document: Document) -> Iterator[tuple[Loc, Any]]:
    """Yield (path, object) for the document, or for every item where it is a list."""
    plain = document.plain
    if _is_list(plain):
        items = plain.get("items")
        for position, item in enumerate(items if isinstance(items, list) else ()):
            yield ("items", position), item
    elif plain is not None:
        yield (), plain


def _is_list(plain: Any) -> bool:
    return isinstance(plain, dict) and str(plain.get("kind")).endswith("List")


def _list_violations(plain: Any) -> Iterator[Violation]:
    """Refuse a list without items: its author meant to apply something."""
    if _is_list(plain) and not isinstance(plain.get("items"), list):
        what = described(plain["items"]) if "items" in plain else "none"
        yield Violation(loc=("items",), message=f"required: a list of objects, got {what}")


def _placed(violation: Violation, above: Loc, document: Document) -> Violation:
    loc = (*above, *violation.loc)
    message = violation.message
    if message.endswith("quote the value") and loc in document.texts:
        message += f': "{document.texts[loc]}"'
    return replace(
        violation, loc=loc, message=message, source=document.source, line=document.line(loc)
    )


def _single(body: str | bytes) -> Any:
    documents = read_documents(body)
    if len(documents) != 1:
        message = f"the body is one object, got {len(documents)} documents"
        raise InvalidResource([Violation(message=message)])
    if documents[0].violations:
        raise InvalidResource(replace(v, line=0) for v in documents[0].violations)
    return documents[0].plain


def _is_json(body: str | bytes) -> bool:
    """Tell an object of JSON by its first character behind what RFC 8259 calls white space.

    YAML has keys that begin with other spaces.
    """
    if isinstance(body, bytes):
        return body.lstrip(b" \t\r\n").startswith(b"{")
    return body.lstrip(" \t\r\n").startswith("{")


class _Repeated(ValueError):
    """A key stands twice in a JSON object."""


def _json(body: str | bytes) -> Any:
    try:
        plain = read_json(body, _pairs)
    except _Repeated as error:
        # The other reader knows paths; it is slower, and stricter about escapes.
        _single(body)
        raise InvalidResource([Violation(message=str(error))]) from error
    except RecursionError as error:
        raise InvalidResource([_too_deep()]) from error
    except UnicodeDecodeError as error:
        message = f"is not UTF-8: {error.reason} at byte {error.start}"
        raise InvalidResource([Violation(message=message)]) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidResource([Violation(message=f"is not JSON: {error.msg} ({place})")]) from error
    except ValueError as error:
        raise InvalidResource([Violation(message=f"is not JSON: {error}")]) from error
    _check_bounds(plain)
    return plain


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise _Repeated(f"{twice} is written twice")
    return found


def _check_bounds(plain: Any) -> None:
    nodes, level, depth = 0, [plain], 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if depth > DEEPEST + 1:
            raise InvalidResource([_too_deep()])
        if nodes > MOST_NODES:
            raise InvalidResource([Violation(message=f"more than {MOST_NODES:,} values")])
        level = [below for value in level for below in _below(value)]


def _below(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> Violation:
    return Violation(message=f"nested more than {DEEPEST} deep")
