"""Metrics in Prometheus' text format, as its own parser reads them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from fairlead.policy.buckets import BOUNDS, BUCKETS
from fairlead.telemetry import metrics
from fairlead.telemetry.exposition import Exposition
from fairlead.telemetry.metrics import COUNTER, EVERY, GAUGE, HISTOGRAM, Metric

parser: Any = import_module("prometheus_client.parser")


def parsed(said: Exposition) -> dict[str, Any]:
    """Return the families of a page by name."""
    found = list(parser.text_string_to_metric_families(said.text()))
    assert len({family.name for family in found}) == len(found)
    return {family.name: family for family in found}


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("http.server.request.duration", "s", HISTOGRAM, "http_server_request_duration_seconds"),
        ("process.memory.usage", "By", GAUGE, "process_memory_usage_bytes"),
        ("process.cpu.time", "s", COUNTER, "process_cpu_time_seconds_total"),
        ("fairlead.call.lost_labels", "{call}", COUNTER, "fairlead_call_lost_labels_total"),
    ],
)
def test_names_are_spelt_as_opentelemetry_maps_them(
    name: str, unit: str, kind: str, expected: str
) -> None:
    """Who moves from one to the other finds the same dashboards."""
    assert Metric(name=name, unit=unit, kind=kind, help="").prometheus == expected


def test_every_metric_has_a_name_of_its_own_and_bounds_that_are_counted() -> None:
    """A histogram's bounds are sums of the buckets that gates count in."""
    assert len({one.prometheus for one in EVERY}) == len(EVERY)
    for one in EVERY:
        assert set(one.bounds) <= set(BOUNDS), one.name
        assert bool(one.bounds) == (one.kind == HISTOGRAM), one.name
    declared = {value.name for value in vars(metrics).values() if isinstance(value, Metric)}
    assert declared == {one.name for one in EVERY}


def test_a_histogram_is_cumulative_and_its_last_bucket_its_count() -> None:
    """One call of each bucket there is."""
    said = Exposition([("service_name", "cart")])
    said.say_times(metrics.HTTP_SERVER, [(("GET", "/a", "gray"), [1] * BUCKETS, 12.5)])

    family = parsed(said)["http_server_request_duration_seconds"]
    samples = {
        (one.name.rpartition("_")[2], one.labels.get("le", "")): one.value for one in family.samples
    }
    assert family.type == "histogram"
    assert samples["bucket", "0.005"] == BOUNDS.index(0.005) + 1
    assert samples["bucket", "+Inf"] == samples["count", ""] == BUCKETS
    assert samples["sum", ""] == 12.5
    values = [one.value for one in family.samples if one.name.endswith("_bucket")]
    assert values == sorted(values)
    assert family.samples[0].labels["http_route"] == "/a"
    assert family.samples[0].labels["service_name"] == "cart"


def test_what_strangers_write_stays_in_its_label() -> None:
    """Quotes, backslashes, line breaks and half characters of a name end no line."""
    names = ['a"b', "c\\d", "e\nf", "g\\n", "ü", "\ud800", ""]
    said = Exposition()
    said.say(metrics.PASSED, [((name, "server", ""), 1) for name in names])

    found = [one.labels["interface"] for one in parsed(said)["fairlead_interface_passed"].samples]
    assert found == ['a"b', "c\\d", "e\nf", "g\\n", "ü", "?", ""]


def test_whole_numbers_are_written_whole_and_others_as_they_are() -> None:
    """Large counts do not lose their last digits."""
    said = Exposition()
    said.say(metrics.CPU, [((), 123456789012)])
    said.say(metrics.LAG, [((), 0.000001)])

    assert "process_cpu_time_seconds_total 123456789012\n" in said.text()
    assert parsed(said)["fairlead_event_loop_lag_seconds"].samples[0].value == 0.000001


def test_of_nothing_nothing_is_said() -> None:
    """A metric without a row is no metric."""
    said = Exposition()
    said.say(metrics.PASSED, [])
    said.say_times(metrics.CALL, [])

    assert said.text() == ""
