"""Envoy's messages in a pool of their own."""

from __future__ import annotations

import importlib.resources
import subprocess
import sys

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format

from fairlead.protocols.xds import pb

ROUTES = {
    "name": "all",
    "virtual_hosts": [
        {
            "name": "orders",
            "domains": ["*"],
            "routes": [
                {
                    "match": {"prefix": "/"},
                    "route": {"cluster": "orders", "timeout": "3s"},
                    "typed_per_filter_config": {
                        "envoy.filters.http.fault": {
                            "@type": pb.TYPE + "envoy.extensions.filters.http.fault.v3.HTTPFault",
                            "max_active_faults": 3,
                        }
                    },
                }
            ],
        }
    ],
}


def every_file():
    data = (
        importlib.resources.files("fairlead.protocols.xds.pb") / "descriptors.binpb"
    ).read_bytes()
    return descriptor_pb2.FileDescriptorSet.FromString(data).file


def test_every_message_can_be_made():
    """What is imported by a file that was left out would show only when it is asked for."""
    names = [f"{file.package}.{one.name}" for file in every_file() for one in file.message_type]

    made = [pb.message(name)() for name in names]

    assert len(made) > 900


def test_json_is_read_and_written_with_what_is_in_its_anys():
    routes = pb.from_json(ROUTES, "envoy.config.route.v3.RouteConfiguration")

    assert pb.to_json(routes) == ROUTES
    assert pb.unpack(pb.pack(routes)) == routes


def test_json_that_does_not_fit_says_where():
    with pytest.raises(json_format.ParseError, match="nonsense"):
        pb.from_json({"nonsense": 1}, "envoy.config.route.v3.RouteConfiguration")


def test_a_name_that_is_none_of_envoys_is_refused():
    with pytest.raises(AttributeError, match="no message Nonsense"):
        _ = pb.package("envoy.config.cluster.v3").Nonsense


def test_names_of_istio_are_there():
    table = pb.package("istio.networking.nds.v1").NameTable()
    table.table["orders.shop.svc"].ips.append("10.0.0.1")

    assert type(table).FromString(table.SerializeToString()) == table


def test_nothing_is_put_into_the_pool_that_applications_use():
    pb.message("envoy.config.cluster.v3.Cluster")

    with pytest.raises(KeyError):
        descriptor_pool.Default().FindFileByName("envoy/config/cluster/v3/cluster.proto")


OTHERS = """
from google.protobuf import descriptor_pb2, descriptor_pool
file = descriptor_pb2.FileDescriptorProto(
    name="envoy/config/cluster/v3/cluster.proto", package="envoy.config.cluster.v3",
    syntax="proto3", message_type=[descriptor_pb2.DescriptorProto(name="Cluster")],
)
descriptor_pool.Default().Add(file)
from fairlead.protocols.xds import pb
print(pb.package("envoy.config.cluster.v3").Cluster(name="ours").name)
"""


def test_an_application_may_have_its_own_copy_of_another_version():
    done = subprocess.run(
        [sys.executable, "-c", OTHERS], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stdout, done.returncode) == ("ours\n", 0), done.stderr
