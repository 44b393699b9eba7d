"""The statements that were refused last."""

from __future__ import annotations

from fairlead.telemetry.refusals import LONGEST, MOST, Refusal, Refusals


def refusal(text: str, last: float = 0.0) -> Refusal:
    return Refusal(
        lane="gray", library="sqlite3", dialect="sqlite", cause="ddl", reason="r", text=text,
        last=last,
    )  # fmt: skip


def test_equal_refusals_are_one_and_counted():
    """A loop that is refused must not push everything else out."""
    kept = Refusals()
    for moment in (1.0, 2.0, 3.0):
        kept.note(refusal("DROP TABLE a", moment))
    kept.note(refusal("DROP TABLE b", 2.5))

    assert [(one.text, one.count, one.last) for one in kept.read()] == [
        ("DROP TABLE b", 1, 2.5),
        ("DROP TABLE a", 3, 3.0),
    ]


def test_only_the_last_few_are_kept_and_no_statement_whole_that_is_long():
    """They live in somebody else's memory."""
    kept = Refusals()
    for number in range(MOST + 5):
        kept.note(refusal(f"{number} {'x' * 2 * LONGEST}"))

    texts = [one.text for one in kept.read()]
    assert [text.split()[0] for text in texts] == [str(n) for n in range(MOST + 4, 4, -1)]
    assert {len(text) for text in texts} == {LONGEST}
