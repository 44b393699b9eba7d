"""What was bought: Django, which calls gRPC and keeps its rows in SQLite."""

from __future__ import annotations

import sqlite3

import django
import grpc
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="shown", ALLOWED_HOSTS=["*"])
django.setup()

channel = grpc.insecure_channel("payment:50051")
pay = channel.unary_unary("/shop.Payment/Pay")


def order(request: HttpRequest, number: int) -> HttpResponse:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("SELECT ?, 'one of whom nobody needs to know'", (number,))
    return HttpResponse(pay(b"5", timeout=20))


urlpatterns = [path("orders/<int:number>", order)]
application = get_wsgi_application()
