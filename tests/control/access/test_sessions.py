"""Signing in with a browser: what a cookie lets through, and when it ends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from fairlead.control.access.roles import SESSION, Grant, Role
from fairlead.control.access.sessions import FAILURES, LIFE, MOST_OF_ONE, cookie_name
from tests.control.access.certificates import certificate
from tests.control.access.plane import Guarded, run, until
from tests.control.serving import API, rule, serving

RULES = f"{API}/namespaces/shop/trafficlabelrules"
CSRF = "x-fairlead-csrf"


async def sign_in(http: httpx.AsyncClient, guarded: Guarded, name: str) -> dict[str, str]:
    """Sign in with the token called `name`; return the header that writes need."""
    answer = await http.post(SESSION, json={"token": guarded.made[name].text})
    assert answer.status_code == 200, answer.text
    return {CSRF: answer.json()["csrf"]}


def test_a_token_is_shown_once_and_a_cookie_stands_for_it(tmp_path: Path) -> None:
    """The cookie is not the token, no script can read it, and no other site's page sends it."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http:
            answer = await http.post(SESSION, json={"token": guarded.made["editor"].text})
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=strict" in cookie
            assert guarded.made["editor"].text not in cookie
            assert answer.headers["cache-control"] == "no-store"
            assert (await http.get(RULES)).status_code == 200
            told = (await http.get(SESSION)).json()
            assert told["name"] == "editor"
            assert told["grants"] == [{"role": "edit", "namespace": "shop"}]

    run(tmp_path, scenario)


def test_what_changes_anything_needs_the_header_too(tmp_path: Path) -> None:
    """A page of another site could make the browser send the cookie, and cannot know the header."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http:
            csrf = await sign_in(http, guarded, "editor")
            for headers in ({}, {CSRF: ""}, {CSRF: "wrong"}):
                refused = await http.post(RULES, json=rule(), headers=headers)
                assert refused.status_code == 403
                assert CSRF in refused.json()["message"]
            assert (await http.post(RULES, json=rule(), headers=csrf)).status_code == 201
            item = f"{RULES}/vip"
            assert (await http.delete(item)).status_code == 403
            assert (await http.delete(item, headers=csrf)).status_code == 200

    run(tmp_path, scenario)


def test_the_cookie_counts_for_the_consoles_own_pages_only(tmp_path: Path) -> None:
    """Browsers say where a request comes from; what comes from elsewhere is nobody's."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http:
            csrf = await sign_in(http, guarded, "editor")
            for site in ("cross-site", "same-site"):
                refused = await http.get(RULES, headers={"sec-fetch-site": site})
                assert refused.status_code == 403, site
            foreign = {**csrf, "origin": "http://evil.example"}
            assert (await http.post(RULES, json=rule(), headers=foreign)).status_code == 403
            ours = {"sec-fetch-site": "same-origin"}
            assert (await http.get(RULES, headers=ours)).status_code == 200

    run(tmp_path, scenario)


def test_a_session_may_what_its_token_may(tmp_path: Path) -> None:
    """Roles are the server's to decide, whatever a page shows."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http:
            csrf = await sign_in(http, guarded, "viewer")
            assert (await http.get(RULES)).status_code == 200
            assert (await http.post(RULES, json=rule(), headers=csrf)).status_code == 403
            assert (await http.get("/fairlead/v1/tokens")).status_code == 403

    run(tmp_path, scenario)


def test_signing_out_ends_the_session_and_its_streams(tmp_path: Path) -> None:
    """A cookie that was copied is worth nothing then."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http, guarded.client() as thief:
            csrf = await sign_in(http, guarded, "editor")
            thief.cookies.update(http.cookies)
            with guarded.access.watching(_caller(guarded, http)) as ended:
                assert (await http.delete(SESSION)).status_code == 403
                assert (await http.delete(SESSION, headers=csrf)).status_code == 204
                await until(ended.is_set)
            assert (await thief.get(RULES)).status_code == 401
            assert (await http.get(RULES)).status_code == 401
            assert (await http.get(SESSION)).json()["name"] == ""

    run(tmp_path, scenario)


def _caller(guarded: Guarded, http: httpx.AsyncClient):
    assert guarded.access.sessions is not None
    cookie = http.cookies[cookie_name("http", 0)]
    return guarded.access.sessions.caller("GET", httpx.Headers(), cookie)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["revoked", "granted less", "expired", "twelve hours"])
