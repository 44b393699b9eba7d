"""A DeltaDiscoveryRequest, read as far as is needed: who comes again says much.

Fields of messages are kept as the bytes that came: mostly each entry of `initial_resource_versions`
is, byte by byte, what we would say of the resource ourselves, and a node is that of before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from fairlead.protocols.xds import pb
from fairlead.protocols.xds.resource import tagged

_TEXT = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
_BYTES = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
_FIELDS = (
    (1, "node", _BYTES, True),
    (2, "type_url", _TEXT, False),
    (3, "resource_names_subscribe", _TEXT, True),
    (4, "resource_names_unsubscribe", _TEXT, True),
    (5, "initial_resource_versions", _BYTES, True),
    (6, "response_nonce", _TEXT, False),
    (7, "error_detail", _BYTES, True),
)
"""Numbers are those of Envoy's message. One that is a message may come in parts: it is repeated."""


def _message() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="fairlead/asked.proto", package="fairlead", syntax="proto3"
    )
    found = file.message_type.add(name="Asked")
    for number, name, kind, repeated in _FIELDS:
        label = 3 if repeated else 1
        found.field.add(number=number, name=name, type=kind, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("fairlead.Asked"))


Asked = _message()
REQUEST = "envoy.service.discovery.v3.DeltaDiscoveryRequest"


def node(request: Any) -> Any:
    """Return who asks. Raises DecodeError."""
    return pb.message("envoy.config.core.v3.Node").FromString(b"".join(request.node))


def refusal(request: Any) -> str | None:
    """Return why a response is not taken, None where it is. Raises DecodeError."""
    parts = list(request.error_detail)
    return pb.message("google.rpc.Status").FromString(b"".join(parts)).message if parts else None


def versions(entries: Iterable[bytes]) -> dict[str, str]:
    """Return what entries of `initial_resource_versions` say. Raises DecodeError."""
    data = b"".join(tagged(5, entry) for entry in entries)
    return dict(pb.message(REQUEST).FromString(data).initial_resource_versions.items())
