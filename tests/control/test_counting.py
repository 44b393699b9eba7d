"""What the control plane was asked, by what is asked for: its side of "nothing per request"."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.control.fleet import Agent, fleet, until
from tests.control.serving import API, rule, serving


def counts(http: httpx.Client) -> dict[str, int]:
    found: dict[str, int] = http.get("/fairlead/v1/requests").json()["requests"]
    return found


def test_requests_are_counted_by_what_they_ask_for(tmp_path: Path) -> None:
    """S3-01: only counts can tell that an application's calls ask nothing of the control plane."""
    with serving(tmp_path / "data") as server, server.client() as http:
        sorts = ("watches", "acknowledgements", "registrations", "departures", "reports")
        assert counts(http) == {**dict.fromkeys(sorts, 0), "others": 1}
        agent = Agent(server.url, "default", "gateway", 7000)
        with fleet(agent):
            before = until(lambda: counts(http)["acknowledgements"])
            http.post(f"{API}/namespaces/default/trafficlabelrules", json=rule())
            until(lambda: counts(http)["acknowledgements"] > before)
            agent.leave()
        asked = counts(http)
        assert (asked["watches"], asked["registrations"], asked["departures"]) == (1, 1, 1)


def test_what_is_refused_was_asked_too(tmp_path: Path) -> None:
    """A flood of nonsense is load like any other."""
    with serving(tmp_path / "data") as server, server.client() as http:
        assert http.post("/fairlead/v1/instances", content="{").is_client_error
        assert http.get("/nowhere", headers={"host": "example.org"}).is_client_error
        assert (counts(http)["registrations"], counts(http)["others"]) == (1, 3)
