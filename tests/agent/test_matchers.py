"""Matchers that packages register: found when a rule names one, and said where there is none."""

from __future__ import annotations

import sys

import pytest

from fairlead.agent.matchers import Registered
from fairlead.policy.routing.request import Request


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that registers a good matcher and a broken one."""
    (tmp_path / "shopmatchers.py").write_text("def weekday(request, arguments):\n    return True\n")
    info = tmp_path / "shopmatchers-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shopmatchers\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[fairlead.matchers]\nshop.weekday = shopmatchers:weekday\nshop.broken = shopmatchers:no\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("shopmatchers", None)


def test_one_that_is_installed_is_loaded_when_it_is_named(package, capfd):
    found = Registered()
    assert "shopmatchers" not in sys.modules
    assert found["shop.weekday"](Request(), {}) is True
    assert found.get("fairlead.trace-id") is not None
    assert capfd.readouterr().err == ""


def test_one_that_is_not_there_is_said_once(package, capfd):
    found = Registered()
    assert [found.get(name) for name in ("shop.broken", "shop.no", "shop.no")] == [None] * 3
    said = capfd.readouterr().err
    assert "shop.broken" in said
    assert "no attribute 'no'" in said
    assert said.count("shop.no") == 1
