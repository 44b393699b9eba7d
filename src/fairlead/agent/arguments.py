"""The arguments of a guarded function, for rules that tell their values apart."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fairlead.instruments.ambient import Ambient

SOURCE = "argument"


class Shape:
    """The parameters of one function, read when a rule asks for the first time."""

    __slots__ = ("_function", "_signature", "first")

    def __init__(self, function: Callable[..., Any] | None) -> None:
        self._function = function
        self._signature = inspect.Signature() if function is None else None
        self.first = _first(function)
        """Where positions begin: what a method is called on is not one of its arguments."""

    def bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, defaults included. Raises TypeError where they do not fit.

        A function that does not tell its parameters has positions only.
        """
        if self._signature is None:
            try:
                self._signature = inspect.signature(self._function)  # type: ignore[arg-type]
            except ValueError:  # some of C's
                self._signature = inspect.Signature()
        if not self._signature.parameters:
            return {str(index): value for index, value in enumerate(args)} | dict(kwargs)
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    def flat(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """Return the arguments by position, in the order of the parameters."""
        arguments = self.bound(args, kwargs)
        parameters = self._signature.parameters if self._signature else {}
        found: list[Any] = []
        for name, value in arguments.items():
            kind = parameters[name].kind if name in parameters else None
            if kind is inspect.Parameter.VAR_POSITIONAL:
                found += value
            elif kind is inspect.Parameter.VAR_KEYWORD:
                found += value.values()
            else:
                found.append(value)
        return found[self.first :]


def _first(function: Callable[..., Any] | None) -> int:
    """Return 1 for what looks like a method: it is decorated before its class is made."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", "")
    inside = name.rpartition(".")[0]
    if code is None or not code.co_argcount or not inside or inside.endswith("<locals>"):
        return 0
    return int(code.co_varnames[0] in ("self", "cls"))


class Arguments(Ambient):
    """One call of a guarded function."""

    __slots__ = ("_args", "_kwargs", "_shape")

    def __init__(self, shape: Shape, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self._shape, self._args, self._kwargs = shape, args, kwargs

    def value(self, source: str, name: str) -> Any:
        """Return the argument of that parameter, or at that position, from the end if negative."""
        if source != SOURCE:
            return None
        shape = self._shape
        try:
            if name.lstrip("-").isdecimal():
                position = int(name)
                values: Sequence[Any] = self._args[shape.first :]
                if not 0 <= position < len(values):
                    values = shape.flat(self._args, self._kwargs)
                return values[position] if -len(values) <= position < len(values) else None
            if name in self._kwargs:
                return self._kwargs[name]
            return shape.bound(self._args, self._kwargs).get(name)
        except TypeError:  # the call fails anyhow, with the function's own words
            return None


POSITIONS = Shape(None)
"""Of what is no function: values by position."""
