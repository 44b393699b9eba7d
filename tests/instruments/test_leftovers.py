"""Where a lane outlived its request."""

from __future__ import annotations

from pathlib import Path

from fairlead.instruments.leftovers import MOST, Leftovers
from fairlead.instruments.propagate import current_lane
from tests.instruments.plane import Plane, serving


def test_the_place_is_the_applications_own_line():
    """A count of lanes that outlived their requests sends nobody to the line to mend."""
    plane = Plane()
    with serving("gray") as request:
        request.ended = True
        current_lane(plane)
        current_lane(plane)

    (here, there) = sorted(plane.leftovers.read(), key=lambda one: one.place)
    assert {one.lane for one in (here, there)} == {"gray"}
    assert here.place.startswith(f"{Path(__file__)}:")
    assert here.place.endswith(" in test_the_place_is_the_applications_own_line")


def test_places_do_not_pile_up():
    """Generated code has a place for each of its copies."""
    leftovers = Leftovers()
    for number in range(MOST + 3):
        code = compile("leftovers.note('gray', 0.0)", f"/app/made{number}.py", "exec")
        exec(code, {"leftovers": leftovers})
    assert len(leftovers.read()) == MOST
