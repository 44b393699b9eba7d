"""Replacing attributes and putting them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fairlead.instruments.patch import Patches


class Parent:
    def greet(self) -> str:
        """Say hello."""
        return "hello"


class Child(Parent):
    pass


def twice(original: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda self: original(self) * 2


def test_a_replacement_is_undone() -> None:
    """A guest leaves the house as it was."""
    before = vars(Parent)["greet"]
    patches = Patches()
    patches.replace(Parent, "greet", twice)
    assert Parent().greet() == "hellohello"
    assert Parent.greet.__doc__ == "Say hello."
    assert patches.restore() == []
    assert vars(Parent)["greet"] is before


def test_an_inherited_method_is_inherited_again() -> None:
    """Leaving a copy behind would hide later changes of the parent."""
    patches = Patches()
    patches.replace(Child, "greet", twice)
    assert (Child().greet(), Parent().greet()) == ("hellohello", "hello")
    patches.restore()
    assert "greet" not in vars(Child)


def test_a_second_replacement_by_us_is_none() -> None:
    """Start-up may run twice in one interpreter."""
    patches = Patches()
    patches.replace(Parent, "greet", twice)
    patches.replace(Parent, "greet", twice)
    assert Parent().greet() == "hellohello"
    patches.restore()
    assert Parent().greet() == "hello"


def test_what_somebody_wrapped_since_stays_and_is_named() -> None:
    """Another agent's wrapper must not vanish with ours."""
    patches = Patches()
    before = Parent.greet
    patches.replace(Parent, "greet", twice)
    ours = Parent.greet
    Parent.greet = lambda self: ours(self) + "!"  # type: ignore[method-assign]
    try:
        assert patches.restore() == ["Parent.greet"]
        assert Parent().greet() == "hellohello!"
    finally:
        Parent.greet = before  # type: ignore[method-assign]


def test_a_name_that_is_not_there_is_an_error() -> None:
    """The library's version is not one we know; the instrument is undone and reported."""
    with pytest.raises(AttributeError):
        Patches().replace(Parent, "shout", twice)
