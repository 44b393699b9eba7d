"""Write the descriptors of the messages that xDS is spoken in: `make pb`.

Runs in the environment of requirements/xds.lock (see scripts/pb.sh and proto/README.md).
"""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_tools import protoc

OWN = Path("proto")
OPTIONS_ONLY = re.compile(
    r"(envoy|udpa|xds)/annotations/|validate/|google/api/(annotations|client|field|http|launch|res)"
    r"|google/protobuf/descriptor\.proto"
)
"""Files that say something about options, which are left out."""


def packaged() -> Iterator[str]:
    """Yield the path of every file of version 3 that xds-protos brings."""
    folder = Path(importlib.import_module("envoy").__path__[0])
    for path in sorted(folder.rglob("v3/*_pb2.py")):
        name = path.relative_to(folder.parent).as_posix()
        yield name.removesuffix("_pb2.py") + ".proto"
    for path in sorted((folder.parent / "xds").rglob("v3/*_pb2.py")):
        name = path.relative_to(folder.parent).as_posix()
        yield name.removesuffix("_pb2.py") + ".proto"


def take(name: str, taken: dict[str, descriptor_pb2.FileDescriptorProto]) -> None:
    """Put the file `name`, and those it imports, into `taken`: what is imported comes first."""
    if name in taken or OPTIONS_ONLY.match(name):
        return
    importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    file = descriptor_pb2.FileDescriptorProto()
    descriptor_pool.Default().FindFileByName(name).CopyToProto(file)
    bare_file(file)
    for dependency in file.dependency:
        take(dependency, taken)
    taken[name] = file


def bare_file(file: descriptor_pb2.FileDescriptorProto) -> None:
    """Take the options off `file` that do not change what its messages look like on a wire."""
    kept = [name for name in file.dependency if not OPTIONS_ONLY.match(name)]
    public = {file.dependency[index] for index in file.public_dependency}
    file.ClearField("public_dependency")
    file.ClearField("weak_dependency")
    file.ClearField("options")
    file.ClearField("extension")
    file.dependency[:] = kept
    file.public_dependency[:] = [i for i, name in enumerate(kept) if name in public]
    for message in file.message_type:
        bare_message(message)
    for enum in file.enum_type:
        bare_enum(enum)
    for service in file.service:
        service.ClearField("options")
        for method in service.method:
            method.ClearField("options")


def bare_message(message: descriptor_pb2.DescriptorProto) -> None:
    """Leave ``map_entry`` and ``packed``."""
    for field in message.field:
        packed = field.options.packed if field.options.HasField("packed") else None
        field.ClearField("options")
        if packed is not None:
            field.options.packed = packed
    for choice in message.oneof_decl:
        choice.ClearField("options")
    is_map = message.options.map_entry
    message.ClearField("options")
    message.ClearField("extension")
    if is_map:
        message.options.map_entry = True
    for enum in message.enum_type:
        bare_enum(enum)
    for nested in message.nested_type:
        bare_message(nested)


def bare_enum(enum: descriptor_pb2.EnumDescriptorProto) -> None:
    """Leave ``allow_alias``."""
    alias = enum.options.allow_alias
    enum.ClearField("options")
    if alias:
        enum.options.allow_alias = True
    for value in enum.value:
        value.ClearField("options")


def compiled() -> Iterator[descriptor_pb2.FileDescriptorProto]:
    """Yield the files below proto/."""
    sources = [path.relative_to(OWN).as_posix() for path in sorted(OWN.rglob("*.proto"))]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "set")
        code = protoc.main(["protoc", f"-I{OWN}", f"--descriptor_set_out={out}", *sources])
        if code:
            sys.exit(code)
        yield from descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file


def main(target: Path) -> None:
    """Write all of it to `target`."""
    taken: dict[str, descriptor_pb2.FileDescriptorProto] = {}
    for name in packaged():
        take(name, taken)
    for file in compiled():
        bare_file(file)
        taken[file.name] = file
    files = descriptor_pb2.FileDescriptorSet(file=taken.values())
    target.write_bytes(files.SerializeToString(deterministic=True))
    print(f"{target}: {len(taken)} files, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
