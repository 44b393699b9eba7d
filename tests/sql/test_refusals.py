"""What cannot be explained is refused, with a word for the counter and a sentence for a person."""

from __future__ import annotations

import pickle
import threading

import pytest

from fairlead.sql.lexis import FORMAT, PLAIN
from fairlead.sql.rewrite import rewritten
from fairlead.sql.session import Session
from fairlead.sql.shadowing import Shadowing
from fairlead.sql.verdict import CAUSES, Refused
from tests.sql.shop import DIALECTS, cause, on_lane, shadow

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
        ("mysql", "SELECT `lower`(id) FROM orders", "function"),
        ("mysql", "SELECT total,1.5FROM orders", "unparsed"),
        ("mysql", "SELECT total,1.FROM orders", "unparsed"),
        ("mysql", "SELECT total,1e1FROM orders", "unparsed"),
        ("postgres", "SELECT currval(pg_get_serial_sequence('orders', 'id'))", "function"),
        ("postgres", "SELECT pg_get_serial_sequence('public.\"orders\"', 'id')", "function"),
        ("postgres", "SELECT pg_get_serial_sequence($1, 'id')", "function"),
        ("postgres", "SELECT pg_get_serial_sequence($$orders$$, 'id')", "function"),
        ("postgres", "SELECT pg_get_serial_sequence(E'orders', 'id')", "function"),
        ("postgres", "SELECT pg_get_serial_sequence(' orders', 'id')", "function"),
        ("postgres", "SELECT pg_get_serial_sequence('ord'||'ers', 'id')", "function"),
        ("postgres", "SELECT \"pg_get_serial_sequence\"('orders', 'id')", "function"),
        ("postgres", "SELECT pg_catalog.pg_get_serial_sequence('orders', 'id')", "function"),
        ("postgres", "DO $$ BEGIN DELETE FROM orders; END $$", "do"),
        ("postgres", "SELECT * INTO x FROM orders", "ddl"),
        ("postgres", "COPY orders FROM '/tmp/x'", "file"),
        ("postgres", "COPY orders FROM PROGRAM 'cat'", "file"),
        ("postgres", 'SELECT * FROM U&"\\006frders"', "unparsed"),
        ("postgres", "SELECT query_to_xml('DELETE FROM orders', true, true, '')", "function"),
        ("postgres", "SELECT * FROM orders\u00a0WHERE id = 1", "unparsed"),
        ("postgres", "DELETE FROM orders\0x", "unparsed"),
        ("mysql", "ANALYZE TABLE orders", "ddl"),
        ("mysql", "SET @x = f(1)", "function"),
        ("mysql", "SHOW TABLES WHERE f()", "function"),
        ("mysql", "SET @x = (TABLE orders)", "command"),
        ("mysql", "SELECT 2f() FROM countries", "function"),
        ("postgres", "SELECT 😀() FROM countries", "function"),
        ("postgres", f"SELECT {'date(' * 20}a{')' * 20} FROM orders", "size"),
        ("postgres", "SELECT 1 -- x\rFROM f(1)", "function"),
        ("postgres", "SELECT E'a'\n'b\\' FROM f(1) --'", "unparsed"),
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


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM orders WHERE a = '%s'",
        "SELECT * FROM orders /* %(who)s */",
        "SELECT * FROM `%s`",
    ],
)
def test_a_parameter_in_quotes_is_refused(text):
    """The driver puts quotes of its own in: what was a string is code then."""
    assert cause("mysql", text, FORMAT) == "unparsed"
    assert on_lane("mysql", "SELECT '%%s' FROM orders", FORMAT).endswith("orders_gray")


def test_names_that_a_server_cuts_are_compared_as_it_cuts_them():
    """PostgreSQL reads 63 bytes of a name: a longer shadow would be its own base table."""
    name = "x" * 63
    rules = [shadow(name)]
    session = Session(dialect="postgres", database="shop")

    with pytest.raises(Refused) as caught:
        rewritten(f"SELECT * FROM {name}yyy", PLAIN, Shadowing(session, rules))

    assert caught.value.cause == "name"


def test_a_list_of_names_is_no_list_of_values():
    """MySQL's names may begin with a digit; long lists of values are not shown to the parser."""
    rules = [shadow("2orders")]
    text = f"SELECT '{'x' * 600}' FROM a, 1a, 3a, 4a, 2orders, 5a, 6a"
    session = Session(dialect="mysql", database="shop")

    sent = rewritten(text, PLAIN, Shadowing(session, rules)).text

    assert "`2orders_gray`" in sent or "2orders_gray" in sent


def test_only_lists_of_values_may_be_long():
    """A parser that is given a megabyte holds up whoever waits for it."""
    terms = " OR ".join(f"a = {n} + b" for n in range(8000))
    rows = ", ".join(f"({n}, 'it''s')" for n in range(8000))

    assert cause("mysql", f"SELECT * FROM orders WHERE {terms}") == "size"
    assert on_lane("mysql", f"INSERT INTO orders VALUES {rows}").startswith(
        "INSERT INTO orders_gray VALUES (0, 'it''s'), (1,"
    )


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT {'(' * 500}1{')' * 500} FROM orders",
        f"SELECT * FROM {'(SELECT * FROM ' * 500}orders{') x' * 500}",
        f"SELECT {'NOT ' * 500}1 FROM orders",
        f"SELECT {'- ' * 5000}1 FROM orders",
        f"SELECT {'CASE WHEN 1 THEN ' * 500}1{' END' * 500} FROM orders",
    ],
)
def test_deep_nesting_does_not_end_the_process(text):
    """A compiled parser runs out of a small thread's stack, and takes everybody with it."""
    found: list[str] = []
    size = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=lambda: found.append(cause("sqlite", text)))
        thread.start()
    finally:
        threading.stack_size(size)
    thread.join()

    assert found == ["size"]


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


def test_what_only_looks_like_a_function_is_not_advised_to_be_allowed():
    """No setting makes MySQL understand ON CONFLICT: who obeyed would go round in circles."""
    statement = "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO NOTHING"
    with pytest.raises(Refused, match="ON DUPLICATE KEY UPDATE") as caught:
        on_lane("mysql", statement)

    assert caught.value.cause == "unparsed"
    assert "FAIRLEAD_SQL_FUNCTIONS" not in caught.value.reason
