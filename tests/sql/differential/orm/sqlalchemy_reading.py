"""What applications read with SQLAlchemy; every way of loading that it has."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import (
    Bundle,
    Session,
    aliased,
    contains_eager,
    defer,
    joinedload,
    load_only,
    selectinload,
    subqueryload,
    undefer,
    with_expression,
)


def getting(session: Session, m: Any) -> None:
    order = session.get(m.Order, 5)
    assert order is not None
    session.expire(order)
    order.status  # noqa: B018 - loads it again
    session.refresh(order, ["note"])
    session.get(m.Word, 4)
    session.scalars(select(m.Line).order_by(m.Line.id)).all()
    session.query(m.Order).filter_by(status="paid").order_by(m.Order.id).all()
    session.query(m.Order).filter(m.Order.id.in_([4, 5, 6])).count()
    session.query(m.Order.id, m.Order.note).filter(m.Order.note.isnot(None)).limit(3).all()
    session.query(m.Customer).filter(m.Customer.name.like("%orders%")).first()


def eager_loading(session: Session, m: Any) -> None:
    for option in (
        joinedload(m.Customer.orders).joinedload(m.Order.items),
        selectinload(m.Customer.orders).selectinload(m.Order.items),
        subqueryload(m.Customer.orders).subqueryload(m.Order.items),
        joinedload(m.Customer.land),
    ):
        session.expunge_all()
        query = select(m.Customer).options(option).order_by(m.Customer.id).limit(4)
        session.scalars(query).unique().all()
    query = (
        select(m.Order).join(m.Order.customer).options(contains_eager(m.Order.customer))
        .where(m.Customer.country == "DE").order_by(m.Order.id)
    )  # fmt: skip
    session.scalars(query.execution_options(populate_existing=True)).all()
    session.scalars(select(m.Order).options(defer(m.Order.note), undefer(m.Order.doc))).all()
    session.scalars(select(m.Item).options(load_only(m.Item.sku)).order_by(m.Item.id)).all()


def lazy_loading(session: Session, m: Any) -> None:
    for customer in session.scalars(select(m.Customer).order_by(m.Customer.id).limit(3)):
        for order in customer.orders:
            [item.order.customer for item in order.items]
    node = session.get(m.Node, 6)
    while node is not None:
        node = node.parent


def relationships(session: Session, m: Any) -> None:
    orders, items = m.Customer.orders, m.Order.items
    session.scalars(select(m.Customer).where(orders.any(m.Order.status == "paid"))).all()
    session.scalars(select(m.Order).where(m.Order.customer.has(m.Customer.visits > 2))).all()
    session.scalars(select(m.Order).where(~items.any())).all()
    session.execute(
        select(m.Customer.name, func.count(m.Order.id).label("orders"))
        .join(m.Order, isouter=True).group_by(m.Customer.id, m.Customer.name)
        .having(func.count(m.Order.id) > 0).order_by(m.Customer.id)
    ).all()  # fmt: skip
    session.execute(select(m.Customer.greeting).where(m.Customer.greeting.like("orders%"))).all()


def subqueries(session: Session, m: Any) -> None:
    newest = (
        select(func.max(m.Order.id)).where(m.Order.customer_id == m.Customer.id)
        .correlate(m.Customer).scalar_subquery()
    )  # fmt: skip
    session.execute(select(m.Customer.name, newest.label("orders"))).all()
    totals = (
        select(m.Item.order_id, func.sum(m.Item.quantity).label("items"))
        .group_by(m.Item.order_id).subquery("items")
    )  # fmt: skip
    session.execute(
        select(m.Order, totals.c["items"]).join(totals, totals.c.order_id == m.Order.id)
    ).all()
    session.execute(select(m.Order.id).where(exists().where(m.Item.order_id == m.Order.id))).all()
    session.execute(select(m.Order).where(m.Order.id.in_(select(m.Item.order_id)))).all()
    inner = select(m.Order).where(m.Order.status != "new").subquery()
    session.scalars(select(aliased(m.Order, inner))).all()
    session.execute(
        select(m.Order.id).where(tuple_(m.Order.id, m.Order.status).in_([(5, "sent"), (7, "x")]))
    ).all()


def expressions(session: Session, m: Any) -> None:
    paid = select(m.Order).where(m.Order.status == "paid").cte("customers")
    session.execute(select(paid.c.id, m.Item.sku).join(m.Item, m.Item.order_id == paid.c.id)).all()
    tree = (
        select(m.Node.id, m.Node.label)
        .where(m.Node.parent_id.is_(None))
        .cte("tree_of", recursive=True)
    )
    below = aliased(m.Node)
    tree = tree.union_all(select(below.id, below.label).join(tree, below.parent_id == tree.c.id))
    session.execute(select(tree).order_by(tree.c.id)).all()
    window = func.row_number().over(partition_by=m.Item.order_id, order_by=m.Item.id)
    session.execute(select(m.Item.id, window.label("items")).order_by(m.Item.id)).all()
    grade = case((m.Order.total > 90, "high"), (m.Order.total > 20, "low"), else_="orders")
    session.execute(select(grade, func.count()).group_by(grade)).all()
    session.execute(
        union_all(select(m.Order.id, literal("orders")), select(m.Item.id, literal("items")))
    ).all()
    session.execute(select(m.Order.doc["kind"].as_string()).order_by(m.Order.id)).all()
    session.execute(select(cast(m.Order.id, String(20)).concat("-orders"))).all()
    session.execute(select(func.coalesce(m.Order.note, "orders"), m.Order.total * 2)).all()


def joins(session: Session, m: Any) -> None:
    one, other = aliased(m.Order, name="items"), aliased(m.Order)
    session.execute(
        select(one.id, other.id).join(other, and_(one.customer_id == other.customer_id,
                                                  one.id < other.id))
    ).all()  # fmt: skip
    session.execute(select(m.Order.id, m.Item.id).join_from(m.Order, m.Item, full=False)).all()
    session.execute(
        select(m.Word.key, m.Word.group, m.Line.number).join(m.Line, m.Line.id == m.Word.id)
    ).all()
    session.execute(select(Bundle("orders", m.Order.id, m.Order.note))).all()
    session.execute(select(m.Order.id, m.Country.name).select_from(m.Order).join(
        m.Customer).join(m.Country, m.Country.code == m.Customer.country)).all()  # fmt: skip
    session.execute(select(m.Order).distinct().order_by(m.Order.id).offset(1).limit(3)).all()
    session.scalars(select(m.Item).options(with_expression(m.Item.order_note, literal("x")))).all()


def locking(session: Session, m: Any) -> None:
    session.scalars(select(m.Order).where(m.Order.id == 5).with_for_update()).all()
    session.scalars(select(m.Order).where(m.Order.id == 6).with_for_update(read=True)).all()
    session.get(m.Customer, 5, with_for_update={"skip_locked": True})
    if session.get_bind().dialect.name == "postgresql":
        query = select(m.Order, m.Customer).join(m.Customer)
        session.execute(query.with_for_update(of=m.Order, key_share=True)).all()


def raw_text(session: Session, m: Any) -> None:
    orders, items = m.Order.__tablename__, m.Item.__tablename__
    session.execute(text(f"SELECT * FROM {orders} WHERE id > :id ORDER BY id"), {"id": 5}).all()
    session.execute(
        text(f"SELECT o.id, i.sku FROM {orders} o JOIN {items} i ON i.order_id = o.id")
    ).all()
    session.execute(text(f"SELECT count(*) FROM {orders} WHERE note LIKE '%o%'")).scalar()
    session.scalars(
        select(m.Order).from_statement(text(f"SELECT * FROM {orders} ORDER BY id"))
    ).all()


READING = (
    getting,
    eager_loading,
    lazy_loading,
    relationships,
    subqueries,
    expressions,
    joins,
    locking,
    raw_text,
)
