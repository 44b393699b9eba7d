"""``fairlead explain KIND``: what can be written, without a control plane and without kubectl."""

from __future__ import annotations

import pytest

from fairlead.cli.main import main
from fairlead.cli.objects import SHOWN


def explained(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", *words]) == 0
    return capsys.readouterr().out


def test_a_field_is_explained_with_its_type_and_what_is_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As `kubectl explain` has it, whose words people type."""
    text = explained(capsys, "tlane.spec.rules")
    assert text.startswith("KIND:     TrafficLane\nVERSION:  traffic.opensergo.io/v1alpha1\n")
    assert "FIELD:    spec.rules <Object>\n" in text
    assert "  traffic <Object>\n      Requests put on the lane.\n" in text
    assert explained(capsys, "trafficlanes.traffic.opensergo.io.spec.rules") == text
    whole = explained(capsys, "tlane", "--recursive")
    assert "      traffic <Object>\n        http <Object>\n" in whole
    assert "spec <Object> -required-" in explained(capsys, "TrafficLane")


def test_every_kind_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Also those that nobody writes."""
    listed = explained(capsys, "kind")
    for kind in SHOWN:
        assert f"\n{kind.plural} " in listed
        assert f"KIND:     {kind.kind}\n" in explained(capsys, kind.singular, "--recursive")


def test_a_field_that_is_not_there_is_answered_with_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explain", "tlane.spec.ruls"]) == 2
    said = capsys.readouterr().err
    assert said == "fairlead: trafficlane.spec has no field 'ruls', did you mean rules?\n"
    assert main(["explain", "tlane.spec.xyzzy"]) == 2
    assert "it has selector, rules" in capsys.readouterr().err
    assert main(["explain", "tlane.kind.x"]) == 2
    assert "it is string" in capsys.readouterr().err


def test_a_kind_that_is_not_there_is_answered_as_everywhere_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is meant is a kind, as kubectl has it, and no command of ours."""
    assert main(["explain", "tlanee.spec"]) == 2
    assert "there is no kind 'tlanee', did you mean tlane?" in capsys.readouterr().err
    assert main(["explain", "nosuch"]) == 2
    assert "say one of" in capsys.readouterr().err
