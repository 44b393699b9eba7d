"""Which resource a statement is."""

from __future__ import annotations

from fairlead.flow.statements import LONGEST_KNOWN, MOST_KNOWN, Statements
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit, Window


def of(*resources: str, regex: bool = False) -> Statements:
    windows = (Window(threshold=1, window_ms=1000),)
    return Statements(
        FlowRules(
            rate_limits=tuple(
                RateLimit(rule="r", strategy="s", resource=one, regex=regex, windows=windows)
                for one in resources
            )
        )
    )


def test_a_statement_that_a_rule_means_is_a_resource_of_its_own():
    found = of("sql:shop:SELECT * FROM t WHERE id = ?", "sql:shop")
    assert found.resource("shop", "SELECT *\n  FROM t WHERE id = ?") == (
        "sql:shop:SELECT * FROM t WHERE id = ?"
    )
    assert found.resource("shop", "SELECT 1") == "sql:shop"


def test_what_no_rule_concerns_is_no_resource():
    """Texts with values in them are another one each time, and no gate is made for them."""
    found = of("sql:shop:SELECT 1", "GET:/a")
    assert found.resource("shop", "SELECT 2") == ""
    assert found.resource("other", "SELECT 1") == ""


def test_a_pattern_means_each_statement_that_it_matches():
    found = of(r"sql:shop:DELETE .*", regex=True)
    assert found.resource("shop", "DELETE FROM t") == "sql:shop:DELETE FROM t"
    assert found.resource("shop", "SELECT 1") == ""


def test_what_is_kept_of_statements_is_bounded():
    found = of("sql:shop")
    for number in range(3 * MOST_KNOWN):
        found.resource("shop", f"SELECT {number}")
    found.resource("shop", "SELECT " + "1" * LONGEST_KNOWN)
    assert len(found._known) <= MOST_KNOWN
    assert all(len(text) <= LONGEST_KNOWN for _, text in found._known)
