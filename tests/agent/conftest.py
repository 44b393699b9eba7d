"""Fixtures of processes with an agent."""

from __future__ import annotations

from tests.agent.guarding import guarded
from tests.agent.program import launch, wire

__all__ = ["guarded", "launch", "wire"]
