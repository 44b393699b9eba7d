"""What applications write with SQLAlchemy: units of work, bulk, upserts."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


def unit_of_work(session: Session, m: Any) -> None:
    customer = m.Customer(name="it's orders", email="new@x", visits=1)
    customer.orders = [
        m.Order(status="new", total=12, note="orders", doc={"orders": [1]}),
        m.Order(status="paid", total=3, doc=None, items=[m.Item(sku="s1"), m.Item(sku="s2")]),
    ]
    session.add(customer)
    session.flush()
    customer.orders[0].note = "changed; -- orders"
    customer.orders[1].items.pop()
    session.flush()
    session.delete(customer.orders[1])
    session.commit()
    customer.name = "again"
    session.commit()


def many(session: Session, m: Any) -> None:
    session.add_all([m.Order(status=f"m{number}", doc={}) for number in range(40)])
    session.flush()
    session.add_all([m.Node(id=100 + number, label="orders") for number in range(5)])
    session.commit()
    session.execute(insert(m.Item), [{"order_id": 5, "sku": f"b{n}"} for n in range(30)])
    session.bulk_insert_mappings(m.Word, [{"key": f"k{n}", "value": n} for n in range(3)])
    session.bulk_save_objects([m.Line(number=n, tree="items") for n in range(3)])
    session.commit()


def core(session: Session, m: Any) -> None:
    orders, items = m.Order.__table__, m.Item.__table__
    result = session.execute(insert(orders).values(status="core", note="x"))
    assert result.inserted_primary_key is not None  # type: ignore[attr-defined]
    session.execute(insert(orders).values([{"status": "a"}, {"status": "b"}]))
    session.execute(
        insert(items).from_select(["order_id", "sku"], select(orders.c.id, orders.c.status))
    )
    session.execute(update(orders).where(orders.c.id == 5).values(note=orders.c.status + "!"))
    session.execute(
        update(orders).values(
            items=select(func.count(items.c.id)).where(items.c.order_id == orders.c.id)
            .scalar_subquery()
        )
    )  # fmt: skip
    session.execute(delete(items).where(items.c.order_id.in_(select(orders.c.id).where(
        orders.c.status == "b"))))  # fmt: skip
    session.commit()


def changing_many(session: Session, m: Any) -> None:
    session.execute(update(m.Order).where(m.Order.id > 6).values(note="later"))
    session.execute(update(m.Order), [{"id": 5, "note": "five"}, {"id": 6, "note": "six"}])
    session.connection().execute(
        update(m.Order.__table__).where(m.Order.__table__.c.id == bindparam("which")),
        [{"which": 4, "status": "p"}, {"which": 7, "status": "q"}],
    )
    session.query(m.Item).filter(m.Item.quantity > 6).delete(synchronize_session="fetch")
    session.query(m.Order).filter(m.Order.status == "paid").update({"note": "evaluated"})
    session.execute(
        delete(m.Item).where(m.Item.order_id == m.Order.id, m.Order.status == "sent")
        if session.get_bind().dialect.name != "sqlite"
        else delete(m.Item).where(m.Item.order_id == 6),
        execution_options={"synchronize_session": False},
    )
    session.commit()


def returning(session: Session, m: Any) -> None:
    new = insert(m.Order).returning(m.Order.id, m.Order.status)
    session.execute(new, [{"status": f"r{number}"} for number in range(5)]).all()
    session.scalars(insert(m.Order).returning(m.Order), [{"status": "x"}, {"status": "y"}]).all()
    session.execute(delete(m.Order).where(m.Order.id == 8).returning(m.Order.note)).all()
    if session.get_bind().dialect.name in ("postgresql", "sqlite"):
        changed = update(m.Order).where(m.Order.id == 5).values(count=9)
        session.execute(changed.returning(m.Order.count, m.Order.id + 1)).all()
    session.commit()


def upserts(session: Session, m: Any) -> None:
    values = [
        {"id": 5, "name": "five", "email": "five@x", "orders": 1},
        {"id": 77, "name": "new", "email": "new77@x", "orders": 2},
    ]
    table, name = m.Customer.__table__, session.get_bind().dialect.name
    if name == "mysql":
        new = mysql.insert(table).values(values)
        session.execute(
            new.on_duplicate_key_update(name=new.inserted.name, orders=table.c.orders + 1)
        )
        session.execute(mysql.insert(table).values(values[:1]).prefix_with("IGNORE"))
    else:
        make: Any = postgresql.insert if name == "postgresql" else sqlite.insert
        put = make(table).values(values)
        session.execute(
            put.on_conflict_do_update(
                index_elements=["id"],
                set_={"name": put.excluded.name, "orders": table.c.orders + put.excluded.orders},
                where=table.c.orders > 0,
            )
        )
        session.execute(make(table).values(values).on_conflict_do_nothing())
        back = put.on_conflict_do_update(index_elements=["id"], set_={"orders": 0})
        session.execute(back.returning(table.c.id, table.c.orders)).all()
    session.merge(m.Customer(id=6, name="merged"))
    session.merge(m.Customer(id=600, name="merged new"))
    session.commit()


def savepoints(session: Session, m: Any) -> None:
    session.add(m.Order(status="kept"))
    session.flush()
    with suppress(IntegrityError), session.begin_nested():
        session.execute(insert(m.Order).values(id=5, status="twice"))
    session.rollback()
    session.add(m.Order(status="after"))
    session.commit()


def several_tables(session: Session, m: Any) -> None:
    if session.get_bind().dialect.name == "mysql":
        session.execute(
            update(m.Order.__table__)
            .where(m.Order.__table__.c.customer_id == m.Customer.__table__.c.id)
            .values({m.Order.__table__.c.note: m.Customer.__table__.c.name})
        )
    else:
        session.execute(
            update(m.Order)
            .where(m.Order.customer_id == m.Customer.id, m.Customer.visits > 1)
            .values(note=m.Customer.name)
            .execution_options(synchronize_session=False)
        )
    session.commit()


WRITING = (
    unit_of_work,
    many,
    core,
    changing_many,
    returning,
    upserts,
    savepoints,
    several_tables,
)
