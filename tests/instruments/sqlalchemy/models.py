"""A schema with keys between its tables, and what an application does with it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, delete, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(80) NOT NULL);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item VARCHAR(80) NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (id)
);
"""


class Base(DeclarativeBase):
    pass


class Location(Base):
    """The demo's table."""

    __tablename__ = "mse_demo_table"

    id: Mapped[int] = mapped_column(primary_key=True)
    location: Mapped[str | None] = mapped_column(String(255))


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    orders: Mapped[list[Order]] = relationship(
        back_populates="customer", cascade="all, delete-orphan"
    )


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(String(80))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    customer: Mapped[Customer] = relationship(back_populates="orders")


def work(session: Session, name: str) -> None:
    """Create, read, update and delete; what is left is one customer and one order."""
    kept = Customer(name=name, orders=[Order(item=f"{name}-1"), Order(item=f"{name}-2")])
    session.add_all([kept, Customer(name=f"{name}-gone", orders=[Order(item="gone")])])
    session.commit()
    count = select(func.count()).select_from(Order).join(Order.customer)
    assert session.scalar(count.where(Customer.name.like(f"{name}%"))) == 3
    gone = session.scalars(select(Customer).where(Customer.name == f"{name}-gone")).one()
    session.delete(gone)
    session.execute(update(Order).where(Order.item == f"{name}-1").values(item=f"{name}-new"))
    session.execute(delete(Order).where(Order.item.in_([f"{name}-2", "nothing"])))
    session.commit()
    assert [order.item for order in kept.orders] == [f"{name}-new"]
    latest = select(Order).join(Order.customer).where(Customer.name == name)
    assert session.scalars(latest.order_by(Order.id.desc()).limit(1)).one().item == f"{name}-new"
