"""Does the work with SQLAlchemy, and writes down what it sends to the driver."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from tests.sql.differential.copies import Copy
from tests.sql.differential.orm.recording import COMMIT, ROLLBACK, Recording, Step
from tests.sql.differential.orm.sqlalchemy_models import models
from tests.sql.differential.orm.sqlalchemy_reading import READING
from tests.sql.differential.orm.sqlalchemy_writing import WRITING

_URLS = {"mysql": "mysql+pymysql://", "postgres": "postgresql+psycopg://", "sqlite": "sqlite://"}


def work(copy: Copy, suffix: str) -> Recording:
    """Do all pieces of work on `copy`, on the tables whose names end in `suffix`."""
    steps: list[Step] = []
    engine = create_engine(_URLS[copy.dialect], creator=copy.open)
    _listen(engine, steps)
    found, made = {}, models(suffix)
    for piece in (*READING, *WRITING):
        steps.clear()
        with Session(engine) as session:
            piece(session, made)
            session.commit()
        found[f"sqlalchemy {piece.__name__}"] = list(steps)
    engine.dispose()
    return found


def prepare(copy: Copy) -> None:
    """Leave `copy` as it is: SQLAlchemy adds nothing to a server."""


def _listen(engine: Any, steps: list[Step]) -> None:
    engine.connect().close()  # what is asked at first is about the server

    @event.listens_for(engine, "before_cursor_execute")
    def sent(
        connection: Any, cursor: Any, text: str, parameters: Any, context: Any, many: bool
    ) -> None:
        # `many` is said of rows that are sent in one statement too.
        steps.append(Step(text=text, args=_copied(parameters), many=isinstance(parameters, list)))

    @event.listens_for(engine, "commit")
    def committed(connection: Any) -> None:
        steps.append(Step(text=COMMIT))

    @event.listens_for(engine, "rollback")
    def undone(connection: Any) -> None:
        steps.append(Step(text=ROLLBACK))


def _copied(parameters: Any) -> Any:
    if isinstance(parameters, dict):
        return dict(parameters)
    return tuple(_copied(one) if isinstance(one, dict) else one for one in parameters)
