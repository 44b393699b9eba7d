"""Shadow tables need no hook here: what the ORM writes is rewritten by the driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import (
    Engine,
    String,
    case,
    cast,
    create_engine,
    delete,
    distinct,
    exists,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased, joinedload, selectinload, subqueryload

from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.sqlalchemy.models import SCHEMA, Base, Customer, Location, Order, work
from tests.instruments.sqlalchemy.shop import DEMO, TABLE, Shop, plane, table

pytest.importorskip("sqlglot")

SHADOWED = (DEMO, "customers", "orders")


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop(tmp_path)
    script = TABLE.format(DEMO) + ";" + SCHEMA
    gray = script.replace(DEMO, f"{DEMO}_gray")
    for name in SHADOWED[1:]:
        gray = gray.replace(f"TABLE {name} ", f"TABLE {name}_gray ")
        gray = gray.replace(f"REFERENCES {name} ", f"REFERENCES {name}_gray ")
    shop.prepare(script, gray, lanes=())
    return shop


@pytest.fixture
def agent() -> Iterator[Plane]:
    agent = plane(*(table("gray", name) for name in SHADOWED))
    with hooked(agent, "sqlite3", "sqlalchemy"):
        yield agent


@pytest.fixture
def engine(shop: Shop, agent: Plane) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{shop.file}")
    yield engine
    engine.dispose()


def half(shop: Shop, suffix: str) -> list[Any]:
    """Return what is in the tables of one side."""
    with closing(sqlite3.connect(shop.file)) as connection:
        return [
            connection.execute(f"SELECT * FROM {name}{suffix} ORDER BY 1").fetchall()
            for name in SHADOWED
        ]


def test_the_orm_reaches_only_the_shadow_tables(shop: Shop, engine: Engine) -> None:
    """Gray in between leaves the tables of base as they were, and the reverse."""
    with Session(engine) as session:
        work(session, "base")
    before = half(shop, "")
    with serving("gray"), Session(engine) as session:
        session.add(Location(location="Hangzhou"))
        work(session, "gray")
    assert half(shop, "") == before
    gray = half(shop, "_gray")
    assert gray == [[(1, "Hangzhou")], [(1, "gray")], [(1, "gray-new", 1)]]
    with Session(engine) as session:
        work(session, "again")
    assert half(shop, "_gray") == gray


def queries() -> list[Any]:
    """Return what reads: joins, eager loading, subqueries, windows, expressions."""
    older = aliased(Order)
    sums = select(func.count()).where(Order.customer_id == Customer.id).scalar_subquery()
    tree = select(Customer.id).where(Customer.id == 1).cte("tree", recursive=True)
    tree = tree.union_all(select(Customer.id).join(tree, Customer.id == tree.c.id + 1))
    return [
        select(Customer).options(joinedload(Customer.orders)),
        select(Customer).options(selectinload(Customer.orders)),
        select(Customer).options(subqueryload(Customer.orders)),
        select(Customer, sums.label("sums")).order_by(text("sums DESC")).limit(3).offset(1),
        select(Order, older).join(older, older.customer_id == Order.customer_id),
        select(Customer).where(Customer.orders.any(Order.item == "x")),
        select(Customer).where(~Customer.id.in_(select(Order.customer_id))),
        select(Customer.name).union(select(Order.item)).order_by("name"),
        select(func.row_number().over(partition_by=Order.customer_id, order_by=Order.id)),
        select(tree.c.id),
        select(Order).where(tuple_(Order.customer_id, Order.id).in_([(1, 1), (2, 2)])),
        select(Order).with_for_update(),
        select(select(Order.id).subquery().c.id, func.coalesce(Customer.name, "?")),
        select(func.count(distinct(Order.customer_id))).group_by(Order.item).having(text("1=1")),
        select(case((Order.id > 1, "many"), else_="one"), cast(Order.id, String)),
        select(Order).where(Order.item.ilike("%A%"), exists().where(Customer.id == Order.id)),
    ]


def writes() -> list[Any]:
    """Return what changes rows in one statement."""
    return [
        insert(Customer).values(name="n").returning(Customer.id, Customer.name),
        insert(Customer).values([{"name": "n"}, {"name": "m"}]),
        insert(Location).from_select(["location"], select(Customer.name)),
        upsert(Customer)
        .values(id=1, name="one")
        .on_conflict_do_update(index_elements=["id"], set_={"name": text("excluded.name")}),
        upsert(Customer).values(id=1, name="one").on_conflict_do_nothing(),
        insert(Customer).prefix_with("OR REPLACE").values(id=7, name="seven"),
        update(Order).values(item=select(Customer.name).scalar_subquery()).returning(Order.id),
        update(Order).where(Order.customer_id == Customer.id).values(item=Customer.name),
        delete(Order).where(Order.customer_id.in_(select(Customer.id))).returning(Order.item),
    ]


def test_statements_of_the_orm_are_understood(shop: Shop, engine: Engine, agent: Plane) -> None:
    """None of what it makes is refused, and none of it reaches base."""
    before = half(shop, "")
    with serving("gray"), Session(engine) as session:
        session.add(Customer(name="first", orders=[Order(item="one"), Order(item="two")]))
        session.flush()
        for query in queries():
            session.execute(query).unique().all()
        for query in writes():
            session.execute(query)
        session.bulk_save_objects([Location(location=str(n)) for n in range(100)])
        session.execute(insert(Location), [{"location": str(n)} for n in range(300)])
        with session.begin_nested():
            session.add(Customer(name="nested"))
        session.commit()
        assert len(session.scalars(select(Location)).all()) >= 400
    assert half(shop, "") == before
    assert agent.counted("sql_refused") == {}


def test_reflecting_and_making_tables_on_a_lane(engine: Engine, agent: Plane) -> None:
    """`create_all` looks first, which passes, and makes what is missing, which base has to do."""
    with serving("gray"):
        Base.metadata.create_all(engine)
        with pytest.raises(DBAPIError, match="run migrations in a base instance"):
            Base.metadata.drop_all(engine)
    assert agent.counted("sql_refused") == {"ddl": 1}


def test_a_session_that_has_written_keeps_to_its_side(shop: Shop, engine: Engine) -> None:
    """Rows of both sides in one transaction could not be told apart any more."""
    with Session(engine) as session:
        with serving("gray"):
            session.execute(insert(Location).values(location="gray"))
        with pytest.raises(DBAPIError, match="a transaction that has written on gray"):
            session.execute(insert(Location).values(location="base"))
        session.rollback()
        session.execute(insert(Location).values(location="base"))
        session.commit()
    assert (shop.rows(), shop.rows(f"{DEMO}_gray")) == (["base"], [])
