"""Envoy's messages, version 3, in a descriptor pool of their own.

An application may have its own copies of the same files, of another version: in the default pool
two of them stop the process. Messages of this pool are classes of this module only::

    cluster = package("envoy.config.cluster.v3").Cluster(name="orders")

`descriptors.binpb` is generated (``make pb``; sources and licences: proto/README.md).
"""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import Any, cast

from google.protobuf import (
    descriptor_database,
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
)

TYPE = "type.googleapis.com/"
"""Before the name of a message, in the type URL of an Any."""


def _pool() -> descriptor_pool.DescriptorPool:
    """Return a pool that builds a file when one of its messages is asked for."""
    data = importlib.resources.files(__package__).joinpath("descriptors.binpb").read_bytes()
    database = descriptor_database.DescriptorDatabase()
    for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
        database.Add(file)
    return descriptor_pool.DescriptorPool(descriptor_db=database)


POOL = _pool()


@cache
def message(name: str) -> Any:
    """Return the class of a message; values of an enumeration are given by their name.

    Args:
        name: Its full name: ``envoy.config.cluster.v3.Cluster``.

    Raises:
        KeyError: There is no such message.
    """
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


class Package:
    """Messages of one package of protobuf, as attributes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        try:
            found = message(f"{self._name}.{name}")
        except KeyError as error:
            raise AttributeError(f"{self._name} has no message {name}") from error
        setattr(self, name, found)
        return found


@cache
def package(name: str) -> Package:
    """Return the package `name`: ``envoy.config.cluster.v3``."""
    return Package(name)


def type_url(kind: Any) -> str:
    """Return the type URL of a message, or of a class of messages."""
    return TYPE + cast("str", kind.DESCRIPTOR.full_name)


def pack(content: Any) -> Any:
    """Return `content` in a ``google.protobuf.Any``: the same bytes each time."""
    return message("google.protobuf.Any")(
        type_url=type_url(content), value=content.SerializeToString(deterministic=True)
    )


def unpack(box: Any) -> Any:
    """Return the message in a ``google.protobuf.Any``.

    Raises:
        KeyError: Its type is not one of this pool's.
        google.protobuf.message.DecodeError: It is not of its type.
    """
    return message(box.type_url.rpartition("/")[2]).FromString(box.value)


def from_json(content: Any, kind: str) -> Any:
    """Return a message from what JSON or YAML says of it; names of fields in either spelling.

    Args:
        content: A dictionary, with ``@type`` in every Any.
        kind: The message's full name.

    Raises:
        google.protobuf.json_format.ParseError: It does not fit: says where.
    """
    return json_format.ParseDict(content, message(kind)(), descriptor_pool=POOL)


def to_json(content: Any) -> dict[str, Any]:
    """Return a message as JSON's dictionaries and lists, with names as the sources spell them."""
    found = json_format.MessageToDict(
        content, preserving_proto_field_name=True, descriptor_pool=POOL
    )
    return cast("dict[str, Any]", found)
