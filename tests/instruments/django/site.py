"""A Django project in one file: settings, models, views. `ready` points it to a database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import django
from asgiref.sync import sync_to_async
from django.apps import AppConfig
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections, models, transaction
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from fairlead.instruments.propagate import current_lane
from tests.instruments.plane import Plane, hooked


class Shop(AppConfig):  # type: ignore[misc]
    """The application: its label is what the models say."""

    name = "tests.instruments.django"
    label = "shop"
    path = __file__


settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=[f"{__name__}.Shop"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()


class Location(models.Model):  # type: ignore[misc]
    """The demo's table."""

    location = models.CharField(max_length=255, null=True)

    class Meta:  # noqa: D106
        app_label = "shop"
        db_table = "mse_demo_table"


class Customer(models.Model):  # type: ignore[misc]
    name = models.CharField(max_length=80, unique=True)

    class Meta:  # noqa: D106
        app_label = "shop"
        db_table = "customers"


class Order(models.Model):  # type: ignore[misc]
    item = models.CharField(max_length=80)
    count = models.IntegerField(default=1)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")

    class Meta:  # noqa: D106
        app_label = "shop"
        db_table = "orders"
        ordering = ("id",)


MODELS = (Location, Customer, Order)


def schema(suffix: str = "") -> str:
    """Return what makes the tables, or their shadows, on the database at hand."""
    with connection.schema_editor(collect_sql=True) as editor:
        for model in MODELS:
            editor.create_model(model)
    script = "\n".join(str(line) for line in editor.collected_sql)
    names = "|".join(model._meta.db_table for model in MODELS)
    return re.sub(rf"""([`"])({names})(\w*)([`"])""", rf"\1\2{suffix}\3\4", script)


@contextmanager
def ready(plane: Plane, *drivers: str, **database: Any) -> Iterator[None]:
    """Serve on `database` with hooks in place; nothing of it is left after that."""
    kept = dict(connections.settings["default"])
    connections.settings["default"].update(database)
    # This thread's wrapper was made with the settings of before.
    del connections["default"]
    try:
        with hooked(plane, *drivers, "django", "python"):
            try:
                yield
            finally:
                connections.close_all()
    finally:
        connections.settings["default"].clear()
        connections.settings["default"].update(kept)
        for name in list(vars(connections._connections._storage)):
            delattr(connections._connections, name)
        connections["default"]


connections["default"]


def work(name: str) -> list[str]:
    """Create, read, update and delete; what is left is one customer and what it ordered."""
    kept = Customer.objects.create(name=name)
    Customer.objects.bulk_create([Customer(name=f"{name}-{n}") for n in range(50)])
    Order.objects.bulk_create(Order(item=f"{name}-{n}", customer=kept) for n in range(3))
    other, made = Customer.objects.get_or_create(name=f"{name}-7")
    assert not made
    Order.objects.create(item="other", customer=other)
    row, made = Order.objects.update_or_create(
        item=f"{name}-0", customer=kept, defaults={"item": f"{name}-new"}
    )
    assert not made
    with transaction.atomic():
        locked = Order.objects.select_for_update().filter(customer__name=name)
        assert {order.customer.name for order in locked.select_related("customer")} == {name}
        locked.update(count=F("count") + 1)
        row.refresh_from_db()
        assert row.count == 2
        transaction.on_commit(lambda: Location.objects.create(location=f"{name} committed"))
        with suppress(django.db.IntegrityError), transaction.atomic():
            Customer.objects.create(name=name)
    read(name)
    Order.objects.filter(Q(item__contains="-1") | Q(item__in=[f"{name}-2"])).delete()
    Customer.objects.exclude(name=name).delete()
    return [order.item for order in kept.orders.all()]


def read(name: str) -> None:
    """Ask in the ways that make other sorts of SQL."""
    customers = Customer.objects.annotate(n=Count("orders")).filter(n__gt=1).order_by("-n", "name")
    assert [(one.name, one.n) for one in customers] == [(name, 3)]
    assert Order.objects.filter(customer__in=Customer.objects.filter(name=name)).count() == 3
    ordered = models.Exists(Order.objects.filter(customer=models.OuterRef("pk")))
    assert Customer.objects.filter(ordered).count() == 2
    first = Order.objects.filter(customer=models.OuterRef("pk")).order_by("id").values("item")[:1]
    assert Customer.objects.annotate(first=models.Subquery(first)).get(name=name).first
    assert len(Customer.objects.prefetch_related("orders").filter(name__startswith=name)) == 51
    assert Order.objects.values("customer__name").annotate(total=models.Sum("count")).count() == 2
    assert Order.objects.aggregate(models.Max("count"), models.Avg("count"))["count__max"] == 2
    assert len(list(Order.objects.iterator(chunk_size=2))) == 4
    items = Order.objects.order_by().values_list("item")
    assert Customer.objects.values_list("name").union(items).count()
    assert len(Order.objects.raw("SELECT * FROM orders WHERE count > %s", [0])) == 4
    window = models.Window(models.functions.RowNumber(), partition_by="customer", order_by="id")
    assert Order.objects.annotate(row=window).filter(count=2).count() == 3
    cased = models.Case(models.When(count__gt=1, then=models.Value("many")), default=F("item"))
    lowered = models.functions.Lower(models.functions.Concat("item", models.Value("!")))
    assert Order.objects.annotate(size=cased, low=lowered).filter(low__endswith="!").exists()
    cast = models.functions.Cast("count", models.CharField(max_length=9))
    coalesced = models.functions.Coalesce("location", models.Value("?"))
    assert Order.objects.annotate(text=cast).filter(text="2").distinct().count() == 3
    there = Location.objects.annotate(there=coalesced).values_list("there", flat=True)
    assert list(there) == [f"{name} committed"]
    Order.objects.explain()


def write(request: HttpRequest) -> HttpResponse:
    """Write a row that tells the lane; say which connection that was, and what can be seen."""
    lane = current_lane(request_plane()) or "base"
    Location.objects.create(location=lane)
    seen = sorted(set(Location.objects.values_list("location", flat=True)))
    return HttpResponse(f"{lane} {','.join(seen)} {id(connection.connection)}")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Write a row when the body is sent, after the view has returned."""

    def body() -> Iterator[str]:
        yield write(request).content.decode()

    return StreamingHttpResponse(body())


async def awrite(request: HttpRequest) -> HttpResponse:
    """Do what `write` does, by Django's asynchronous ORM, and once more on a thread."""
    lane = current_lane(request_plane()) or "base"
    made = await Location.objects.acreate(location=lane)
    assert (await Location.objects.aget(pk=made.pk)).location == lane
    await Location.objects.filter(pk=made.pk).aupdate(location=lane)
    seen = {row.location async for row in Location.objects.all()}
    seen |= await sync_to_async(lambda: {row.location for row in Location.objects.all()})()
    return HttpResponse(f"{lane} {','.join(sorted(seen))} 0")


@transaction.atomic
def fail(request: HttpRequest) -> HttpResponse:
    """Write a row, and fail: no side has it."""
    Location.objects.create(location="never")
    raise RuntimeError("the view failed")


urlpatterns = [
    path("write", write),
    path("stream", stream),
    path("awrite", awrite),
    path("fail", fail),
]

PLANES: list[Plane] = []


def request_plane() -> Plane:
    """Return the data plane of the test that runs."""
    return PLANES[-1]


wsgi_application = WSGIHandler()
asgi_application = get_asgi_application()
