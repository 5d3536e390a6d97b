"""The form under bodies that ask too much: whoever sends them holds nobody up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from functools import partial
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.platforms.doorway import CONNECTIONS, Doorway
from bot.policy.library import Library
from bot.web import body
from bot.web import form as web_form
from bot.web.body import DRAFT_SIZE, FIELDS, TEXT_SIZE
from tests.kits.effort import PATIENCE
from tests.kits.hostile import CODECS, PUNYCODE, held_up, post
from tests.kits.measures import Check
from tests.kits.reports.chat import Chat, chatting
from tests.kits.reports.web import TYPED, Visitor, a_picture, served

pytestmark = pytest.mark.attack("Requêtes qui gèlent")

PAIRS = "application/x-www-form-urlencoded"
TEXT_PAGES = ("suivi", "ajouter", "retirer", "relire")
POSTED = (*TEXT_PAGES, "corriger", "envoyer")


@pytest.fixture
def chat(library: Library) -> Iterator[Chat]:
    with chatting(library) as chat:
        yield chat


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody dropped for being slow, however busy this machine is."""
    monkeypatch.setattr(body, "PACE_SECONDS", 3_600)
    monkeypatch.setattr(web_form, "Doorway", partial(Doorway, head=3_600, whole=3_600))


@pytest.fixture
async def visitor(chat: Chat) -> AsyncIterator[Visitor]:
    async with served(chat.reporting) as (visitor, _):
        yield visitor


def parts(*contents: tuple[str, bytes]) -> bytes:
    """Return the body of a multipart form: the lines of each part's head, and its content."""
    written = [b"--x\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n" for head, content in contents]
    return b"".join(written) + b"--x--\r\n"


def field(name: str, more: str = "") -> str:
    return f'Content-Disposition: form-data; name="{name}"{more}'


MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize("path", POSTED)
async def test_a_codec_that_takes_a_minute_holds_nobody_up(visitor: Visitor, path: str, check: Check) -> None:
    await visitor.open("suivi")
    hostile = partial(post, visitor.address + path, PUNYCODE, Content_Type=f"{PAIRS}; charset=punycode")
    outcome = await held_up(hostile, partial(visitor.open, "suivi"))
    assert outcome.status == 415
    check(outcome.figure)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("kind", [PAIRS, MULTIPART])
async def test_no_codec_is_a_failure_nor_leaves_a_line(
    visitor: Visitor, codec: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        status = await post(visitor.address + "suivi", b"code=a", Content_Type=f"{kind}; charset={codec}")
    assert status == 415
    assert not caplog.records


async def test_utf_8_may_be_named(visitor: Visitor) -> None:
    for name in ("utf-8", "UTF-8", '"utf-8"'):
        status = await post(visitor.address + "suivi", b"code=a", Content_Type=f"{PAIRS}; charset={name}")
        assert status == 422


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (parts((field("code", "; filename*=punycode''" + "a" * 7_000 + "-a"), b"a")), 422),
        (parts((field("code", "; name*=nope''a"), b"a")), 422),
        (parts((field("code") + "\r\nContent-Type: text/plain; charset=punycode", PUNYCODE[:60_000])), 422),
        (parts((field("_charset_"), b"punycode"), (field("code"), b"a")), 400),
        (parts((field("_charset_"), b"x" * 40), (field("code"), b"a")), 400),
        (parts((field("code") + "\r\nContent-Transfer-Encoding: base64", b"YQ==")), 400),
        (parts((field("code") + "\r\nX: " + "y" * 70_000, b"a")), 400),
        (parts(*[(field("code"), b"a")] * (FIELDS + 1)), 400),
        (b"no boundary", 400),
    ],
)
async def test_a_part_chooses_its_codec_no_more_than_a_body(
    visitor: Visitor, content: bytes, status: int, caplog: pytest.LogCaptureFixture, check: Check
) -> None:
    with caplog.at_level(logging.INFO):
        hostile = partial(post, visitor.address + "suivi", content, Content_Type=MULTIPART)
        outcome = await held_up(hostile, partial(visitor.open, "suivi"))
    assert outcome.status == status
    check(outcome.figure)
    assert not caplog.records


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nope"])
async def test_a_compressed_body_is_refused_unread(visitor: Visitor, encoding: str) -> None:
    headers = {"Content_Type": PAIRS, "Content_Encoding": encoding}
    assert await post(visitor.address + "suivi", b"\x1f\x8b" + b"a" * 999, **headers) == 415


