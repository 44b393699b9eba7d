"""Contracts of apps, below ``/fairlead/v1``: told by agents, compared for people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.control.access.caller import caller_of
from fairlead.control.access.roles import REPORTS, TELEMETRY
from fairlead.control.api.agents import invalid, json_of
from fairlead.control.api.objects import check_namespace
from fairlead.control.api.status import bad_request, forbidden, json_response
from fairlead.control.contracts import grpc, openapi
from fairlead.control.contracts.keeper import Version
from fairlead.control.telemetry.measurements import Measurements
from fairlead.policy.workload import DEFAULT_NAMESPACE
from fairlead.protocols.watch.contract import CONTRACTS, GRPC, OPENAPI, unpacked
from fairlead.protocols.watch.contract_reading import read_contract
from fairlead.protocols.watch.reader import InvalidMessage

COMPARE = {OPENAPI: openapi.compared, GRPC: grpc.compared}

MOST_CHANGES = 500
"""Changes between two versions that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractsApi:
    """The endpoints."""

    measured: Measurements

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the routes."""
        yield Route(CONTRACTS, self.show)
        yield Route(CONTRACTS, self.take, methods=["POST"])

    async def take(self, request: Request) -> Response:
        """Keep a version that was asked for."""
        try:
            contract, _ = read_contract(await json_of(request))
        except InvalidMessage as error:
            raise invalid(error) from error
        caller_of(request).require("create", REPORTS, contract.namespace, contract.app)
        known = self.measured.fleet.nodes.find(contract.node)
        whose = (contract.namespace, contract.app)
        if known is not None and (known.wanted.namespace, known.wanted.app) != whose:
            raise forbidden(f"the node {contract.node} is of another app")
        await self.measured.contracts.add(contract)
        return Response(status_code=204)

    async def show(self, request: Request) -> Response:
        """Show the versions of an app's contracts, and what is different between them."""
        query = request.query_params
        namespace, app = query.get("namespace") or DEFAULT_NAMESPACE, query.get("app", "")
        check_namespace(namespace)
        caller_of(request).require("list", TELEMETRY, namespace)
        if not app:
            raise bad_request("name one app: ?app=…&namespace=…")
        versions = await self.measured.contracts.versions((namespace, app))
        members = self.measured.fleet.apps([namespace]).get((namespace, app), [])
        known = self.measured.contracts
        items = [
            {
                "version": one.digest,
                "kind": one.sort,
                "at": datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds"),
                "seenBy": [
                    member.spec["address"]
                    for member in members
                    if known.seen_by(one.digest, (p["node"] for p in member.spec["processes"]))
                ],
            }
            for one in versions
        ]
        wanted = query.get("version", "")
        documents, diff = await asyncio.to_thread(_worked_out, versions, wanted)
        for item in items:
            if item["version"] in documents:
                item["document"] = documents[item["version"]]
        return json_response({"items": items, "diff": diff})


def _worked_out(
    versions: Sequence[Version], wanted: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return documents, of the version that is wanted or the newest ones, and the differences."""
    documents: dict[str, Any] = {}
    diff: list[dict[str, Any]] = []
    for sort, group in groupby(sorted(versions, key=lambda one: one.sort), lambda one: one.sort):
        read = [(one, json.loads(unpacked(one.packed))) for one in group]
        newest = read[0][0].digest
        documents |= {one.digest: text for one, text in read if one.digest == (wanted or newest)}
        for (after, new), (before, old) in pairwise(read):
            changes = sorted(COMPARE[sort](old, new), key=lambda one: not one.breaking)
            diff.append(
                {
                    "kind": sort,
                    "from": before.digest,
                    "to": after.digest,
                    "breaking": any(one.breaking for one in changes),
                    "changes": [asdict(one) for one in changes[:MOST_CHANGES]],
                    "leftOut": max(0, len(changes) - MOST_CHANGES),
                }
            )
    return documents, diff
