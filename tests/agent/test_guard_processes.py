"""Guards in real processes: made before there is an agent, before a fork, and told by the wire."""

from __future__ import annotations

from fairlead.policy.encode import seal
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.agent.program import Launcher
from tests.agent.wire import WireServer
from tests.instruments.rules import closed, rated, rules

CLOSED = seal(
    Snapshot(revision=1, workload=Workload(app="shop"), flow=rules(closed("reserve-stock")))
)
TWICE = seal(
    Snapshot(revision=1, workload=Workload(app="shop"), flow=rules(rated("reserve-stock", 2)))
)

GUARDED = """
import fairlead, os
@fairlead.guard("reserve-stock")
def reserve():
    return "passed"
def tried():
    try:
        return reserve()
    except fairlead.Rejected as error:
        return error.rule
"""


def test_a_program_that_imports_nothing_else_is_governed(
    launch: Launcher, wire: WireServer
) -> None:
    """The guard itself is what brings the agent in; its first call waits for the rules."""
    wire.publish(CLOSED)
    assert launch(f"{GUARDED}print(tried())").line() == "FaultToleranceRule/r"


FORKED = f"""{GUARDED}
block = fairlead.guard("reserve-stock")
with block:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    print(*("parent" if child else "child", tried(), tried()), flush=True)
os._exit(0)
"""


def test_each_forked_process_counts_for_itself_where_nothing_is_shared(
    launch: Launcher, wire: WireServer
) -> None:
    """Also where a fork finds a guard in use: who is inside in the parent is not in the child."""
    wire.publish(TWICE)
    program = launch(FORKED, FAIRLEAD_SHARED="off")
    rule = "FaultToleranceRule/r"
    assert [program.line(), program.line()] == ["child passed passed", f"parent passed {rule}"]


def test_a_forked_process_counts_with_its_parent(launch: Launcher, wire: WireServer) -> None:
    """A limit of two is two for both of them, and one is used when the child begins."""
    wire.publish(TWICE)
    program = launch(FORKED)
    rule = "FaultToleranceRule/r"
    assert [program.line(), program.line()] == [f"child passed {rule}", f"parent {rule} {rule}"]


def test_a_guard_is_made_before_the_program_attaches(launch: Launcher, wire: WireServer) -> None:
    """And goes on after the agent has been stopped."""
    wire.publish(CLOSED)
    program = launch(
        f"""{GUARDED}
from fairlead.agent import bootstrap
print(tried())
agent = fairlead.attach()
print(tried())
agent.stop()
print(tried())
""",
        FAIRLEAD_ENABLED="",
    )
    lines = [program.line() for _ in range(3)]
    assert lines == ["passed", "FaultToleranceRule/r", "FaultToleranceRule/r"]


def test_wrong_settings_let_everything_pass(launch: Launcher, wire: WireServer) -> None:
    """A program that cannot have an agent runs without one, and says so once."""
    program = launch(f"{GUARDED}print(tried(), tried())", FAIRLEAD_CONTROL="nowhere")
    assert program.line() == "passed passed"
