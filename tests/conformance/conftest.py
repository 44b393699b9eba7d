"""Cases of rules that no gate enforces yet."""

from __future__ import annotations

import pytest

from tests.conformance.notes import TESTS

PENDING = frozenset(
    (
        *("F07", "F09", "F11", "F17", "T02", "T03", "T04", "T06", "W01", "W02", "W04", "W05"),
        *("W08", "M01", "M02", "H01", "H02", "H03", "H05", "H06", "H07", "H09", "H10", "H11"),
        *("H13", "H14", "H15", "H19", "H21", "U03", "Y03", "Y04"),
    )
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    names = {test.__name__ for name, test in TESTS.items() if name in PENDING}
    for item in items:
        case = item.name.partition("[")[2].partition("-")[0]
        if case in PENDING or item.name in names:
            item.add_marker(pytest.mark.xfail(reason="no gate enforces it yet", strict=False))
