"""The baggage header: our member in and out, everybody else's untouched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fairlead.flow.baggage import MAX_BYTES, MAX_MEMBERS, join, split

KEYS = frozenset({"x-opensergo-traffic", "opensergo-label"})
TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._", min_size=1, max_size=20)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=',;"\\'))
MEMBER = st.builds(lambda k, v, p: f"{k}={v}{p}", TOKEN, VALUE, st.sampled_from(["", ";p", ";p=1"]))


def test_our_member_is_found_among_others() -> None:
    """Other writers add baggage too."""
    header = "user=42;ttl=1, x-opensergo-traffic=gray;note=x ,sess=a%20b"
    assert split(header, KEYS) == ({"x-opensergo-traffic": "gray"}, "user=42;ttl=1,sess=a%20b")


def test_keys_are_found_in_any_case_and_every_copy_goes() -> None:
    """An outsider must not get a label past an entry by spelling it differently, or twice."""
    header = "OpenSergo-Label=gray,a=1,OPENSERGO-LABEL=blue,X-OpenSergo-Traffic=green"
    labels, rest = split(header, KEYS)
    assert labels == {"opensergo-label": "gray", "x-opensergo-traffic": "green"}
    assert rest == "a=1"


def test_values_are_percent_decoded() -> None:
    """The recommendation encodes what a token cannot hold."""
    assert split("opensergo-label=a%2Db", KEYS)[0] == {"opensergo-label": "a-b"}


def test_a_broken_member_is_no_label_and_the_others_stay() -> None:
    """Baggage comes from strangers."""
    assert split(" ,,=,x-opensergo-traffic , a=1", KEYS) == ({}, "=, a=1")


def test_ours_goes_before_theirs() -> None:
    """Contract 10: whoever truncates the header must cut theirs, not the lane."""
    assert join("x-opensergo-traffic", "gray", "a=1,b=2") == "x-opensergo-traffic=gray,a=1,b=2"
    assert join("x-opensergo-traffic", "gray", "") == "x-opensergo-traffic=gray"


def test_the_limits_cut_their_last_members() -> None:
    """Contract 10: at most 8,192 bytes and 180 members."""
    many = join("k", "gray", ",".join(f"m{i}=1" for i in range(300)))
    assert len(many.split(",")) == MAX_MEMBERS == 180
    long = join("k", "gray", ",".join(f"m{i}={'x' * 1000}" for i in range(20)))
    assert len(long) <= MAX_BYTES == 8192
    assert long.startswith("k=gray,m0=")
    assert join("k", "gray", "m=" + "x" * 9000) == "k=gray"


@given(st.lists(MEMBER, max_size=8), st.sampled_from(["gray", "blue", "v1.2"]))
def test_what_was_joined_is_split_again(members: list[str], lane: str) -> None:
    """A hop must read what the hop before it wrote, and leave the rest as it was."""
    theirs = ",".join(member for member in members if member.split("=")[0] not in KEYS)
    assert split(join("x-opensergo-traffic", lane, theirs), KEYS) == (
        {"x-opensergo-traffic": lane},
        theirs,
    )


@given(st.text(max_size=300))
def test_no_header_breaks_the_parser(header: str) -> None:
    """A fault here would cost the label of a request, or the request."""
    _, rest = split(header, KEYS)
    assert not any(m.partition("=")[0].strip().lower() in KEYS for m in rest.split(",") if m)
