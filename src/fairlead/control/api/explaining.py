"""Why is a request where it is: ``POST /fairlead/v1/explain``.

Translates between HTTP and the parts that decide: nothing is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.compiler.chain import chain
from fairlead.compiler.explain import explain
from fairlead.compiler.explain_call import explain_call
from fairlead.compiler.explain_flow import explain_flow
from fairlead.compiler.request import InvalidQuery, Question
from fairlead.control.access.caller import Caller, caller_of
from fairlead.control.access.roles import EXPLANATIONS, TELEMETRY, Attributes
from fairlead.control.api.agents import json_of
from fairlead.control.api.status import bad_request, json_response, too_many
from fairlead.control.publish import Publisher
from fairlead.control.telemetry.measurements import Measurements
from fairlead.policy.workload import DEFAULT_NAMESPACE
from fairlead.protocols.watch.codec import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """The endpoint."""

    publisher: Publisher
    measured: Measurements

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the route."""
        yield Route(f"{ROOT}/explain", self.explain, methods=["POST"])

    async def explain(self, request: Request) -> Response:
        """Say which lane a request would take, what becomes of a call, or what a resource has."""
        query = await json_of(request)
        if not isinstance(query, dict):
            raise bad_request("the body is no object")
        caller = caller_of(request)
        caller.require("create", EXPLANATIONS, str(query.get("namespace", DEFAULT_NAMESPACE)))
        try:
            if "call" in query:
                return json_response(explain_call(self.publisher.world, query))
            if "resource" in query:
                return json_response(explain_flow(self.publisher.world, query))
            return json_response(await self._request(caller, query))
        except InvalidQuery as error:
            raise bad_request(str(error)) from error
        except TimeoutError as error:
            raise too_many("as many questions are being worked out as may be") from error

    async def _request(self, caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
        """Return the answer about a request, with what is behind the app that it reaches."""
        question = Question.of(query)
        start = (question.namespace, question.app)
        sight = await self.measured.sight(start, lambda namespace: _may_read(caller, namespace))
        # Both of one world, which may be another one by now.
        world = self.publisher.world
        found = await asyncio.to_thread(chain, world, question, sight)
        return {**explain(world, query), "chain": found}


def _may_read(caller: Caller, namespace: str) -> bool:
    """Tell whether a caller may know both what rules say in a namespace and what happens there."""
    return all(
        caller.may(
            Attributes(verb=verb, path="", group=group, resource=plural, namespace=namespace)
        )
        for verb, plural, group in (
            ("create", *_split(EXPLANATIONS)),
            ("list", *_split(TELEMETRY)),
        )
    )


def _split(resource: str) -> tuple[str, str]:
    plural, _, group = resource.partition(".")
    return plural, group
