"""YAML text to plain objects that remember their lines, within bounds.

Reads the events of PyYAML's parser and builds maps, lists and scalars itself: a parser's own
construction knows no bounds, keeps the last of duplicate keys and forgets how a scalar was spelt.
JSON is read too: it is YAML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from fairlead.kinds.document.scalar import resolve
from fairlead.kinds.metadata import SERVER_FIELDS
from fairlead.kinds.names import encodable
from fairlead.kinds.spec import described
from fairlead.kinds.violation import InvalidResource, Loc, Violation

MOST_BYTES = 1 << 20
"""Size of a text."""
MOST_NODES = 50_000
"""Maps, lists and scalars of a document, repetitions by alias included."""
DEEPEST = 64
"""Maps and lists within each other."""
MOST_DOCUMENTS = 5_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")


@dataclass(slots=True)
class Document:
    """One document: its plain value, the line (from 1) of each path, and what is wrong so far."""

    source: str
    plain: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    texts: dict[Loc, str] = field(default_factory=dict)
    """How fractions and booleans were spelt."""
    violations: list[Violation] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """Return the line of `loc`, or of the nearest thing around it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 0)

    def refuse(self, loc: Loc, line: int, message: str) -> None:
        """Note a violation at `loc`."""
        violation = Violation(loc=loc, message=message, source=self.source, line=line)
        self.violations.append(violation)


def read_documents(text: str | bytes, source: str = "") -> list[Document]:
    """Return the documents in `text` that are not empty.

    Raises InvalidResource, with the line, where the text is not YAML or exceeds a bound. What is
    wrong within a document that could be read is in its `violations`.
    """
    documents = []
    decoded = _decoded(text, source)
    try:
        events = yaml.parse(decoded, Loader=_LOADER)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents.append(_Builder(source, events).document())
                if len(documents) > MOST_DOCUMENTS:
                    _stop(source, event, f"more than {MOST_DOCUMENTS} documents: split the file")
    except yaml.YAMLError as error:
        raise InvalidResource([_syntax(error, decoded, source)]) from error
    return [d for d in documents if d.plain is not None or d.violations]


def _decoded(text: str | bytes, source: str) -> str:
    if len(text) > MOST_BYTES:
        raise InvalidResource([too_large(source, len(text))])
    if isinstance(text, str):
        problem = encodable(text)
        if problem:
            raise InvalidResource([Violation(message=problem, source=source)])
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte 0x{text[error.start]:02x}"
        raise InvalidResource([Violation(message=message, source=source, line=line)]) from error


def too_large(source: str, size: int) -> Violation:
    """Return the violation of a text of `size` bytes."""
    message = f"{size:,} bytes, at most {MOST_BYTES:,} are read: split the file"
    return Violation(message=message, source=source)


def _syntax(error: yaml.YAMLError, text: str, source: str) -> Violation:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.encode().count(b"\n", 0, error.position) + 1
        return Violation(message=f"{error.reason}", source=source, line=line)
    mark: yaml.Mark | None = getattr(error, "problem_mark", None)
    problem, context = getattr(error, "problem", None), getattr(error, "context", None)
    message = " ".join(str(part) for part in (problem or error, context) if part)
    if mark is None:
        return Violation(message=message, source=source)
    line, column = mark.line, mark.column
    # The parsers have several ways to complain about a tab, none of which helps.
    written = text.split("\n")[line] if line < text.count("\n") + 1 else ""
    indent = written[: len(written) - len(written.lstrip(" \t"))]
    if "\t" in indent:
        column = indent.index("\t")
        message = "a tab in the indentation: YAML takes spaces only"
    return Violation(message=f"{message} (column {column + 1})", source=source, line=line + 1)


def _stop(source: str, event: yaml.Event, message: str) -> NoReturn:
    line = _line(event)
    raise InvalidResource([Violation(message=message, source=source, line=line)])