@pytest.mark.parametrize("path", POSTED)
async def test_a_body_is_no_larger_than_what_its_page_holds(visitor: Visitor, path: str) -> None:
    most = TEXT_SIZE if path in TEXT_PAGES else DRAFT_SIZE
    hostile = partial(post, visitor.address + path, b"code=" + b"a" * most, Content_Type=PAIRS)
    assert (await held_up(hostile, partial(visitor.open, "suivi"))).status == 413


@pytest.mark.parametrize("path", POSTED)
async def test_a_body_holds_so_many_fields(visitor: Visitor, path: str, check: Check) -> None:
    most = TEXT_SIZE if path in TEXT_PAGES else DRAFT_SIZE
    hostile = partial(post, visitor.address + path, b"&a=%41" * (most // 6 - 1), Content_Type=PAIRS)
    outcome = await held_up(hostile, partial(visitor.open, "suivi"))
    assert outcome.status == 400
    check(outcome.figure)


async def test_a_body_that_is_cut_off_leaves_no_line(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    port = urlsplit(visitor.address).port
    with caplog.at_level(logging.INFO):
        for kind in (PAIRS, MULTIPART):
            head = f"POST /suivi HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 900\r\n\r\n"
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + b"--x\r\n")
            await writer.drain()
            await visitor.open("suivi")
            writer.transport.abort()
            await visitor.open("suivi")
    assert not caplog.records


@pytest.mark.parametrize("head", ["X" * 20_000, "X: " + "x" * 20_000, "\r\n".join(["X: x"] * 9_000)])
async def test_the_head_of_a_part_that_is_too_long_is_refused_and_leaves_no_line(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, head: str
) -> None:
    with caplog.at_level(logging.INFO):
        for path in ("relire", "envoyer"):
            body = parts((f"{head}\r\n{field('address')}", b"x"))
            assert await post(visitor.address + path, body, Content_Type=MULTIPART) == 400
    assert not caplog.records


# --- Connections and uploads that are held open


async def hold(visitor: Visitor, count: int, said: bytes) -> list[asyncio.StreamWriter]:
    """Open connections that say this and nothing more."""
    port = urlsplit(visitor.address).port
    writers = []
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        await writer.drain()
        writers.append(writer)
    return writers


def upload(length: int) -> bytes:
    """Return the beginning of an upload that announces so many bytes."""
    lines = ("POST /relire HTTP/1.1", "Host: x", f"Content-Type: {MULTIPART}", f"Content-Length: {length}")
    return "\r\n".join((*lines, "", "--x\r\n")).encode()


@pytest.mark.attack("Connexions tenues ouvertes")
@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("said", [b"", b"GET / HT", upload(9_000_000)])
async def test_the_form_is_there_for_whoever_asks_while_others_hold_every_connection(
    visitor: Visitor, said: bytes
) -> None:
    held = await hold(visitor, CONNECTIONS, said)
    async with asyncio.timeout(PATIENCE):
        pages = await asyncio.gather(*[visitor.open() for _ in range(8)])
    assert [page.status for page in pages] == [200] * 8
    for writer in held:
        writer.close()


@pytest.mark.attack("Connexions tenues ouvertes")
@pytest.mark.usefixtures("unhurried")
async def test_uploads_that_do_not_move_hold_no_picture_up(visitor: Visitor) -> None:
    held = await hold(visitor, 8, upload(9_000_000))
    async with asyncio.timeout(PATIENCE):
        assert (await visitor.fill(TYPED, a_picture((400, 300)))).status == 200
    for writer in held:
        writer.close()


@pytest.mark.attack("Connexions tenues ouvertes")
@pytest.mark.parametrize("kind", [PAIRS, MULTIPART])
async def test_a_body_that_does_not_move_is_dropped(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(body, "PACE_SECONDS", 0.2)

    async def dribble() -> AsyncIterator[bytes]:
        for _ in range(200):  # it stops when the server hangs up
            yield b"a"
            await asyncio.sleep(0.05)

    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
        url, headers = visitor.address + "suivi", {"Content-Type": kind}
        async with session.post(url, data=dribble(), headers=headers) as answer:
            assert answer.status == 408


@pytest.mark.attack("Connexions tenues ouvertes")
async def test_bodies_share_so_much_memory(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "ROOM", 100_000)
    assert (await visitor.fill(TYPED, a_picture())).status == 200
    assert (await visitor.fill(TYPED, bytes(200_000))).status == 503
    assert (await visitor.fill(TYPED, a_picture())).status == 200, "its room is given back"
