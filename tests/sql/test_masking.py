"""Statements as they are shown to people: no value of an application's is among it."""

from __future__ import annotations

import random

import pytest

from fairlead.sql.masking import MASK, SHOWN, masked, masked_reason
from fairlead.sql.session import DIALECTS
from fairlead.sql.verdict import Refused
from tests.sql.shop import on_lane

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("dialect", "statement", "shown"),
    [
        ("mysql", "SELECT f(1) FROM `orders` WHERE a = 's3cret' AND b = 0x1F AND c = -1.5e3",
         "SELECT f(?) FROM `orders` WHERE a = ? AND b = ? AND c = -?"),
        ("mysql", r"""UPDATE orders SET a = 'it\'s s3cret', b = "s3cret" WHERE id = %s""",
         "UPDATE orders SET a = ?"),
        ("mysql", "SELECT 1 # s3cret\nFROM t2 -- s3cret", "SELECT ? ? FROM t2 ?"),
        ("postgres", """SELECT "No" FROM o WHERE a = $$s3cret$$ AND b = $1 AND c = E'\\'s3cret'""",
         'SELECT "No" FROM o WHERE a = ? AND b = $1 AND c = E?'),
        ("postgres", "SELECT a # 'multi\nline s3cret' FROM t", "SELECT a # ? FROM t"),
        ("sqlite", """SELECT "o"."id" FROM "orders" WHERE name = "s3cret" AND x = :x""",
         'SELECT "o"."id" FROM "orders" WHERE name = ? AND x = :x'),
        ("sqlite", "INSERT INTO orders VALUES ('s3cret", "INSERT INTO orders VALUES (?"),
    ],
)  # fmt: skip
def test_names_are_shown_and_values_are_not(dialect, statement, shown):
    """Who reads it has to find the statement in the code, and needs no customer for that."""
    assert masked(statement, dialect) == shown


def test_no_value_is_shown_however_quotes_fall():
    """Where a string ends depends on settings of the server: it is masked under each of them."""
    dice = random.Random(3)
    for _ in range(3000):
        dialect = dice.choice(DIALECTS)
        quote = dice.choice(["'", "$$"] if dialect == "postgres" else ["'"])
        value = "".join(dice.choices(["a", "\\", " ", "--", "/*", "*/", "\n", "#", "%"], k=6))
        value = f"{value}{SECRET}{value}".replace("$$", "")
        statement = f"SELECT x FROM t WHERE a = {quote}{value}{quote} AND b = {quote}c{quote}"
        assert SECRET not in masked(statement, dialect), (dialect, statement)


def test_a_long_statement_is_cut():
    """It is a line of a report."""
    shown = masked(f"SELECT {'a, ' * 500} b FROM t", "mysql")
    assert len(shown) == SHOWN
    assert shown.endswith("…")


@pytest.mark.parametrize(
    ("dialect", "statement", "style"),
    [
        ("mysql", "SELECT a FROM orders /*! s3cret */", "plain"),
        ("mysql", "SELECT a FROM orders /*! 's3cret' */", "plain"),
        ("mysql", "SELECT a FROM orders WHERE a = 'it''s s3cret %s'", "format"),
    ],
)
def test_a_reason_that_cites_the_statement_cites_no_value(dialect, statement, style):
    """Whoever wrote the statement is shown it, in the error; an operator is not."""
    with pytest.raises(Refused, match="s3cret") as caught:
        on_lane(dialect, statement, style=style)
    shown = masked_reason(caught.value.reason, caught.value.cause)
    assert SECRET not in shown
    assert MASK in shown


def test_a_reason_that_names_a_table_is_shown_as_it_is():
    """It is what has to be mended."""
    reason = "'orders' stands where it cannot be told what it means"
    assert masked_reason(reason, "name") == reason
