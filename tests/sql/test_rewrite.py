"""The same statement on the shadows of its tables."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.sql.lexis import FORMAT, NAMED, QMARK
from tests.sql.shop import DIALECTS, on_lane

ALIKE = {
    "INSERT INTO mse_demo_table(location) VALUES('x')": (
        "INSERT INTO mse_demo_table_gray(location) VALUES('x')"
    ),
    "SELECT * FROM orders": "SELECT * FROM orders_gray",
    "SELECT a FROM orders AS o WHERE o.orders = 'orders' -- orders": (
        "SELECT a FROM orders_gray AS o WHERE o.orders = 'orders' -- orders"
    ),
    "SELECT orders.id FROM orders": "SELECT orders.id FROM orders_gray AS orders",
    "UPDATE orders SET a = 1 WHERE orders.id = 2": (
        "UPDATE orders_gray AS orders SET a = 1 WHERE orders.id = 2"
    ),
    "DELETE FROM orders WHERE id IN (SELECT i.orders FROM items i)": (
        "DELETE FROM orders_gray WHERE id IN (SELECT i.orders FROM items_gray i)"
    ),
    "WITH orders AS (SELECT 1 AS id) SELECT id FROM orders": (
        "WITH orders AS (SELECT 1 AS id) SELECT id FROM orders"
    ),
    "WITH a AS (SELECT id FROM orders) SELECT * FROM a": (
        "WITH a AS (SELECT id FROM orders_gray) SELECT * FROM a"
    ),
    "SELECT id FROM orders UNION ALL SELECT id FROM items": (
        "SELECT id FROM orders_gray UNION ALL SELECT id FROM items_gray"
    ),
    "INSERT INTO orders (id) SELECT id FROM items": (
        "INSERT INTO orders_gray (id) SELECT id FROM items_gray"
    ),
    "select(select max(id)from orders)": "select(select max(id)from orders_gray)",
    "SELECT *\nFROM/* orders */orders\n": "SELECT *\nFROM/* orders */orders_gray\n",
    "SELECT 'it''s orders', id FROM countries": "SELECT 'it''s orders', id FROM countries",
    "SELECT orders FROM countries orders": "SELECT orders FROM countries orders",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", ALIKE)
def test_only_the_names_of_shadowed_tables_change(text, dialect):
    """A literal, a comment, a column or an alias of that name is the application's own."""
    assert on_lane(dialect, text) == ALIKE[text]


OWN = [
    ("mysql", "SELECT * FROM `order`", "SELECT * FROM `order_gray`"),
    ("mysql", "SELECT * FROM shop.orders", "SELECT * FROM shop.orders_gray"),
    ("mysql", "SELECT * FROM other.orders", "SELECT * FROM other.orders"),
    ("mysql", "SELECT * FROM Orders", "SELECT * FROM Orders"),
    (
        "mysql",
        "SELECT shop.orders.id FROM shop.orders",
        "SELECT shop.orders_gray.id FROM shop.orders_gray",
    ),
    (
        "mysql",
        "INSERT INTO orders (a) VALUES (1) ON DUPLICATE KEY UPDATE a = orders.a + VALUES(a)",
        (
            "INSERT INTO orders_gray (a) VALUES (1)"
            " ON DUPLICATE KEY UPDATE a = orders_gray.a + VALUES(a)"
        ),
    ),
    (
        "mysql",
        "DELETE FROM orders WHERE orders.id = 1",
        "DELETE FROM orders_gray WHERE orders_gray.id = 1",
    ),
    (
        "mysql",
        "DELETE orders FROM orders JOIN items ON orders.id = items.orders",
        (
            "DELETE orders FROM orders_gray AS orders"
            " JOIN items_gray AS items ON orders.id = items.orders"
        ),
    ),
    (
        "mysql",
        "UPDATE shop.order SET a = 1.5e3 WHERE order.b = .5",
        "UPDATE shop.order_gray AS `order` SET a = 1.5e3 WHERE order.b = .5",
    ),
    ("mysql", "REPLACE INTO orders VALUES (1)", "REPLACE INTO orders_gray VALUES (1)"),
    ("mysql", "SELECT 5--1 FROM orders", "SELECT 5--1 FROM orders_gray"),
    ("mysql", 'SELECT "orders\\"" FROM orders', 'SELECT "orders\\"" FROM orders_gray'),
    (
        "mysql",
        "SELECT STRAIGHT_JOIN a FROM countries STRAIGHT_JOIN orders, b",
        "SELECT STRAIGHT_JOIN a FROM countries STRAIGHT_JOIN orders_gray AS orders, b",
    ),
    ("postgres", "SELECT * FROM ÖRDERS", "SELECT * FROM ÖRDERS"),
    ("mysql", "TABLE orders", "TABLE orders_gray"),
    ("mysql", "EXPLAIN SELECT * FROM orders", "EXPLAIN SELECT * FROM orders_gray"),
    ("postgres", 'SELECT * FROM "orders"', 'SELECT * FROM "orders_gray"'),
    ("postgres", "SELECT * FROM ORDERS", "SELECT * FROM orders_gray"),
    ("postgres", 'SELECT * FROM "Orders"', 'SELECT * FROM "Orders"'),
    ("postgres", "SELECT * FROM tenant.orders", "SELECT * FROM tenant.orders_gray"),
    (
        "postgres",
        "SELECT row_to_json(orders) FROM orders",
        "SELECT row_to_json(orders) FROM orders_gray AS orders",
    ),
    (
        "postgres",
        "SELECT * FROM orders, items FOR UPDATE OF orders",
        "SELECT * FROM orders_gray AS orders, items_gray FOR UPDATE OF orders",
    ),
    (
        "postgres",
        (
            "INSERT INTO orders (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = orders.a"
            " RETURNING orders.*"
        ),
        (
            "INSERT INTO orders_gray AS orders (a) VALUES ($1) ON CONFLICT (a) DO UPDATE"
            " SET a = orders.a RETURNING orders.*"
        ),
    ),
    ("postgres", "COPY orders (a) FROM STDIN", "COPY orders_gray (a) FROM STDIN"),
    (
        "postgres",
        'DECLARE "c" NO SCROLL CURSOR WITH HOLD FOR SELECT * FROM orders',
        'DECLARE "c" NO SCROLL CURSOR WITH HOLD FOR SELECT * FROM orders_gray',
    ),
    (
        "postgres",
        "WITH x AS (DELETE FROM orders RETURNING *) INSERT INTO items SELECT * FROM x",
        "WITH x AS (DELETE FROM orders_gray RETURNING *) INSERT INTO items_gray SELECT * FROM x",
    ),
    (
        "postgres",
        "SELECT $$orders$$, E'\\'orders' /* a /* orders */ */ FROM orders",
        "SELECT $$orders$$, E'\\'orders' /* a /* orders */ */ FROM orders_gray",
    ),
    ("postgres", "SELECT * FROM orders$x", "SELECT * FROM orders$x"),
    ("sqlite", "SELECT * FROM [orders]", "SELECT * FROM [orders_gray]"),
    ("sqlite", "SELECT * FROM 'orders'", "SELECT * FROM 'orders_gray'"),
    ("sqlite", "SELECT * FROM ORDERS", "SELECT * FROM orders_gray"),
    ("sqlite", "SELECT * FROM main.orders", "SELECT * FROM main.orders_gray"),
    (
        "sqlite",
        "INSERT OR REPLACE INTO orders VALUES (1)",
        "INSERT OR REPLACE INTO orders_gray VALUES (1)",
    ),
    (
        "sqlite",
        "WITH a AS (SELECT * FROM orders), orders AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (SELECT * FROM orders), orders AS (SELECT 1) SELECT * FROM a",
    ),
    (
        "postgres",
        "WITH a AS (SELECT * FROM orders), orders AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (SELECT * FROM orders_gray), orders AS (SELECT 1) SELECT * FROM a",
    ),
]


