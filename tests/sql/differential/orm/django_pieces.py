"""What applications do with Django's ORM."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connections, transaction
from django.db.models import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Concat, Length, RowNumber, TruncMonth, Upper


def getting(m: Any, db: str) -> None:
    orders = m.Order.objects.using(db)
    orders.get(pk=5).refresh_from_db()
    with suppress(m.Order.DoesNotExist):
        orders.get(pk=5, status="nothing")
    list(orders.filter(status__in=["paid", "new"]).exclude(note=None).order_by("-total", "id")[:3])
    list(orders.filter(Q(note__icontains="ORDERS") | Q(customer__country="DE")).distinct())
    list(orders.values("status", "customer__name").order_by("id"))
    list(orders.values_list("id", flat=True).filter(created__year=2026, created__month__gte=3))
    orders.filter(note__startswith="o%").count()
    orders.filter(lines__quantity__gt=3).exists()
    orders.order_by("id").first(), orders.order_by("id").last()
    list(orders.only("id", "note").defer("note").order_by("id"))
    list(m.Word.objects.using(db).filter(key="orders", group__isnull=False))
    list(m.Line.objects.using(db).filter(number__lt=6).order_by("number"))
    list(orders.in_bulk([4, 5, 6]).values())
    list(orders.filter(total__range=(1, 100)).order_by("?").none())


def related(m: Any, db: str) -> None:
    list(m.Order.objects.using(db).select_related("customer__country").order_by("id"))
    list(m.Item.objects.using(db).select_related("order__customer").filter(order__customer__id=5))
    cheap = m.Item.objects.using(db).filter(price__lt=100).order_by("sku")
    list(
        m.Customer.objects.using(db)
        .prefetch_related("orders", Prefetch("orders__lines", queryset=cheap, to_attr="cheap"))
        .order_by("id")
    )
    for customer in m.Customer.objects.using(db).order_by("id")[:2]:
        [list(order.lines.all()) for order in customer.orders.all()]
    list(m.Node.objects.using(db).filter(parent__parent__label="new").select_related("parent"))


def annotated(m: Any, db: str) -> None:
    customers, orders = m.Customer.objects.using(db), m.Order.objects.using(db)
    list(customers.annotate(n=Count("orders"), most=Max("orders__total")).filter(n__gt=0))
    list(customers.annotate(items=Sum("orders__lines__quantity")).order_by("id"))
    orders.aggregate(Avg("count"), total=Sum("total", filter=Q(status="paid")))
    list(orders.values("status").annotate(orders=Count("*")).order_by("status"))
    list(orders.annotate(month=TruncMonth("created")).values("month").annotate(n=Count("id")))
    list(
        orders.annotate(
            grade=Case(When(total__gt=90, then=Value("orders")), default=Value("low")),
            label=Concat(Upper("status"), Value(" from orders "), Coalesce("note", Value("-"))),
            size=Length("note"),
        ).values("grade", "label", "size")
    )
    list(orders.annotate(twice=F("total") * 2).filter(twice__gt=F("count")).order_by("twice"))
    list(orders.values("doc__kind").order_by("id"))
    list(orders.filter(doc__kind="orders", doc__n__gt=1))


def subqueries(m: Any, db: str) -> None:
    customers, orders = m.Customer.objects.using(db), m.Order.objects.using(db)
    newest = orders.filter(customer=OuterRef("pk")).order_by("-id")
    list(customers.annotate(newest=Subquery(newest.values("note")[:1])).order_by("id"))
    list(customers.filter(Exists(newest.filter(status="paid"))))
    list(customers.filter(~Exists(newest)).values("id"))
    list(orders.filter(customer__in=customers.filter(country="DE")))
    counted = m.Item.objects.using(db).filter(order=OuterRef("pk")).order_by().values("order")
    list(orders.annotate(items=Subquery(counted.annotate(n=Count("*")).values("n"))))
    rank = Window(expression=RowNumber(), partition_by=[F("status")], order_by=F("id").asc())
    list(orders.annotate(rank=rank).order_by("id"))
    list(orders.annotate(rank=rank).filter(rank=1).order_by("id"))
    left, right = orders.values_list("id"), m.Item.objects.using(db).values_list("id")
    list(left.union(right, all=True).order_by("id"))
    if db != "mysql":
        list(left.intersection(right)), list(left.difference(right))


def creating(m: Any, db: str) -> None:
    customer = m.Customer.objects.using(db).create(name="it's orders", email="d@x", visits=1)
    order = customer.orders.create(status="new", note="100% orders", doc={"orders": [1]})
    order.note, order.created = "changed", datetime(2026, 5, 5, 10)  # noqa: DTZ001
    order.save()
    order.count = F("count") + 1
    order.save(update_fields=["count"])
    m.Order(id=4, status="saved", customer=customer).save(using=db)
    m.Node(id=100, label="x").save(using=db, force_insert=True)
    m.Order.objects.using(db).bulk_create(
        [m.Order(status=f"b{n}", customer=customer) for n in range(30)]
    )
    m.Order.objects.using(db).get_or_create(status="got", defaults={"note": "made"})
    m.Order.objects.using(db).get_or_create(status="got", defaults={"note": "made"})
    m.Customer.objects.using(db).update_or_create(email="d@x", defaults={"name": "updated"})
    m.Customer.objects.using(db).update_or_create(email="e@x", defaults={"name": "new"})


def conflicts(m: Any, db: str) -> None:
    customers = m.Customer.objects.using(db)
    rows = [m.Customer(id=5, name="five", email="c5@x"), m.Customer(id=500, name="n", email="c@x")]
    customers.bulk_create(rows, ignore_conflicts=True)
    how: dict[str, Any] = {} if db == "mysql" else {"unique_fields": ["id"]}
    customers.bulk_create(rows, update_conflicts=True, update_fields=["name"], **how)
    orders = list(m.Order.objects.using(db).order_by("id")[:3])
    for order in orders:
        order.note = f"bulk {order.pk}"
    m.Order.objects.using(db).bulk_update(orders, ["note"])
    with suppress(IntegrityError), transaction.atomic(using=db):
        m.Customer(id=5, name="twice").save(using=db, force_insert=True)


def changing(m: Any, db: str) -> None:
    orders = m.Order.objects.using(db)
    orders.filter(status="paid").update(note=Concat("status", Value("!")), count=F("count") + 1)
    newest = m.Item.objects.using(db).filter(order=OuterRef("pk")).order_by("-id").values("sku")
    orders.update(note=Subquery(newest[:1]))
    orders.filter(customer__country="FR").update(status="orders")
    orders.filter(lines__quantity__gt=6).update(status="many")
    m.Item.objects.using(db).filter(order__status="many").delete()
    orders.filter(pk=9).delete()
    m.Customer.objects.using(db).get(pk=6).delete()
    m.Line.objects.using(db).all().delete()


def locking(m: Any, db: str) -> None:
    if db == "sqlite":
        return
    of: dict[str, Any] = {} if db == "mysql" else {"of": ("self",)}
    list(m.Order.objects.using(db).select_for_update().filter(pk=5))
    list(m.Order.objects.using(db).select_for_update(skip_locked=True).order_by("id"))
    list(m.Order.objects.using(db).select_for_update(**of).select_related("customer").filter(
        customer__isnull=False))  # fmt: skip


def raw_text(m: Any, db: str) -> None:
    quote = connections[db].ops.quote_name
    orders, items = quote(m.Order._meta.db_table), quote(m.Item._meta.db_table)
    list(m.Order.objects.using(db).raw(f"SELECT * FROM {orders} WHERE id > %s ORDER BY id", [4]))
    with connections[db].cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {orders} o, {items} i WHERE i.order_id = o.id")
        cursor.execute(f"UPDATE {orders} SET note = %s WHERE id = %s", ["raw orders", 5])
        cursor.executemany(f"DELETE FROM {items} WHERE id = %s", [(4,), (5,)])
        cursor.execute(f"SELECT note FROM {orders} WHERE note LIKE '%o%'")


PIECES = (
    getting,
    related,
    annotated,
    subqueries,
    creating,
    conflicts,
    changing,
    locking,
    raw_text,
)
