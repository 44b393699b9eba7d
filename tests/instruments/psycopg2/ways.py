"""Every way in which an application can write or read by psycopg2."""

from __future__ import annotations

import io
from typing import Any

from psycopg2 import extras, sql
from psycopg2.extensions import AsIs, Binary, cursor

INSERT = "INSERT INTO orders (item, amount) VALUES (%s, %s)"
PLAIN = "INSERT INTO orders (item, amount) VALUES ('x', 100)"
SELECT = "SELECT item FROM orders ORDER BY id"


def by_execute(c: Any) -> None:
    c.cursor().execute(PLAIN)


def by_parameters(c: Any) -> None:
    c.cursor().execute(INSERT, ("x", 100))
    c.cursor().execute(query=INSERT, vars=["x", 100])


def by_names(c: Any) -> None:
    text = "INSERT INTO orders (item, amount) VALUES (%(item)s, %(n)s)"
    c.cursor().execute(text, {"item": "x", "n": 100})


def by_bytes(c: Any) -> None:
    c.cursor().execute(PLAIN.encode())
    c.cursor().execute(INSERT.encode(), ("x", 100))


def by_composed(c: Any) -> None:
    query = sql.SQL("INSERT INTO {} (item, amount) VALUES ({}, %s)").format(
        sql.Identifier("orders"), sql.Literal("x")
    )
    c.cursor().execute(query, (100,))


def by_values_that_carry_sql(c: Any) -> None:
    c.cursor().execute("INSERT INTO orders (item) VALUES (%s)", (AsIs("'x'"),))
    c.cursor().execute("INSERT INTO orders (item) %s", (AsIs("SELECT item FROM orders LIMIT 0"),))
    c.cursor().execute("INSERT INTO %s (item) VALUES (%s)", (AsIs("orders"), "x"))


def by_values_in_quotes(c: Any) -> None:
    c.cursor().execute("INSERT INTO orders (item, amount) VALUES ('x', '%s')", (5,))


def by_values_of_other_types(c: Any) -> None:
    c.cursor().execute("INSERT INTO orders (item) VALUES (encode(%s, 'escape'))", (Binary(b"x"),))
    c.cursor().execute("INSERT INTO orders (item) SELECT %s::jsonb ->> 0", (extras.Json(["x"]),))
    c.cursor().execute("INSERT INTO orders (item) SELECT 'x' WHERE 1 IN %s", ((1, 2),))
    c.cursor().execute("INSERT INTO orders (item) SELECT 'x' WHERE 1 = ANY(%s)", ([1, 2],))


def by_many(c: Any) -> None:
    c.cursor().executemany(INSERT, [("x", n) for n in range(5000)])


def by_many_from_a_generator(c: Any) -> None:
    c.cursor().executemany(INSERT, (("x", n) for n in range(3)))


def by_many_that_carry_sql(c: Any) -> None:
    c.cursor().executemany(INSERT, [("x", AsIs("(SELECT max(id) FROM orders)"))] * 2)


def by_values_list(c: Any) -> None:
    rows = [("x", n) for n in range(5000)]
    text = "INSERT INTO orders (item, amount) VALUES %s RETURNING item"
    assert extras.execute_values(c.cursor(), text, rows, fetch=True)[0] == ("x",)


def by_batch(c: Any) -> None:
    extras.execute_batch(c.cursor(), INSERT, [("x", n) for n in range(5000)], page_size=500)


def by_copy_from(c: Any) -> None:
    c.cursor().copy_from(io.StringIO("x\t1\nx\t2\n"), "orders", columns=("item", "amount"))
    c.cursor().copy_from(io.StringIO("x,1\n"), "orders", ",", columns=["item", "amount"])


def by_copy_expert(c: Any) -> None:
    text = "COPY orders (item, amount) FROM STDIN WITH (FORMAT csv)"
    c.cursor().copy_expert(text, io.StringIO("x,1\n"))
    c.cursor().copy_expert(sql.SQL("COPY {} (item) FROM STDIN").format(sql.Identifier("orders")),
                           io.StringIO("x\n"))  # fmt: skip


def by_returning(c: Any) -> None:
    with c.cursor() as cursor:
        cursor.execute(PLAIN + " RETURNING item, orders.amount")
        assert cursor.fetchall() == [("x", 100)]


def by_cursor_of_dictionaries(c: Any) -> None:
    with c.cursor(cursor_factory=extras.RealDictCursor) as one:
        one.execute(INSERT + " RETURNING item", ("x", 1))
        assert one.fetchall() == [{"item": "x"}]
    with c.cursor(cursor_factory=extras.NamedTupleCursor) as other:
        other.execute("SELECT count(*) AS n FROM orders")
        assert other.fetchone().n == 3
        other.executemany(INSERT, [("x", 1)])


class ByName(cursor):
    """The cursor of psycopg2's own documentation: it calls C by name."""

    def execute(self, sql: Any, args: Any = None) -> Any:
        return cursor.execute(self, sql, args)


def function(*args: Any, **kwargs: Any) -> Any:
    return ByName(*args, **kwargs)


def by_cursors_of_the_application(c: Any) -> None:
    c.cursor(cursor_factory=ByName).execute(INSERT, ("x", 1))
    c.cursor(cursor_factory=function).execute(PLAIN)


WRITES = [
    by_execute, by_parameters, by_names, by_bytes, by_composed, by_values_that_carry_sql,
    by_values_in_quotes, by_values_of_other_types, by_many, by_many_from_a_generator,
    by_many_that_carry_sql, by_values_list, by_batch, by_copy_from, by_copy_expert, by_returning,
    by_cursor_of_dictionaries, by_cursors_of_the_application,
]  # fmt: skip


def read(c: Any) -> list[str]:
    with c.cursor() as one:
        one.execute(SELECT)
        return [row[0] for row in one]


def read_by_server_cursor(c: Any) -> list[str]:
    with c.cursor("some", scrollable=True) as one:
        one.itersize = 1
        one.execute("SELECT item FROM orders WHERE amount > %s ORDER BY id", (0,))
        first = one.fetchone()
        return [row[0] for row in (first, *one)]


def read_by_copy_to(c: Any) -> list[str]:
    file = io.StringIO()
    c.cursor().copy_to(file, "orders", columns=["item"])
    return file.getvalue().split()


def read_by_copy_expert(c: Any) -> list[str]:
    file = io.StringIO()
    c.cursor().copy_expert("COPY (SELECT item FROM orders) TO STDOUT", file)
    return file.getvalue().split()


READS = [read, read_by_server_cursor, read_by_copy_to, read_by_copy_expert]
