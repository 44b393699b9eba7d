"""What an instance says that it speaks."""

from __future__ import annotations

from dataclasses import replace

from fairlead.control.instance import compiled, instance_key, joined
from fairlead.protocols.watch.codec import Registration

FIRST = Registration(
    node="n1", namespace="default", app="cart", address="10.0.0.1:50051", pid=1, host="h"
)


def test_what_an_instance_speaks_is_what_all_of_its_processes_say() -> None:
    """One that says nothing may be of an older version, and speak anything."""
    key = instance_key(FIRST.namespace, FIRST.app, FIRST.address)
    spec = joined(None, replace(FIRST, protocol="grpc"))
    assert compiled(key, spec).protocol == "grpc"
    spec = joined(spec, replace(FIRST, node="n2", pid=2, protocol="grpc"))
    assert compiled(key, spec).protocol == "grpc"
    spec = joined(spec, replace(FIRST, node="n3", pid=3))
    assert compiled(key, spec).protocol == ""
