"""The file of tokens: what is kept, what is refused, and what an edit of it does."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fairlead.control.access.records import (
    InvalidToken,
    Made,
    TokenFile,
    TokensUnusable,
    check_name,
    make,
    read_grants,
)
from fairlead.control.access.roles import Grant, Role
from fairlead.control.access.token import parts_of, token_text
from fairlead.control.access.tokens import NotAuthenticated, Tokens

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
VIEW = (Grant(role=Role.VIEW, namespace="shop"),)


def made(name: str = "ci", seconds: int | None = None) -> Made:
    expires = None if seconds is None else NOW + timedelta(seconds=seconds)
    return make(name, VIEW, now=NOW, expires=expires)


def tokens(directory: Path, now: datetime = NOW) -> Tokens:
    return Tokens(TokenFile(directory), lambda: now)


def test_a_token_is_known_by_its_text_and_kept_as_a_hash(tmp_path: Path) -> None:
    """Whoever reads the file, or a backup of it, can let nobody in."""
    token = made()
    TokenFile(tmp_path).add(token.record)
    identity = tokens(tmp_path).identify(f"Bearer {token.text}")
    assert (identity.name, identity.grants) == ("ci", VIEW)
    kept = (tmp_path / "tokens.json").read_text()
    parts = parts_of(token.text)
    assert parts is not None
    assert parts.secret not in kept
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600


def test_tokens_are_of_256_bits_of_chance() -> None:
    """Fewer could be tried out; and no two are alike."""
    found = {made().text for _ in range(100)}
    assert len(found) == 100
    assert {len(text.rpartition("_")[0]) for text in found} <= set(range(21, 66))
    assert all(len(parts.secret) == 43 for text in found if (parts := parts_of(text)))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        "Bearer fairlead_",
        "fairlead_a_b",
        f"Bearer {token_text('0' * 12, 'A' * 43)}",
        "Bearer \x00",
        "Bearer " + "x" * 10_000,
    ],
)
def test_what_is_no_token_of_ours_is_refused(tmp_path: Path, header: str | None) -> None:
    """With the one answer: nothing is learnt from the difference."""
    TokenFile(tmp_path).add(made().record)
    with pytest.raises(NotAuthenticated):
        tokens(tmp_path).identify(header)


def test_the_id_alone_lets_nobody_in(tmp_path: Path) -> None:
    """It is no secret: lists show it."""
    token = made()
    TokenFile(tmp_path).add(token.record)
    known = tokens(tmp_path)
    for secret in ("", "A" * 43, token.record.hash[:43]):
        with pytest.raises(NotAuthenticated, match="not known"):
            known.identify(f"Bearer {token_text(token.record.id, secret)}")


def test_a_token_ends_when_its_time_is_over(tmp_path: Path) -> None:
    """To the second, without anybody looking."""
    token = made(seconds=60)
    TokenFile(tmp_path).add(token.record)
    tokens(tmp_path, NOW + timedelta(seconds=59)).identify(f"Bearer {token.text}")
    with pytest.raises(NotAuthenticated, match="expired"):
        tokens(tmp_path, NOW + timedelta(seconds=60)).identify(f"Bearer {token.text}")


def test_a_change_of_the_file_is_seen_at_once(tmp_path: Path) -> None:
    """A token that leaked is revoked now, not after a restart."""
    file, token = TokenFile(tmp_path), made()
    known = tokens(tmp_path)
    file.add(token.record)
    identity = known.identify(f"Bearer {token.text}")
    assert known.holds(identity)
    file.remove(token.record.id)
    assert not known.holds(identity)
    with pytest.raises(NotAuthenticated):
        known.identify(f"Bearer {token.text}")


def test_a_file_that_cannot_be_read_leaves_what_was_known(tmp_path: Path) -> None:
    """A slip of an editor must not lock everybody out; the log says it, once."""
    file, token = TokenFile(tmp_path), made()
    file.add(token.record)
    known = tokens(tmp_path)
    file.path.write_text("{")
    known.identify(f"Bearer {token.text}")
    file.path.write_text('{"version": 1, "tokens": []}')
    with pytest.raises(NotAuthenticated):
        known.identify(f"Bearer {token.text}")


def test_no_file_is_no_token(tmp_path: Path) -> None:
    """Who removes it, closes the door."""
    file, token = TokenFile(tmp_path), made()
    file.add(token.record)
    known = tokens(tmp_path)
    file.path.unlink()
    with pytest.raises(NotAuthenticated):
        known.identify(f"Bearer {token.text}")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    """Who writes it lets themselves in."""
    file = TokenFile(tmp_path)
    file.add(made().record)
    file.path.chmod(mode)
    with pytest.raises(TokensUnusable, match="chmod 600"):
        file.read()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"tokens": [{}]},
        {"tokens": [1]},
        {"tokens": {"a": 1}},
        {"tokens": [{"grants": [{"role": "root", "namespace": "*"}]}]},
    ],
)
def test_a_file_of_another_form_is_refused_with_its_name(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """A token whose rights cannot be read has none."""
    file = TokenFile(tmp_path)
    file.add(made().record)
    plain = json.loads(file.path.read_text())
    if "tokens" in change and isinstance(change["tokens"], list) and change["tokens"] != [1]:
        change = {
            "tokens": [{**plain["tokens"][0], **one} if one else one for one in change["tokens"]]
        }
    file.path.write_text(json.dumps(plain | change))
    with pytest.raises(TokensUnusable, match=r"tokens\.json"):
        file.read()


def test_tokens_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    """Two admins at two keyboards, or one at the file and one at the API."""
    some = [made(f"t{number}") for number in range(16)]
    threads = [threading.Thread(target=TokenFile(tmp_path).add, args=(one.record,)) for one in some]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(TokenFile(tmp_path).read()) == {one.record.id for one in some}
    assert sorted(os.listdir(tmp_path)) == ["tokens.json", "tokens.lock"]


@pytest.mark.parametrize(
    ("grants", "message"),
    [
        (None, "at least one"),
        ([], "at least one"),
        ("view", "at least one"),
        ([{"role": "root", "namespace": "a"}], "none of view, edit, admin, agent"),
        ([{"role": "view"}], "namespace"),
        ([{"role": "view", "namespace": "A b"}], "namespace"),
        ([{"role": "view", "namespace": "a", "app": "x"}], "only an agent"),
        ([{"role": "agent", "namespace": "a"}], "names its app"),
        ([{"role": "agent", "namespace": "*", "app": "x"}], "namespace"),
        ([{"role": "agent", "namespace": "a", "app": "*"}], "names its app"),
        (
            [{"role": "agent", "namespace": "a", "app": "x"}, {"role": "view", "namespace": "a"}],
            "one",
        ),
        ([{"role": "view", "namespace": "a", "more": 1}], "expected"),
        ([{"role": ["view"], "namespace": "a"}], "strings"),
        ([{"role": "view", "namespace": "a"}] * 65, "more than"),
    ],
)
def test_a_grant_that_cannot_be_is_refused(grants: Any, message: str) -> None:
    """Above all an agent that would be for every app."""
    with pytest.raises(InvalidToken, match=message):
        read_grants(grants)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a\n", "x" * 64, 1, None, 'a"b'])
def test_a_name_is_a_word(name: Any) -> None:
    """It stands in refusals and in logs."""
    with pytest.raises(InvalidToken):
        check_name(name)
