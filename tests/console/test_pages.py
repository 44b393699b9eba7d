"""The console's pages over HTTP: what is served, to whom, and with which headers."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx
import pytest

from fairlead.console.pages import routes
from tests.console.dist import DIST
from tests.control.access.plane import Guarded, run
from tests.control.serving import serving


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("data")) as server:
        yield server.url


def script_of(page: str) -> str:
    found = re.search(r'src="(/console/assets/[^"]+\.js)"', page)
    assert found is not None
    return found[1]


def test_a_browser_that_opens_the_servers_address_is_led_to_the_console(url):
    """8580 is what people type."""
    answer = httpx.get(f"{url}/", follow_redirects=True)

    assert answer.status_code == 200
    assert str(answer.url) == f"{url}/console/"
    assert "<title>fairlead</title>" in answer.text


def test_a_page_may_run_its_own_scripts_and_nothing_else(url):
    """Each answer has a nonce of its own, for the styles that the page adds."""
    pages = [httpx.get(f"{url}/console/") for _ in range(2)]
    policies = [page.headers["content-security-policy"] for page in pages]
    nonces = [re.findall(r"'nonce-([^']+)'", policy)[0] for policy in policies]

    assert nonces[0] != nonces[1]
    assert all(f'content="{nonce}"' in page.text for nonce, page in zip(nonces, pages, strict=True))
    assert "script-src 'self';" in policies[0]
    assert "frame-ancestors 'none'" in policies[0]
    assert "unsafe" not in policies[0]
    assert pages[0].headers["x-content-type-options"] == "nosniff"
    assert pages[0].headers["referrer-policy"] == "no-referrer"
    assert pages[0].headers["cache-control"] == "no-store"


def test_a_link_into_the_console_is_answered_with_the_page(url):
    """Whoever is sent a link to a service opens it, whatever the service is called."""
    for path in ("shop/services/cart", "_all/rules/trafficlanes/a%2Fb", "shop/services/x.js"):
        answer = httpx.get(f"{url}/console/{path}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")


def test_a_script_is_sent_compressed_once_and_for_all(url):
    """Its name is made of its content: a browser need never ask for it again."""
    path = script_of(httpx.get(f"{url}/console/").text)

    packed = httpx.get(f"{url}{path}")
    plain = httpx.get(f"{url}{path}", headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    assert packed.content == gzip.decompress((DIST / path.removeprefix("/console/")).with_name(
        f"{Path(path).name}.gz").read_bytes())  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["nowhere.js", "../index.html", "..%2f..%2fpages.py", "a/b.js", ".js", "x.py", "%00.js"],
)
def test_nothing_else_of_the_disk_is_served(url, name):
    """A name is looked for among the built files, and nowhere above them."""
    answer = httpx.get(f"{url}/console/assets/{name}")

    assert answer.status_code in (200, 404)
    if answer.status_code == 200:
        assert answer.headers["content-type"].startswith("text/html")
        assert "<title>fairlead</title>" in answer.text


def test_programs_that_ask_the_api_are_answered_as_before(url):
    """Tools and agents never meet the console."""
    assert httpx.get(f"{url}/healthz").text == "ok"
    assert httpx.get(f"{url}/apis").json()["kind"] == "APIGroupList"
    assert httpx.get(f"{url}/nowhere").json()["reason"] == "NotFound"
    assert httpx.post(f"{url}/").json()["reason"] == "MethodNotAllowed"


def test_the_pages_need_no_token_and_what_they_ask_does(tmp_path):
    """The page has to be there to sign in with; it holds nothing of anybody's."""

    async def scenario(guarded: Guarded) -> None:
        guarded.plane.routes.extend(routes())
        async with guarded.client() as http:
            for path in ("/console/", "/console/shop/overview"):
                assert (await http.get(path)).status_code == 200
                assert (await http.post(path)).status_code == 401
            assert (await http.get("/")).status_code == 307
            assert (await http.get("/apis")).status_code == 401
            assert (await http.get("/consoles")).status_code == 401

    run(tmp_path, scenario)
