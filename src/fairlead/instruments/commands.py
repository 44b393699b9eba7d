"""Contract 9 for commands: what a request starts as another program works on its lane."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from fairlead.instruments.propagate import current

LANE = "FAIRLEAD_LANE"
"""The variable that tells a process its own lane."""

_ENV = 11
"""Place of `env` among the arguments of ``Popen.__init__``, which count from ``self``."""


def start_command(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``Popen.__init__``: a command that a request starts works on its lane.

    It has no request, and so what is its own lane: if it is Python, its rows are that lane's.
    """

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        origin = current()
        if origin is not None:
            given = args[_ENV - 1] if len(args) >= _ENV else kwargs.get("env")
            env = {**(os.environ if given is None else given), LANE: origin.lane}
            if len(args) >= _ENV:
                args = (*args[: _ENV - 1], env, *args[_ENV:])
            else:
                kwargs["env"] = env
        original(self, *args, **kwargs)

    return __init__
