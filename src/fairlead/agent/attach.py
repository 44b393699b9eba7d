"""The agent of this process, made once: by the launcher, or by an application that asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fairlead.agent import bootstrap

if TYPE_CHECKING:
    from fairlead.agent.agent import Agent
    from fairlead.agent.settings import Settings


def attach(settings: Settings | None = None) -> Agent:
    """Hook this process, with the settings in its environment unless some are given.

    Libraries that are imported already are hooked too. Where there is an agent, it is returned
    as it is. Raises InvalidSetting.
    """
    return bootstrap.begin(os.environ, settings).agent()


def current() -> Agent | None:
    """Return this process's agent, or None where there is none."""
    door = bootstrap.begun()
    return door.agent() if door else None
