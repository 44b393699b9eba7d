"""What a process may not serve, found from what it has imported and how it is set."""

from __future__ import annotations

import pytest

from fairlead.agent import report
from fairlead.agent.report import unfit
from fairlead.instruments.instrument import Hook, State


def hook(library: str, state: State = State.HOOKED, version: str = "1.1", reason: str = "") -> Hook:
    return Hook(library=library, version=version, state=state, reason=reason)


@pytest.fixture(params=[True, False], ids=["rewriter", "no-rewriter"])
def rewriter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    found: bool = request.param
    monkeypatch.setattr(report, "_has_rewriter", lambda: found)
    return found


@pytest.mark.usefixtures("rewriter")
def test_a_process_without_a_database_is_fit_for_every_lane() -> None:
    """Most apps have none, and need nothing installed for other apps' shadows."""
    failed = hook("httpx", State.FAILED, reason="x")
    assert unfit([failed, hook("flask")], "on") == {"tables": "", "databases": ""}


def test_shadow_tables_need_a_rewriter_and_shadow_databases_none(rewriter: bool) -> None:
    """Contract 15: for a database no SQL is parsed."""
    tables = "" if rewriter else "fairlead[sql] is not installed"
    for driver in ("PyMySQL", "psycopg2", "sqlite3"):
        assert unfit([hook(driver)], "on") == {"tables": tables, "databases": ""}


@pytest.mark.usefixtures("rewriter")
@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (hook("PyMySQL", State.SKIPPED, "2.0", "works with 1.0 up to but not 2.0"), "PyMySQL 2.0"),
        (hook("psycopg", State.FAILED, "3.2", "KeyError: 'x'"), "psycopg 3.2"),
        (hook("sqlite3", State.SKIPPED, "3.11", "disabled by FAIRLEAD_DISABLE"), "sqlite3 3.11"),
        (hook("mariadb", State.SKIPPED, "", "there is no hook"), "mariadb"),
    ],
)
def test_a_driver_that_is_not_hooked_makes_its_process_unfit(found: Hook, reason: str) -> None:
    """Whatever it sends goes to base, and one of several drivers is enough for that."""
    why = f"{reason} is not hooked: {found.reason}"
    assert unfit([hook("asyncpg"), found], "on") == {"tables": why, "databases": why}


@pytest.mark.usefixtures("rewriter")
def test_a_process_whose_shadows_are_off_is_unfit_and_one_with_a_list_is_not() -> None:
    """S1-18: off is never silent. What is not in a list is refused statement by statement."""
    off = "FAIRLEAD_SHADOW=off"
    assert unfit([], "off") == {"tables": off, "databases": off}
    assert unfit([], "orders,users") == {"tables": "", "databases": ""}


def test_the_rewriter_is_looked_for_without_importing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is large, and many a process never sends a statement on a lane."""
    report._has_rewriter.cache_clear()
    monkeypatch.setattr(report, "find_spec", lambda name: None)
    assert unfit([hook("PyMySQL")], "on")["tables"] == "fairlead[sql] is not installed"
    report._has_rewriter.cache_clear()
    asked: list[str] = []

    def find(name: str) -> object:
        asked.append(name)
        return object()

    monkeypatch.setattr(report, "find_spec", find)
    assert unfit([hook("httpx")], "on")["tables"] == ""
    assert asked == []
    assert unfit([hook("PyMySQL")], "on")["tables"] == ""
    assert unfit([hook("PyMySQL")], "on")["tables"] == ""
    assert asked == ["sqlglot"]
    report._has_rewriter.cache_clear()
