"""The sandbox on the wire: what it refuses, and what it never says."""

from __future__ import annotations

import json
import logging
from functools import partial

import pytest

from bot.platforms.local.adapter import BODY_SIZE
from tests.kits.hostile import CODECS, PUNYCODE, held_up, post
from tests.kits.measures import Check
from tests.kits.platforms.local_world import Page, suggestions

pytest_plugins = ["tests.kits.platforms.local_fixtures"]

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}"]
)
@pytest.mark.parametrize(
    "path",
    ["", "galerie", "revisions", "tableau", "static/chat.js", "api/events", "api/suggestions", "nulle-part"],
)
async def test_a_foreign_host_is_refused_everywhere(
    page: Page, addresses: tuple[str, str], host: str, path: str
) -> None:
    url, port = addresses
    async with page.session.get(url + path, headers={"Host": host.format(port=port)}) as response:
        assert response.status == 421
        assert "Vigie" not in await response.text()


async def test_the_name_localhost_is_ours_too(page: Page, addresses: tuple[str, str]) -> None:
    url, port = addresses
    async with page.session.get(url, headers={"Host": f"localhost:{port}"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("action", ["say", "press", "submit", "shortcut", "read", "clock", "drop"])
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
    ],
)
async def test_a_post_from_another_origin_is_refused(
    page: Page, addresses: tuple[str, str], action: str, origin: str | None
) -> None:
    url, port = addresses
    headers = {"Origin": origin.format(port=port)} if origin else {}
    body = {"persona": "officier", "conversation": "general", "text": "Bonjour"}
    async with page.session.post(f"{url}api/{action}", json=body, headers=headers) as response:
        assert response.status == 403
    assert await page.seen() == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "galerie",
        "revisions",
        "tableau",
        "static/chat.css",
        "static/rien",
        "api/suggestions?line=/",
        "nulle-part",
    ],
)
async def test_every_answer_is_protected(page: Page, path: str) -> None:
    async with page.session.get(page.url + path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response.headers
        assert "aiohttp" not in response.headers["Server"]


@pytest.mark.parametrize(
    "name", ["..%2Flocal_adapter.py", "%2E%2E/local_adapter.py", "rien.js", "", "%00.js", "%2Fetc%2Fpasswd"]
)
async def test_only_the_sandbox_own_files_are_served(page: Page, name: str) -> None:
    async with page.session.get(f"{page.url}static/{name}") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("pas du JSON", 400),
        ("[]", 400),
        ("[" * 100_000, 400),
        ("{}", 400),
        (json.dumps({"persona": "x", "conversation": "general", "text": "a"}), 400),
        (json.dumps({"persona": "officier", "conversation": "ailleurs", "text": "a"}), 400),
        (json.dumps({"persona": "officier", "conversation": "general", "text": 1}), 400),
        (json.dumps({"persona": "officier", "conversation": "general", "text": "  "}), 422),
        (json.dumps({"persona": "officier", "conversation": "general", "text": "a" * 10_001}), 422),
        ("a" * (BODY_SIZE + 1), 413),
    ],
)
async def test_a_body_that_is_not_understood_is_refused(page: Page, data: str, status: int) -> None:
    headers = {**JSON, "Origin": page.url.rstrip("/")}
    async with page.session.post(f"{page.url}api/say", data=data, headers=headers) as response:
        assert response.status == status


async def test_a_body_that_a_form_of_another_page_could_send_is_refused(page: Page) -> None:
    headers = {"Content-Type": "text/plain", "Origin": page.url.rstrip("/")}
    async with page.session.post(f"{page.url}api/say", data="{}", headers=headers) as response:
        assert response.status == 415


async def test_the_longest_texts_are_taken(page: Page) -> None:
    await page.do("say", text="🦉" * 10_000)
    await page.do(
        "submit", command="demander", fields={f"f{n}": "é" * 3_000 for n in range(5)} | {"mots": "x"}
    )
    assert len(await page.seen()) == 2


async def test_nothing_that_is_written_is_logged(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await page.do("say", text="/dire un-secret")
        await suggestions(page, "/dire un-secret")
        await page.post("say", text=" " * 20_000 + "un-secret" * 2_000)
    assert "un-secret" not in caplog.text


@pytest.mark.attack("Requêtes qui gèlent")
@pytest.mark.parametrize("codec", CODECS)
async def test_a_body_does_not_choose_its_codec(
    page: Page, addresses: tuple[str, str], codec: str, check: Check
) -> None:
    url, _ = addresses
    body = json.dumps({"persona": "officier", "conversation": "general", "text": "\u00e9"}).encode()
    headers = {"Content-Type": f"application/json; charset={codec}", "Origin": url.rstrip("/")}
    async with page.session.post(f"{url}api/say", data=body, headers=headers) as answer:
        assert answer.ok
    outcome = await held_up(
        partial(post, f"{url}api/say", PUNYCODE[:250_000], **headers), partial(page.session.get, url)
    )
    assert outcome.status == 400
    check(outcome.figure)
