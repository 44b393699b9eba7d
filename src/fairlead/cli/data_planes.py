"""Data planes that are not ours: who asks for xDS, and what each refuses of what it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fairlead.cli import terminal

PATH = "/fairlead/v1/xds"
NOT_SERVED = 404

DataPlane = Mapping[str, Any]


def refusals(one: DataPlane) -> Iterator[str]:
    """Yield what one refuses: the kind of resource, and the reason it gives."""
    for refused in one["refused"]:
        yield f"{refused['type'].rpartition('.')[2]}: {terminal.one_line(refused['reason'])}"


def worded(found: Sequence[DataPlane]) -> Iterator[str]:
    """Yield a line for all of them, where there are any, and one for each thing that is refused."""
    if not found:
        return
    refusing = [one for one in found if one["refused"]]
    planes = "1 data plane" if len(found) == 1 else f"{len(found)} data planes"
    yield f"{planes} of xDS: {len(found) - len(refusing)} took everything, {len(refusing)} refused"
    for one in refusing:
        yield from (f"    {terminal.one_line(one['node'])} refuses {why}" for why in refusals(one))
