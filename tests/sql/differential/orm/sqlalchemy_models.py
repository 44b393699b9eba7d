"""The tables as SQLAlchemy's models, declared once for base and once for the shadows."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import JSON, ForeignKey, Numeric, String, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    column_property,
    mapped_column,
    relationship,
)


def models(suffix: str) -> SimpleNamespace:
    """Return the models of the tables whose names end in `suffix`."""

    class Base(DeclarativeBase):
        pass

    class Country(Base):
        __tablename__ = "countries"
        code: Mapped[str] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Customer(Base):
        __tablename__ = f"customers{suffix}"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(120))
        email: Mapped[str | None] = mapped_column(String(120))
        country: Mapped[str | None] = mapped_column(ForeignKey("countries.code"))
        visits: Mapped[int | None] = mapped_column("orders")
        land: Mapped[Any] = relationship(Country, lazy="raise")
        orders: Mapped[list[Any]] = relationship("Order", back_populates="customer")

        @hybrid_property
        def greeting(self) -> Any:
            return "orders of " + self.name

    class Order(Base):
        __tablename__ = f"orders{suffix}"
        id: Mapped[int] = mapped_column(primary_key=True)
        customer_id: Mapped[int | None] = mapped_column(ForeignKey(f"customers{suffix}.id"))
        status: Mapped[str] = mapped_column(String(120))
        total: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
        note: Mapped[str | None] = mapped_column(String(120))
        count: Mapped[int | None] = mapped_column("items")
        doc: Mapped[Any] = mapped_column(JSON)
        customer: Mapped[Any] = relationship(Customer, back_populates="orders")
        items: Mapped[list[Any]] = relationship(
            "Item", back_populates="order", cascade="all, delete-orphan"
        )

    class Item(Base):
        __tablename__ = f"items{suffix}"
        id: Mapped[int] = mapped_column(primary_key=True)
        order_id: Mapped[int] = mapped_column(ForeignKey(f"orders{suffix}.id"))
        sku: Mapped[str] = mapped_column(String(120))
        quantity: Mapped[int | None]
        price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
        kind: Mapped[str | None] = mapped_column("order", String(120))
        order: Mapped[Any] = relationship(Order, back_populates="items")
        order_note: Mapped[str | None] = column_property(
            select(Order.note).where(Order.id == order_id).correlate_except(Order).scalar_subquery()
        )

    class Word(Base):
        __tablename__ = f"order{suffix}"
        id: Mapped[int] = mapped_column(primary_key=True)
        key: Mapped[str] = mapped_column(String(120))
        value: Mapped[int | None]
        group: Mapped[str | None] = mapped_column(String(120))

    class Line(Base):
        __tablename__ = f"Order Lines{suffix}"
        id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[int | None] = mapped_column("Line No")
        tree: Mapped[str | None] = mapped_column(String(120))

    class Node(Base):
        __tablename__ = f"tree{suffix}"
        id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        parent_id: Mapped[int | None] = mapped_column("parent", ForeignKey(f"tree{suffix}.id"))
        label: Mapped[str] = mapped_column(String(120))
        depth: Mapped[int | None]
        parent: Mapped[Any] = relationship("Node", remote_side="Node.id", back_populates="children")
        children: Mapped[list[Any]] = relationship("Node", back_populates="parent")

    found = (Country, Customer, Order, Item, Word, Line, Node)
    return SimpleNamespace(**{model.__name__: model for model in found}, metadata=Base.metadata)
