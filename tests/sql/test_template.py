"""What a statement looks like without its values, and what it is about."""

from __future__ import annotations

import pytest

from fairlead.sql.session import DIALECTS
from fairlead.sql.template import LONGEST, MOST_TABLES, template


@pytest.mark.parametrize(
    ("dialect", "statement", "kind", "tables"),
    [
        ("mysql", "select * from `shop`.`orders` o join items i on i.order_id = o.id", "SELECT",
         ("shop.orders", "items")),
        ("postgres", 'UPDATE ONLY "Orders" SET a = $1 FROM customers c', "UPDATE",
         ("Orders", "customers")),
        ("mysql", "INSERT INTO t (a) VALUES (%s) ON DUPLICATE KEY UPDATE a = VALUES(a)", "INSERT",
         ("t",)),
        ("postgres", "SELECT extract(year FROM created) FROM orders FOR UPDATE", "SELECT",
         ("orders",)),
        ("postgres", "WITH x AS (SELECT id FROM a) DELETE FROM b USING x", "WITH", ("a", "b")),
        ("sqlite", "(SELECT 1)", "SELECT", ()),
        ("sqlite", "/* of whom */ REPLACE INTO t VALUES (1)", "REPLACE", ("t",)),
        ("mysql", "SELECT a FROM generate_series (1, 2)", "SELECT", ()),
        ("sqlite", "create table if not exists items (id integer)", "CREATE", ("items",)),
        ("postgres", 'CREATE TEMP TABLE IF NOT EXISTS "a"."Items" (id int)', "CREATE",
         ("a.Items",)),
        ("mysql", "DROP TABLE IF EXISTS `shop`.`items`", "DROP", ("shop.items",)),
        ("postgres", "ALTER TABLE IF EXISTS ONLY db.public.items ADD a int", "ALTER",
         ("db.public.items",)),
        ("mysql", "create table `if` (id int)", "CREATE", ("if",)),
        ("sqlite", "insert or replace into items values (1)", "INSERT", ("items",)),
        ("mysql", "INSERT LOW_PRIORITY IGNORE INTO items VALUES (1)", "INSERT", ("items",)),
        ("mysql", "INSERT IGNORE items VALUES (1)", "INSERT", ("items",)),
        ("sqlite", "update or ignore items set a = 1", "UPDATE", ("items",)),
        ("mysql", "UPDATE LOW_PRIORITY IGNORE items SET a = 1", "UPDATE", ("items",)),
        ("postgres", "DELETE FROM ONLY public.items WHERE id = 1", "DELETE", ("public.items",)),
        ("postgres", "TRUNCATE TABLE ONLY items", "TRUNCATE", ("items",)),
        ("postgres", "truncate items", "TRUNCATE", ("items",)),
        ("mysql", "COMMIT", "COMMIT", ()),
        ("mysql", "", "", ()),
    ],
)  # fmt: skip
def test_the_kind_and_the_tables_of_a_statement_are_told(dialect, statement, kind, tables):
    """Whoever looks for what writes to a table has no time to read all of it."""
    found = template(statement, dialect)
    assert (found.kind, found.tables) == (kind, tables)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE id IN (1, 2, 3)", "SELECT a FROM t WHERE id IN (4, 5, 6, 7, 8)"),
        ("SELECT a FROM t WHERE b IN (%s, %s, %s)", "SELECT a FROM t WHERE b IN (%s, %s, %s, %s)"),
        ("INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO t VALUES (1,'c'),(2,'d'),(3,'e')"),
        ("SELECT a FROM t\n  WHERE b = 'x'", "SELECT a FROM t WHERE b = 'y'"),
    ],
)  # fmt: skip
def test_statements_that_differ_by_their_values_are_one(one, other):
    """Else a page of a hundred statements shows one of them a hundred times."""
    assert {template(one, dialect).text for dialect in DIALECTS} & {
        template(other, dialect).text for dialect in DIALECTS
    }
    assert template(one, "mysql").text == template(other, "mysql").text


def test_a_template_is_of_a_template_the_same():
    """The control plane masks once more what agents have masked."""
    text = "SELECT a, 's3cret' FROM t WHERE b IN (1, 2, 3) -- s3cret"
    for dialect in DIALECTS:
        once = template(text, dialect).text
        assert "s3cret" not in once
        assert template(once, dialect).text == once


def test_a_long_statement_is_cut():
    """It is told by the hundred."""
    found = template("SELECT " + ", ".join(f"column_{n}" for n in range(500)) + " FROM t", "mysql")
    assert len(found.text) == LONGEST
    many = template(" ".join(["SELECT 1 FROM", *(f"t{n} JOIN" for n in range(20)), "x"]), "mysql")
    assert len(many.tables) == MOST_TABLES
