"""``fairlead sql check``: the rewrite or the refusal of each statement, for a person and for CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Say

RULE = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: WorkloadLabelRule
metadata:
  name: gray-sts-label-rule
spec:
  workloadLabels: ['gray']
  selector:
    db: mse-demo
    table: mse_demo_table_gray
"""
SCRIPT = """-- what the demo does
INSERT INTO mse_demo_table(location) VALUES(?);
SELECT 'a;b' FROM countries;

DROP TABLE mse_demo_table;
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "demo.sql"
    file.write_text(SCRIPT)
    return file


def test_each_statement_is_shown_with_its_line(say: Say, script: Path, tmp_path: Path):
    """A refusal in CI names the place to mend."""
    rule = tmp_path / "rule.yaml"
    rule.write_text(RULE)

    said = say("sql", "check", script, "--dialect", "mysql", "-f", rule)

    assert said.status == 1
    assert f"{script}:2: rewritten" in said.out
    assert "INSERT INTO mse_demo_table_gray(location) VALUES(?);" in said.out
    assert f"{script}:3: unchanged" in said.out
    assert f"{script}:5: REFUSED (ddl) DROP on a lane" in said.out
    assert "3 statements: 1 rewritten, 1 unchanged, 1 refused" in said.out


def test_what_is_wrong_with_one_statement_is_said_of_that_one(say: Say, tmp_path: Path):
    """A dump has comments that MySQL executes; the statements beside them are checked as well."""
    file = tmp_path / "dump.sql"
    file.write_text(
        "SELECT 1;\n/*!40101 SET NAMES utf8 */;\nSELECT * FROM orders;\n\nSELECT 'un; t"
    )

    said = say("sql", "check", file, "--dialect", "mysql", "--table", "orders")

    assert said.status == 1
    assert f"{file}:2: REFUSED (comment)" in said.out
    assert f"{file}:3: rewritten\n    SELECT * FROM orders_gray;" in said.out
    assert f"{file}:5: REFUSED (unparsed) what begins with ' does not end" in said.out
    assert "4 statements: 1 rewritten, 1 unchanged, 2 refused" in said.out


def test_the_rules_of_the_control_plane_are_used(say: Say, namespace: str):
    """Nobody has to keep a copy of them."""
    assert say("apply", "-f", "-", "-n", namespace, stdin=RULE.encode()).status == 0
    words = ("sql", "check", "-", "-d", "postgres", "-n", namespace, "-o", "json")

    said = say(*words, stdin=b"UPDATE mse_demo_table SET location = %s")

    assert said.status == 0
    (one,) = json.loads(said.out)
    assert one["sent"] == "UPDATE mse_demo_table_gray SET location = %s"


def test_tables_can_be_named_without_any_rule(say: Say, script: Path):
    """To look at a file before there is a lane."""
    said = say("sql", "check", script, "-d", "sqlite", "-t", "mse_demo_table", "--lane", "blue")

    assert "mse_demo_table_blue" in said.out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("-d", "oracle", "-t", "x"), 2),
        (("-d", "mysql", "-f", "missing.yaml"), 3),
        (("-d", "mysql", "--lane", "green"), 1),
    ],
)
def test_a_wrong_question_is_answered_with_its_own_status(say: Say, script: Path, words, status):
    """CI can tell a refused statement from a wrong command line."""
    said = say("sql", "check", script, *words)

    assert said.status == status
    assert said.err
