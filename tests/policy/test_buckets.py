"""Buckets of response times, and quantiles of what is in them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fairlead.policy.buckets import BOUNDS, BOUNDS_NS, quantile

ADVISED = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Bounds of ``http.server.request.duration`` (OpenTelemetry's semantic conventions)."""


def test_the_histogram_that_opentelemetry_advises_is_a_sum_of_ours():
    """Dashboards that others made for it show the same numbers."""
    assert set(ADVISED) <= set(BOUNDS)


def test_neighbours_are_near_enough_for_a_quantile_and_whole_nanoseconds():
    """Gates compare nanoseconds: a bound that is rounded would be two bounds."""
    assert list(BOUNDS) == sorted(set(BOUNDS))
    assert all(high / low <= 1.67 for low, high in pairwise(BOUNDS[:-1]))
    assert [ns / 1e9 for ns in BOUNDS_NS] == list(BOUNDS)


def test_a_quantile_lies_within_the_bucket_that_has_it():
    """Ten calls of up to 100 µs, ten of up to 150: the median is where they meet."""
    assert quantile((10, 10), 0.5) == pytest.approx(0.0001)
    assert quantile((10, 10), 0.75) == pytest.approx(0.000125)
    assert quantile((10, 10), 1.0) == pytest.approx(0.00015)
    assert quantile((0, 0, 4), 0.0) == pytest.approx(0.00015)


def test_of_the_last_bucket_only_its_beginning_is_known():
    """A minute and more."""
    assert quantile((0,) * len(BOUNDS) + (3,), 0.99) == BOUNDS[-1]


def test_nothing_has_no_quantile():
    """Null in a graph, not zero seconds."""
    assert quantile((), 0.5) is None
    assert quantile((0, 0), 0.5) is None
