"""Cutting a stream into lines: nothing is lost, nothing grows without bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fairlead.protocols.watch.lines import lines


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_how_the_bytes_arrive(pieces):
    """The network cuts where it likes."""
    whole = b"".join(pieces)

    assert list(lines(pieces)) == [line for line in whole.split(b"\n")[:-1] if line]


def test_a_line_that_is_too_long_is_skipped_and_the_next_is_read():
    """64 MiB is the wire's bound; a line without an end must not fill the application's memory."""
    pieces = [b"short\n", b"x" * 30, b"x" * 80, b"\nnext\n", b"y" * 101 + b"\n", b"end\n"]

    assert list(lines(pieces, limit=100)) == [b"short", None, b"next", None, b"end"]
