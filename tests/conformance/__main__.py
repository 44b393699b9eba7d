"""Run the cases of a file against both forms of the gate.

    python -m tests.conformance [FILE]

Prints what failed and what was skipped, and at last ``N passed, M failed, K skipped``. A case
passes that does so against each form there is: interpreted, and compiled where it was built
(FAIRLEAD_PURE=1 leaves that one out). The status is 1 where one failed, 2 where the file is none.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.case import SHARED, Case, read
from tests.conformance.forms import forms
from tests.conformance.verdict import FAILED, PASSED, SKIPPED, judge


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("file", nargs="?", type=Path, default=SHARED)
    options = parser.parse_args()
    try:
        cases = read(options.file)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    there = forms()
    _say(f"{len(cases)} cases against the gate, {' and '.join(there)}")
    results = Counter(_result(case, there) for case in cases)
    _say(f"{results[PASSED]} passed, {results[FAILED]} failed, {results[SKIPPED]} skipped")
    return 1 if results[FAILED] else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _result(case: Case, there: Sequence[str]) -> str:
    """Return what becomes of a case against all forms; print it unless it passes."""
    verdicts = [(form, judge(case, form)) for form in there]
    for form, verdict in verdicts:
        if verdict.result == FAILED:
            _say(f"{case.id} failed ({form}): {verdict.reason}")
    results = [verdict.result for _, verdict in verdicts]
    if FAILED in results:
        return FAILED
    if SKIPPED in results:
        _say(f"{case.id} skipped: {verdicts[0][1].reason}")
        return SKIPPED
    return PASSED


if __name__ == "__main__":
    sys.exit(main())
