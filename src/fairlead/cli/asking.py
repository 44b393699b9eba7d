"""What questions about requests and calls are told in options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairlead.cli.failure import USAGE, Failed


def labels_given(labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield labels; each is ``key=value``."""
    for text in labels:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise Failed(f"--label {text!r}: write 'key=value'", USAGE)
        yield key, value


def headers_given(headers: Sequence[str]) -> Iterator[list[str]]:
    """Yield headers; each is ``name: value``."""
    for text in headers:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise Failed(f"-H {text!r}: write 'name: value'", USAGE)
        yield [name.strip(), value.strip()]
