"""What a data plane refuses is seen by who asks how things stand."""

from __future__ import annotations

import json

import grpc
import pytest

from fairlead.cli.data_planes import worded
from fairlead.protocols.xds.resource import CLUSTER
from tests.cli.conftest import Say
from tests.control.fleet import until
from tests.control.serving import serving
from tests.protocols.xds.talk import Talk, discovery


def plane(node, *refused):
    return {"node": node, "refused": [{"type": t, "reason": why} for t, why in refused]}


def test_lines_name_node_kind_and_reason():
    """And count those that took everything; a reason does not move the terminal."""
    kind = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    assert list(worded([])) == []
    assert list(worded([plane("a")])) == ["1 data plane of xDS: 1 took everything, 0 refused"]
    found = list(worded([plane("a"), plane("b\x1b[2J", (kind, "bad\nfield"))]))
    assert found[0] == "2 data planes of xDS: 1 took everything, 1 refused"
    assert found[1].endswith("refuses Cluster: bad field")
    assert "\x1b" not in found[1]


@pytest.fixture(scope="module")
def meshed(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("meshed") / "data", xds="127.0.0.1:0") as running:
        yield running


def state(server):
    with server.client() as http:
        return http.get("/fairlead/v1/xds").json()


def test_status_and_doctor_say_who_refuses_and_why(say: Say, meshed):
    asked = discovery.DiscoveryRequest(type_url=CLUSTER)
    asked.node.id, asked.node.cluster = "sidecar~10.0.0.1~cart-1.shop~shop.svc", "cart"
    asked.node.metadata["NAMESPACE"] = "shop"
    where = ("-n", "shop", "--server", meshed.url)
    with grpc.insecure_channel(f"127.0.0.1:{until(lambda: state(meshed).get('port'))}") as channel:
        talk = Talk(channel)
        talk.say(asked)
        talk.answer(talk.take(), "unknown field")
        until(lambda: state(meshed)["clients"][0]["refused"])

        status, checked = say("status", *where), say("status", "--check", *where)
        elsewhere = say("status", "-n", "other", "--server", meshed.url)
        doctor = say("doctor", "app/cart", *where)
        plain = json.loads(say("status", "-o", "json", *where).out)
        talk.end()

    told = "    sidecar~10.0.0.1~cart-1.shop~shop.svc refuses Cluster: unknown field"
    assert told in status.out.splitlines()
    assert "1 data plane of xDS: 0 took everything, 1 refused" in status.out
    assert (status.status, checked.status) == (0, 1)
    assert "data plane" not in elsewhere.out
    assert "refuses a Cluster: unknown field" in doctor.out
    assert doctor.status == 1
    assert plain["dataPlanes"][0]["refused"][0]["reason"] == "unknown field"
