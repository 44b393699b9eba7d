"""What is not understood is skipped and named, and what does not hold fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.case import Case, read
from tests.conformance.forms import INTERPRETED
from tests.conformance.verdict import FAILED, PASSED, SKIPPED, judge

ROOT = Path(__file__).parents[2]

ONE = {"behavior": "reject", "threshold": 1}
BREAKER = {"strategy": "error_count", "count": 1, "min": 1, "window_ms": 1000, "retry_ms": 1000}


def verdict(family: str = "flow", dialect: str = "java", **fields: Any) -> tuple[str, str]:
    found = judge(Case("X1", family, dialect, fields), INTERPRETED)
    return found.result, found.reason


def test_a_case_that_does_not_hold_fails_with_the_step_and_the_call():
    """Whoever reads it should not have to run it again."""
    steps = [{"at": 0, "enter": 1, "expect": "P"}, {"enter": 1, "x": 2, "expect": ["B", "P"]}]
    result, reason = verdict(rule=ONE, steps=steps)
    assert result == FAILED
    assert reason == "step 2: call 2 of 2: expected P, got B"
    assert verdict(rule=ONE, steps=[{"enter": 1}], after={"sum_pass": 0})[0] == FAILED
    wrong = [{"call": {"rt": 0, "err": 1}, "expect": "P", "state": "closed"}]
    assert verdict("breaker", rule=BREAKER, steps=wrong)[0] == PASSED
    assert verdict("breaker", "go", rule=BREAKER, steps=wrong)[0] == FAILED


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rule": {**ONE, "colour": "red"}, "steps": []}, "colour"),
        ({"rule": ONE, "steps": [{"fly": 1}]}, "fly"),
        ({"steps": [{"enter": 1}]}, "no rule"),
        ({"rule": {**ONE, "behavior": "dance"}, "steps": []}, "dance"),
        ({"rule": ONE, "steps": [], "dialect": "cobol"}, "cobol"),
        ({"family": "vegas", "samples": []}, "vegas"),
        ({"family": "window", "q": "colour"}, "colour"),
        ({"note": "so and so"}, "note"),
        ({"family": "hovercraft", "eels": 3}, "hovercraft"),
    ],
)
def test_what_nobody_defines_is_skipped_and_named(fields, named):
    """A guess that passes would be worse than a case that is not run."""
    result, reason = verdict(**fields)
    assert (result, named in reason) == (SKIPPED, True), reason


def test_a_fault_of_the_interpreter_is_no_skip():
    """Or half of a file could be lost without a word."""
    assert verdict(rule=ONE, steps=[{"enter": "many"}])[0] == FAILED


@pytest.mark.parametrize("text", ["cases: 5", "[1, 2]", "cases: [{family: flow}]"])
def test_a_file_without_cases_is_refused(tmp_path, text):
    """A mistyped file must not pass with nothing in it."""
    path = tmp_path / "cases.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"cases\.yaml"):
        read(path)


def test_a_file_ends_in_a_line_of_counts_and_a_status(tmp_path):
    """That is what scripts read."""
    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases:\n"
        "- {id: A, family: flow, dialect: go, rule: {threshold: 1}, steps: [{enter: 1}]}\n"
        "- {id: B, family: flow, dialect: go, rule: {threshold: 0}, steps: [{n: 1, expect: P}]}\n"
        "- {id: C, family: aimd, dialect: netflix}\n"
    )
    command = [sys.executable, "-m", "tests.conformance", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "1 passed, 1 failed, 1 skipped"
