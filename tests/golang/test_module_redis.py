"""go-redis: rules for the host of a server count commands, and nothing else changes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from fairlead.policy.breaker import ERROR_COUNT, CircuitBreaker
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window
from fairlead.policy.rule import Rule
from tests.golang.modules.building import build_of, told

pytestmark = pytest.mark.timeout(900)

LIMIT = RateLimit(
    rule="FaultToleranceRule/cache",
    strategy="x",
    resource="call:localhost",
    windows=(Window(threshold=2, window_ms=60_000),),
)
REFUSED = "fairlead: call:localhost is turned away by FaultToleranceRule/cache (rate)"


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program."""
    return build_of("redis", go, tmp_path_factory.mktemp("redis")).program()


def commands(program: Path, *hows: str, rules: tuple[Rule, ...] = ()) -> list[str]:
    done = subprocess.run(
        [program, *hows],
        env=told(program, flow=rules),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    errors: list[str] = json.loads(done.stdout)
    return errors


def test_without_a_rule_commands_are_sent(program: Path) -> None:
    assert commands(program, "8", "9", "none", "many") == ["", "", "redis: nil", ""]


def test_a_rule_for_the_host_counts_commands(program: Path) -> None:
    hows = ("none", "8", "9", "many", "8")
    errors = commands(program, *hows, rules=(LIMIT,))
    assert errors == ["redis: nil", "", REFUSED, REFUSED, REFUSED]


def test_several_commands_at_once_are_one_call(program: Path) -> None:
    assert commands(program, "many", "many", "9", rules=(LIMIT,)) == ["", "", REFUSED]


def test_a_command_that_panics_has_left_and_has_failed(program: Path) -> None:
    """By version 9; version 8 runs it in a goroutine of its own, where nobody can recover."""
    one = ConcurrencyLimit(rule="Concurrency/x", strategy="x", resource="call:localhost", most=1)
    breaker = CircuitBreaker(
        rule="CircuitBreakerStrategy/x",
        strategy="x",
        resource="call:localhost",
        strategy_kind=ERROR_COUNT,
        threshold=3,
        min_requests=1,
        window_ms=3_600_000,
        recovery_ms=3_600_000,
    )
    errors = commands(program, *["panics", "9"] * 3, rules=(one, breaker))
    assert errors[:5] == ["panicked", "", "panicked", "", "panicked"]
    assert errors[5].endswith("CircuitBreakerStrategy/x (breaker)")
