"""Cases that say in words only what must hold: each is a test of ours, named by its id.

A test is written for one text. It runs for the same text with other numbers, which it is given in
the order in which they stand there; for another text it does not, and the case is skipped.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator

from tests.conformance.case import Case, Skip, read

Test = Callable[..., None]
"""Takes the case, and the numbers of its note as floats."""

TESTS: dict[str, Test] = {}

UNFIT = {
    "L13": "the shortest response time and the average are not kept",
    "L15": "what may be borrowed is decided by need: no interface adds to a bucket to come",
}
"""Notes about what this engine does not have."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ORIGINALS = {case.id: case for case in read()}


def note(id: str) -> Callable[[Test], Callable[[], None]]:
    """Make a function the test of the note of case `id`, and of the shared file's as it stands."""

    def keep(test: Test) -> Callable[[], None]:
        TESTS[id] = test

        def alone() -> None:
            original = _ORIGINALS[id]
            test(original, *_numbers(_text(original)))

        alone.__name__, alone.__doc__ = test.__name__, test.__doc__
        return alone

    return keep


def run(case: Case) -> Iterator[str]:
    """Run the test of a note; yield what it finds. Raises Skip where there is none for it."""
    from tests.conformance import test_notes  # noqa: F401 - it fills the table

    if case.id in UNFIT:
        raise Skip(UNFIT[case.id])
    test = TESTS.get(case.id)
    if test is None:
        raise Skip("is a note, and no test is written for it")
    text, original = _text(case), _text(_ORIGINALS[case.id])
    if _NUMBER.sub("#", text) != _NUMBER.sub("#", original):
        raise Skip("its note is not the one that the test of that id is written for")
    try:
        test(case, *_numbers(text))
    except AssertionError as error:
        # Words of its own, or the line that does not hold.
        line = traceback.extract_tb(error.__traceback__)[-1].line
        yield f"{test.__name__}: {str(error).partition(chr(10))[0] or line}"


def _text(case: Case) -> str:
    return str(case.fields.get("note", ""))


def _numbers(text: str) -> list[float]:
    return [float(found) for found in _NUMBER.findall(text)]
