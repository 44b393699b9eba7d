"""Does the work with Django's ORM, and writes down what it sends to the driver."""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Any

from django.apps import AppConfig
from django.db import connections, transaction
from django.test.utils import override_settings

import tests.instruments.django.site  # noqa: F401 (a process has Django's settings once: these)
from tests.sql.differential.copies import Copy
from tests.sql.differential.copies_sqlite import SqliteCopy
from tests.sql.differential.orm.django_models import declared, label
from tests.sql.differential.orm.django_pieces import PIECES
from tests.sql.differential.orm.recording import ROLLBACK, Recording, Step
from tests.sql.differential.statement import SUFFIX

_ENGINES = {"mysql": "mysql", "postgres": "postgresql", "sqlite": "sqlite3"}


def work(copy: Copy, suffix: str) -> Recording:
    """Do all pieces of work on `copy`, on the tables whose names end in `suffix`."""
    with override_settings(USE_TZ=False, INSTALLED_APPS=_apps()):
        return _work(copy, suffix)


def _work(copy: Copy, suffix: str) -> Recording:
    steps: list[Step] = []
    alias = copy.dialect
    connections.settings[alias] = _settings(copy)
    connection = connections[alias]
    connection.ensure_connection()
    found = {}
    for piece in PIECES:
        steps.clear()
        with connection.execute_wrapper(_noting(steps)), transaction.atomic(using=alias):
            piece(_models(suffix), alias)
            transaction.set_rollback(True, using=alias)
        found[f"django {piece.__name__}"] = [*steps, Step(text=ROLLBACK)]
    connection.close()
    del connections[alias]
    return found


def prepare(copy: Copy) -> None:
    """Give `copy` the functions that Django adds to SQLite."""
    if isinstance(copy, SqliteCopy):
        from django.db.backends.sqlite3._functions import register

        copy.prepare = register


@cache
def _apps() -> list[AppConfig]:
    # Relations are seen from the other end only by models of an installed application.
    return [AppConfig(label(suffix), sys.modules[__name__]) for suffix in ("", SUFFIX)]


@cache
def _models(suffix: str) -> Any:
    return declared(suffix)


def _settings(copy: Copy) -> dict[str, Any]:
    engine = f"django.db.backends.{_ENGINES[copy.dialect]}"
    named = {"default": {"ENGINE": engine, **copy.django()}}
    found: dict[str, Any] = connections.configure_settings(named)["default"]
    return found


def _noting(steps: list[Step]) -> Any:
    def note(execute: Any, text: str, params: Any, many: bool, context: Any) -> Any:
        args = [_given(row) for row in params] if many else _given(params)
        client = context["connection"].vendor == "postgresql"
        steps.append(Step(text=_marked(text, params, context), args=args, many=many, client=client))
        return execute(text, params, many, context)

    return note


def _marked(text: str, params: Any, context: Any) -> str:
    """Return `text` as the driver gets it: Django writes SQLite's parameters in at last."""
    if context["connection"].vendor != "sqlite" or params is None:
        return text
    return re.sub(r"(?<!%)%s", "?", text).replace("%%", "%")


def _given(params: Any) -> Any:
    return params if params is None or isinstance(params, dict) else tuple(params)
