"""The tables as Django's models, declared once for base and once for the shadows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.db import models


def label(suffix: str) -> str:
    """Return the name of the application that has the tables whose names end in `suffix`."""
    return f"recorded{suffix}"


def declared(suffix: str) -> SimpleNamespace:
    """Return the models of the tables whose names end in `suffix`."""
    made: dict[str, Any] = {}
    for name, table, fields in _tables(suffix):
        meta = type("Meta", (), {"db_table": table, "app_label": label(suffix), "managed": False})
        body = {**fields, "Meta": meta, "__module__": __name__}
        made[name] = type(name, (models.Model,), body)
    return SimpleNamespace(**made)


def _tables(suffix: str) -> list[tuple[str, str, dict[str, Any]]]:
    app = label(suffix)
    return [
        ("Country", "countries", {
            "code": models.CharField(max_length=2, primary_key=True),
            "name": models.CharField(max_length=120),
        }),
        ("Customer", f"customers{suffix}", {
            "id": models.AutoField(primary_key=True),
            "name": models.CharField(max_length=120),
            "email": models.CharField(max_length=120, null=True, unique=True),
            "country": _key(f"{app}.Country", "country"),
            "visits": models.IntegerField(null=True, db_column="orders"),
        }),
        ("Order", f"orders{suffix}", {
            "id": models.AutoField(primary_key=True),
            "customer": _key(f"{app}.Customer", "customer_id", "orders"),
            "status": models.CharField(max_length=120),
            "total": models.DecimalField(max_digits=10, decimal_places=2, null=True),
            "note": models.CharField(max_length=120, null=True),
            "count": models.IntegerField(null=True, db_column="items"),
            "created": models.DateTimeField(null=True),
            "doc": models.JSONField(null=True),
        }),
        ("Item", f"items{suffix}", {
            "id": models.AutoField(primary_key=True),
            "order": _key(f"{app}.Order", "order_id", "lines", null=False),
            "sku": models.CharField(max_length=120),
            "quantity": models.IntegerField(null=True),
            "price": models.DecimalField(max_digits=10, decimal_places=2, null=True),
            "kind": models.CharField(max_length=120, null=True, db_column="order"),
        }),
        ("Word", f"order{suffix}", {
            "id": models.AutoField(primary_key=True),
            "key": models.CharField(max_length=120),
            "value": models.IntegerField(null=True),
            "group": models.CharField(max_length=120, null=True),
        }),
        ("Line", f"Order Lines{suffix}", {
            "id": models.AutoField(primary_key=True),
            "number": models.IntegerField(null=True, db_column="Line No"),
            "tree": models.CharField(max_length=120, null=True),
        }),
        ("Node", f"tree{suffix}", {
            "id": models.IntegerField(primary_key=True),
            "parent": _key("self", "parent", "children"),
            "label": models.CharField(max_length=120),
            "depth": models.IntegerField(null=True),
        }),
    ]  # fmt: skip


def _key(to: str, column: str, back: str = "+", *, null: bool = True) -> Any:
    return models.ForeignKey(
        to,
        on_delete=models.CASCADE,
        null=null,
        db_column=column,
        related_name=back,
        db_constraint=False,
    )
