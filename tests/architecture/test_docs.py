"""What the documentation has to name."""

from __future__ import annotations

from pathlib import Path

from fairlead.agent.settings import VARIABLES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_setting_of_the_agent_is_documented():
    """A setting that nobody can find is none."""
    text = (DOCS / "agent.md").read_text()
    names = [name for variable in VARIABLES for name in (variable.name, *variable.foreign)]
    assert [name for name in names if f"`{name}`" not in text] == []
