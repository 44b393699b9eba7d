"""What of a trace's two headers may be passed on."""

from __future__ import annotations

import pytest

from fairlead.policy.trace import LONGEST_STATE, id_of, new_trace, read_trace

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{ID}-{SPAN}-01"


def test_both_headers_are_passed_on_as_they_came():
    """Who makes no span of his own changes nothing (W3C Trace Context, 4.2)."""
    assert read_trace(PARENT, "congo=t61,rojo=00f0") == (PARENT, "congo=t61,rojo=00f0")


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "garbage",
        PARENT.upper(),
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"ff-{ID}-{SPAN}-01",
        f"{PARENT}-more",
        f"{PARENT}\r\nx: y",
        f"cc-{ID}-{SPAN}-01-{'x' * 5000}",
    ],
)
def test_what_is_no_trace_is_not_passed_on(parent):
    """A stranger wrote it."""
    assert read_trace(parent, "a=b") is None


def test_a_later_version_is_passed_on_as_it_is():
    """What is new in it is for whoever knows it."""
    assert read_trace(f"cc-{ID}-{SPAN}-01-what-is-new", "") is not None


def test_a_state_that_is_too_long_loses_members_at_its_end():
    """Those at the end are the oldest (3.3.1.5)."""
    state = ",".join(f"k{number}=v" for number in range(200))

    kept = read_trace(PARENT, state)

    assert kept is not None
    assert len(kept[1]) <= LONGEST_STATE
    assert state.startswith(kept[1] + ",k")


def test_a_state_that_no_header_may_have_is_left_out():
    """It would break the request that it is sent with."""
    assert read_trace(PARENT, "a=b\r\nx: y") == (PARENT, "")


def test_a_trace_that_begins_here_is_one():
    """Its id is what logs are searched for."""
    trace = new_trace(int(ID, 16), int(SPAN, 16), sampled=True)

    assert trace == (PARENT, "")
    assert id_of(trace) == ID
    assert id_of(None) == ""
    assert new_trace(1, 1, sampled=False)[0].endswith("-00")
