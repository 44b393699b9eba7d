"""curl commands as people have them: from a terminal, from a browser's tools, from a chat."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.console.browser.conftest import Pages
from tests.console.shop import Shop

COMMANDS: dict[str, dict[str, Any]] = {
    "curl gateway/items": {"method": "GET", "path": "/items", "headers": []},
    "curl -X DELETE 'http://gateway:8000/items/7?why=old%20one'": {
        "method": "DELETE",
        "path": "/items/7?why=old%20one",
        "headers": [],
    },
    "$ curl -sS -XPUT --url=http://gateway/a -H'X-User: a b' -o /dev/null": {
        "method": "PUT",
        "path": "/a",
        "headers": [["X-User", "a b"]],
    },
    "curl http://gateway/orders --data-raw '{\"a\": \"it'\\''s\"}' --compressed": {
        "method": "POST",
        "path": "/orders",
        "headers": [],
    },
    "curl -G gateway/items -d q=book -d page=2": {
        "method": "GET",
        "path": "/items?q=book&page=2",
        "headers": [],
    },
    "curl gateway/items \\\n  -H 'accept: */*' \\\n  -b 'user=anna; theme=dark' \\\n  -A x": {
        "method": "GET",
        "path": "/items",
        "headers": [["accept", "*/*"], ["cookie", "user=anna; theme=dark"], ["user-agent", "x"]],
    },
    "curl gateway/a -H $'x-name: it\\'s' | jq .": {
        "method": "GET",
        "path": "/a",
        "headers": [["x-name", "it's"]],
    },
    'curl -I "https://gateway.shop.svc/a?b=c"': {"method": "HEAD", "path": "/a?b=c", "headers": []},
}
"""Commands, and the requests that they send."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_read_as_a_shell_would(running: Shop, pages: Pages, command: str):
    """What is explained has to be what would be sent."""
    page = pages.open(f"{running.url}/console/default/explain")
    page.get_by_label("curl command").fill(command)
    button = page.get_by_role("button", name="Explain", exact=True)
    page.wait_for_function("() => !document.querySelector('button[type=submit]').disabled")

    with page.expect_request("**/fairlead/v1/explain") as asked:
        button.click()

    sent = json.loads(asked.value.post_data)
    assert sent == {"namespace": "default", "app": "gateway", **COMMANDS[command]}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("wget http://gateway/", "a command begins with curl"),
        ("curl -H 'x: y", "is not closed"),
        ("curl -H 'x: y'", "has no URL"),
    ],
)
def test_a_command_that_cannot_be_read_is_not_guessed_at(
    running: Shop, pages: Pages, command: str, why: str
):
    """An answer about another request would be worse than none."""
    page = pages.open(f"{running.url}/console/default/explain")

    page.get_by_label("curl command").fill(command)

    page.get_by_text(why).wait_for()
    assert page.get_by_role("button", name="Explain", exact=True).is_disabled()
