"""The lane of a call of gRPC that a process serves: read from its metadata, or chosen by rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fairlead.instruments.inbound import Colour, Labels, colour_of, fault
from fairlead.instruments.outbound import BAGGAGE
from fairlead.instruments.rpc import WHERE, Pairs, RpcRequest, values_of
from fairlead.instruments.rpc_passage import RpcPassage
from fairlead.telemetry.names import COLOURED

if TYPE_CHECKING:
    from fairlead.flow.lane import Lanes
    from fairlead.instruments.instrument import DataPlane


class Admitted(NamedTuple):
    """A call on its lane, and the metadata that the application is shown."""

    passage: RpcPassage
    metadata: Pairs
    came: Pairs | None = None
    """The metadata it came with, where its lane is chosen when its peer is known."""


class _Compiled(NamedTuple):
    """One plan's lanes, as far as they are asked of calls."""

    lanes: Lanes
    names: frozenset[str]
    colour: Colour
    asks_for_peer: bool


class Admission:
    """Puts calls on their lane; one that it fails on goes through as one without a label."""

    __slots__ = ("_compiled", "_plane")

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._compiled: _Compiled | None = None

    def admit(self, method: str, metadata: Pairs | None) -> Admitted:
        """Return the call of `method` on its lane; an entry's loses its labels.

        Whoever serves it may know the peer only later: where rules ask for it, the lane is chosen
        by `recolour`.
        """
        shown = came = metadata or ()
        try:
            compiled = self._compiled_now()
            lanes = compiled.lanes
            labels = None
            if any(pair[0] in compiled.names for pair in came):
                labels = Labels(lanes)
                # First: a rule that fails must not let a label through.
                shown = _taken(labels, came, compiled.names)
                shown = came if lanes.trusting else shown
            if not lanes.entry:
                lane = labels.inherit(self._plane) if labels else lanes.own
                return Admitted(self._passage(lane, came), shown)
            passage = self._passage(lanes.own, came)
            if compiled.asks_for_peer:
                return Admitted(passage, shown, came)
            self._colour(compiled, passage, RpcRequest(method, came))
            return Admitted(passage, shown)
        except Exception:  # counted; the call goes through
            self._fault()
            return Admitted(self._passage(self._plane.engine.plan.own_lane, came), shown)

    def _passage(self, lane: str, metadata: Pairs) -> RpcPassage:
        passage = RpcPassage(lane, self._fault)
        passage.headers = metadata
        passage.believed = self._plane.engine.plan.lanes.trusting
        return passage

    def _fault(self) -> None:
        fault(self._plane, WHERE)

    def recolour(self, admitted: Admitted, method: str, peer: str) -> None:
        """Choose the lane of a call by rules that ask for its peer."""
        if admitted.came is None:
            return
        try:
            request = RpcRequest(method, admitted.came, peer)
            self._colour(self._compiled_now(), admitted.passage, request)
        except Exception:  # counted; the call goes through
            self._fault()

    def _colour(self, compiled: _Compiled, served: RpcPassage, request: RpcRequest) -> None:
        served.lane, _ = compiled.colour(request, self._plane.engine.dice)
        self._plane.counters.count(COLOURED, served.lane)

    def _compiled_now(self) -> _Compiled:
        lanes = self._plane.engine.plan.lanes
        compiled = self._compiled
        if compiled is None or compiled.lanes is not lanes:
            entry = self._plane.engine.plan.snapshot.entry
            rules = entry.colourings if entry else ()
            compiled = self._compiled = _Compiled(
                lanes,
                frozenset([BAGGAGE, *lanes.key_names]),
                colour_of(lanes, self._plane),
                any(one.source == "source-ip" for rule in rules for one in rule.conditions),
            )
        return compiled


def _taken(labels: Labels, metadata: Pairs, names: frozenset[str]) -> Pairs:
    """Let `labels` take in what is theirs; return `metadata` without it, its type kept."""
    theirs = labels.baggage(values_of(metadata, BAGGAGE) or "")
    kept = []
    for pair in metadata:
        name, value = pair
        if name not in names:
            kept.append(pair)
        elif name == BAGGAGE:
            if theirs:
                kept.append(_renamed(pair, theirs))
                theirs = ""
        elif isinstance(value, str):
            labels.plain(name, value)
    return tuple(kept)


def _renamed(pair: Any, value: str) -> Any:
    """Return a pair like `pair`, which may have names for its parts."""
    return pair._replace(value=value) if hasattr(pair, "_replace") else (pair[0], value)