class _Builder:
    """Builds one document from the events of a parser."""

    def __init__(self, source: str, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._document = Document(source)
        self._nodes = 0
        # Anchor to value, nodes within it, and levels within it.
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._open: list[str] = []

    def document(self) -> Document:
        first = next(self._events)
        self._document.lines[()] = _line(first)
        self._document.plain, _ = self._node(first, (), 0)
        return self._document

    def _stop(self, event: yaml.Event, message: str) -> NoReturn:
        _stop(self._document.source, event, message)

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            self._stop(event, f"more than {MOST_NODES:,} values, aliases repeated: split the file")

    def _node(self, event: yaml.Event, loc: Loc, depth: int) -> tuple[Any, int]:
        """Return the value that starts with `event`, and how many levels it has."""
        if depth > DEEPEST:
            self._stop(event, f"nested more than {DEEPEST} deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._count(event, 1)
        before, anchor = self._nodes, getattr(event, "anchor", None)
        if anchor:
            self._open.append(anchor)
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value, levels = self._map(event, loc, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            value, levels = self._list(event, loc, depth)
        elif isinstance(event, yaml.ScalarEvent):
            value, levels = self._scalar(event, loc), 0
        else:
            self._stop(event, "the document ends too early")
        if anchor:
            self._open.remove(anchor)
            self._anchors[anchor] = (value, self._nodes - before + 1, levels)
        return value, levels

    def _alias(self, event: yaml.AliasEvent, depth: int) -> tuple[Any, int]:
        if event.anchor in self._open:
            self._stop(event, f"*{event.anchor} repeats itself without end")
        if event.anchor not in self._anchors:
            self._stop(event, f"there is no &{event.anchor} before this; or quote the '*'")
        value, nodes, levels = self._anchors[event.anchor]
        self._count(event, nodes)
        if depth + levels > DEEPEST:
            self._stop(event, f"nested more than {DEEPEST} deep")
        return value, levels

    def _list(self, start: yaml.Event, loc: Loc, depth: int) -> tuple[list[Any], int]:
        self._refuse_tag(start, loc)
        items: list[Any] = []
        deepest = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            where = (*loc, len(items))
            self._document.lines[where] = _line(event)
            item, levels = self._node(event, where, depth + 1)
            items.append(item)
            deepest = max(deepest, levels)
        return items, deepest + 1

    def _map(self, start: yaml.Event, loc: Loc, depth: int) -> tuple[dict[str, Any], int]:
        self._refuse_tag(start, loc)
        found: dict[str, Any] = {}
        deepest = 0
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            key = self._key(event, loc)
            where = (*loc, key)
            if key in found:
                first = self._document.lines[where]
                self._document.refuse(where, line, f"is written twice, first on line {first}")
            else:
                self._document.lines[where] = line
            value, levels = self._node(next(self._events), where, depth + 1)
            found.setdefault(key, value)
            deepest = max(deepest, levels)
        return found, deepest + 1

    def _key(self, event: yaml.Event, loc: Loc) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(event, "a key is text: quote it, or write the map without '?', '{' or '['")
        self._count(event, 1)
        text: str = event.value
        line = _line(event)
        if text == "<<" and _plain(event):
            self._document.refuse(loc, line, "merge keys (<<) are not supported: write it out")
        elif _plain(event):
            scalar = resolve(text)
            if scalar.trap or not isinstance(scalar.value, str):
                meaning = scalar.trap or described(scalar.value)
                self._document.refuse(
                    (*loc, text), line, f"the key is read as {meaning}: quote the key"
                )
        if event.anchor:
            self._anchors[event.anchor] = (text, 1, 0)
        return text

    def _scalar(self, event: yaml.ScalarEvent, loc: Loc) -> Any:
        text: str = event.value
        if not _plain(event):
            if event.tag not in (None, *_TEXT_TAGS):
                self._refuse_tag(event, loc)
            return text
        scalar = resolve(text)
        if scalar.trap and not _of_the_server(loc):
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            message = f"{shown} is read as {scalar.trap}: {_advice(scalar.trap)}"
            self._document.refuse(loc, _line(event), message)
        elif isinstance(scalar.value, bool | float):
            self._document.texts[loc] = text
        return scalar.value

    def _refuse_tag(self, event: yaml.Event, loc: Loc) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None:
            message = f'tags ({tag}) are not supported; if it is meant as text, quote it: "{tag}"'
            self._document.refuse(loc, _line(event), message)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _advice(trap: str) -> str:
    """Return what to write instead: a field of numbers is not helped by quotes."""
    return "quote the value" if trap == "a date" else "write a plain number, or quote it as text"


def _plain(event: yaml.ScalarEvent) -> bool:
    """Whether a scalar's meaning is left to the reader: no quotes, no tag."""
    return bool(event.implicit[0])


def _of_the_server(loc: Loc) -> bool:
    """Whether the value is one that a server writes in its own way, and nobody here reads."""
    return loc[:1] == ("status",) or (loc[:1] == ("metadata",) and loc[-1] in SERVER_FIELDS)
