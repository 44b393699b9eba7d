"""What cannot be explained is refused, with a word for the counter and a sentence for a person."""

from __future__ import annotations

import pickle

import pytest

from fairlead.sql.verdict import CAUSES, Refused
from tests.sql.shop import DIALECTS, cause, on_lane

EVERYWHERE = {
    "CREATE TABLE x (id int)": "ddl",
    "DROP TABLE orders": "ddl",
    "TRUNCATE TABLE orders": "ddl",
    "ALTER TABLE orders ADD x int": "ddl",
    "GRANT SELECT ON orders TO x": "ddl",
    "SELECT 1; DELETE FROM orders": "multi",
    "CALL p()": "call",
    "DO 1": "do",
    "PREPARE s FROM 'DELETE FROM orders'": "prepare",
    "EXECUTE s": "prepare",
    "LOAD DATA INFILE 'x' INTO TABLE orders": "load",
    "LOCK TABLES orders WRITE": "lock",
    "SELECT my_function(id) FROM countries": "function",
    "SELECT shop.my_function(1)": "function",
    "SELECT ((": "unparsed",
    "KILL 1": "command",
    "SET x = (SELECT id FROM orders)": "command",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", EVERYWHERE)
def test_what_reaches_rows_unseen_is_refused(text, dialect):
    """Isolation fails closed: an error on a lane is better than a row in base."""
    assert cause(dialect, text) == EVERYWHERE[text]


@pytest.mark.parametrize(
    ("dialect", "text", "why"),
    [
        ("mysql", "SELECT 1 /*!, (SELECT 1 FROM orders) */", "comment"),
        ("mysql", "/*M!100100 DELETE FROM orders */", "comment"),
        ("mysql", "HANDLER orders OPEN", "handler"),
        ("mysql", "SELECT * FROM orders INTO OUTFILE '/tmp/x'", "file"),
        ("mysql", "SET STATEMENT max_statement_time=1 FOR DELETE FROM orders", "command"),
        ("mysql", "BEGIN NOT ATOMIC DELETE FROM orders; END", "multi"),
        ("mysql", "SELECT count (id) FROM orders", "function"),
        ("postgres", "DO $$ BEGIN DELETE FROM orders; END $$", "do"),
        ("postgres", "SELECT * INTO x FROM orders", "ddl"),
        ("postgres", "COPY orders FROM '/tmp/x'", "file"),
        ("postgres", "COPY orders FROM PROGRAM 'cat'", "file"),
        ("postgres", 'SELECT * FROM U&"\\006frders"', "unparsed"),
        ("postgres", "SELECT query_to_xml('DELETE FROM orders', true, true, '')", "function"),
        ("sqlite", "PRAGMA writable_schema = 1", "command"),
        ("sqlite", "SELECT load_extension('x')", "function"),
    ],
)
def test_each_dialect_has_dangers_of_its_own(dialect, text, why):
    """Executable comments, programs inside statements, files of the server."""
    assert cause(dialect, text) == why


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("mysql", "BEGIN"),
        ("mysql", "START TRANSACTION READ ONLY"),
        ("mysql", "ROLLBACK TO SAVEPOINT orders"),
        ("mysql", "SET NAMES utf8mb4"),
        ("mysql", "SHOW COLUMNS FROM orders"),
        ("mysql", "USE shop"),
        ("postgres", "SET search_path TO tenant, public"),
        ("postgres", "FETCH FORWARD 10 FROM orders"),
        ("postgres", "LISTEN orders"),
        ("sqlite", "PRAGMA foreign_keys = ON"),
        ("sqlite", "  ;"),
    ],
)
def test_what_touches_no_row_passes(dialect, text):
    """Transaction control, session settings, cursors that were opened by us."""
    assert on_lane(dialect, text) == text


def test_attached_databases_that_leave_it_open_are_to_be_named():
    """An unqualified name is searched for in main, then in each attached database."""
    attached = (("s", "shop"),)

    assert cause("sqlite", "SELECT * FROM orders", database="cache", attached=attached) == "name"


def test_strings_that_a_setting_makes_ambiguous_are_refused():
    r"""standard_conforming_strings=off: where 'it\\' ends depends on a setting."""
    assert cause("postgres", "SELECT 1 FROM orders", backslashes=False) == "unparsed"


def test_a_refusal_says_what_to_do():
    """Whoever wrote the statement reads it in a traceback."""
    with pytest.raises(Refused, match="FAIRLEAD_SQL_FUNCTIONS") as caught:
        on_lane("mysql", "SELECT f(1) FROM orders")

    assert caught.value.cause in CAUSES
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.cause, copy.reason) == (caught.value.cause, caught.value.reason)
