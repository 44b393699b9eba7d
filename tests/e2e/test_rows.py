"""What the demo makes of rows: it has to find each one that is where it should not be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import media
import pytest
from processes import DemoFailed
from rows import PLACES, SHADOW_TABLE, Content, Place, changes

INSERT = "INSERT INTO {} (location) VALUES ('{}')"


@pytest.fixture
def medium(tmp_path: Path) -> media.Medium:
    """A database with a row in base."""
    with media.opened("sqlite", tmp_path) as medium:
        medium.ask(INSERT.format("mse_demo_table", "C"))
        return medium


def problems(medium: media.Medium, *statements: str) -> list[str]:
    """Return what is off after `statements`, where a gray request was to leave its one row."""
    before = medium.contents()
    for statement in statements:
        medium.ask(statement)
    written = Counter({(SHADOW_TABLE, "Cgray"): 1})
    found = changes(before, medium.contents(), written)
    return [change.problem for change in found if change.problem]


def test_a_row_in_its_place_is_no_problem(medium: media.Medium) -> None:
    """Else nobody would believe the others."""
    assert problems(medium, INSERT.format("mse_demo_table_gray", "Cgray")) == []


def test_a_gray_row_in_base_is_found(medium: media.Medium) -> None:
    """This is the leak that the scenarios are there for."""
    leak, lost = problems(medium, INSERT.format("mse_demo_table", "Cgray"))
    assert leak.startswith("mse_demo_table was to stay as it is and has changed")
    assert lost == "mse_demo_table_gray was to get {'Cgray': 1}, got {}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE mse_demo_table SET id = id + 100",
        "DELETE FROM mse_demo_table",
        "UPDATE mse_demo_table SET location = NULL",
    ],
)
def test_a_base_row_that_was_touched_is_found(medium: media.Medium, statement: str) -> None:
    """A count alone would not see it: the checksum is of all that a row has."""
    (problem,) = problems(medium, INSERT.format("mse_demo_table_gray", "Cgray"), statement)
    assert problem.startswith("mse_demo_table was to stay as it is and has changed")


def test_a_row_too_many_and_another_apps_row_are_found(medium: media.Medium) -> None:
    """A request that was sent twice, or served by somebody else, has left them."""
    right, wrong = (INSERT.format("mse_demo_table_gray", name) for name in ("Cgray", "C"))
    assert problems(medium, right, right) == [
        "mse_demo_table_gray was to get {'Cgray': 1}, got {'Cgray': 2}"
    ]
    assert problems(medium, wrong) == ["mse_demo_table_gray was to get {'Cgray': 1}, got {'C': 1}"]


def test_a_table_that_was_away_is_back_as_it_was(medium: media.Medium) -> None:
    """Whatever happens meanwhile, Ctrl-C too, leaves a database to look at."""
    medium.ask(INSERT.format("mse_demo_table_gray", "Cgray"))
    before = medium.contents()
    with pytest.raises(DemoFailed, match="no such table: mse_demo_table_gray"):
        look_without(medium, SHADOW_TABLE)
    assert medium.contents() == before


def look_without(medium: media.Medium, place: Place) -> None:
    with medium.without([place]):
        medium.content(place)


def test_a_checksum_depends_on_every_row_and_on_where_one_ends() -> None:
    """Two tables with one checksum would hide a row."""
    contents = [Content.of(rows) for rows in ([], [(1, "C")], [(1, "C"), (2, "C")], [(11, "C")])]
    assert len({content.checksum for content in contents}) == len(contents)
    assert len(PLACES) == 3
