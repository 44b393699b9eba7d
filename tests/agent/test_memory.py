"""A threshold that falls as memory fills has to know how full it is."""

from __future__ import annotations

from fairlead.agent import memory


def test_the_memory_in_use_is_some_megabytes_and_grows():
    """In bytes: a page would be 4,096 times too small."""
    before = memory.resident()
    kept = bytearray(64 << 20)
    kept[:: 1 << 12] = b"x" * len(kept[:: 1 << 12])
    assert (8 << 20) < before < memory.resident() - (32 << 20)


def test_where_the_kernel_does_not_say_the_most_ever_is_taken(monkeypatch, tmp_path):
    """MacOS has no /proc."""
    monkeypatch.setattr(memory, "STATM", tmp_path / "none")
    assert memory.resident() > 8 << 20


def test_a_reading_holds_for_a_moment_however_many_ask():
    """Thousands of resources may have such a rule."""
    now, used = [10.0], iter((1, 2, 3))
    ask = memory.sampled(lambda: next(used), lambda: now[0])
    readings = []
    for at in (10.0, 10.1, 10.16, 10.2, 5.0):
        now[0] = at
        readings.append(ask())
    assert readings == [1, 1, 2, 2, 3]