def test_a_session_ends_with_its_token(tmp_path: Path, how: str) -> None:
    """Whoever revokes a token means everything that was had with it."""

    async def scenario(guarded: Guarded) -> None:
        shop = (Grant(role=Role.EDIT, namespace="shop"),)
        guarded.add("short", shop, seconds=None if how == "twelve hours" else 60)
        record = guarded.made["short"].record
        async with guarded.client() as http:
            await sign_in(http, guarded, "short")
            assert (await http.get(RULES)).status_code == 200
            if how == "expired":
                guarded.time += timedelta(seconds=61)
            elif how == "twelve hours":
                guarded.time += LIFE + timedelta(seconds=1)
            else:
                guarded.file.remove(record.id)
            if how == "granted less":
                guarded.add("short", (Grant(role=Role.VIEW, namespace="shop"),))
            answer = await http.get(RULES)
            assert answer.status_code == 401
            assert "sign in again" in answer.json()["message"]

    run(tmp_path, scenario)


def test_who_guesses_is_made_to_wait(tmp_path: Path) -> None:
    """Ten failures a minute from one address, which keep nobody out who has a token."""

    async def scenario(guarded: Guarded) -> None:
        right = {"token": guarded.made["viewer"].text}
        async with guarded.client() as http:
            for _ in range(FAILURES):
                assert (await http.post(SESSION, json={"token": "guess"})).status_code == 401
            waiting = await http.post(SESSION, json={"token": "guess"})
            assert waiting.status_code == 429
            assert waiting.headers["retry-after"] == "30"
            assert (await http.post(SESSION, json=right)).status_code == 200
            assert (await http.post(SESSION, json={"token": "guess"})).status_code == 429
            guarded.time += timedelta(seconds=61)
            assert (await http.post(SESSION, json={"token": "guess"})).status_code == 401

    run(tmp_path, scenario)


def test_an_agents_token_opens_no_console(tmp_path: Path) -> None:
    """It may nothing that the console shows."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http:
            refused = await http.post(SESSION, json={"token": guarded.made["cart"].text})
            assert refused.status_code == 403
            assert "set-cookie" not in refused.headers

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"token": 1}', b"{", b'{"token": "x"}' * 999]
)
def test_a_body_that_is_no_token_is_refused(tmp_path: Path, body: bytes) -> None:
    """Anybody can send one."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http:
            for kind, codes in (("application/json", {400, 413}), ("text/plain", {415})):
                answer = await http.post(SESSION, content=body, headers={"content-type": kind})
                assert answer.status_code in codes, answer.text

    run(tmp_path, scenario)


def test_over_tls_the_cookie_goes_nowhere_else(tmp_path: Path) -> None:
    """Not over plain HTTP, not to a neighbour of the host, and not to a path that somebody sets."""
    pair = certificate(tmp_path)
    paths = {"tls_cert": str(pair.certificate), "tls_key": str(pair.key)}
    with serving(tmp_path / "data", auth=True, **paths) as server, server.client() as http:
        answer = http.post(SESSION, json={"token": server.token})

        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-fairlead=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
        assert http.get(SESSION).json()["name"] == "admin"


def test_who_signs_in_again_is_signed_in_once(tmp_path: Path) -> None:
    """A session that nobody can end any more would hold for twelve hours."""

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client() as http, guarded.client() as before:
            await sign_in(http, guarded, "editor")
            before.cookies.update(http.cookies)
            await sign_in(http, guarded, "viewer")
            assert (await http.get(SESSION)).json()["name"] == "viewer"
            assert (await before.get(RULES)).status_code == 401

    run(tmp_path, scenario)


def test_one_token_has_so_many_sessions_and_the_oldest_makes_room(tmp_path: Path) -> None:
    """Whoever signs in again and again must not fill the server's memory."""

    async def scenario(guarded: Guarded) -> None:
        sessions = guarded.access.sessions
        assert sessions is not None
        text = guarded.made["viewer"].text
        opened = [sessions.open(text, "127.0.0.1")[0] for _ in range(MOST_OF_ONE + 2)]
        held = [sessions.find(cookie) is not None for cookie in opened]
        assert held == [False, False] + [True] * MOST_OF_ONE

    run(tmp_path, scenario)


def test_a_live_stream_ends_with_the_session(tmp_path: Path) -> None:
    """A page that somebody left open shows nothing more after they signed out elsewhere."""
    with serving(tmp_path / "data", auth=True) as server, server.client() as http:
        told = http.post(SESSION, json={"token": server.token}).json()
        with http.stream("GET", "/fairlead/v1/live") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("event: services")
            signed_out = http.delete(SESSION, headers={CSRF: told["csrf"]})
            assert signed_out.status_code == 204

            assert sum(1 for _ in lines) < 1000  # it ends: a read that waits fails by itself


def test_where_no_token_is_asked_nobody_signs_in(tmp_path: Path) -> None:
    """The page asks first, and shows no form that leads nowhere."""
    with serving(tmp_path / "data") as server, server.client() as http:
        told = http.get(SESSION).json()

        assert told == {"auth": False, "name": "", "grants": [], "csrf": "", "ends": None}
        assert http.post(SESSION, json={"token": "x"}).json()["auth"] is False
        assert http.delete(SESSION).status_code == 204
