"""What doctor notes of a process: statements that were refused, lanes that outlived a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fairlead.policy.database import ShadowTable
from fairlead.policy.encode import seal
from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.test_doctor import doctor, examined
from tests.agent.wire import snapshot, until

REFUSED = """
import sqlite3
shop = sqlite3.connect(sys.argv[1])
sys.stdin.readline()
for _ in range(2):
    try:
        shop.execute("CREATE TABLE x AS SELECT * FROM orders WHERE customer = 'Ms. Secret' AND 42")
    except sqlite3.NotSupportedError as error:
        print(error, flush=True)
"""

LEFT_BEHIND = """
import asyncio, httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def mail_later():
    await asyncio.sleep(0.05)
    try:
        await httpx.AsyncClient().get("http://cart/")
    except httpx.ConnectError:
        print("mailed", flush=True)

async def index(request):
    app.mail = asyncio.create_task(mail_later())
    return PlainTextResponse("ok")

app = Starlette(routes=[Route("/", index)])

async def main():
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as client:
        await client.get("/", headers={"baggage": "x-opensergo-traffic=gray"})
    await app.mail

asyncio.run(main())
"""


def test_statements_that_were_refused_are_shown_without_what_is_in_them(launch, wire, tmp_path):
    """The operator has to find the statement, and must not read about a customer."""
    table = ShadowTable(rule="r", lane="gray", database="shop", table="orders", shadow="o_gray")
    wire.publish(seal(replace(snapshot(1, lane="gray"), shadow_tables=(table,))))
    path = tmp_path / "shop.db"
    program = launch(SERVE + f"sys.argv[1:] = [{str(path)!r}]\n" + REFUSED + STAY,
                     FAIRLEAD_LANE="gray")  # fmt: skip
    await_registered(wire, program.line())
    program.say("go")
    assert "refused on lane gray" in program.line()
    program.line()

    done = doctor(launch, str(program.pid))
    (refusal,) = examined(launch, program.pid)["refusals"]

    assert (refusal["lane"], refusal["cause"], refusal["count"]) == ("gray", "ddl", 2)
    assert refusal["statement"] == "CREATE TABLE x AS SELECT * FROM orders WHERE customer = ? AND ?"
    (note,) = (
        line for line in done.stdout.splitlines() if line.startswith("note: refused 2 times")
    )
    assert "on lane gray: CREATE on a lane" in note
    assert "Secret" not in done.stdout
    assert done.returncode == 0


def test_a_lane_that_outlived_its_request_is_shown_with_the_line_that_used_it(launch, wire):
    """Contract 9: otherwise a task that nobody awaited is looked for in all of the code."""
    wire.publish(snapshot(1, cart="127.0.0.1:1"))
    program = launch(SERVE + LEFT_BEHIND + STAY, script=True)
    await_registered(wire, program.line())
    assert program.line() == "mailed"

    done = doctor(launch, str(program.pid))
    leftovers: list[Any] = examined(launch, program.pid)["leftovers"]

    assert {one["lane"] for one in leftovers} == {"gray"}
    assert any(one["place"].endswith(" in mail_later") for one in leftovers)
    assert "note: lane gray was used " in done.stdout
    assert "in mail_later" in done.stdout
    until(lambda: doctor(launch, str(program.pid)).returncode == 0)