@pytest.mark.parametrize(("dialect", "text", "wanted"), OWN)
def test_each_dialect_reads_names_by_its_own_rules(dialect, text, wanted):
    """Case, quotes, qualifiers and scopes differ between servers, and so does what is meant."""
    assert on_lane(dialect, text) == wanted


def test_a_server_that_folds_names_is_followed():
    """On Windows, and wherever lower_case_table_names is set, Orders is orders."""
    assert on_lane("mysql", "SELECT * FROM Shop.Orders", fold=True).endswith("Shop.orders_gray")


def test_an_attached_database_counts_by_its_name_and_by_its_file():
    """ATTACH 'shop.db' AS s: then s.orders is a table of the database shop."""
    where: dict[str, Any] = {"database": "cache", "attached": (("s", "shop"),)}

    assert on_lane("sqlite", "SELECT * FROM s.orders", **where) == "SELECT * FROM s.orders_gray"
    assert on_lane("sqlite", "SELECT * FROM main.orders", **where) == "SELECT * FROM main.orders"


def test_double_quotes_are_names_where_the_server_says_so():
    """MySQL with ANSI_QUOTES: "orders" is a table."""
    text = 'SELECT "orders".id FROM "orders"'

    assert on_lane("mysql", text, ansi_quotes=True) == (
        'SELECT "orders".id FROM "orders_gray" AS "orders"'
    )


@pytest.mark.parametrize(
    ("dialect", "style", "text"),
    [
        (
            "mysql",
            FORMAT,
            "SELECT * FROM orders WHERE a=%s AND b=%(b)s AND c LIKE 'x%%' AND d %% 2",
        ),
        ("mysql", QMARK, "INSERT INTO orders(location) VALUES(?)"),
        ("postgres", FORMAT, "SELECT a->>'k' FROM orders WHERE a ? 'b' AND c = %(c)s AND d = %b"),
        ("sqlite", NAMED, "SELECT * FROM orders WHERE a=? AND b=?2 AND c=:c AND d=@d AND e=$e"),
    ],
)
def test_parameters_stay_as_they_are(dialect, style, text):
    """Every driver marks them in its own way."""
    assert on_lane(dialect, text, style) == text.replace(" orders", " orders_gray")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_thousand_rows_are_read_as_one(dialect):
    """Bulk inserts are longer than anything a parser should be given."""
    rows = ",".join(f"({n}, 'it''s orders', NULL, 1.5e3)" for n in range(1000))
    text = f"INSERT INTO orders (a, b, c, d) VALUES {rows}"

    assert on_lane(dialect, text) == text.replace("INTO orders", "INTO orders_gray", 1)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_behind_a_thousand_rows_are_found_where_they_stand(dialect):
    """What was blanked is not shown to the parser at all, and every place is found again."""
    listed = ", ".join(str(n) for n in range(2000))
    text = (
        f"SELECT orders.id FROM orders WHERE a IN ({listed}) AND b IN"
        f" (SELECT items.orders FROM items WHERE items.x IN ({listed}) AND items.y = 1)"
        f"{' ' * 100}ORDER BY orders.id"
    )

    assert on_lane(dialect, text) == text.replace(
        "FROM orders ", "FROM orders_gray AS orders "
    ).replace("FROM items ", "FROM items_gray AS items ")
