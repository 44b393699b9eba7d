"""OpenTelemetry's SDK: the application's spans say what was decided, its baggage the lane.

Nothing is exported here, and no span is made: a processor of each provider puts the lane on spans
as they start, and decisions are said on the span that is current. The propagator of baggage writes
the lane of the work at hand, so that it survives a service that has OpenTelemetry and no agent;
what the application itself has in its baggage stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fairlead.instruments.propagate import current
from fairlead.policy.workload import BASE
from fairlead.telemetry import attributes as names
from fairlead.telemetry.names import AGENT_FAULTS

if TYPE_CHECKING:
    from fairlead.flow.call import Call
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "opentelemetry-sdk"
VERSIONS = ("1.20", "2")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the making of providers, and what writes baggage."""
    from opentelemetry.baggage.propagation import W3CBaggagePropagator
    from opentelemetry.sdk.trace import TracerProvider

    processor = _processor(plane)

    def making(original: Callable[..., None]) -> Callable[..., None]:
        def init(provider: Any, *args: Any, **options: Any) -> None:
            original(provider, *args, **options)
            provider.add_span_processor(processor)

        return init

    def injecting(original: Callable[..., None]) -> Callable[..., None]:
        def inject(
            propagator: Any, carrier: Any, context: Any = None, *rest: Any, **options: Any
        ) -> None:
            original(propagator, carrier, _labelled(plane, context), *rest, **options)

        return inject

    patches.replace(TracerProvider, "__init__", making)
    patches.replace(W3CBaggagePropagator, "inject", injecting)
    observing = plane.observing
    observing.spans = _Spans(plane)
    observing.traces.foreign = observing.spans.exist
    plane.engine.refresh()


def _lane(plane: DataPlane) -> str:
    served = current()
    return plane.engine.plan.own_lane if served is None else served.lane


def _processor(plane: DataPlane) -> Any:
    from opentelemetry.sdk.trace import SpanProcessor

    class Lanes(SpanProcessor):
        """Puts the lane on every span."""

        def on_start(self, span: Any, parent_context: Any = None) -> None:
            """Hear of a span; nothing comes of a fault of ours but its count."""
            del parent_context
            try:
                span.set_attribute(names.LANE, _lane(plane) or _BASE)
            except Exception:
                plane.counters.count(AGENT_FAULTS, LIBRARY)

    return Lanes()


_BASE = "base"


class _Spans:
    """Says on the current span what was decided."""

    __slots__ = ("_client", "_current", "_plane")

    def __init__(self, plane: DataPlane) -> None:
        from opentelemetry.trace import SpanKind, get_current_span

        self._plane = plane
        self._current: Callable[[], Any] = get_current_span
        self._client = SpanKind.CLIENT

    def exist(self) -> bool:
        """Tell whether a span is current, whose context the application's propagators write."""
        return bool(self._current().get_span_context().is_valid)

    def lane(self, lane: str) -> None:
        """Say which lane a request is on, whose span began before that was known."""
        try:
            self._current().set_attribute(names.LANE, lane or _BASE)
        except Exception:  # counted; the request goes on
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)

    def refused(self, refusal: Refusal, *, simulated: bool) -> None:
        """Say that a rule turned a call away, or would have."""
        try:
            span = self._current()
            if not span.is_recording():
                return
            said = {
                names.RULE: refusal.rule.rule,
                names.REASON: refusal.reason,
                names.INTERFACE: refusal.resource,
            }
            span.add_event(names.WOULD_REJECT if simulated else names.REJECTED, said)
            if not simulated:
                span.set_attribute(names.RULE, refusal.rule.rule)
        except Exception:  # counted; the call goes on
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)

    def answered(self, call: Call) -> None:
        """Say which instance a call was sent to: on its own span, else as an event of another."""
        try:
            span, endpoint = self._current(), call.endpoint
            if endpoint is None or not span.is_recording():
                return
            said: dict[str, Any] = {
                names.INSTANCE: endpoint.address,
                names.INSTANCE_LANE: endpoint.lane or _BASE,
            }
            if call.attempts > 1:
                said[names.RETRIES] = call.attempts - 1
            if span.kind is self._client:
                span.set_attributes(said)
            else:
                span.add_event(names.CALLED, {names.INTERFACE: call.resource, **said})
        except Exception:  # counted; the call has ended
            self._plane.counters.count(AGENT_FAULTS, LIBRARY)


def _labelled(plane: DataPlane, context: Any) -> Any:
    """Return a context whose baggage has the lane of the work at hand, and no other."""
    from opentelemetry import baggage

    try:
        lanes, lane = plane.engine.plan.lanes, _lane(plane)
        for key in baggage.get_all(context):
            if key.lower() in lanes.key_set:
                context = baggage.remove_baggage(key, context)
        return context if lane == BASE else baggage.set_baggage(lanes.key(lane), lane, context)
    except Exception:  # counted; the application's baggage is written
        plane.counters.count(AGENT_FAULTS, LIBRARY)
        return context
