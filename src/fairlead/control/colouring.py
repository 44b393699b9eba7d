"""What an entry does, for an Envoy: labels from outside go, and rules put requests on lanes.

As in flow/lane.py (contract 7): of the baggage that comes from outside only our own members are
taken away, the first colouring that a request meets decides, and what meets none is on the lane of
the entry itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from fairlead.compiler.gateways.conditions import Unsaid, narrowed
from fairlead.flow.baggage import MAX_BYTES, MAX_MEMBERS
from fairlead.policy.governance import ON
from fairlead.policy.lane import DEFAULT_KEY, LEGACY_KEYS
from fairlead.policy.mesh import Filter
from fairlead.policy.routing.action import APPEND, Forward, HeaderChanges, HeaderValue
from fairlead.policy.routing.table import Route, RouteTable
from fairlead.policy.snapshot import Snapshot

Moved = Callable[[Forward, str], Forward]
"""Returns where requests of a lane are sent instead."""

LONGEST_LABEL = 512
"""Bytes that are left for a label of ours, and members: one."""

STRIP = """\
local ours = {OURS}
function envoy_on_request(handle)
  local headers = handle:headers()
  local told = headers:get("baggage")
  if told == nil then return end
  local kept, size = {}, 0
  for member in string.gmatch(told, "[^,]+") do
    local key = string.lower(string.match(member, "^%s*([^=]-)%s*=") or "")
    size = size + #member + 1
    if ours[key] then size = size - #member - 1
    elseif #kept < MEMBERS and size <= BYTES and string.find(member, "%S") then
      kept[#kept + 1] = member
    end
  end
  headers:remove("baggage")
  if #kept > 0 then headers:add("baggage", table.concat(kept, ",")) end
  handle:clearRouteCache()
end
"""


class Entrance:
    """What comes in from outside by way of one Envoy."""

    def __init__(self, snapshot: Snapshot) -> None:
        """`snapshot` is of the entry's app, sealed or not."""
        self._keys = {lane.name: lane.key for lane in snapshot.lanes}
        self._own = snapshot.workload.lane
        rules = snapshot.entry.colourings if snapshot.entry else ()
        self._colourings = rules if snapshot.governance == ON else ()

    def table(self, table: RouteTable, moved: Moved) -> RouteTable:
        """Return `table` with the routes of lanes, and no label that came from outside.

        The most specific changes of headers are the last: a route may say which lane it is for.
        """
        hosts = (
            replace(
                host, routes=tuple(each for one in host.routes for each in self.routes(one, moved))
            )
            for host in table.hosts
        )
        outside = HeaderChanges(request_removed=self.names())
        return replace(table, hosts=tuple(hosts), changes=outside, most_specific_wins=True)

    def routes(self, route: Route, moved: Moved) -> Iterator[Route]:
        """Yield `route` for each lane that rules put requests on, and then for the rest."""
        if not isinstance(route.action, Forward):
            yield route
            return
        for one in self._colourings:
            try:
                match = narrowed(route.match, one.conditions)
            except Unsaid:
                continue  # its author is told
            on_lane = self._on(route, route.action, one.lane, moved)
            yield replace(on_lane, name=f"{route.name} {one.rule}", match=match)
        yield self._on(route, route.action, self._own, moved) if self._own else route

    def strip(self) -> Filter:
        """Return the filter that takes our members out of a baggage, and leaves others."""
        ours = ",".join(f"[{json.dumps(name)}]=true" for name in self.names())
        code = STRIP.replace("{OURS}", f"{{{ours}}}").replace("MEMBERS", str(MAX_MEMBERS - 1))
        code = code.replace("BYTES", str(MAX_BYTES - LONGEST_LABEL))
        return Filter(
            name="envoy.filters.http.lua",
            type_url="type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            content=json.dumps({"default_source_code": {"inline_string": code}}),
        )

    def names(self) -> tuple[str, ...]:
        """Return the keys of our members, in lower case; headers of such names are labels too."""
        every = (*self._keys.values(), *LEGACY_KEYS)
        return tuple(dict.fromkeys(name.lower() for name in every))

    def _on(self, route: Route, action: Forward, lane: str, moved: Moved) -> Route:
        key = self._keys.get(lane, DEFAULT_KEY).replace("%", "%%")
        label = HeaderValue(name="baggage", value=f"{key}={lane}", how=APPEND)
        changes = replace(route.changes, request_set=(label, *route.changes.request_set))
        return replace(route, action=moved(action, lane), changes=changes)
