"""What clients report, and what is told of them: LRS and CSDS."""

from __future__ import annotations

import time
from dataclasses import replace

import grpc
import pytest

from fairlead.policy.routing.table import Route
from fairlead.protocols.xds import pb, server
from fairlead.protocols.xds.resource import CLUSTER
from tests.protocols.xds.caller import answering, calling
from tests.protocols.xds.talk import Talk
from tests.protocols.xds.test_grpc_client import cluster, mesh, to

SERVICES = "/envoy.service."
stats = pb.package("envoy.service.load_stats.v3")
status = pb.package("envoy.service.status.v3")
discovery = pb.package("envoy.service.discovery.v3")


def until(condition):
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_a_client_of_grpc_reports_its_calls_by_cluster(plane, monkeypatch):
    """Where a cluster says that it is to."""
    monkeypatch.setattr(server, "REPORT_EVERY", 1)
    with answering("b1") as at, calling(plane.port) as client:
        asked = replace(cluster("base", at["b1"]), report_load=True)
        plane.give(mesh((Route(action=to(("base", 1))),), asked))
        assert until(lambda: client.call("xds:///app")["b1"])

        assert client.call("xds:///app", 49) == {"b1": 49}

        until(lambda: plane.streams.loads.get("base", 0) >= 50)


def test_reports_of_many_clusters_are_bounded(plane, monkeypatch):
    """Names come from outside."""
    monkeypatch.setattr(server, "MOST_LOADS", 3)
    report = stats.LoadStatsRequest()
    for number in range(5):
        one = report.cluster_stats.add(cluster_name=f"c{number}")
        one.upstream_locality_stats.add(total_issued_requests=2)
    with grpc.insecure_channel(f"127.0.0.1:{plane.port}") as channel:
        method = f"{SERVICES}load_stats.v3.LoadReportingService/StreamLoadStats"
        answers = channel.stream_stream(method)(iter([report.SerializeToString()]))
        wanted = stats.LoadStatsResponse.FromString(next(answers))

    assert wanted.send_all_clusters
    assert wanted.load_reporting_interval.seconds == server.REPORT_EVERY
    until(lambda: len(plane.streams.loads) == 3)
    assert set(plane.streams.loads.values()) == {2}


@pytest.mark.parametrize("refuses", [False, True])
def test_the_state_of_each_client_is_told_to_tools_of_envoy(plane, refuses):
    """SYNCED where it took what it was sent, ERROR with its reason where it did not."""
    plane.give(mesh((Route(action=to(("base", 1))),), cluster("base", "127.0.0.1:1")))
    asked = discovery.DiscoveryRequest(type_url=CLUSTER)
    asked.node.id = "tool-1"

    with grpc.insecure_channel(f"127.0.0.1:{plane.port}") as channel:
        talk = Talk(channel)
        talk.say(asked)
        talk.answer(talk.take(), "no such thing" if refuses else "")
        fetch = channel.unary_unary(
            f"{SERVICES}status.v3.ClientStatusDiscoveryService/FetchClientStatus"
        )

        def states():
            found = pb.to_json(status.ClientStatusResponse.FromString(fetch(b"")))
            return [
                (
                    one["node"]["id"],
                    each["config_status"],
                    each.get("error_state", {}).get("details"),
                )
                for one in found["config"]
                for each in one.get("generic_xds_configs", ())
            ]

        kind = ("ERROR", "no such thing") if refuses else ("SYNCED", None)
        until(lambda: states() == [("tool-1", *kind)])
        talk.end()
